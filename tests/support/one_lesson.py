"""A made-up course of one lesson, for the tests of the build and of what a build leaves behind."""

from pathlib import Path

from builder.plan import Course

HEADER = """\
# ---
# jupyter:
#   toycore:
#     tr: 01_ders
#     en: 01_lesson
# ---

"""

GOOD = (
    HEADER
    + """\
# %% [markdown] lang="tr"
# # Şekil
# %60 ödül, $x^2 + 1$ ve 0,05

# %% [markdown] lang="en"
# # Figure
# reward 0.05 and $x^2 + 1$, 60%

# %% tags=["setup"]
import pathlib

print(pathlib.Path.cwd().name, flush=True)
print(1)

# %%
dict(language="en")
"""
)
NAMES = ("tr/01_ders.ipynb", "en/01_lesson.ipynb")  # what HEADER calls its notebooks


def make_course(folder: Path, lesson: str = GOOD) -> Course:
    """A course of one lesson and a package of one module."""
    course = Course(folder / "lessons", folder / "package", folder / "notebooks")
    course.lessons.mkdir(parents=True)
    course.package.mkdir()
    (course.lessons / "01.py").write_text(lesson, encoding="utf-8")
    (course.package / "module.py").write_text("ONE = 1\n", encoding="utf-8")
    return course


def contents(course) -> dict:
    paths = (path for path in course.output.rglob("*") if path.is_file())
    return {path.relative_to(course.output).as_posix(): path.read_bytes() for path in paths}
