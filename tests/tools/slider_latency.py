"""How fast a slider is in a real JupyterLab: `python tests/tools/slider_latency.py` prints a table.

For 60 key presses each (or --keys): the time from the event of the key to the first animation
frame in which the right picture stands in the page, loaded. Then, on painted frames (a screencast)
of half as many further presses: how often the picture's place was blank. Then a drag of 120 mouse
moves, 2 seconds and more, whose last move jumps to the middle: does the right picture stay, and how
long after is it there? (`tc.widgets.editor` waits for the mouse to let go, a moment after the last
move.)

A control comes first: a picture taken away for one frame at each press must be seen as blank at
nine presses of ten, or the script ends there.

Other work on the machine makes all of it slower; the last column tells how many CPUs it took.

All of it for lesson 1's picture: trained beforehand (`tc.widgets.slider`), drawn live
(`tc.widgets.editor`), and with what most notebooks do, `ipywidgets.interact` and pyplot.
"""

import argparse
import base64
import contextlib
import importlib.metadata
import io
import json
import math
import os
import platform
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image, ImageStat
from playwright.sync_api import sync_playwright

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))

import lab_server

VALUES, DRAG_MOVES, DRAG_SECONDS = 11, 120, 2.0
SETUP = """
import base64, json
from pathlib import Path
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import toycore as tc

start = tc.train_sft(tc.World(), tc.SFTConfig(seeds=8)).logp

def edited(helpful):
    world = tc.World(helpful=float(helpful))
    return world, tc.exact.optimal_policy(start, world.reward, 0.5)

def draw(helpful):
    world, best = edited(helpful)
    return tc.plots.policies(world, before=start, optimal=best)

def draw_by_pyplot(helpful):
    world, best = edited(helpful)
    figure, panels = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for axes, table, title in zip(panels, (start, best), ("before", "optimal"), strict=True):
        chances = np.exp(np.asarray(table)).reshape(-1, len(world.prompts), len(world.tokens))
        image = axes.imshow(chances.mean(0), cmap="cividis", vmin=0, vmax=1, aspect="auto")
        axes.set_title(title)
        axes.set_xticks(range(len(world.tokens)), world.tokens, rotation=90)
        axes.set_yticks([])
    panels[0].set_yticks(range(len(world.prompts)), world.prompts)
    figure.colorbar(image, ax=panels, label="probability")
    plt.show()

values = np.linspace(-2, 2, {count}).round(3).tolist()
"""
DUE = """
sources = [base64.b64encode(draw(value).png).decode() for value in values]
Path("due.json").write_text(json.dumps(sources))
"""
TRAINED = "tc.widgets.slider('helpful', values, draw, start=values[0])"
LIVE = "tc.widgets.editor(draw, {'helpful': values}, {'helpful': values[0]})"
PYPLOT = """
setting = ipywidgets.SelectionSlider(options=values, value=values[0], description="helpful")
ipywidgets.interact(draw_by_pyplot, helpful=setting);
"""
PROBE = """
window.probe = {
    image() {
        const images = [...document.querySelectorAll('.jp-OutputArea img')];
        return images.find(i => i.offsetParent && i.complete && i.naturalWidth);
    },
    source() { return this.image()?.getAttribute('src').trim(); },
    // Resolves to the milliseconds from the key to the first frame with this picture.
    expect(source) {
        this.arrival = new Promise(resolve => {
            let pressed = null;
            const listen = event => { pressed = event.timeStamp; };
            document.addEventListener('keydown', listen, {capture: true, once: true});
            const look = () => {
                const now = performance.now();
                if (pressed !== null && this.source() === source) resolve(now - pressed);
                else requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
        });
    },
    // Notes when the mouse last moved, and since when this picture stands.
    follow(source) {
        this.moved = this.since = null;
        const listen = event => { if (event.buttons) this.moved = event.timeStamp; };
        document.addEventListener('pointermove', listen, {capture: true});
        const look = () => {
            if (this.source() !== source) this.since = null;
            else this.since ??= performance.now();
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    },
};
"""


BLINK = """
document.addEventListener('keydown', () => requestAnimationFrame(() => {
    const images = document.querySelectorAll('.jp-OutputArea img');
    for (const image of images) image.style.visibility = 'hidden';
    requestAnimationFrame(() => { for (const image of images) image.style.visibility = ''; });
}), {capture: true});
"""  # takes the picture away for exactly one frame at each press


class Bench:
    """One slider in one page: its pictures in order, and the place where it stands."""

    def __init__(self, page, sources: list[str]):
        assert len(set(sources)) == len(sources), "two values share a picture"
        self.page, self.sources, self.place, self.step = page, sources, 0, 1

    def press(self) -> float:
        """One step up, or down from the end on: milliseconds until its picture is there."""
        if not 0 <= self.place + self.step < len(self.sources):
            self.step = -self.step
        self.place += self.step
        self.page.evaluate("source => probe.expect(source)", self.sources[self.place])
        self.page.wait_for_timeout(120 + random.uniform(0, 17))  # at rest, anywhere in a frame
        self.page.keyboard.press("ArrowRight" if self.step > 0 else "ArrowLeft")
        late = "new Promise((_, no) => setTimeout(() => no(Error('no right picture')), 10000))"
        return self.page.evaluate(f"Promise.race([probe.arrival, {late}])")

    def blank_frames(self, keys: int) -> tuple[int, int]:
        """Painted frames in which the picture's place is empty, and all painted frames."""
        box = self.page.locator(".jp-OutputArea img:visible").bounding_box()
        inner = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
        with painted_frames(self.page) as frames:
            for _ in range(keys):
                self.press()
        contrast = [ImageStat.Stat(frame.crop(inner)).stddev[0] for frame in frames]
        return sum(spread < 10 for spread in contrast), len(frames)

    def drag(self) -> float:
        """Milliseconds from the last move of a drag until its picture is there for good, or inf."""
        middle = len(self.sources) // 2
        self.page.keyboard.press("Home")
        self.page.wait_for_function("source => probe.source() === source", arg=self.sources[0])
        track = self.page.locator(".noUi-base").first.bounding_box()
        handle = self.page.locator(".noUi-handle").first.bounding_box()
        y = handle["y"] + handle["height"] / 2
        self.page.mouse.move(handle["x"] + handle["width"] / 2, y)
        self.page.mouse.down()
        self.page.evaluate("source => probe.follow(source)", self.sources[middle])
        there_and_back = 1 - np.abs(np.linspace(-1, 1, DRAG_MOVES - 1))
        for share in [*there_and_back, 0.5]:
            self.page.mouse.move(track["x"] + share * track["width"], y)
            self.page.wait_for_timeout(1000 * DRAG_SECONDS / DRAG_MOVES)
        self.page.mouse.up()
        self.page.wait_for_timeout(2000)
        late = self.page.evaluate("probe.since && probe.since - probe.moved")
        return math.inf if late is None else late


@contextlib.contextmanager
def painted_frames(page):
    """Every frame that Chromium paints meanwhile, in shades of grey."""
    frames, session = [], page.context.new_cdp_session(page)

    def keep(event):
        frames.append(Image.open(io.BytesIO(base64.b64decode(event["data"]))).convert("L"))
        session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    session.on("Page.screencastFrame", keep)
    session.send("Page.startScreencast", {"format": "jpeg", "quality": 60})
    yield frames
    page.wait_for_timeout(300)
    session.send("Page.stopScreencast")
    session.detach()


@contextlib.contextmanager
def opened(browser, lab, cell: str, count: int, learn: bool):
    """A page with this slider over `count` values, run and focused.

    The pictures that it must show are drawn by the kernel beforehand, or else (pyplot's, which
    JupyterLab encodes itself) looked up in the page, each after a rest.
    """
    name = f"slider-{random.getrandbits(32):x}"
    setup = SETUP.replace("{count}", str(count))
    lab.write(name, setup if learn else setup + DUE, cell)
    page = browser.new_page(viewport={"width": 1280, "height": 1500})
    lab_server.open_notebook(page, lab, name)
    lab_server.run_cell(page, 0)
    lab_server.run_cell(page, 1)
    page.evaluate(PROBE)
    page.wait_for_function("probe.source() !== undefined")
    page.locator(".noUi-handle").first.focus()
    yield Bench(page, looked_up(page, count) if learn else told(lab))
    lab_server.close(page)


def told(lab) -> list[str]:
    sources = json.loads((lab.notebooks / "due.json").read_text())
    return [f"data:image/png;base64,{source}" for source in sources]


def looked_up(page, count: int) -> list[str]:
    sources = []
    for _ in range(count):
        page.wait_for_timeout(1500)
        sources.append(page.evaluate("probe.source()"))
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    page.wait_for_timeout(1500)
    return sources


def control(browser, lab, keys: int) -> str:
    """Are blank frames seen that last for one frame? Else a count of zero says nothing."""
    with opened(browser, lab, TRAINED, VALUES, learn=False) as bench:
        bench.page.evaluate(BLINK)
        blank, painted = bench.blank_frames(keys)
    found = f"control, one blank frame at each of {keys} presses: {blank} of {painted} frames"
    if blank < 0.9 * keys:
        raise SystemExit(f"{found}: blank frames are not seen")
    return found


def measured(browser, lab, keys: int) -> list[tuple]:
    """A row of the table for each slider: title, latencies, blank frames, drag."""
    rows, new = [], keys + 1 + keys % 2  # each press reaches a new value; one is in the middle
    with opened(browser, lab, TRAINED, VALUES, learn=False) as bench:
        rows.append(row("trained: `tc.widgets.slider`", bench, keys))
    with opened(browser, lab, LIVE, new, learn=False) as bench:
        first = presses(bench, keys)
        rows.append(("live: `tc.widgets.editor`, first visit", *first, None, None))
        rows.append(row("live, seen before", bench, keys))
    with opened(browser, lab, PYPLOT, VALUES, learn=True) as bench:
        rows.append(row("`interact` and pyplot", bench, keys))
    return rows


def row(title: str, bench: Bench, keys: int) -> tuple:
    return title, *presses(bench, keys), bench.blank_frames(half(keys)), bench.drag()


def half(keys: int) -> int:
    return math.ceil(keys / 2)


def presses(bench: Bench, keys: int) -> tuple[list[float], float]:
    """The latency of each press, and how many CPUs worked for others meanwhile."""
    began, before = time.monotonic(), cpu_of_others()
    times = [bench.press() for _ in range(keys)]
    return times, (cpu_of_others() - before) / (time.monotonic() - began)


def cpu_of_others() -> float:
    """CPU seconds spent so far that neither this process nor its children spent."""
    system, me, ours = psutil.cpu_times(), psutil.Process(), 0.0
    for process in (me, *me.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            spent = process.cpu_times()
            ours += spent.user + spent.system
    return sum(system) - system.idle - getattr(system, "iowait", 0.0) - ours


def table(rows: list[tuple]) -> str:
    lines = [
        "| slider | p50 | p95 | blank frames | right after a drag | others' CPUs |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for title, times, others, blank, drag in rows:
        p50, p95 = np.percentile(times, [50, 95])
        frames = f"{blank[0]} of {blank[1]}" if blank else "–"
        late = f"{max(drag, 0):.0f} ms" if drag is not None else "–"
        lines.append(
            f"| {title} | {p50:.0f} ms | {p95:.0f} ms | {frames} | {late} | {others:.2f} |"
        )
    return "\n".join(lines)


def machine(browser) -> str:
    packages = ("jupyterlab", "ipykernel", "ipywidgets", "matplotlib")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    python = f"Python {platform.python_version()}"
    return ", ".join([system, python, *versions, f"headless Chromium {browser.version}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--keys", type=int, default=60, help="presses of each slider (60)")
    keys = parser.parse_args().keys
    if keys < 1:
        parser.error(f"--keys must be at least 1; got {keys}")
    with (
        tempfile.TemporaryDirectory() as folder,
        lab_server.serve(Path(folder)) as lab,
        sync_playwright() as playwright,
    ):
        browser = lab_server.launch(playwright)
        print(machine(browser), f"load before: {psutil.getloadavg()[0]:.2f}", sep="\n", flush=True)
        print(control(browser, lab, half(keys)), flush=True)
        print(table(measured(browser, lab, keys)))
        browser.close()


if __name__ == "__main__":
    main()
