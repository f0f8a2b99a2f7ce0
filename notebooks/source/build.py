"""Makes two notebooks from each lesson, Turkish and English: checked, executed, outputs stored.

    build.py [lesson ...]            writes tr/*.ipynb, en/*.ipynb and teaching.*.md
    build.py [lesson ...] --check    executes nothing; names each file that is out of date
    build.py [lesson ...] --site     makes the website of the course: dist/site
    build.py --standalone            makes each a file that runs alone: dist/tr, dist/en
    build.py [lesson ...] --slides   makes projector slides for each: dist/slides
    build.py --nbgrader              makes a course that nbgrader grades: dist/nbgrader

How a lesson is written: builder/lesson.py.
"""

import argparse
import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = ROOT / "tests" / "requirements.txt"
OURS = ("builder", "website", "slides", "sources", "words")


def main(arguments=None, course=None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("lessons", nargs="*", help="such as 03_ppo; none: all")
    parser.set_defaults(work="build")
    works = parser.add_mutually_exclusive_group()
    for work, what in (
        ("check", "execute nothing, compare"),
        ("site", "make dist/site, the website"),
        ("slides", "make dist/slides, for a projector"),
        ("nbgrader", "make dist/nbgrader, a course for nbgrader"),
        ("standalone", "make dist/tr, dist/en and dist/kaggle, for upload"),
    ):
        works.add_argument(f"--{work}", dest="work", action="store_const", const=work, help=what)
    options = parser.parse_args(arguments)
    try:
        return carried_out(options.work, [Path(name).stem for name in options.lessons], course)
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] in OURS:
            raise
        print(f"{error.name} is not installed: {installation()}", file=sys.stderr)
        return 1


def carried_out(name: str, chosen: list[str], course) -> int:
    """The work of this name. Its libraries are imported here, where the arguments are sound."""
    from builder import work

    try:
        made = getattr(work, name)(course or work.COURSE, chosen)
    except work.LessonError as error:
        print(error, file=sys.stderr)
        return 1
    if made:
        print(f"done: open {told(made)}")
    return 0


def installation() -> str:
    """The command for this interpreter. An environment that uv made has no pip."""
    if importlib.util.find_spec("pip"):
        return f"{told(sys.executable)} -m pip install -r {told(REQUIREMENTS)}"
    python = f"uv pip install --python {told(sys.executable)}"
    return f"{python} --torch-backend=cpu -r {told(REQUIREMENTS)}"


def told(path) -> str:
    """The path as it is written from the current folder."""
    try:
        return os.path.relpath(path)
    except ValueError:  # on another drive of Windows
        return str(path)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # a path may hold what a pipe cannot write
    sys.exit(main())
