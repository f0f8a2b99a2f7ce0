"""A learner's first ten minutes, in a real browser: open the lesson, run it, move the slider."""

import base64
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import toycore as tc

ROOT = Path(__file__).resolve().parent.parent
FLAGS = [  # a quiet browser: no sandbox for root, no calls home
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on 127.0.0.1 over a copy of the notebooks; its address."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += [f"--ServerApp.root_dir={folder / 'notebooks'}", "--IdentityProvider.token="]
    command += ["--LabApp.expose_app_in_browser=True"]
    with open(folder / "log.txt", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_for(address: str, server: subprocess.Popen) -> None:
    for _ in range(300):
        assert server.poll() is None, "JupyterLab ended before it answered"
        try:
            urllib.request.urlopen(f"{address}/api", timeout=5)
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("JupyterLab did not answer within a minute")


@pytest.fixture(scope="module")
def page(lab):
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
        except api.Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Chromium here: {error}")
        yield browser.new_page(viewport={"width": 1280, "height": 1000})
        browser.close()


STATUS = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
UNRUN = """window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
    .filter(cell => cell.cell_type === 'code' && cell.execution_count === null).length"""


LEASHES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # the slider's values in the lesson
SHOWN = "figure => [...figure.querySelectorAll('img')].filter(i => i.offsetParent).map(i => i.src)"


def pictures() -> dict[float, str]:
    """What the slider must show at each value: trained and drawn here, as the lesson does."""
    world = tc.World(language="en")
    start = tc.train_sft(world, tc.SFTConfig(seeds=16))
    run = tc.train_ppo(world, tc.PPOConfig(kl_beta=LEASHES, seeds=16), start=start)
    drawn = {beta: tc.plots.curves(run, "reward", "kl", highlight=beta).png for beta in LEASHES}
    return {
        beta: f"data:image/png;base64,{base64.b64encode(png).decode()}"
        for beta, png in drawn.items()
    }


def test_the_slider_shows_the_picture_of_its_value(lab, page):
    page.goto(f"{lab}/lab/tree/en/03_ppo.ipynb")
    page.wait_for_function(f"{STATUS} === 'idle'", timeout=60_000)
    page.evaluate("void window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(f"{UNRUN} === 0 && {STATUS} === 'idle'", timeout=120_000)

    figure = page.locator(".widget-vbox", has=page.get_by_text("kl_beta", exact=True))
    figure.scroll_into_view_if_needed()
    handle, due = figure.locator(".noUi-handle"), pictures()
    assert len(set(due.values())) == len(LEASHES)

    def shows(beta: float) -> None:
        page.wait_for_function(
            f"([figure, src]) => String(({SHOWN})(figure)) === src",
            arg=[figure.element_handle(), due[beta]],
            timeout=5000,
        )

    shows(0.1)
    handle.focus()
    for key, beta in [("ArrowRight", 0.2), ("ArrowRight", 0.5), ("Home", 0.0), ("End", 1.0)]:
        page.keyboard.press(key)
        shows(beta)
    assert figure.locator("img:visible").get_attribute("alt").count("kl_beta = 1:") == 1
