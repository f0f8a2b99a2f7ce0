"""The teacher's guides, one in each language, from one source and the stored notebooks.

teaching.py is written as a lesson is (builder/lesson.py), prose only. What a class will see on
its screens is not written there but copied from the notebooks, so it cannot go stale:

    ## {{03_ppo}}       begins the chapter of a lesson: its title, linked
    {{margins}}         on a line of its own: what the cell of this name shows (# %% margins);
                        {{margins.picture}} is a part of it, as are .printed and .value
    {{margins ~ mean (\\S+)}}   in a sentence: the number that the pattern finds there
    | § | 45 | 90 | …   a plan: rows that begin with a section's number get its title, and the
                        minutes of each column add up to its head

Outputs that differ from machine to machine are left out: they are not to be expected.
"""

import re
from pathlib import Path
from typing import NamedTuple

from builder.lesson import LANGUAGES, NAME, LessonError, read_lesson
from builder.plan import Course, cell_id, make_cell
from builder.stored import read as read_notebook
from words import WORDS

SOURCE = "teaching.py"
NOTICE = "<!-- Made by build.py from source/teaching.py and the notebooks: edit those. -->\n"

TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
HEADING = re.compile(r"^## (\d+) · (.+?)(?: \(\d+ \w+\))?$", re.MULTILINE)
CHAPTER = re.compile(r"^## \{\{(\w+)\}\}$", re.MULTILINE)
SHOWN = re.compile(r"( *)\{\{([^\W\d]\w*)(?:\.(\w+))?\}\}")
FOUND = re.compile(r"\{\{([^\W\d]\w*) ~ (.+?)\}\}")
LEFT = re.compile(r"\{\{.*")
PLAN = re.compile(r"^\| § \| (\d+) \| (\d+) \|.*$", re.MULTILINE)
ROW = re.compile(r"^\| ([^|§]+) \| (\d+|–) \| (\d+|–) \|.*$", re.MULTILINE)


class Lesson(NamedTuple):
    """What a guide takes from a lesson's notebook in its language."""

    stem: str
    title: str
    link: str
    sections: dict[str, str]  # titles by number
    shown: dict[str, list[tuple[str, str]]]  # by a cell's name: each part's kind, and its Markdown

    def section(self, number: str) -> str:
        if number not in self.sections:
            raise LessonError(f"{SOURCE}: {self.stem} has no section {number}")
        return self.sections[number]

    def parts(self, name: str, kind: str | None = None) -> str:
        """All that a cell shows, or its one part of a kind."""
        if name not in self.shown:
            raise LessonError(f"{SOURCE}: no cell of {self.stem} has the name {name}")
        found = [text for each, text in self.shown[name] if kind in (None, each)]
        if not found or (kind and len(found) > 1):
            has = ", ".join(each for each, _ in self.shown[name]) or "nothing that is always alike"
            what = f"{name} of {self.stem} shows {has}"
            raise LessonError(f"{SOURCE}: {what}; not one {kind}" if kind else f"{SOURCE}: {what}")
        return "\n\n".join(found)


def guides(course: Course) -> dict[Path, str]:
    """The text of both guides by path; none where the course has no source for them."""
    source = course.lessons.parent / SOURCE
    if not source.exists():
        return {}
    names, blocks = read_lesson(source)
    made = {}
    for language in LANGUAGES:
        lessons = {p.stem: read(course, p, language) for p in sorted(course.lessons.glob("*.py"))}
        text = "\n\n".join(block[language].source for block in blocks)
        told = [NOTICE, *expanded(text, lessons, language)]
        made[course.output / f"{names[language]}.md"] = "\n".join(told) + "\n"
    return made


def stale(course: Course) -> list[str]:
    """One line for each guide that is not what its source and the stored notebooks give."""
    return [
        f"{path.name}: it is not what {SOURCE} and the notebooks give"
        for path, text in guides(course).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def write(course: Course) -> None:
    for path, text in guides(course).items():
        path.write_bytes(text.encode())


def read(course: Course, lesson: Path, language: str) -> Lesson:
    names, blocks = read_lesson(lesson)
    path = course.output / language / f"{names[language]}.ipynb"
    if not path.exists():
        raise LessonError(f"{SOURCE}: {language}/{path.name} is not built")
    cells = {cell.id: cell for cell in read_notebook(path).cells}
    prose = "\n".join(cell.source for cell in cells.values() if cell.cell_type == "markdown")
    shown = {}
    for index, block in enumerate(blocks, 1):
        if name := block[language].metadata.get(NAME):
            due = make_cell(block[language], language, cell_id(lesson, index))
            stored = cells.get(due.id)
            if stored is None or stored.source != due.source:
                raise LessonError(f"{SOURCE}: {language}/{path.name} is not built of {lesson.name}")
            differs = "nbval-ignore-output" in stored.metadata.get("tags", ())
            outputs = [output for output in stored.outputs if output.get("data") != {}]
            shown[name] = [] if differs else [told(output, language) for output in outputs]
    sections = dict(HEADING.findall(prose))
    link = f"{language}/{path.name}"
    return Lesson(lesson.stem, TITLE.search(prose)[1], link, sections, shown)


def told(output, language: str) -> tuple[str, str]:
    """Its kind; a picture by its words, a text as it stands on the screen."""
    data = output.get("data", {})
    if "image/png" in data:
        return "picture", f"> {WORDS[language]['picture']}: {data['text/plain']}"
    text = output.get("text") or data["text/plain"]
    return "value" if data else "printed", f"```text\n{text.rstrip()}\n```"


def expanded(text: str, lessons: dict[str, Lesson], language: str) -> list[str]:
    intro, *rest = CHAPTER.split(text)
    stems = rest[::2]
    if stems != list(lessons):
        raise LessonError(f"{SOURCE}: its chapters are {stems}, the lessons {list(lessons)}")
    lines = intro.strip("\n").split("\n")
    for lesson, body in zip(lessons.values(), rest[1::2], strict=True):
        check_plan(lesson, body)
        lines += ["", f"## [{lesson.title}]({lesson.link})", ""]
        for line in body.strip("\n").split("\n"):
            lines += filled(lesson, line, language)
    return lines


def filled(lesson: Lesson, line: str, language: str) -> list[str]:
    """A line of the source as its lines in the guide."""
    if found := SHOWN.fullmatch(line):
        indent, name, kind = found.groups()
        return [(indent + part).rstrip() for part in lesson.parts(name, kind).split("\n")]
    if (found := ROW.fullmatch(line)) and found[1].isdigit():
        line = line.replace(found[1], f"{found[1]} · {lesson.section(found[1])}", 1)
    line = FOUND.sub(lambda found: number_in(lesson, found, language), line)
    if found := LEFT.search(line):
        raise LessonError(f"{SOURCE}: not understood in {lesson.stem}: {found[0]}")
    return [line]


def number_in(lesson: Lesson, found: re.Match, language: str) -> str:
    name, pattern = found.groups()
    number = re.search(pattern, lesson.parts(name))
    if number is None:
        raise LessonError(f"{SOURCE}: {name} of {lesson.stem} shows nothing like {pattern}")
    return number[1].replace(".", ",") if language == "tr" else number[1]


def check_plan(lesson: Lesson, body: str) -> None:
    """One plan in a chapter; the minutes of each column add up to what stands at its head."""
    heads = PLAN.findall(body)
    if len(heads) != 1:
        raise LessonError(f"{SOURCE}: {lesson.stem} has {len(heads)} plans, not 1")
    rows = ROW.findall(body)
    for column, due in enumerate(map(int, heads[0]), 1):
        minutes = sum(int(row[column]) for row in rows if row[column] != "–")
        if minutes != due:
            raise LessonError(f"{SOURCE}: {lesson.stem}: {minutes} minutes in the plan of {due}")
