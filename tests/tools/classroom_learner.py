"""A learner in front of a JupyterHub: opens a lesson in an own server and runs every cell of it."""

import asyncio
import copy
import json
import queue
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.jsonutil import json_default
from jupyter_server.services.kernels.connection.base import deserialize_binary_message
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from classroom_hub import Hub

GONE = {"restarting", "autorestarting", "dead"}  # what a server says of a kernel that died
LARGEST_MESSAGE = 2**28
# What is no text; what a cell shows as HTML, it also says as text.
SEEN = ("image/", "text/html", "application/vnd.jupyter.widget-view+json")


class Channel:
    """The messages of one channel, as nbclient asks for them."""

    def __init__(self, name: str, socket):
        self.name, self.socket, self.messages = name, socket, asyncio.Queue()

    def send(self, message: dict) -> None:
        packed = json.dumps(message | {"channel": self.name}, default=json_default)
        self.socket.write_message(packed)

    async def get_msg(self, timeout: float | None = None) -> dict:
        try:
            return await asyncio.wait_for(self.messages.get(), timeout)
        except TimeoutError:
            raise queue.Empty from None


class RemoteKernel(AsyncKernelClient):
    """nbclient's side of a kernel that is reached over a Jupyter server's WebSocket."""

    def __init__(self, socket):
        super().__init__(allow_stdin=False)
        self.socket, self.alive = socket, True
        self.channels = {name: Channel(name, socket) for name in ("shell", "iopub", "control")}
        self._shell_channel, self._iopub_channel, self._control_channel = self.channels.values()

    async def listen(self) -> None:
        """Sorts what arrives, until the socket closes or the kernel dies."""
        while self.alive and (packed := await self.socket.read_message()) is not None:
            unpack = deserialize_binary_message if isinstance(packed, bytes) else json.loads
            message = unpack(packed)
            self.alive = message["content"].get("execution_state") not in GONE
            if message["channel"] in self.channels:
                self.channels[message["channel"]].messages.put_nowait(message)
        self.alive = False

    async def is_alive(self) -> bool:
        return self.alive


class Done(NamedTuple):
    """A learner who came to the end, or what stopped the learner; the kernel is still there."""

    user: str
    seconds: float
    fault: str | None


async def run(hub: Hub, user: str, lesson: Path, timeout: float) -> Done:
    """Opens the lesson in the user's server, which must be running, and runs every cell.

    Each cell may take `timeout` seconds.
    """
    began = time.monotonic()
    stored = await open_lesson(hub, user, lesson)
    kernel = await start_kernel(hub, user, lesson)
    live = copy.deepcopy(stored)
    fault, listening = None, asyncio.create_task(kernel.listen())
    try:
        await execute(live, kernel, timeout)
        fault = difference(stored, live)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        fault = str(error)
    except WebSocketClosedError:
        fault = "the server closed the connection to the kernel"
    seconds = time.monotonic() - began
    kernel.socket.close()
    await listening
    return Done(user, seconds, fault)


async def open_lesson(hub: Hub, user: str, lesson: Path):
    """JupyterLab's page, and the notebook as the server has it."""
    await hub.call("GET", f"user/{user}/lab/tree/{lesson.name}")
    response = await hub.call("GET", f"user/{user}/api/contents/{lesson.name}")
    return nbformat.from_dict(response.json()["content"])


async def start_kernel(hub: Hub, user: str, lesson: Path) -> RemoteKernel:
    session = {"path": lesson.name, "name": lesson.name, "type": "notebook"}
    session["kernel"] = {"name": "python3"}
    response = await hub.call("POST", f"user/{user}/api/sessions", json=session)
    path = f"user/{user}/api/kernels/{response.json()['kernel']['id']}/channels"
    address = str(hub.client.base_url.join(path)).replace("http", "ws", 1)
    request = HTTPRequest(address, headers=dict(hub.client.headers), request_timeout=600)
    return RemoteKernel(await websocket_connect(request, max_message_size=LARGEST_MESSAGE))


async def execute(notebook, kernel: RemoteKernel, timeout: float) -> None:
    """Cell by cell, as a learner does: the outputs go into the notebook."""
    client = NotebookClient(
        notebook, timeout=timeout, coalesce_streams=True, force_raise_errors=True
    )
    client.kc = kernel
    for index, cell in enumerate(notebook.cells):
        await client.async_execute_cell(cell, index)


def difference(stored, live) -> str | None:
    """The first cell that says something else than in the stored notebook; pictures are let be."""
    for due, done in zip(stored.cells, live.cells, strict=True):
        if (expected := texts(due)) != (found := texts(done)):
            return f"cell {due.id} gave {str(found)[:300]}, not {str(expected)[:300]}"
    return None


def texts(cell) -> list[dict]:
    """All outputs of a cell that say something, without pictures and widgets."""
    said = []
    for output in cell.get("outputs", ()):
        data = output.get("data", {}).items()
        words = {kind: value for kind, value in data if not kind.startswith(SEEN)}
        if words or output.get("text"):  # nothing: beside a fold; where a bar was
            said.append({"type": output.output_type, "text": output.get("text"), "data": words})
    return said
