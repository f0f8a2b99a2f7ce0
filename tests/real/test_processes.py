"""The command line, in one process and in many: on this machine, all on the CPU."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course import ROOT
from launches import commands

pytestmark = pytest.mark.long

BIN = Path(sys.executable).parent
MODULE = ["-m", "toycore.real"]
TWO = [str(BIN / "torchrun"), "--standalone", "--nproc_per_node", "2"]
ENV = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def begin(*command: object, **variables: object) -> subprocess.Popen:
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    env = ENV | {name: str(value) for name, value in variables.items()}
    return subprocess.Popen([*map(str, command)], cwd=ROOT, env=env, text=True, **pipe)


def end(process: subprocess.Popen) -> tuple[int, str, str]:
    try:
        out, errors = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, out, errors


def told(*command: object) -> dict:
    """What a run prints: one line, whatever the number of its processes."""
    code, out, errors = end(begin(*command))
    assert code == 0, errors[-3000:]
    (line,) = out.splitlines()
    return json.loads(line)


def losses(run: dict) -> list[float]:
    return run["curve"]["loss"][1:]


def rewards(run: dict) -> list[float]:
    return run["curve"]["reward"]


@pytest.fixture(scope="module")
def one() -> dict:
    return told(sys.executable, *MODULE, "--method", "dpo", "--steps", 30)


def test_two_processes_share_the_batch_of_one(one):
    """The same pairs in each update: what differs is the order in which float32 adds them up."""
    two = told(*TWO, *MODULE, "--method", "dpo", "--steps", 30, "--processes", 2)
    assert (one["processes"], two["processes"]) == (1, 2)
    assert losses(two) == pytest.approx(losses(one), abs=2e-3)
    assert rewards(two) == pytest.approx(rewards(one), abs=2e-3)
    assert losses(one)[0] == pytest.approx(0.69, abs=0.02)
    assert losses(one)[-1] < losses(one)[0] - 0.05


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_two_machines_do_as_one(one):
    port = free_port()
    launch = [BIN / "torchrun", "--nnodes", 2, "--nproc_per_node", 1]
    launch += ["--master_addr", "127.0.0.1", "--master_port", port]
    asked = [*MODULE, "--method", "dpo", "--steps", 30, "--processes", 2]
    both = [begin(*launch, "--node_rank", rank, *asked) for rank in (0, 1)]
    (code, out, errors), (other, nothing, _) = map(end, both)
    assert (code, other, nothing) == (0, 0, ""), errors[-3000:]
    assert losses(json.loads(out)) == pytest.approx(losses(one), abs=2e-3)


def test_a_launcher_that_starts_fewer_is_found_out():
    """accelerate, told to use the CPU and two processes, starts one and says nothing."""
    launch = [BIN / "accelerate", "launch", "--cpu", "--num_processes", 2]
    code, out, errors = end(begin(*launch, *MODULE, "--processes", 2))
    assert code != 0
    assert "Asked for 2 processes, but the launcher started 1." in errors
    assert out == ""


def test_accelerate_launches_one():
    run = told(BIN / "accelerate", "launch", "--cpu", *MODULE, "--processes", 1, "--steps", 2)
    assert run["processes"] == 1


def test_it_says_so_in_turkish():
    asked = ["--processes", 3, "--language", "tr"]
    code, _, errors = end(begin(sys.executable, *MODULE, *asked))
    assert code != 0
    assert "3 süreç istendi, başlatıcı ise 1 süreç başlattı." in errors


AGREE = """
import json, os, sys
from toycore import World, real
world = World()
run = real.rloo(real.start(world), world, steps=10)
print(json.dumps(run.logp.tolist()), file=open(f"{sys.argv[1]}/{os.environ['RANK']}.json", "w"))
"""


def test_two_processes_agree_on_the_weights_though_each_samples_its_own(tmp_path):
    script = tmp_path / "agree.py"
    script.write_text(AGREE)
    code, _, errors = end(begin(*TWO, script, tmp_path))
    assert code == 0, errors[-3000:]
    mine, yours = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert mine == yours


def test_a_run_that_was_cut_off_goes_on_as_if_it_had_not_been(tmp_path):
    asked = [sys.executable, *MODULE, "--method", "rloo", "--steps", 30, "--folder", tmp_path]
    whole = told(*asked)
    saved = sorted(tmp_path.glob("checkpoint-*"), key=lambda one: int(one.name[11:]))
    for later in saved[len(saved) // 2 :]:
        shutil.rmtree(later)
    written = saved[0].stat().st_mtime_ns
    rest = told(*asked, "--resume")
    assert saved[0].stat().st_mtime_ns == written  # else all was done again
    assert rest["curve"]["step"] == [*range(0, 31, 2)]
    assert rewards(rest) == pytest.approx(rewards(whole), abs=1e-3)
    assert rest["kl"] == pytest.approx(whole["kl"], abs=1e-3)


def test_resuming_from_nothing_is_refused(tmp_path):
    code, _, errors = end(begin(sys.executable, *MODULE, "--resume", "--folder", tmp_path))
    assert code != 0
    assert "There is no checkpoint to resume from" in errors


def test_a_killed_worker_ends_the_run_which_then_resumes(tmp_path):
    asked = ["--method", "rloo", "--steps", 60, "--processes", 2, "--folder", tmp_path]
    running = begin(*TWO, *MODULE, *asked)
    deadline = time.time() + 200
    while not (tmp_path / "checkpoint-12").exists() and time.time() < deadline:
        assert running.poll() is None, end(running)
        time.sleep(0.05)
    workers = [
        child
        for child in psutil.Process(running.pid).children(recursive=True)
        if "toycore.real" in child.cmdline()
    ]
    assert len(workers) == 2
    workers[1].send_signal(signal.SIGKILL)
    code, out, errors = end(running)
    assert code != 0
    assert out == ""
    assert "SIGKILL" in errors
    done = max(int(one.name[11:]) for one in tmp_path.glob("checkpoint-*"))
    assert 12 <= done < 60
    written = (tmp_path / "checkpoint-4").stat().st_mtime_ns
    rest = told(*TWO, *MODULE, *asked, "--resume")
    assert (tmp_path / "checkpoint-4").stat().st_mtime_ns == written
    assert rest["curve"]["step"] == [*range(0, 61, 4)]


# --- docs/machines.md -----------------------------------------------------------------------------

# Stands in for SLURM's, with its four words of options: the command on "each of two machines".
SRUN = '#!/bin/sh\nshift 4\n"$@" & first=$!\n"$@" && wait $first\n'


@pytest.mark.parametrize("line", [line for line in commands() if "--node_rank 1" not in line])
def test_the_page_says_how_to_start_it(line, tmp_path):
    """Each command as it stands, but for its environment, folder and port, and with few steps."""
    (tmp_path / "srun").write_text(SRUN)
    (tmp_path / "srun").chmod(0o755)
    port = free_port()
    other = {"PATH": f"{tmp_path}:{ENV['PATH']}", "SLURM_JOB_ID": 1}

    def starts(line: str, steps: int = 2, **variables: object) -> subprocess.Popen:
        for told, here in {".venv/bin": BIN, "/tmp/rloo": tmp_path, "29500": port}.items():
            line = line.replace(told, str(here))
        shell = ["bash", "-c", f"{line} --steps {steps}"]
        return begin(*shell, **other, **variables)

    steps = 2
    if "--node_rank 0" in line:
        (second,) = (one for one in commands() if "--node_rank 1" in one)
        started = [starts(line), starts(second)]
    elif "torchrun -m" in line:  # as Kubeflow Trainer tells two pods who they are
        pods = {"PET_NNODES": 2, "PET_NPROC_PER_NODE": 1, "PET_MASTER_ADDR": "127.0.0.1"}
        pods["PET_MASTER_PORT"] = port
        started = [starts(line, **pods, PET_NODE_RANK=rank) for rank in (0, 1)]
    elif "--resume" in line:
        assert end(starts(line.replace(" --resume", "")))[0] == 0
        steps = 4
        started = [starts(line, steps)]
    else:
        started = [starts(line)]
    ended = [end(one) for one in started]
    asked = int(line.partition("--processes ")[2][:1] or 1)
    if "--num_processes 2" in line:
        assert ended[0][0] != 0
        return
    assert {code for code, _, _ in ended} == {0}, ended[0][2][-3000:]
    (told,) = (json.loads(row) for _, out, _ in ended for row in out.splitlines())
    assert told["processes"] == asked
    assert told["curve"]["step"][-1] == steps
