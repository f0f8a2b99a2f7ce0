"""The teacher's guides, one in each language, from one source and the stored notebooks.

notebooks/teaching.py is written as a lesson is (builder/lesson.py), prose only. What a class will
see on its screens is not written there but taken from the notebooks, so it cannot go stale:

    ## {{03_ppo}}       begins the chapter of a lesson: its title, linked
    {{4}}  {{4/2}}      on a line of its own: what section 4 shows, or its second output alone;
                        {{lab}} is the broken lab, which has no number
    {{4/2 ~ mean (\\S+)}}   in a sentence: the number that the pattern finds there
    | § | 45 | 90 | …   a plan: rows that begin with a section's number get its title, and the
                        minutes of each column add up to its head

Outputs that differ from machine to machine are left out: they are not to be expected.
"""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat

from builder.lesson import LANGUAGES, LessonError, read_lesson
from builder.plan import Course

SOURCE = "teaching.py"
NOTICE = "<!-- Made by notebooks/build.py of teaching.py and the notebooks: edit there. -->\n"
PICTURE = {"tr": "Resim", "en": "Picture"}
LAB = {"Bozuk laboratuvar", "The broken lab"}

TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
HEADING = re.compile(r"^## (?:(\d+) · )?(.+?)(?: \(\d+ \w+\))?$", re.MULTILINE)
CHAPTER = re.compile(r"^## \{\{(\w+)\}\}$", re.MULTILINE)
SHOWN = re.compile(r"( *)\{\{(\w+)(?:/(\d+))?\}\}")
FOUND = re.compile(r"\{\{(\w+)/(\d+) ~ (.+?)\}\}")
PLAN = re.compile(r"^\| § \| (\d+) \| (\d+) \|.*$", re.MULTILINE)
ROW = re.compile(r"^\| ([^|§]+) \| (\d+|–) \| (\d+|–) \|.*$", re.MULTILINE)


class Section(NamedTuple):
    title: str
    outputs: list[str]  # as Markdown


class Lesson(NamedTuple):
    """What a guide takes of a lesson's notebook in its language."""

    stem: str
    title: str
    link: str
    sections: dict[str, Section]  # by number

    def section(self, number: str) -> Section:
        try:
            return self.sections[number]
        except KeyError:
            raise LessonError(f"{SOURCE}: {self.stem} has no section {number}") from None

    def output(self, number: str, place: str) -> str:
        outputs = self.section(number).outputs
        if not 0 < int(place) <= len(outputs):
            has = f"section {number} of {self.stem} has {len(outputs)} outputs"
            raise LessonError(f"{SOURCE}: {has}, not {place}")
        return outputs[int(place) - 1]


def guides(course: Course) -> dict[Path, str]:
    """The text of both guides by path; none where the course has no source for them."""
    source = course.output / SOURCE
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
    name = read_lesson(lesson)[0][language]
    path = course.output / language / f"{name}.ipynb"
    if not path.exists():
        raise LessonError(f"{SOURCE}: {language}/{path.name} is not built")
    cells = nbformat.read(path, as_version=4).cells
    sections, here = {}, Section("", [])
    for cell in cells:
        if cell.cell_type == "markdown":
            for number, title in HEADING.findall(cell.source):
                here = Section(title, [])
                if number or title in LAB:
                    sections[number or "lab"] = here
        elif "nbval-ignore-output" not in cell.metadata.get("tags", ()):
            here.outputs.extend(told(output, language) for output in cell.outputs)
    title = TITLE.match(cells[0].source)[1]
    return Lesson(lesson.stem, title, f"{language}/{path.name}", sections)


def told(output, language: str) -> str:
    """A picture by its words, a text as it stands on the screen."""
    data = output.get("data", {})
    if "image/png" in data:
        return f"> {PICTURE[language]}: {data['text/plain']}"
    text = output.get("text") or data["text/plain"]
    return f"```text\n{text.rstrip()}\n```"


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
        indent, number, place = found.groups()
        every = lesson.section(number).outputs
        outputs = [lesson.output(number, place)] if place else every
        return [(indent + part).rstrip() for part in "\n\n".join(outputs).split("\n")]
    if (found := ROW.fullmatch(line)) and found[1].isdigit():
        line = line.replace(found[1], f"{found[1]} · {lesson.section(found[1]).title}", 1)
    return [FOUND.sub(lambda found: number_in(lesson, found, language), line)]


def number_in(lesson: Lesson, found: re.Match, language: str) -> str:
    section, place, pattern = found.groups()
    number = re.search(pattern, lesson.output(section, place))
    if number is None:
        where = f"output {place} of section {section} of {lesson.stem}"
        raise LessonError(f"{SOURCE}: {where} has nothing like {pattern}")
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
