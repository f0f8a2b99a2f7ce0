"""The budget of a lesson, held for every generated notebook, and what no source may do."""

import re
import statistics
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course import NOTEBOOKS, ROOT

SOURCES = sorted([*ROOT.glob("toycore/**/*.py"), *ROOT.glob("notebooks/lessons/*.py")])

# pyplot keeps figures in a global that slider messages spoil; a notebook never installs.
# jupytext keeps a magic command as a comment.
FORBIDDEN = re.compile(
    r"""^\s*(import|from)\s[^#\n]*\bpyplot\b | \bmatplotlib\.pyplot\b
    | ^[#\s]*[!%]pip\s+install\b | ^[#\s]*%matplotlib\b""",
    re.MULTILINE | re.VERBOSE,
)


LAB = re.compile(r"## (Bozuk laboratuvar|The broken lab)\b")
SECTION = re.compile(r"## ")


def over_budget(notebook) -> list[str]:
    """What is too much or too little in a lesson, each with its figure.

    The broken lab counts apart: the body is what a learner reads in one sitting, the lab what he
    does afterwards.
    """
    body, lab = parts(notebook)
    figures = {
        "cells": (45, len(body), 70),
        "prose cells": (len(body) / 2, len(prose(body)), 70),
        **lengths(body + lab),
        "words of prose": (0, sum(map(words, prose(body))), 3000),
        "cells of the broken lab": (0, len(lab), 14),
        "words of the broken lab": (0, sum(map(words, prose(lab))), 700),
    }
    return [
        f"{what}: {figure}, not {least:g} to {most}"
        for what, (least, figure, most) in figures.items()
        if not least <= figure <= most
    ]


def parts(notebook) -> tuple[list, list]:
    """The cells of the body, and those of the broken lab, which ends at the next section."""
    body, lab = [], []
    part = body
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and SECTION.match(cell.source):
            part = lab if LAB.match(cell.source) else body
        part.append(cell)
    return body, lab


def prose(cells) -> list[str]:
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def lengths(cells) -> dict[str, tuple]:
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    lines = [sum(bool(line.strip()) for line in source.splitlines()) for source in code] or [0]
    return {
        "lines of the median code cell": (0, statistics.median(lines), 6),
        "lines of the longest code cell": (0, max(lines), 25),
    }


def words(prose: str) -> int:
    """Table rules, list marks and the like are no words."""
    return sum(any(letter.isalnum() for letter in word) for word in prose.split())


def unspoken_pictures(notebook) -> list[str]:
    """Cells whose picture has no words for who cannot see it: an object's repr says nothing."""
    return [
        cell.id
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {}) and not says_something(output.data)
    ]


def says_something(data: dict) -> bool:
    text = data.get("text/plain", "").strip()
    return words(text) >= 5 and not re.match(r"<|[\w.]+\(", text)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def path(request) -> Path:
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def test_a_lesson_keeps_to_its_budget(notebook):
    assert over_budget(notebook) == []


def test_every_stored_picture_is_told_in_words(notebook):
    assert unspoken_pictures(notebook) == []


def test_a_stored_notebook_is_small_and_has_no_widget_state(path, notebook):
    assert path.stat().st_size <= 10**6
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_source_uses_pyplot_or_installs(source):
    assert FORBIDDEN.search(source.read_text(encoding="utf-8")) is None


# --- the same checks on made-up notebooks: they do find what they look for ------------------------


def lesson(prose=30, code=30, lines=2, text="üç kelime var", lab=(), closing="## Özet"):
    cells = [new_markdown_cell(text) for _ in range(prose - 1)]
    cells += [new_code_cell("x\n\n" * lines) for _ in range(code)]
    cells += [new_markdown_cell(text) for text in lab]
    return new_notebook(cells=[*cells, new_markdown_cell(closing)])


def lab(cells=14, words=700):
    """Prose cells of a broken lab: its heading and `cells` − 1 more, `words` words in all."""
    return ["## The broken lab", *[""] * (cells - 2), "word " * (words - 3)]


def test_a_lesson_within_its_budget():
    assert over_budget(lesson()) == []
    assert over_budget(lesson(23, 22, lines=6)) == []
    assert over_budget(lesson(40, 30, text="| a |\n| - |\n" + "b " * 74)) == []
    assert over_budget(lesson(35, 35, lab=lab())) == []
    assert (
        over_budget(lesson(35, 35, lab=["## Bozuk laboratuvar (15 dakika)\n" + "a " * 690])) == []
    )


@pytest.mark.parametrize(
    ("notebook", "figure"),
    [
        (lesson(22, 22), "cells: 44"),
        (lesson(36, 35), "cells: 71"),
        (lesson(30, 31), "prose cells: 30"),
        (lesson(lines=7), "lines of the median code cell: 7"),
        (lesson(text="bir " * 105), "words of prose: 3046"),
        (lesson(lab=lab(cells=15)), "cells of the broken lab: 15"),
        (lesson(lab=lab(words=701)), "words of the broken lab: 701"),
        (lesson(36, 34, lab=lab(), closing="## Özet\n" + "bir " * 3000), "words of prose: 31"),
        (lesson(36, 35, lab=lab()), "cells: 71"),
    ],
)
def test_a_lesson_over_its_budget(notebook, figure):
    (line,) = over_budget(notebook)
    assert line.startswith(figure)


def test_a_code_cell_too_long():
    notebook = lesson()
    notebook.cells[-2].source = "x\n" * 26
    assert over_budget(notebook) == ["lines of the longest code cell: 26, not 0 to 25"]


@pytest.mark.parametrize(
    ("text", "unspoken"),
    [
        ("The reward rises from 0.2 to 0.9 in 100 updates.", []),
        ("<Figure size 640x480 with 1 Axes drawn here>", ["c"]),
        ("VBox(children=(IntSlider(value=0), HTML(value='a b'), Label(value='c d e')))", ["c"]),
        ("a picture", ["c"]),
        (None, ["c"]),
    ],
)
def test_a_picture_needs_words(text, unspoken):
    data = {"image/png": "iVBO"} | ({"text/plain": text} if text else {})
    cell = new_code_cell(id="c", outputs=[new_output("display_data", data)])
    assert unspoken_pictures(new_notebook(cells=[cell])) == unspoken


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import matplotlib.pyplot as plt", True),
        ("    from matplotlib import pyplot", True),
        ("x = matplotlib.pyplot.figure()", True),
        ("# %matplotlib inline", True),
        ("# !pip install torch", True),
        (
            '"""Object-oriented figures, never pyplot."""\nfrom matplotlib.figure import Figure',
            False,
        ),
    ],
)
def test_what_no_source_may_do_is_found(source, found):
    assert bool(FORBIDDEN.search(source)) is found
