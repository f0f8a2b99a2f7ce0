"""Firefox, as it is installed here; its pages have the few methods of Playwright that we use.

Playwright drives a Firefox of its own making only. Every Firefox answers to WebDriver BiDi:
https://w3c.github.io/webdriver-bidi
"""

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

KEYS = {  # the names of keys in WebDriver
    "PageDown": "\ue00f",
    "End": "\ue010",
    "Home": "\ue011",
    "ArrowLeft": "\ue012",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
    "Space": " ",
}
EVENTS = ["log.entryAdded", "network.beforeRequestSent"]
# As in Playwright a script is an expression, or a function that is then called.
CALL = """async given => {
    let found = (SCRIPT);
    if (typeof found === 'function') found = found(JSON.parse(given));
    found = await found;
    return JSON.stringify(ANSWER);
}"""


def program() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


@contextlib.contextmanager
def launch(folder: Path) -> Iterator["Firefox"]:
    """Firefox without a window and with a profile of its own, in a folder that is empty."""
    from websocket import create_connection  # every test run reads this file

    command = [program(), "--headless", "--no-remote", "--profile", folder]
    command += ["--remote-debugging-port", "0", "about:blank"]
    surroundings = os.environ | {"HOME": str(folder), "MOZ_DISABLE_CONTENT_SANDBOX": "1"}
    with open(folder / "log.txt", "w") as log:
        process = subprocess.Popen(command, env=surroundings, stdout=log, stderr=log)
        try:
            address = _address(process, folder / "log.txt")
            socket = create_connection(f"{address}/session", timeout=120, suppress_origin=True)
            with contextlib.closing(socket):
                yield Firefox(socket)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _address(process: subprocess.Popen, log: Path) -> str:
    for _ in range(600):
        assert process.poll() is None, f"Firefox ended before it answered: {log.read_text()}"
        if told := re.search(r"BiDi listening on (ws://\S+)", log.read_text()):
            return told[1]
        time.sleep(0.1)
    raise AssertionError("Firefox did not answer within a minute")


class Firefox:
    """The connection: commands go out one by one, and meanwhile events come in."""

    def __init__(self, socket):
        self._socket, self._number, self._pages = socket, 0, {}
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=EVENTS)

    def ask(self, method: str, **params) -> dict:
        self._number += 1
        asked = {"id": self._number, "method": method, "params": params}
        self._socket.send(json.dumps(asked))
        while (said := json.loads(self._socket.recv())).get("id") != self._number:
            self._tell(said["method"], said["params"])
        assert said["type"] == "success", f"{method}: {said['message']}"
        return said["result"]

    def _tell(self, event: str, params: dict) -> None:
        """The page's listeners hear what Playwright would tell them."""
        page = self._pages.get(params.get("context") or params.get("source", {}).get("context"))
        if page is None:
            return
        if event == "network.beforeRequestSent":
            page.tell("request", SimpleNamespace(url=params["request"]["url"]))
        elif params["type"] == "javascript":
            page.tell("pageerror", params["text"])
        else:
            kind = {"warn": "warning"}.get(params["level"], params["level"])
            page.tell("console", SimpleNamespace(type=kind, text=params["text"]))

    def new_page(self, viewport: dict[str, int]) -> "Page":
        name = self.ask("browsingContext.create", type="tab")["context"]
        self._pages[name] = page = Page(self, name)
        page.set_viewport_size(viewport)
        return page


class Page:
    """What we use of Playwright's page, under the same names."""

    def __init__(self, firefox: Firefox, name: str):
        self._firefox, self._name, self._listeners = firefox, name, []
        self.keyboard = SimpleNamespace(press=self._press)

    def _ask(self, method: str, **params) -> dict:
        return self._firefox.ask(method, context=self._name, **params)

    def on(self, event: str, listener: Callable) -> None:
        self._listeners.append((event, listener))

    def tell(self, event: str, told) -> None:
        for heard, listener in self._listeners:
            if heard == event:
                listener(told)

    def set_viewport_size(self, viewport: dict[str, int]) -> None:
        self._ask("browsingContext.setViewport", viewport=viewport)

    def goto(self, address: str) -> None:
        self._ask("browsingContext.navigate", url=address, wait="complete")

    def evaluate(self, script: str, given=None, answer: str = "found"):
        """What the script gives, as far as JSON can hold it."""
        done = self._firefox.ask(
            "script.callFunction",
            target={"context": self._name},
            functionDeclaration=CALL.replace("SCRIPT", script).replace("ANSWER", answer),
            arguments=[{"type": "string", "value": json.dumps(given)}],
            awaitPromise=True,
        )
        assert done["type"] == "success", done["exceptionDetails"]["text"]
        return json.loads(done["result"].get("value", "null"))

    def _press(self, key: str) -> None:
        value = KEYS[key]
        strokes = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        self._ask("input.performActions", actions=[keyboard])

    def wait_for_function(self, script: str, arg=None, timeout: float = 30_000) -> None:
        end = time.monotonic() + timeout / 1000
        while not self.evaluate(script, arg, "Boolean(found)"):
            assert time.monotonic() < end, f"not within {timeout / 1000:g} s: {script}"
            time.sleep(0.05)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("browsingContext.captureScreenshot")["data"]))

    def close(self) -> None:
        self._ask("browsingContext.close")
