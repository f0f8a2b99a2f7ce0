"""The stop button, pressed at any moment: nothing half done is left, and the next try works.

Interrupts are real: a timer's signal in this process, SIGINT in a child. Random moments, from a
fixed seed, fall into long calls; so `stop_everywhere` raises at each function's first step as
well, where Python itself looks for a signal.
"""

import ast
import base64
import gc
import os
import random
import signal
import subprocess
import sys
import time
import traceback
import warnings
from pathlib import Path

import ipywidgets
import nbformat
import numpy as np
import psutil
import pytest
import torch
from jupyter_client.manager import start_new_kernel

import toycore as tc
import website
from builder import bundle, stored
from course import ROOT
from one_lesson import NAMES, contents, make_course
from toycore.checks import settled, trial
from toycore.errors import SCOPE
from toycore.widgets import sliders

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this system's signals cannot be timed"
)
SWEEPS = {
    "sft": (tc.train_sft, tc.SFTConfig(lora_rank=[1, 2], steps=[9, 10], seeds=2)),
    "ppo": (tc.train_ppo, tc.PPOConfig(kl_beta=[0.1, 0.5], rollouts=2, epochs=2, seeds=2)),
    "dpo": (tc.train_dpo, tc.DPOConfig(beta=[0.1, 0.5], steps=10, seeds=2)),
    "grpo": (tc.train_grpo, tc.GRPOConfig(kl_beta=[0.1, 0.5], rollouts=2, epochs=2, seeds=2)),
}


def stopped_after(seconds: float, work) -> bool:
    """Whether a signal, this long after the start, stopped the work."""
    fired = []

    def stop(*_):
        fired.append(True)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        work()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    except Exception as error:
        # A library may answer with an error of its own: shutil closes a folder a second time,
        # Matplotlib's C++ tells of an array that it was kept from reading. Our code may not.
        *_, last = traceback.extract_tb(error.__traceback__)
        if not fired or Path(last.filename).is_relative_to(ROOT / "toycore"):
            raise
        return True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return False


def stop_often(times: int, seed: int, work, check) -> None:
    """Stop the work this often, each time at another random moment; check after each."""
    begun = time.perf_counter()
    work()
    length, rng, stops = time.perf_counter() - begun, random.Random(seed), 0
    for _ in range(10 * times):
        if stopped_after(length * rng.uniform(0.01, 1), work):
            stops += 1
            check()
        if stops == times:
            return
    pytest.fail(f"only {stops} of {times} interrupts met the work")


def stop_everywhere(work, check, inside: str, lines: bool = False) -> None:
    """Stop the work at the first step of each function of a file whose path holds `inside`.

    Each function counts once for each that calls it, and is stopped in the first such call;
    `lines`: also before each of its lines.
    """
    seen, due = {}, None

    def trace(frame, event, _):
        if event not in ("call", "line"):
            return None
        if inside not in f"{frame.f_code.co_filename}:{frame.f_code.co_name}":
            return None
        here = (frame.f_code, frame.f_back and frame.f_back.f_code, frame.f_lineno)
        seen.setdefault(here, 0)
        if here == due:
            sys.settrace(None)
            seen[here] += 1
            raise KeyboardInterrupt
        return trace if lines else None

    def run() -> None:
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            work()
        finally:
            sys.settrace(before)

    run()
    for here in list(seen):
        due = here
        kept = None
        try:
            run()
        except KeyboardInterrupt as stop:
            kept = stop  # as IPython keeps it: with it live the frames, and what they hold
        check()
        del kept
    assert sum(seen.values()) > 0.8 * len(seen) > 0  # where a clock decides, some are not called


def switches() -> tuple:
    """What all of Python shares: threads, gradients, the three global generators; and the language
    that is spoken."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002
    generators = (torch.get_rng_state().numpy().tobytes(), kind, keys.tobytes(), *rest)
    gradients = torch.is_grad_enabled()
    return torch.get_num_threads(), gradients, generators, random.getstate(), SCOPE.get()


@pytest.fixture
def unchanged():
    """Two threads and gradients before; a check that this, and all generators, stayed so."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    before = switches()

    def check() -> None:
        assert switches() == before

    yield check
    torch.set_num_threads(threads)
    torch.set_grad_enabled(True)


# --- sweeps ---------------------------------------------------------------------------------------


def numbers(run: tc.Run) -> list[np.ndarray]:
    return [run.logp.values, *(curve.values for curve in run.history.values())]


@pytest.mark.parametrize("sweep", SWEEPS)
def test_a_stopped_sweep_leaves_torch_and_the_next_sweep_as_they_were(sweep, world, unchanged):
    train, config = SWEEPS[sweep]
    due = numbers(train(world, config))
    stop_often(10, 1, lambda: train(world, config), unchanged)
    assert all(map(np.array_equal, numbers(train(world, config)), due))


@pytest.mark.parametrize("inside", ["torch/autograd/", "contextlib", "toycore/", "__exit__"])
def test_a_sweep_stopped_where_any_function_begins_leaves_torch_as_it_was(inside, world, unchanged):
    start = tc.train_sft(world, tc.SFTConfig(seeds=1, steps=1))
    ppo = tc.PPOConfig(rollouts=1, epochs=1)

    def work():
        pairs = world.sample_preferences(start.logp, 5, seed=0)
        tc.train_dpo(world, tc.DPOConfig(steps=1), pairs[0], start)
        tc.train_ppo(world, ppo, start)

    stop_everywhere(work, unchanged, inside)


@pytest.mark.parametrize("in_child", [False, True], ids=["here", "child"])
def test_a_stopped_exercise_leaves_torch_as_it_was(in_child, unchanged, monkeypatch):
    def adapter(inside, out, rank):
        torch.manual_seed(1)  # a learner may; the check sees to it that nothing comes of it
        return torch.randn(rank, inside), torch.zeros(out, rank)

    def check():
        unchanged()
        assert (sys.stdout, warnings.filters, settled.within) == before

    if in_child and not trial.FORKS:
        pytest.skip("no child process on this platform")
    monkeypatch.setattr(trial, "FORKS", in_child)
    before = sys.stdout, warnings.filters, settled.within
    places = ["torch/autograd/", "contextlib", "checks/"]
    for inside in [*places, "multiprocessing/" if in_child else "torch/random"]:
        stop_everywhere(lambda: tc.checks.new_adapter(adapter), check, inside)
    psutil.wait_procs(psutil.Process().children(), timeout=60)
    assert tc.checks.new_adapter(adapter).passed
    assert psutil.Process().children() == []


def test_a_stopped_benchmark_leaves_torch_and_the_garbage_collector_as_they_were(unchanged):
    frozen = gc.get_freeze_count()

    def check():
        unchanged()
        assert gc.get_freeze_count() == frozen

    for inside in ("bench", "threads"):
        stop_everywhere(lambda: tc.bench.compare({"a": int}, repeats=3), check, inside)


# --- sliders --------------------------------------------------------------------------------------

GRID = [-1.0, 0.0, 1.0]


def draw(helpful: float) -> tc.plots.Picture:
    return tc.plots.rewards(tc.World(helpful=helpful))


def shows(slider, place: int) -> bool:
    png = base64.b64encode(slider.picture((place,)).png).decode()
    return png in slider.view.value


def moved(slider, place: int) -> None:
    """As the front end does it."""
    slider.selectors[0].set_state({"index": place})


def test_a_slider_stopped_while_it_is_made_is_made_by_the_next_try(unchanged):
    due = [draw(value).png for value in GRID]
    stop_often(4, 2, lambda: tc.widgets.slider("helpful", GRID, draw), unchanged)
    slider = tc.widgets.slider("helpful", GRID, draw)
    assert [slider.picture((place,)).png for place in range(len(GRID))] == due


def test_a_slider_stopped_while_it_redraws_goes_on_at_the_next_move(unchanged, monkeypatch):
    monkeypatch.setattr(sliders, "FRAMES", 0)
    slider = tc.widgets.slider("helpful", GRID, draw, start=GRID[0])
    due = [draw(value).png for value in GRID]

    def move():
        slider.kept.clear()
        moved(slider, 1)

    def check():
        unchanged()
        stopped_at = slider.position[0]
        for place in (2, 1):  # the place it was stopped at as well: no half picture was kept
            moved(slider, place)
            assert slider.position == (place,)
            assert shows(slider, place)
            assert slider.picture((place,)).png == due[place]
        assert stopped_at in (0, 1)

    moved(slider, 0)
    stop_often(10, 3, lambda: (moved(slider, 0), move()), check)


@pytest.mark.parametrize("frames", [0, 60], ids=["live", "a callback"])
def test_a_slider_whose_redraw_was_stopped_shows_nothing_rather_than_another_value(
    frames, monkeypatch
):
    monkeypatch.setattr(sliders, "FRAMES", frames)
    monkeypatch.delattr(ipywidgets, "Stack", raising=False)
    slider = tc.widgets.slider("helpful", GRID, draw, start=GRID[0])

    def stop(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(slider, "picture", stop)
        with pytest.raises(KeyboardInterrupt):
            moved(slider, 1)
    assert (slider.position, slider.view.value) == ((1,), "")
    moved(slider, 2)
    assert shows(slider, 2)


SLOW = """
import time
import toycore as tc
from toycore.widgets import sliders

sliders.FRAMES = 0

def draw(helpful):
    time.sleep(0.05)
    figure, (axes,) = tc.plots.style.panels(1, height=1)
    axes.plot([0, helpful])
    return tc.plots.Picture(figure, str(helpful))

slider = tc.widgets.slider("helpful", [-1.0, 0.0, 1.0], draw, start=-1.0)
"""
TOLD = """{
    "comm": slider.selectors[0].comm.comm_id,
    "place": slider.position,
    "right": slider.view.value == tc.plots.style.img(
        (due := draw(slider.position[0] - 1.0)).png, due.alt
    ),
}"""


@pytest.fixture
def kernel():
    manager, client = start_new_kernel()
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_kernel_whose_redraws_are_stopped_lives_and_its_slider_goes_on(kernel):
    manager, client = kernel
    rng = random.Random(7)

    def told(code: str = "") -> dict:
        reply = client.execute(code, user_expressions={"told": TOLD}, reply=True, timeout=60)
        return ast.literal_eval(reply["content"]["user_expressions"]["told"]["data"]["text/plain"])

    def move(place: int) -> None:
        data = {"method": "update", "state": {"index": place}, "buffer_paths": []}
        message = client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        client.shell_channel.send(message)

    comm = told(SLOW)["comm"]
    for _ in range(10):
        move(1)
        time.sleep(rng.uniform(0, 0.3))  # the redraw, or the look at the neighbours after it
        manager.interrupt_kernel()
        for place in (2, 1):
            move(place)
            now = told()
            assert (now["place"], now["right"]) == ((place,), True)
        told("slider.selectors[0].index = 0; slider.kept.clear()")


# --- builds, bundles, the website -----------------------------------------------------------------

BUILD = """
import sys
from pathlib import Path

import build
from builder.plan import Course

print("ready", flush=True)
sys.exit(build.main([], Course(*map(Path, sys.argv[1:]))))
"""


def start_build(course) -> subprocess.Popen:
    where = os.pathsep.join(
        filter(None, (str(ROOT / "notebooks" / "source"), os.environ.get("PYTHONPATH")))
    )
    folders = (course.lessons, course.package, course.output)
    child = subprocess.Popen(
        [sys.executable, "-c", BUILD, *map(str, folders)],
        env=os.environ | {"PYTHONPATH": where},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout.readline() == "ready\n"
    return child


def test_a_stopped_build_leaves_whole_notebooks_and_no_kernel(tmp_path):
    course, old = make_course(tmp_path), dict.fromkeys(NAMES, b"old")
    for name, data in old.items():
        (course.output / name).parent.mkdir(parents=True, exist_ok=True)
        (course.output / name).write_bytes(data)
    begun, stops, rng = time.perf_counter(), 0, random.Random(4)
    with start_build(course) as child:
        assert child.wait(300) == 0
    length, made = time.perf_counter() - begun, contents(course)
    assert set(made) == set(old)
    while stops < 5:
        for name, data in old.items():
            (course.output / name).write_bytes(data)
        with start_build(course) as child:
            time.sleep(rng.uniform(0, 0.6 * length))
            kernels = psutil.Process(child.pid).children() if child.poll() is None else []
            child.send_signal(signal.SIGINT)
            stops += child.wait(300) != 0
        assert psutil.wait_procs(kernels, timeout=60)[1] == []
        found = contents(course)
        assert set(found) == set(old)
        assert all(found[name] in (old[name], made[name]) for name in old)


def test_a_notebook_is_written_whole_wherever_its_writing_stops(tmp_path):
    path, old, new = tmp_path / "a.ipynb", nbformat.v4.new_notebook(), nbformat.v4.new_notebook()
    new.cells = [nbformat.v4.new_markdown_cell("new", id="new")]
    stored.write(path, old)

    def check():
        assert path.read_bytes() in (stored.to_bytes(old), stored.to_bytes(new))
        assert [*tmp_path.iterdir()] == [path]
        stored.write(path, old)

    for inside in ("pathlib", "builder/stored"):
        stop_everywhere(lambda: stored.write(path, new), check, inside, inside == "builder/stored")
    stop_often(5, 6, lambda: stored.write(path, new), check)


WRITERS = {
    "bundles": (bundle.write, ("tr", "en")),
    "website": (lambda held, top: website.write(held, top / "site"), ("site",)),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_folder_is_replaced_whole_wherever_its_writing_stops(writer, tmp_path):
    (write, tops), version = WRITERS[writer], 0

    def held(top: str, version: int) -> dict[str, bytes]:
        names = [f"{version}-{number}/a.ipynb" for number in range(10)]
        return {f"{top}/{name}" if writer == "bundles" else name: b"x" * 99_999 for name in names}

    def work():
        nonlocal version
        version += 1
        write({k: v for top in tops for k, v in held(top, version).items()}, tmp_path)

    def check():
        for top in tops:
            found = {p.parent.name for p in (tmp_path / top).rglob("*.ipynb")}
            (whose,) = {name.partition("-")[0] for name in found}
            assert len(found) == 10
            assert version - 1 <= int(whose) <= version
        work()

    stop_often(5, 5, work, check)
    for inside in ("builder/folder", "pathlib", "shutil"):
        stop_everywhere(work, check, inside, lines=inside == "builder/folder")
    work()
    assert {path.name for path in tmp_path.iterdir()} == set(tops)  # no scratch is left
