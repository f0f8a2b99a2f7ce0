"""Every number with decimals that a lesson's prose or quiz tells is one that its cells give.

Prose is typed, outputs are computed: a change of a training must not leave the old number behind.
"""

import math
import re

import nbformat
import pytest

import toycore as tc
from course import NOTEBOOKS, said

# Two decimals or more; neither a part of 1.234,5 nor of an arXiv number.
TOLD = {
    "en": re.compile(r"(?<![\d.,])\d+\.\d{2,4}(?!\d|,\d)"),
    "tr": re.compile(r"(?<![\d.,])\d+,\d{2,4}(?!\d|\.\d)"),
}
WORLD = tc.World()
# What no cell prints: by lesson, computed here.
BESIDE = {
    "01": [math.log(2), 0.587 / 0.693, 0.001],  # the tolerance of the checks
    "02": [float(WORLD.reward[range(6), WORLD.sft_targets].mean())],
    "03": [tc.PPOConfig.lr, 0.93],  # the second: what a check asks for
    "04": [0.25],  # the β of an exercise
    "05": [10 * math.log10(4)],
    "07": [1.16],  # of TRL, the version that was read
    "08": [1.16, 0.02, 0.19],  # TRL; the library's default; what a check asks for
}

ADDRESS = re.compile(r"(?<=\])\(https://[^)]*\)")  # of a link: its digits tell nothing


def number(told: str) -> float:
    return float(told.replace(",", "."))


def strays(notebook, language: str, beside=()) -> list[str]:
    """Numbers of the prose that no output and no code gives, to the digits told."""
    asks = [cell for cell in notebook.cells if "quiz" in cell.metadata.get("tags", ())]
    code = [c.source for c in notebook.cells if c.cell_type == "code" and c not in asks]
    outputs = "\n".join("\n".join(texts) for texts in said(notebook).values())
    given = [number(n) for n in re.findall(r"\d+(?:[.,]\d+)?", "\n".join([outputs, *code]))]
    given += beside
    cells = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    prose = [ADDRESS.sub("", source) for source in cells]
    told = TOLD[language].findall("\n".join(prose + [cell.source for cell in asks]))
    return [n for n in told if not any(_rounds_to(value, n) for value in given)]


def _rounds_to(value: float, told: str) -> bool:
    digits = len(re.split("[.,]", told)[1])
    return abs(value - number(told)) < 0.5001 * 10**-digits


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_number_told_is_one_that_the_lesson_gives(path):
    notebook = nbformat.read(path, as_version=4)
    assert strays(notebook, path.parent.name, BESIDE.get(path.stem[:2], [])) == []


def test_a_number_that_went_stale_is_found():
    output = nbformat.v4.new_output("stream", text="KL 0.1685\n")
    code = nbformat.v4.new_code_cell("b = 0.25", outputs=[output], id="a")
    for language, prose, due in (
        (
            "en",
            "It was 0.169, then 0.303, at 0.25; 12,345 of 3.5 [A](https://a.org/1412.6980).",
            ["0.303"],
        ),
        ("tr", "0,17 idi, sonra 0,303; 12.345 kez.", ["0,303"]),
    ):
        cells = [code, nbformat.v4.new_markdown_cell(prose)]
        assert strays(nbformat.v4.new_notebook(cells=cells), language) == due
