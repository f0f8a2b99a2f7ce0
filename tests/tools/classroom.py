"""A class on one JupyterHub: `python tests/tools/classroom.py --learners 30` prints what it takes.

Every learner has an own server behind a real JupyterHub on 127.0.0.1 and an empty home. All log in
at once; then all open lesson 3 at once and run every cell. Each must see the text of the stored
notebook, and no kernel may die. Before that one learner does it alone; and after it, a PPO sweep
runs beside two busy processes. Linux only: memory is read as PSS, where a page that N processes
share counts 1/N in each, and USS, the pages of one process alone.

    pip install -r tests/tools/classroom-requirements.txt
    npm install --prefix dist/npm configurable-http-proxy@5.3.0
"""

import argparse
import asyncio
import importlib.util
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))

import classroom_hub
import classroom_learner
import classroom_neighbours
from classroom_processes import cpu_of_others, loads
from classroom_report import Lesson, faults, memory, over_the_aim, times

ROOT = Path(__file__).resolve().parents[2]
GIB = 2**30
LOG = ROOT / "dist" / "classroom.log"
NEEDED = 0.5 * GIB  # a learner's server and kernel: beyond what was ever measured
CELL_SECONDS = 120  # times the learners: ends a hang, not a slow machine's work


# --- the class --------------------------------------------------------------------------------


async def class_on_one_server(lesson: Path, learners: int) -> list[str]:
    """Prints the tables; returns what went wrong, a line each."""
    with tempfile.TemporaryDirectory(prefix="classroom-") as folder:
        async with classroom_hub.serve(Path(folder)) as hub:
            await first_visit(hub, "warm-up", lesson)  # fills the disk cache
            alone = await first_visit(hub, "alone", lesson)
            users = [f"learner-{number:02}" for number in range(1, learners + 1)]
            starts = await start_servers(hub, users, lesson)
            together = await run_lesson(hub, users, lesson)
            print(memory(together), times(alone, together, starts), sep="\n\n", flush=True)
            lines = [*faults(alone), *faults(together), *over_the_aim(together)]
            if lines:
                LOG.parent.mkdir(exist_ok=True)
                shutil.copy(hub.folder / "log.txt", LOG)
                lines.append(f"what the Hub and the servers said is kept in {LOG}")
    return lines


async def first_visit(hub, user: str, lesson: Path) -> Lesson:
    await start_servers(hub, [user], lesson)
    visit = await run_lesson(hub, [user], lesson)
    await hub.stop_server(user)
    return visit


async def start_servers(hub, users: list[str], lesson: Path) -> list[float]:
    """All at once, each with the lesson in an own, new home; seconds until each one answers."""

    async def start(user: str) -> float:
        hub.home(user).mkdir()
        shutil.copy(lesson, hub.home(user))
        began = time.monotonic()
        await hub.start_server(user)
        return time.monotonic() - began

    return await asyncio.gather(*map(start, users))


async def run_lesson(hub, users: list[str], lesson: Path) -> Lesson:
    timeout = CELL_SECONDS * len(users)
    began, before, mine = time.monotonic(), cpu_of_others(), time.process_time()
    done = await asyncio.gather(
        *(classroom_learner.run(hub, user, lesson, timeout) for user in users)
    )
    others = (cpu_of_others() - before) / (time.monotonic() - began)
    return Lesson(done, loads(hub.process), time.process_time() - mine, others)


def machine() -> str:
    import importlib.metadata as packages

    names = ("jupyterhub", "jupyterlab", "ipykernel", "torch")
    versions = [f"{name} {packages.version(name)}" for name in names]
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    free = f"{psutil.virtual_memory().available / GIB:.1f} GiB free"
    load = f"load before: {psutil.getloadavg()[0]:.2f}"
    return ", ".join([system, free, f"Python {platform.python_version()}", *versions, load])


# --- before any work --------------------------------------------------------------------------


def missing() -> str | None:
    """What this machine lacks, and where it comes from."""
    if not sys.platform.startswith("linux"):
        return f"this script reads /proc and runs on Linux, not on {sys.platform}"
    if importlib.util.find_spec("jupyterhub") is None:
        command = f"{sys.executable} -m pip install -r tests/tools/classroom-requirements.txt"
        return f"jupyterhub is not installed: {command}"
    if classroom_hub.find_proxy() is None:
        proxy = classroom_hub.PROXY
        return f"{proxy} is not installed: npm install --prefix dist/npm {proxy}@5.3.0"
    return None


def arguments(given=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    number = {"type": whole, "metavar": "N"}
    parser.add_argument("--learners", default=30, help="in the class (30); 0: no class", **number)
    parser.add_argument("--neighbours", default=2, help="of a sweep (2); 0: no sweep", **number)
    parser.add_argument("--lesson", type=Path, default=ROOT / "notebooks" / "en" / "03_ppo.ipynb")
    options = parser.parse_args(given)
    if options.lesson.suffix != ".ipynb" or not options.lesson.is_file():
        parser.error(f"--lesson must be a notebook, and {options.lesson} is none")
    free, needed = psutil.virtual_memory().available, options.learners * NEEDED
    if needed > free:
        most = int(free / NEEDED)
        parser.error(
            f"--learners {options.learners} needs {needed / GIB:.1f} GiB of memory: "
            f"{free / GIB:.1f} GiB is free, enough for {most}"
        )
    return options


def whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 on, not {text!r}")
    return int(text)


def main(given=None) -> int:
    options = arguments(given)
    if reason := missing():
        print(reason, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as on Ctrl-C: tidily
    print(machine(), end="\n\n", flush=True)
    lines = []
    try:
        if options.learners:
            lines += asyncio.run(class_on_one_server(options.lesson, options.learners))
        if options.neighbours:
            lines += classroom_neighbours.report(options.neighbours)
    except KeyboardInterrupt:
        lines = ["stopped"]
    except classroom_hub.HubError as error:
        lines = [str(error)]
    for line in lines:
        print(line, file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
