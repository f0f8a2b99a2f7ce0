"""The course in the repository: its sources, and the notebooks that they gave."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from builder import work
from builder.lesson import LANGUAGES, read_lesson
from builder.quiz import is_quiz
from toycore.widgets.quiz import Question, parse

ROOT = Path(__file__).resolve().parents[2]
COURSE = work.COURSE
LESSONS = sorted(COURSE.lessons.glob("*.py"))
NOTEBOOKS = sorted(p for k in LANGUAGES for p in (ROOT / "notebooks" / k).glob("*.ipynb"))


long = pytest.mark.long  # runs with `pytest -m long`
# Each lesson once, in one language or the other.
ONCE = [p for p in NOTEBOOKS if (int(p.stem[:2]) % 2 == 0) == (p.parent.name == "tr")]


def copied(folder: Path) -> Path:
    """What git knows of the repository, as one who downloads it has it."""
    known = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    for name in known.split("\0")[:-1]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


def said(notebook) -> dict[str, list[str]]:
    """What each code cell says, by its id: printed, or as the text of what it shows.

    Without the cells whose output may differ: what a clock or the machine says.
    """
    return {
        cell.id: [
            output.text if output.output_type == "stream" else output.data.get("text/plain", "")
            for output in cell.outputs
            if output.get("data") != {}  # where a bar has been
        ]
        for cell in notebook.cells
        if cell.cell_type == "code" and "nbval-ignore-output" not in cell.metadata.get("tags", ())
    }


def quizzes(lesson: Path) -> dict[str, list[tuple[Question, ...]]]:
    """The questions of each quiz in a lesson's source, by language."""
    _, blocks = read_lesson(lesson)
    asked = [block for block in blocks if is_quiz(block["tr"])]
    return {k: [parse(block[k].source) for block in asked] for k in LANGUAGES}


def gist(text: str) -> str:
    """The longest word outside formulas: how a page that shows the text is known."""
    return max(re.findall(r"\w+", re.sub(r"\$[^$]*\$", " ", text)), key=len)
