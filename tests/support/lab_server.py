"""JupyterLab on 127.0.0.1 and a quiet Chromium, for what only a real page can show."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

FLAGS = [  # a quiet browser: no sandbox for root, no calls home
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PANEL = "window.jupyterapp?.shell.currentWidget"
KERNEL = f"{PANEL}?.sessionContext?.session?.kernel"
VIEWPORT = {"width": 1280, "height": 1000}
KERNELS_SETTINGS = "@jupyterlab/apputils-extension:kernels-settings"


class Lab(NamedTuple):
    """A JupyterLab that runs: where it answers, and the folder that holds all it reads and says."""

    address: str
    folder: Path

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

    def log(self) -> str:
        return (self.folder / "log.txt").read_text(encoding="utf-8")

    def write(self, name: str, *cells: str) -> None:
        """A notebook of these code cells, not yet run."""
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
        # Without a kernel's name JupyterLab asks for one.
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.notebooks / f"{name}.ipynb")

    def set(self, plugin: str, **settings) -> None:
        """The user's own settings of a plugin: a page opened from now on follows them."""
        extension, name = plugin.split(":")
        file = self.folder / "settings" / extension / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Lab]:
    """JupyterLab over folder/notebooks, without the settings and workspaces of whoever runs it."""
    (folder / "notebooks").mkdir(exist_ok=True)
    lab = Lab(f"http://127.0.0.1:{(port := free_port())}", folder)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += [f"--ServerApp.root_dir={lab.notebooks}", "--IdentityProvider.token="]
    command += ["--LabApp.expose_app_in_browser=True"]
    command += [f"--LabApp.user_settings_dir={folder / 'settings'}"]
    command += [f"--LabApp.workspaces_dir={folder / 'workspaces'}"]
    with open(folder / "log.txt", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait_for(lab, server)
            yield lab
        finally:
            server.terminate()
            server.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(lab: Lab, server: subprocess.Popen) -> None:
    for _ in range(300):
        assert server.poll() is None, f"JupyterLab ended before it answered: {lab.log()}"
        try:
            urllib.request.urlopen(f"{lab.address}/api", timeout=5)
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("JupyterLab did not answer within a minute")


def launch(playwright):
    """Chromium without a window: the system's own, or else the one that Playwright brought."""
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)


def open_notebook(page, lab: Lab, name: str) -> None:
    """The notebook alone in its page, with a kernel that waits for work."""
    # A workspace of its own: JupyterLab would open the last notebook again beside this one.
    workspace = name.replace("/", "-")
    page.goto(f"{lab.address}/lab/workspaces/{workspace}/tree/{name}.ipynb")
    page.wait_for_function(f"{PANEL}?.context?.path === '{name}.ipynb'", timeout=60_000)
    page.wait_for_function(f"{KERNEL}?.status === 'idle'", timeout=60_000)


@contextlib.contextmanager
def running(lab: Lab, browser, name: str):
    """A page with the notebook, all of it run; in the end nobody may have told an error."""
    page, errors, said = browser.new_page(viewport=VIEWPORT), [], len(lab.log())
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    open_notebook(page, lab, name)
    for command in ("clear-all-cell-outputs", "run-all-cells"):
        page.evaluate(f"void window.jupyterapp.commands.execute('notebook:{command}')")
    unrun = f"""{PANEL}.content.model.sharedModel.cells
        .filter(cell => cell.cell_type === 'code' && cell.execution_count === null).length"""
    ready = f"{unrun} === 0 && {KERNEL}?.status === 'idle'"
    page.wait_for_function(ready, timeout=120_000)  # a whole lesson, beside busy neighbours
    yield page
    assert errors == []
    assert "Traceback" not in lab.log()[said:]
    close(page)


def start_cell(page, place: int) -> None:
    page.evaluate(f"({PANEL}).content.activeCellIndex = {place}")
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-cell')")


def has_run(page, place: int) -> bool:
    """Whether the cell has ended; the status of the kernel would also speak of its subshells."""
    count = f"{PANEL}.content.model.sharedModel.cells[{place}].execution_count"
    return page.evaluate(f"{count} !== null")


def run_cell(page, place: int, timeout: float = 120) -> None:
    start_cell(page, place)
    end = time.monotonic() + timeout
    while not has_run(page, place):
        assert time.monotonic() < end, f"cell {place} did not end within {timeout:g} s"
        page.wait_for_timeout(50)


def close(page) -> None:
    """The page and its kernel, so that the next one has the machine to itself."""
    page.evaluate(f"{PANEL}?.sessionContext?.shutdown()")
    page.close()
