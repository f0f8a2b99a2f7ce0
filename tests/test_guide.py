"""The teacher's guides: current, whole, and never a number that the notebooks do not give."""

import re
from pathlib import Path

import nbformat
import pytest

import build
from builder import guide, work
from builder.lesson import LANGUAGES, LessonError
from builder.plan import Course
from course import COURSE

LONGEST = 250  # lines that a teacher wrote; the boxes of numbers come on top
BOX = re.compile(r"^ *```text\n.*?^ *```\n|^ *> .*\n", re.DOTALL | re.MULTILINE)

# --- the course's own guides ----------------------------------------------------------------------


@pytest.fixture(params=LANGUAGES)
def own(request) -> str:
    return (COURSE.output / f"teaching.{request.param}.md").read_text(encoding="utf-8")


def test_the_courses_own_guides_are_current():
    assert guide.stale(COURSE) == []


def test_every_lesson_has_its_plan_its_questions_its_numbers_and_its_mistakes(own):
    _, *chapters = re.split(r"^## \[", own, flags=re.MULTILINE)
    assert len(chapters) == len(list(COURSE.lessons.glob("*.py")))
    for chapter in chapters:
        assert chapter.count("| § | 45 | 90 |") == 1
        asks, shows = chapter.split("\n### ")[1:]
        assert len(BOX.findall(asks)) >= 4
        assert asks.count("\n- **") >= 5
        assert shows.count("\n| ") >= 6
    assert "{{" not in own


def test_a_guide_is_short_beside_its_numbers(own):
    written = BOX.sub("", own)
    assert len([line for line in written.splitlines() if line]) <= LONGEST


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_stands_in_its_lessons_plan(language):
    own = (COURSE.output / f"teaching.{language}.md").read_text(encoding="utf-8")
    for path in COURSE.lessons.glob("*.py"):
        lesson = guide.read(COURSE, path, language)
        chapter = own.partition(f"]({lesson.link})")[2].partition("\n## ")[0]
        numbered = {n: section for n, section in lesson.sections.items() if n != "lab"}
        rows = [f"\n| {n} · {section.title} |" for n, section in numbered.items()]
        assert len(rows) >= 7
        assert [row for row in rows if row not in chapter] == []


# --- a course made up, to be spoiled --------------------------------------------------------------

HEADER = "# ---\n# jupyter:\n#   toycore:\n#     tr: {}\n#     en: {}\n# ---\n\n"
PLAN = """\
| § | 45 | 90 | How |
| --- | --- | --- | --- |
| 1 | 40 | 70 | x |
| 2 | – | 15 | x |
| x | 5 | 5 | x |"""
CHAPTER = (
    f"## {{{{01}}}}\n\n{PLAN}\n\n- it is {{{{1/1 ~ reward (\\S+)}}}}\n\n  {{{{1/1}}}}\n\n{{{{2}}}}"
)


def prose(text: str) -> str:
    lines = "\n".join(f"# {line}".rstrip() for line in text.split("\n"))
    return "".join(f'# %% [markdown] lang="{k}"\n{lines}\n\n' for k in LANGUAGES)


def notebook(reward: str):
    cells = nbformat.v4
    stream = cells.new_output("stream", text=f"reward {reward}\n")
    picture = {"image/png": "iVBO", "text/plain": "the curve rises"}
    return cells.new_notebook(
        cells=[
            cells.new_markdown_cell("# Lesson"),
            cells.new_markdown_cell("## 1 · First (5 minutes)\ntext"),
            cells.new_code_cell("", outputs=[stream]),
            cells.new_markdown_cell("end of it\n\n## 2 · Second (6 minutes)"),
            cells.new_code_cell("", outputs=[stream], metadata={"tags": ["nbval-ignore-output"]}),
            cells.new_code_cell("", outputs=[cells.new_output("display_data", picture)]),
        ]
    )


@pytest.fixture
def course(tmp_path) -> Course:
    course = Course(tmp_path / "lessons", tmp_path / "package", tmp_path)
    course.lessons.mkdir()
    course.package.mkdir()
    lesson = HEADER.format("01_ders", "01_lesson") + prose("# Lesson")
    (course.lessons / "01.py").write_text(lesson, encoding="utf-8")
    store(course, "0.25")
    write(course, CHAPTER)
    guide.write(course)
    return course


def store(course: Course, reward: str) -> None:
    for language, name in (("tr", "01_ders"), ("en", "01_lesson")):
        path = course.output / language / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(notebook(reward), path)


def write(course: Course, text: str) -> None:
    source = HEADER.format("teaching.tr", "teaching.en") + prose(text)
    (course.output / "teaching.py").write_text(source, encoding="utf-8")


def text(course: Course, language: str) -> str:
    return (course.output / f"teaching.{language}.md").read_text(encoding="utf-8")


def test_a_guide_takes_titles_numbers_and_pictures_from_its_notebooks(course):
    tr, en = (text(course, language) for language in ("tr", "en"))
    assert "## [Lesson](en/01_lesson.ipynb)" in en
    assert "| 1 · First | 40 | 70 | x |\n| 2 · Second | – | 15 | x |\n| x | 5 | 5 | x |" in en
    assert "- it is 0.25\n\n  ```text\n  reward 0.25\n  ```\n" in en
    assert "- it is 0,25\n" in tr  # in a sentence as the language writes it
    assert "  reward 0.25\n" in tr  # in a box as it stands on the screen
    assert en.endswith("\n> Picture: the curve rises\n")  # and not what differs between machines


def test_a_changed_number_in_a_notebook_makes_the_guide_stale_and_changes_it(course):
    assert guide.stale(course) == []
    store(course, "0.26")
    assert [line.partition(":")[0] for line in guide.stale(course)] == [
        "teaching.tr.md",
        "teaching.en.md",
    ]
    guide.write(course)
    assert "it is 0.26" in text(course, "en")
    assert "0.25" not in text(course, "en")


@pytest.mark.parametrize("spoil", ["edited", "missing", "source"])
def test_a_stale_guide_is_found_by_the_check(course, spoil, monkeypatch, capsys):
    monkeypatch.setattr(work, "stale", lambda *_: [])  # the notebooks are another test's
    assert build.main(["--check"], course) == 0
    path = course.output / "teaching.en.md"
    if spoil == "edited":
        path.write_text(path.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    elif spoil == "missing":
        path.unlink()
    else:
        write(course, CHAPTER.replace("it is", "see:"))
    assert build.main(["--check"], course) == 1
    assert "teaching.en.md: it is not what teaching.py" in capsys.readouterr().err


BAD = {
    "minutes of the short plan": ("| 1 | 40 |", "| 1 | 41 |", "01: 46 minutes in the plan of 45"),
    "minutes of the long plan": ("| 15 |", "| 14 |", "01: 89 minutes in the plan of 90"),
    "a planned section": ("| 2 | –", "| 3 | –", "01 has no section 3"),
    "a shown section": ("{{2}}", "{{7}}", "01 has no section 7"),
    "an output": ("  {{1/1}}", "  {{1/2}}", "section 1 of 01 has 1 outputs, not 2"),
    "a number not there": ("~ reward", "~ loss", "output 1 of section 1 of 01 has nothing like"),
    "an unknown lesson": ("## {{01}}", "## {{02}}", r"its chapters are \['02'\], the lessons"),
    "no plan": ("| § |", "| x |", "01 has 0 plans, not 1"),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_a_guide_that_promises_what_is_not_there_is_refused(course, old, new, message):
    assert old in CHAPTER
    write(course, CHAPTER.replace(old, new))
    before = text(course, "en")
    with pytest.raises(LessonError, match=message):
        guide.write(course)
    assert text(course, "en") == before


def test_both_languages_say_the_same_numbers(course):
    source = course.output / "teaching.py"
    told = source.read_text(encoding="utf-8")
    source.write_text(told.replace("| 15 |", "| 16 |", 1), encoding="utf-8")
    with pytest.raises(LessonError, match=r"teaching\.py.*numbers differ.*\[16\].*\[15\]"):
        guide.stale(course)


def test_a_course_without_a_source_has_no_guides(course):
    Path(course.output / "teaching.py").unlink()
    assert guide.guides(course) == {}
