"""A class hands in: returned notebooks become one table, for a spreadsheet and as a page.

    python -m toycore.classroom FOLDER [--lesson dpo] [--language tr]

Each notebook holds what tc.checks.summary() has shown at its end. Nothing of a
learner's is executed, and nothing is sent anywhere.

lessons.py  the lessons and their notebooks
names.py    whose a file is; names as people sort them
summary.py  what a summary says, read strictly
reading.py  a folder: who handed in what, which files are set aside, and why
page.py  page.html  the table and the page
"""

import argparse
import importlib.util
from pathlib import Path

from toycore.classroom import lessons, page, reading
from toycore.classroom.reading import NoTable, collect, where
from toycore.errors import LANGUAGES, in_its_language, say
from toycore.language import text

NEEDED = ("jinja2", "nbformat", "pandas")


def main(arguments: list[str] | None = None) -> None:
    """Turn a folder of returned notebooks into one table: a CSV file and an HTML page."""
    asked = options().parse_args(arguments)
    try:
        installed(asked.language)
        group = collect(asked.folder, asked.lesson, asked.language)
        paths = write(group, asked.folder)
    except NoTable as why:
        raise SystemExit(str(why)) from None
    print(page.counts(group), *reading.listed(group.aside, group.language), sep="\n")
    print(text("class.written", group.language).format(", ".join(map(where, paths))))


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m toycore.classroom", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="where the notebooks lie, at any depth")
    parser.add_argument("--lesson", choices=[*lessons.NOTEBOOKS], help="default: of most files")
    parser.add_argument("--language", choices=LANGUAGES, help="default: of most hand-ins")
    return parser


@in_its_language
def installed(language: str | None = None) -> None:
    """NoTable, unless the libraries are here that only this command needs."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        command = 'pip install "toycore[class]"'
        raise NoTable(say("class_missing", libraries=", ".join(missing), command=command))


def write(group: reading.Class, folder: Path) -> list[Path]:
    """Write both files beside the hand-ins; where they are."""
    files = {".csv": page.csv(group), ".html": page.page(group)}
    return [
        put(folder / f"toycore-{group.lesson}{end}", data, language=group.language)
        for end, data in files.items()
    ]


@in_its_language
def put(path: Path, data: bytes, language: str) -> Path:
    """Write a file; NoTable, in the language of the table, where that cannot be."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise NoTable(say("class_unwritable", path=where(path), error=error.strerror)) from None
    return path
