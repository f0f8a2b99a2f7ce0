"""Each lesson executed on other machines, again and again: what it says, what its sliders show.

With `-m long`. Else nbval runs the lessons, test_bundles.py runs each in other versions, and
browser/test_browser.py moves their sliders.

The kernel runs as on a learner's machine in Turkey, with another hash seed and two threads. For
the Turkish lesson torch uses no vector instructions, and each cell is run twice in a row; for the
English one the library behind its matrix products uses old ones, and the whole lesson is run
twice. Bars appear at once, as on a slow machine.

What a slider ought to show at each of its values is computed by slider_texts.py.
"""

import copy
import itertools
import json
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from builder import predict
from builder.execution import execute
from course import NOTEBOOKS, ONCE, long, said
from preludes import BARS_AT_ONCE
from slider_texts import DUE, PROBE

pytestmark = long

# The dotless i, the decimal comma; a kernel that is given other threads and another hash seed.
TURKEY = {
    "LC_ALL": "tr_TR.UTF-8",
    "TZ": "Europe/Istanbul",
    "PYTHONHASHSEED": "1",
    "OMP_NUM_THREADS": "2",
    "MKL_NUM_THREADS": "2",
}
PROCESSOR = {
    "tr": {"ATEN_CPU_CAPABILITY": "default"},
    "en": {"MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
}
AGAIN = " again"
# Of the sliders that both runs have made, those of the second.
SECOND = {
    "tr": "Out = {count: Out[count] for count in Out if count % 2}",
    "en": "Out = {count: Out[count] for count in Out if count > len(In) // 2}",
}


def twice(cells: list, language: str) -> list:
    """Each cell twice in a row, or all cells and then all of them once more."""
    both = [(cell, copy.deepcopy(cell)) for cell in cells if cell.cell_type == "code"]
    for _, second in both:
        second.id += AGAIN
    return [*itertools.chain(*(both if language == "tr" else zip(*both, strict=True)))]


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def live(request):
    """The lesson's number, its language, and what the kernel told."""
    path = request.param
    lesson, language = path.stem[:2], path.parent.name
    stored = nbformat.read(path, as_version=4)
    notebook = copy.deepcopy(stored)
    cells = twice(notebook.cells, language)
    before = new_code_cell(BARS_AT_ONCE, id="before")
    notebook.cells = [before, *cells, new_code_cell(SECOND[language] + PROBE, id="probe")]
    with pytest.MonkeyPatch.context() as machine:
        for name, value in (TURKEY | PROCESSOR[language]).items():
            machine.setenv(name, value)
        found = said(execute(path, notebook))
    (probed,) = found.pop("probe")
    del found["before"]
    return lesson, language, json.loads(probed)["told"], found, said(stored)


def test_a_lesson_says_the_same_to_the_digit_both_times(live):
    *_, found, stored = live
    assert {cell: text for cell, text in found.items() if not cell.endswith(AGAIN)} == stored
    second = {cell.removesuffix(AGAIN): text for cell, text in found.items() if AGAIN in cell}
    assert second == stored


def test_every_slider_moved_shows_the_numbers_of_its_value(live):
    lesson, language, told, *_ = live
    due = DUE[lesson](language)
    assert [told_of[:2] for told_of in told] == [[name, label] for name, label, _ in due]
    for (_, _, phrases), (_, _, alt, shown, _) in zip(due, told, strict=True):
        assert shown, "the view holds another picture"
        assert all(phrase in alt for phrase in phrases)


def test_two_neighbouring_values_of_a_slider_show_different_pictures(live):
    for (name, _, _, _, digest), (other, _, _, _, following) in itertools.pairwise(live[2]):
        assert name != other or digest != following


EXTRA = re.compile(r"^## .*\(\d+ \w+, (?:ek|extra)\)$", re.MULTILINE)


def core(cells: list) -> list:
    """The cells of the sections that a class of 45 minutes runs."""
    kept, waits = [], False
    for cell in cells:
        if heading := re.findall(r"^## .*$", cell.source, re.MULTILINE):
            waits = EXTRA.fullmatch(heading[-1]) is not None
        if not waits and cell.cell_type == "code":
            kept.append(cell)
    return kept


@pytest.mark.parametrize("path", ONCE, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_the_core_path_runs_without_the_sections_that_may_wait(path):
    stored = nbformat.read(path, as_version=4)
    notebook = copy.deepcopy(stored)
    notebook.cells = core(notebook.cells)
    assert len(notebook.cells) < sum(cell.cell_type == "code" for cell in stored.cells)
    found, due = said(execute(path, notebook)), said(stored)
    overview = {cell.id for cell in stored.cells if predict.tagged(cell, predict.OVERVIEW)}
    assert {cell: due[cell] for cell in found if cell not in overview} == {
        cell: told for cell, told in found.items() if cell not in overview
    }
