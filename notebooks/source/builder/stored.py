"""Notebooks on disk: written whole, and compared with what their sources give."""

import copy
import json
import os
from pathlib import Path

import nbformat

from builder import links
from builder.execution import outputs
from builder.lesson import LANGUAGES, LessonError
from builder.plan import Course, sound


def write(path: Path, notebook) -> None:
    """The whole file or nothing of it."""
    scratch = path.with_name(path.name + ".new")
    try:
        scratch.write_bytes(to_bytes(notebook))
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def to_bytes(notebook) -> bytes:
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def read(path: Path):
    """The notebook on disk; LessonError for any other file, where nbformat may raise anything."""
    try:
        nbformat.validate(json.loads(path.read_bytes()))
        return nbformat.read(path, as_version=4)
    except Exception as error:
        raise LessonError(f"{path.parent.name}/{path.name}: it is not a notebook") from error


def stale(course: Course, chosen=()) -> list[str]:
    """What is wrong with lessons; and with notebooks out of date, missing, or made by no lesson."""
    lessons, unsound = sound(course, chosen)
    expected = {path: new for notebooks in lessons for path, new in notebooks.items()}
    faults = {path: fault(path, notebook) for path, notebook in expected.items()}
    if not chosen and not unsound:
        stored = {path for k in LANGUAGES for path in (course.output / k).glob("*.ipynb")}
        faults |= dict.fromkeys(sorted(stored - set(expected)), "no lesson makes it")
    told = [f"{p.parent.name}/{p.name}: {reason}" for p, reason in faults.items() if reason]
    return unsound + told


def fault(path: Path, expected) -> str | None:
    """Why the stored notebook is not the expected one, executed."""
    if not path.exists():
        return "it is not built"
    try:
        stored = read(path)
    except LessonError:
        return "it is not a notebook"
    failed = any(output.output_type == "error" for output in outputs(stored))
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    in_order = [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        cell.update(outputs=[], execution_count=None)
    if stored != at_home(path, expected, stored):
        return "it is not what its lesson and toycore give"
    if failed or not in_order:
        return "its cells were not executed in order, without an error"
    return None


def at_home(path: Path, expected, stored):
    """A clone may lie elsewhere: its notebooks keep the address at which they were built."""
    expected = copy.deepcopy(expected)
    told = expected.metadata["toycore"]
    told["repository"] = stored.metadata.get("toycore", {}).get("repository")
    where = next(cell for cell in expected.cells if cell.id.endswith("-00"))
    where.source = links.line(told["language"], path.stem, told["repository"], bundled=False)
    return expected
