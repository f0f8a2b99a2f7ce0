"""Which notebooks the lessons give: their cells, before anything is executed."""

import ast
import functools
import hashlib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import nbformat

from builder import links, predict, quiz
from builder.lesson import KEPT, LessonError, files_of, read_lesson, text_of
from words import WORDS

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
    "language_info": {"name": "python"},
}


class Course(NamedTuple):
    """The folders: the lessons, the package they use, and where tr/ and en/ go."""

    lessons: Path
    package: Path
    output: Path


def plan(course: Course, chosen=()) -> list[dict]:
    """For each lesson chosen (none: all), every one sound: its notebooks, not executed, by path."""
    lessons, faults = sound(course, chosen)
    if faults:
        raise LessonError("\n".join(faults))
    return lessons


def sound(course: Course, chosen=()) -> tuple[list[dict], list[str]]:
    """The notebooks of each lesson that is sound, and what is wrong with the others."""
    paths = {path.stem: path for path in sorted(course.lessons.glob("*.py"))}
    if unknown := ", ".join(set(chosen) - set(paths)):
        raise LessonError(f"no such lesson: {unknown}; there are: {', '.join(paths)}")
    lessons, faults = [], []
    for name in chosen or paths:
        try:
            lessons.append(make_notebooks(course, paths[name]))
        except LessonError as error:
            faults.append(str(error))
    made = Counter(path for notebooks in lessons for path in notebooks)
    if twice := [path.name for path, times in made.items() if times > 1]:
        faults.append(f"two lessons name the same notebook: {', '.join(twice)}")
    return lessons, faults


def make_notebooks(course: Course, lesson: Path) -> dict:
    names, cells = read_lesson(lesson)
    for block in cells:
        quiz.check(lesson.name, block)
    predict.check(lesson.name, cells)
    sources = digest(lesson, files_of(course.package))
    address = links.repository(course.output)
    notebooks = {}
    for language, name in names.items():
        told = {"language": language, "sources": sources, "repository": address}
        made = (
            make_cells(cell[language], language, cell_id(lesson, index))
            for index, cell in enumerate(cells, 1)
        )
        title, *rest = predict.fold([cell for several in made for cell in several])
        where = links.line(language, name, address, bundled=False)
        where = nbformat.v4.new_markdown_cell(where, id=cell_id(lesson, 0))
        notebooks[course.output / language / f"{name}.ipynb"] = nbformat.v4.new_notebook(
            metadata=METADATA | {"toycore": told}, cells=[title, where, *rest]
        )
    return notebooks


def cell_id(lesson: Path, index: int) -> str:
    """Of the block with this number; 0 is the line of links."""
    return f"{lesson.stem}-{index:02}"


def digest(lesson: Path, package: list[Path]) -> str:
    """Of names and texts, and of the package only what runs: no lesson shows its comments."""
    texts = [(lesson, text_of(lesson))]  # as text all newlines are the same
    texts += [(path, code(text_of(path))) for path in package]
    told = "".join(f"{path.name}\0{text}\0" for path, text in texts)
    return hashlib.sha256(told.encode()).hexdigest()


@functools.cache  # each lesson asks for the whole package
def code(source: str) -> str:
    """What runs in a module: no layout, comments or docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
        if isinstance(node, ast.JoinedStr):  # Python 3.12.1 sees a '' at the end of some
            node.values = [part for part in node.values if getattr(part, "value", None) != ""]
    return said(tree)


def said(part) -> str:
    """A syntax tree as text, without the empty parts that differ between versions of Python."""
    if isinstance(part, ast.AST):
        parts = [(name, said(value)) for name, value in ast.iter_fields(part)]
        told = [f"{name}={text}" for name, text in parts if text not in ("None", "[]")]
        return f"{type(part).__name__}({', '.join(told)})"
    if isinstance(part, list):
        return f"[{', '.join(map(said, part))}]"
    return repr(part)


def make_cells(cell, language: str, name: str) -> list:
    """What a block becomes: one cell, or a question and its call."""
    if predict.is_question(cell):
        return predict.make_cells(cell, language, name)
    return [make_cell(cell, language, name)]


def make_cell(cell, language: str, name: str):
    if quiz.is_quiz(cell):
        return quiz.make_cell(cell.source, language, name)
    metadata = {key: cell.metadata[key] for key in sorted(KEPT & cell.metadata.keys())}
    if predict.tagged(cell, predict.ANSWER):
        text = unfolds(WORDS[language]["why"], cell.source)
        return nbformat.v4.new_markdown_cell(text, id=name, metadata=metadata)
    if cell.cell_type == "markdown":
        return nbformat.v4.new_markdown_cell(cell.source, id=name, metadata=metadata)
    if "solution" in cell.metadata.get("tags", ()):
        text = folded(cell.source, language)
        return nbformat.v4.new_markdown_cell(text, id=name, metadata=metadata)
    return nbformat.v4.new_code_cell(cell.source, id=name, metadata=metadata)


def folded(code: str, language: str) -> str:
    """A solution as prose that unfolds."""
    return unfolds(WORDS[language]["solution"], f"```python\n{code}\n```")


def unfolds(summary: str, text: str) -> str:
    """The blank lines make what is inside Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"
