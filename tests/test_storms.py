"""Sliders moved 500 times as fast as can be: the last value wins, and nothing piles up.

In a real JupyterLab page, for the lesson with the most sliders and for sliders that the kernel
redraws; with STORMS=all for every lesson. Then without a page, where the kernel gets every move.
"""

import gc
import json
import os
import random
import shutil
from pathlib import Path

import ipywidgets
import psutil
import pytest
from matplotlib.figure import Figure

import lab_server
import toycore as tc
from course import NOTEBOOKS

ROOT = Path(__file__).resolve().parent.parent
MOVES, ROOM = 500, 20e6  # bytes by which the kernel may have grown
KEYS = ("ArrowRight", "ArrowLeft", "Home", "End")
ALL = [f"{path.parent.name}/{path.stem}" for path in NOTEBOOKS]
LESSONS = ALL if os.environ.get("STORMS") == "all" else ["tr/01_ortam"]  # four sliders

EDITOR = """
import ipywidgets
import toycore as tc

{change}
def draw(**settings):
    figure, (axes,) = tc.plots.style.panels(1, height=1)
    axes.plot([*settings.values()])
    return tc.plots.Picture(figure, str(settings))

grid = [1.0, 2.0, 3.0, 4.0, 5.0]
tc.widgets.editor(draw, dict(a=grid, b=grid), dict(a=3.0, b=3.0))
"""
CHANGES = {"live": "tc.widgets.FRAMES = 1", "callback": "del ipywidgets.Stack"}

PROBE = """
import base64, gc, json, psutil
from matplotlib.figure import Figure
gc.collect()
print(json.dumps({
    "sliders": [
        {
            "place": w.place,
            "options": [len(selector.options) for selector in w.selectors],
            "picture": base64.b64encode(w.picture(w.place).png).decode(),
            "alt": w.picture(w.place).alt,
        }
        for w in Out.values() if isinstance(w, tc.widgets.Sliders)
    ],
    "figures": sum(type(thing) is Figure for thing in gc.get_objects()),
    "bytes": psutil.Process().memory_info().rss,
}))
"""
ASK = f"""async code => {{
    const said = [], asked = {lab_server.KERNEL}.requestExecute({{code, store_history: false}});
    asked.onIOPub = message => said.push(message.content.text ?? message.content.evalue ?? '');
    await asked.done;
    return said.join('');
}}"""
# Each key is a task of its own, as those of a keyboard are; no time passes between two.
STORM = """(handle, keys) => new Promise(done => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => {
        const key = keys.shift();
        if (key === undefined) return done();
        handle.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
        port2.postMessage(0);
    };
    handle.focus();
    port2.postMessage(0);
})"""
SHOWN = "figure => [...figure.querySelectorAll('img')].filter(i => i.offsetParent)"
SHOWS = f"([figure, source]) => String(({SHOWN})(figure).map(i => i.src)) === source"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with lab_server.serve(folder) as lab:
        yield lab


@pytest.fixture
def opened(request, lab, browser):
    """A notebook, run; afterwards, neither the page nor the server may have told an error."""
    page, errors, said = browser.new_page(), [], len(lab.log())
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    name = request.param
    if name in CHANGES:
        lab.write(name, EDITOR.format(change=CHANGES[name]))
    lab_server.open_notebook(page, lab, name)
    for command in ("clear-all-cell-outputs", "run-all-cells"):
        page.evaluate(f"void window.jupyterapp.commands.execute('notebook:{command}')")
    unrun = f"""{lab_server.PANEL}.content.model.sharedModel.cells
        .filter(cell => cell.cell_type === 'code' && cell.execution_count === null).length"""
    ready = f"{unrun} === 0 && {lab_server.KERNEL}.status === 'idle'"
    page.wait_for_function(ready, timeout=120_000)  # a whole lesson, beside busy neighbours
    yield page
    assert errors == []
    assert "Traceback" not in lab.log()[said:]
    lab_server.close(page)


def ask(page) -> dict:
    said = page.evaluate(ASK, PROBE)
    return json.loads(said[said.index("{") :])


def after(place: int, keys: list[str], options: int) -> int:
    """Where a slider stands after these keys."""
    for key in keys:
        step = {"ArrowRight": 1, "ArrowLeft": -1, "Home": -options, "End": options}[key]
        place = min(max(place + step, 0), options - 1)
    return place


@pytest.mark.parametrize("opened", [*LESSONS, *CHANGES], indirect=True)
def test_after_a_storm_of_keys_a_slider_shows_its_last_value(opened):
    page, rng = opened, random.Random(0)
    figures = page.locator(".widget-vbox:has(> .widget-hbox .noUi-handle)")
    first = before = ask(page)
    assert figures.count() == len(first["sliders"]) > 0
    for number, slider in enumerate(first["sliders"]):
        figure, place = figures.nth(number), list(slider["place"])
        figure.scroll_into_view_if_needed()
        for axis, options in enumerate(slider["options"]):
            keys = rng.choices(KEYS, (10, 10, 1, 1), k=MOVES)
            place[axis] = after(place[axis], keys, options)
            figure.locator(".noUi-handle").nth(axis).evaluate(STORM, keys)
            page.wait_for_function(f"{lab_server.KERNEL}.status === 'idle'")
            for _ in range(100):  # the last move may still be on its way
                told = ask(page)["sliders"][number]
                if told["place"] == place:
                    break
                page.wait_for_timeout(50)
            assert told["place"] == place
            source = f"data:image/png;base64,{told['picture']}"
            page.wait_for_function(SHOWS, arg=[figure.element_handle(), source], timeout=10_000)
            assert figure.locator("img:visible").get_attribute("alt") == told["alt"]
            chosen = "list => list.selectedIndex"
            assert figure.locator("select").nth(axis).evaluate(chosen) == place[axis]
    left = ask(page)
    assert left["figures"] <= before["figures"]
    assert left["bytes"] - before["bytes"] < ROOM


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


@pytest.mark.parametrize("kind", ["framed", "live", "callback"])
def test_a_storm_of_moves_leaves_no_figure_and_no_memory(kind, monkeypatch):
    names = "abc" if kind == "live" else "ab"
    if kind == "callback":
        monkeypatch.delattr(ipywidgets, "Stack", raising=False)
    for value in GRID * 10:  # what matplotlib loads once, and what malloc keeps, is there now
        assert draw(a=value).png
    alive = figures()
    slider = tc.widgets.editor(draw, dict.fromkeys(names, GRID), dict.fromkeys(names, 1.0))
    assert isinstance(slider, tc.widgets.Live if kind == "live" else tc.widgets.Framed)
    rng, before = random.Random(0), psutil.Process().memory_info().rss
    for _ in range(MOVES):
        rng.choice(slider.selectors).set_state({"index": rng.randrange(len(GRID))})
        if kind != "framed":  # there the front end turns the pictures
            assert tc.widgets._image(slider.picture(slider.place)) == slider.view.value
    due = draw(**{name: GRID[at] for name, at in zip(names, slider.place, strict=True)})
    assert slider.picture(slider.place) == (due.png, due.alt)
    del due
    assert figures() == alive
    assert psutil.Process().memory_info().rss - before < ROOM
