"""Each lesson executed in a fresh kernel: what it says, how long it takes, what its sliders show.

With `-m long`. Else nbval runs the lessons, test_bundles.py runs each in other versions, and
browser/test_browser.py moves their sliders.

The kernel runs as on a learner's machine in Turkey, with another hash seed and two threads.

What a slider ought to show at each of its values is computed by slider_texts.py.
"""

import itertools
import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from builder.execution import execute
from course import NOTEBOOKS, long, said
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


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def live(request):
    """The lesson's number, its language, and what the kernel told."""
    path = request.param
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(new_code_cell(PROBE, id="probe"))
    with pytest.MonkeyPatch.context() as machine:
        for name, value in TURKEY.items():
            machine.setenv(name, value)
        found = said(execute(path, notebook))
    (probed,) = found.pop("probe")
    told = json.loads(probed) | {"said": found, "stored": said(nbformat.read(path, as_version=4))}
    return path.stem[:2], path.parent.name, told


def test_a_lesson_says_the_same_to_the_digit(live):
    assert live[2]["said"] == live[2]["stored"]


def test_every_slider_moved_shows_the_numbers_of_its_value(live):
    lesson, language, told = live
    due = DUE[lesson](language)
    assert [told_of[:2] for told_of in told["told"]] == [[name, label] for name, label, _ in due]
    for (_, _, phrases), (_, _, alt, shown, _) in zip(due, told["told"], strict=True):
        assert shown, "the view holds another picture"
        assert all(phrase in alt for phrase in phrases)


def test_two_neighbouring_values_of_a_slider_show_different_pictures(live):
    told = live[2]["told"]
    for (name, _, _, _, digest), (other, _, _, _, following) in itertools.pairwise(told):
        assert name != other or digest != following
