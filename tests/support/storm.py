"""A slider moved 500 times as fast as a page can: the last value wins, and nothing piles up."""

import json
import random

import lab_server

MOVES, ROOM = 500, 20e6  # bytes by which the kernel may have grown
KEYS = ("ArrowRight", "ArrowLeft", "Home", "End")

PROBE = """
import base64, gc, json, psutil
from matplotlib.figure import Figure
gc.collect()
print(json.dumps({
    "sliders": [
        {
            "place": w.position,
            "options": [len(selector.options) for selector in w.selectors],
            "picture": base64.b64encode(w.picture(w.position).png).decode(),
            "alt": w.picture(w.position).alt,
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


def ask(page) -> dict:
    said = page.evaluate(ASK, PROBE)
    return json.loads(said[said.index("{") :])


def after(place: int, keys: list[str], options: int) -> int:
    """Where a slider stands after these keys."""
    for key in keys:
        step = {"ArrowRight": 1, "ArrowLeft": -1, "Home": -options, "End": options}[key]
        place = min(max(place + step, 0), options - 1)
    return place


def weather(page) -> None:
    """A storm over every slider of the notebook that is open and has run."""
    rng = random.Random(0)
    figures = page.locator(".widget-vbox:has(> .widget-hbox .noUi-handle)")
    before = ask(page)
    assert figures.count() == len(before["sliders"]) > 0
    for number, slider in enumerate(before["sliders"]):
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
            page.wait_for_function(SHOWS, arg=[figure.element_handle(), source], timeout=60_000)
            assert figure.locator("img:visible").get_attribute("alt") == told["alt"]
            chosen = "list => list.selectedIndex"
            assert figure.locator("select").nth(axis).evaluate(chosen) == place[axis]
    left = ask(page)
    assert left["figures"] <= before["figures"]
    assert left["bytes"] - before["bytes"] < ROOM
