"""What the processes of a class take: memory, and CPU; and what other work takes beside them."""

import contextlib
from typing import NamedTuple

import psutil

KINDS = {"ipykernel_launcher": "kernel", "jupyterhub.singleuser": "server", "node": "proxy"}


class Load(NamedTuple):
    """A process: what it is, its memory in bytes and its CPU seconds so far."""

    kind: str
    rss: int
    pss: int
    uss: int
    cpu: float


def loads(hub: psutil.Process) -> list[Load]:
    """Of the Hub and all that it started and that still runs."""
    found = []
    for process in (hub, *hub.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(load(process))
    return found


def load(process: psutil.Process) -> Load:
    command = process.cmdline()
    kinds = [kind for word, kind in KINDS.items() if word in command]
    memory = process.memory_full_info()
    return Load(kinds[0] if kinds else "hub", memory.rss, memory.pss, memory.uss, cpu(process))


def cpu(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return spent.user + spent.system


def cpu_of_others() -> float:
    """CPU seconds spent so far that neither this process nor what it started spent."""
    system, ours = psutil.cpu_times(), 0.0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            ours += cpu(process)
    return sum(system) - system.idle - system.iowait - ours
