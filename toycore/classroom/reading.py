"""A folder of returned notebooks: who handed in what, and which files are set aside, and why."""

import codecs
import json
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

from toycore.checks.done import NO_TRY
from toycore.checks.verdict import HEADS, PHRASES
from toycore.classroom import lessons, names
from toycore.classroom.summary import BEGINNING, STATES, Summary, Unreadable, parse
from toycore.errors import LANGUAGES, in_its_language, say, spoken
from toycore.language import text

CHECK = re.compile(r"\btc\.checks\.(\w+)\(")


class NoTable(ValueError):
    """There is nothing of which a table could be made; the message says why."""


class HandIn(NamedTuple):
    """One learner's work.

    owner    name, and Moodle's number; learner: what the table calls them
    file     where it lies, below the folder
    digest   of its bytes
    """

    owner: tuple[str, str]
    learner: str
    file: PurePath
    digest: bytes
    summary: Summary


class Aside(NamedTuple):
    """A file that is not in the table. reason: its word in TEXT; than: what it is compared with."""

    file: PurePath
    reason: str
    than: str = ""

    def why(self, language: str) -> str:
        than = lessons.title(self.than, language) if self.reason == "other" else self.than
        return text(f"class.{self.reason}", language).format(than)


class Cell(NamedTuple):
    """What a cell of a notebook holds, and what it shows: as HTML, and as plain text."""

    source: str
    html: list[str]
    plain: list[str]


class Class(NamedTuple):
    """What a folder holds; both lists in the order in which they are shown."""

    lesson: str
    language: str
    hand_ins: list[HandIn]
    aside: list[Aside]


@in_its_language
def collect(folder: Path, lesson: str | None = None, language: str | None = None) -> Class:
    """Read every file below a folder. NoTable where no learner has handed in.

    lesson    its module in toycore.checks; None: that of most files
    language  "tr" or "en"; None: that of most hand-ins
    """
    found = everything(folder)
    readable = [one for one in found if isinstance(one, HandIn)]
    lesson = lesson or most_common_lesson(readable)
    others = [one for one in readable if one.summary.lesson != lesson]
    hand_ins, twice = once([one for one in readable if one.summary.lesson == lesson])
    aside = [one for one in found if isinstance(one, Aside)] + twice
    aside += [Aside(one.file, "other", one.summary.lesson) for one in others]
    aside.sort()
    if lesson is None or not hand_ins:
        raise NoTable("\n".join([say("class_none"), *listed(aside, spoken())]))
    language = language or most_common_language(hand_ins)
    called = names.shown({one.owner for one in hand_ins})
    hand_ins = [one._replace(learner=called[one.owner]) for one in hand_ins]
    hand_ins.sort(key=lambda one: (names.order(one.learner, language), one.file))
    return Class(lesson, language, hand_ins, aside)


def everything(folder: Path) -> list[HandIn | Aside]:
    """What was meant to be a hand-in; NoTable where there is nothing of that kind."""
    if not folder.is_dir():
        raise NoTable(say("class_no_folder", folder=where(folder)))
    paths = ((path, PurePosixPath(path.relative_to(folder).as_posix())) for path in files(folder))
    meant = [one for one in (read(*both) for both in paths) if one is not None]
    if not meant:
        raise NoTable(say("class_no_notebook", folder=where(folder)))
    return meant


def listed(aside: list[Aside], language: str) -> list[str]:
    """A line for each file that was set aside."""
    return [f"  {where(one.file)}: {one.why(language)}" for one in aside]


def where(file: PurePath) -> str:
    """A file's place as it is shown, whatever letters it has."""
    return names.plain(file.as_posix(), 300)


# --- one file -------------------------------------------------------------------------------------


def files(folder: Path) -> Iterator[Path]:
    """Every file that may be a hand-in: not what systems and Jupyter hide beside them."""
    for place, inside, here in os.walk(folder):
        inside[:] = sorted(name for name in inside if not hidden(name))
        seen = (Path(place, name) for name in sorted(here) if not hidden(name))
        yield from filter(Path.is_file, seen)


def hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def read(path: Path, file: PurePath) -> HandIn | Aside | None:
    """The work in a file, or why it is set aside; None where it is plainly no hand-in."""
    meant = names.of_a_notebook(file.name)
    data = content(path, meant)
    cells = None if data is None else shown(data)
    if data is not None and cells is not None:
        return judged(file, data, cells)
    if not meant:
        return None
    return Aside(file, "broken" if data is None or data.strip() else "empty")


def judged(file: PurePath, data: bytes, cells: list[Cell]) -> HandIn | Aside:
    """The work in a notebook, or why it is set aside."""
    if file.suffix.lower() != ".ipynb":
        return Aside(file, "renamed", renamed(file))
    if not cells:
        return Aside(file, "cells")
    owner = names.learner(file)
    if not any(owner):
        return Aside(file, "nameless")
    summaries = [html for cell in cells for html in cell.html if html.startswith(BEGINNING)]
    if not summaries:
        return Aside(file, "unrun")
    try:
        summary = parse(summaries[-1])
    except Unreadable:
        return Aside(file, "unreadable")
    if behind(summary, cells):
        return Aside(file, "behind")
    return HandIn(owner, "", file, sha256(data).digest(), summary)


def behind(summary: Summary, cells: list[Cell]) -> bool:
    """Whether a check shows more than the summary tells. A notebook is given out with a summary in
    it, which says that nothing was done; and one that was run in a new kernel says so again."""
    for cell in cells:
        found = CHECK.search(cell.source)
        done = summary.exercises.get(found[1]) if found else None
        states = [state for text in cell.plain if (state := told(text))]
        if done and any(STATES.index(state) < STATES.index(done.state) for state in states):
            return True
    return False


def told(text: str) -> str | None:
    """What a verdict says of an exercise: "passed", "tried"; None if it is no try."""
    if text.startswith(tuple(HEADS["passed"].values())):
        return "passed"
    no_try = (words.partition("{")[0] for key in NO_TRY for words in PHRASES[key].values())
    wrong = text.startswith(tuple(HEADS["wrong"].values()))
    return "tried" if wrong and not any(words in text for words in no_try) else None


def content(path: Path, meant: bool) -> bytes | None:
    """What a file holds; None where it cannot be read, or has neither a notebook's name nor look.

    Of a film or a picture only the beginning is read.
    """
    try:
        with path.open("rb") as opened:
            start = opened.read(1000)
            looks = start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{")
            return start + opened.read() if meant or looks else None
    except OSError:
        return None


def renamed(file: PurePath) -> str:
    """The name that a notebook should have."""
    bare = file.name.partition(".ipynb")[0] if ".ipynb" in file.name else file.stem
    return names.plain(f"{bare}.ipynb", 300)


def shown(data: bytes) -> list[Cell] | None:
    """The cells of a notebook of any version; None: this is no notebook."""
    import nbformat

    try:
        told = data.decode("utf-8-sig")
        if "nbformat" not in json.loads(told):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without an id, which Colab writes
            cells = nbformat.reads(told, as_version=4).cells
        return [
            Cell(cell.source, of_type("text/html", cell), of_type("text/plain", cell))
            for cell in cells
        ]
    except Exception:  # there is no end of what can be wrong with what is no notebook
        return None


def of_type(kind: str, cell) -> list[str]:
    """What a cell shows as this MIME type."""
    outputs = (output.get("data", {}) for output in cell.get("outputs", []))
    return [data[kind].lstrip() for data in outputs if kind in data]


# --- all files ------------------------------------------------------------------------------------


def most_common_lesson(hand_ins: list[HandIn]) -> str | None:
    """The lesson of most of them; NoTable where two have as many."""
    counts = Counter(one.summary.lesson for one in hand_ins)
    most = max(counts.values(), default=None)
    first = [lesson for lesson in lessons.NOTEBOOKS if counts.get(lesson) == most]
    if counts and len(first) > 1:
        raise NoTable(say("class_tie", lessons=", ".join(first), first=first[0]))
    return first[0] if counts else None


def most_common_language(hand_ins: list[HandIn]) -> str:
    counts = Counter(one.summary.language for one in hand_ins)
    return max(LANGUAGES, key=lambda language: counts[language])


def once(hand_ins: list[HandIn]) -> tuple[list[HandIn], list[Aside]]:
    """One file of each learner, and each work once; what else there is, is set aside.

    The name without a mark of copying comes first, then what lies higher in the folder. Notebooks
    in which nothing was done are all alike, and nobody's copy.
    """
    kept: list[HandIn] = []
    aside: list[Aside] = []

    def rank(one: HandIn):
        marked = any(map(names.is_copy, one.file.parts))
        return marked, len(one.file.parts), one.file

    for one in sorted(hand_ins, key=rank):
        twice = next((other for other in kept if other.owner == one.owner), None)
        same = next((other for other in kept if other.digest == one.digest), None)
        if twice:
            aside.append(Aside(one.file, "twice", where(twice.file)))
        elif same and one.summary.touched:
            aside.append(Aside(one.file, "same", where(same.file)))
        else:
            kept.append(one)
    return kept, aside
