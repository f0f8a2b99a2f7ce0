"""A JupyterHub on 127.0.0.1: started, asked for servers, and ended with all that it started."""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

from lab_server import free_port

ROOT = Path(__file__).resolve().parents[2]
PROXY = "configurable-http-proxy"
NODE_MODULES = ROOT / "dist" / "npm" / "node_modules" / ".bin"
SETTINGS = """
c = get_config()
load_subconfig({classroom!r})
c.JupyterHub.bind_url = {address!r}
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
# No pings: this script stands for the learners' browsers, but it shares the machine with their
# kernels, and would answer so late that the servers drop its connections.
c.Spawner.args.extend(["--allow-root", "--ServerApp.tornado_settings={{'ws_ping_interval': 0}}"])
c.Spawner.environment.update({{"TQDM_DISABLE": "1"}})  # no bar beside what is compared
# Where the kernels' files lie: in a home below a temporary folder their names would be too long.
runtime = lambda spawner: {runtime!r} + "/" + spawner.user.name
c.Spawner.environment.update({{"JUPYTER_RUNTIME_DIR": runtime}})
c.JupyterHub.services = [{{"name": "class", "api_token": {token!r}}}]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [{{"name": "class", "services": ["class"], "scopes": scopes}}]
"""


class HubError(Exception):
    """The Hub, or a learner's server, did not start; the message says why."""


class Hub(NamedTuple):
    """A Hub that runs, and a client that may do everything there."""

    folder: Path
    process: psutil.Process
    client: httpx.AsyncClient
    token: str

    def home(self, user: str) -> Path:
        return self.folder / "homes" / user

    async def call(self, method: str, path: str, **options) -> httpx.Response:
        """`path` starts at the Hub's address: hub/api/..., or user/<name>/api/..."""
        response = await self.client.request(method, path, **options)
        if response.is_error:
            raise HubError(f"{method} {path}: {response.status_code} {response.text[:300]}")
        return response

    async def start_server(self, user: str) -> None:
        """The user, and a single-user server that answers."""
        await self.call("POST", f"hub/api/users/{user}")
        server = f"hub/api/users/{user}/server"
        await self.call("POST", server)
        async with self.client.stream("GET", f"{server}/progress") as progress:
            async for line in progress.aiter_lines():
                event = json.loads(line.removeprefix("data: ") or "{}") if "{" in line else {}
                if event.get("ready"):
                    return
                if event.get("failed"):
                    raise HubError(f"the server of {user} did not start: {event['message']}")
        raise HubError(f"the Hub stopped telling about the server of {user}")

    async def stop_server(self, user: str) -> None:
        """The server and its kernels, ended."""
        while (await self.call("DELETE", f"hub/api/users/{user}/server")).status_code == 202:
            await asyncio.sleep(0.2)


def find_proxy() -> str | None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(NODE_MODULES)])
    return shutil.which(PROXY, path=path)


@contextlib.asynccontextmanager
async def serve(folder: Path, further: str = "") -> AsyncIterator[Hub]:
    """A Hub whose database, log and homes are in the folder. Nothing of it outlives the block.

    further  settings of JupyterHub on top of the class's
    """
    address, token = f"http://127.0.0.1:{free_port()}", secrets.token_hex(16)
    (folder / "homes").mkdir(exist_ok=True)
    settings = folder / "jupyterhub_config.py"
    settings.write_text(
        SETTINGS.format(
            classroom=str(ROOT / "etc" / "jupyterhub" / "classroom.py"),
            address=address,
            hub_port=free_port(),
            proxy_port=free_port(),
            proxy=find_proxy(),
            homes=str(folder / "homes"),
            runtime=str(folder),
            python=sys.executable,
            token=token,
        )
        + further
    )
    command = [sys.executable, "-m", "jupyterhub", "--config", str(settings)]
    with open(folder / "log.txt", "w") as log:
        # In a session of its own: Ctrl-C reaches this script alone, which then ends the Hub.
        hub = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        process = psutil.Process(hub.pid)
        headers = {"Authorization": f"token {token}"}
        try:
            async with httpx.AsyncClient(
                base_url=address, headers=headers, timeout=600, trust_env=False
            ) as client:
                await _wait_for(client, hub, folder)
                yield Hub(folder, process, client, token)
        finally:
            _end(hub, process)


async def _wait_for(client: httpx.AsyncClient, hub: subprocess.Popen, folder: Path) -> None:
    for _ in range(300):
        if hub.poll() is not None:
            raise HubError(f"JupyterHub ended: {(folder / 'log.txt').read_text()[-3000:]}")
        with contextlib.suppress(httpx.HTTPError):
            if (await client.get("hub/api/")).is_success:
                return
        await asyncio.sleep(0.2)
    raise HubError("JupyterHub did not answer within a minute")


def _end(hub: subprocess.Popen, process: psutil.Process) -> None:
    """First as its administrator would; then whatever is left of the Hub's processes, by its id."""
    started = process.children(recursive=True) if hub.poll() is None else []
    hub.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        hub.wait(timeout=60)
    _, left = psutil.wait_procs([process, *started], timeout=10)
    for one in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(left, timeout=10)
