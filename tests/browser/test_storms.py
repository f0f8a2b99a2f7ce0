"""Sliders moved 500 times as fast as can be: the last value wins, and nothing piles up.

In a real JupyterLab page, for sliders that the kernel redraws (test_browser.py: those of the
lessons); then without a page, where the kernel gets every move.
"""

import gc
import random

import ipywidgets
import psutil
import pytest
from matplotlib.figure import Figure

import lab_server
import toycore as tc
from course import long
from storm import MOVES, ROOM, weather
from toycore.plots.style import img

EDITOR = """
import ipywidgets
import toycore as tc
from toycore.plots.style import img

{change}
def draw(**settings):
    figure, (axes,) = tc.plots.style.panels(1, height=1)
    axes.plot([*settings.values()])
    return tc.plots.Picture(figure, str(settings))

grid = [1.0, 2.0, 3.0, 4.0, 5.0]
tc.widgets.editor(draw, dict(a=grid, b=grid), dict(a=3.0, b=3.0))
"""
CHANGES = {"live": "tc.widgets.sliders.FRAMES = 1", "callback": "del ipywidgets.Stack"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with lab_server.serve(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@long
@pytest.mark.parametrize("change", CHANGES)
def test_after_a_storm_of_keys_a_slider_shows_its_last_value(lab, browser, change):
    lab.write(change, EDITOR.format(change=CHANGES[change]))
    with lab_server.running(lab, browser, change) as page:
        weather(page)


# --- without a page: each of the moves reaches the kernel -----------------------------------------

GRID = [1.0, 2.0, 3.0, 4.0]


def draw(**settings) -> tc.plots.Picture:
    figure, (axes,) = tc.plots.style.panels(1, height=1)
    axes.plot([*settings.values()])
    return tc.plots.Picture(figure, str(settings))


def figures() -> int:
    """How many are alive. (`isinstance` would ask torch's lazy objects, which warn.)"""
    gc.collect()
    return sum(type(thing) is Figure for thing in gc.get_objects())


@pytest.fixture(scope="module")
def warm() -> None:
    """What matplotlib loads once, and what malloc keeps, is there now."""
    for value in GRID * 10:
        assert draw(a=value).png


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("kind", ["framed", "live", "callback"])
def test_a_storm_of_moves_leaves_no_figure_and_no_memory(kind, monkeypatch):
    names = "abc" if kind == "live" else "ab"
    if kind == "callback":
        monkeypatch.delattr(ipywidgets, "Stack", raising=False)
    alive = figures()
    slider = tc.widgets.editor(draw, dict.fromkeys(names, GRID), dict.fromkeys(names, 1.0))
    assert isinstance(slider, tc.widgets.Live if kind == "live" else tc.widgets.Framed)
    rng, before = random.Random(0), psutil.Process().memory_info().rss
    for _ in range(MOVES):
        rng.choice(slider.selectors).set_state({"index": rng.randrange(len(GRID))})
        if kind != "framed":  # there the front end turns the pictures
            assert img(*slider.picture(slider.position)) == slider.view.value
    due = draw(**{name: GRID[at] for name, at in zip(names, slider.position, strict=True)})
    assert slider.picture(slider.position) == (due.png, due.alt)
    del due
    assert figures() == alive
    assert psutil.Process().memory_info().rss - before < ROOM
