"""docs/machines.md: its commands, which tests/real/test_processes.py runs, and its arithmetic."""

import json
import re
import shlex

import pytest

from course import ROOT
from launches import PAGE, commands
from toycore.errors import ERRORS
from toycore.real.__main__ import options
from toycore.real.training import BATCH, every, everyday

PAGES = {"en": PAGE, "tr": PAGE.parent / "tr" / PAGE.name}
TELLS_A_POD = {"PET_NNODES": "2", "PET_NPROC_PER_NODE": "1", "PET_NODE_RANK": "0"}


@pytest.mark.parametrize("line", commands())
def test_a_command_is_understood_and_asks_for_as_many_processes_as_it_starts(line, monkeypatch):
    launcher, _, ours = line.partition("-m toycore.real")
    asked = options().parse_args(shlex.split(ours))
    *_, program = (word for word in shlex.split(launcher) if word.startswith(".venv/bin/"))
    if program.endswith("/python"):
        assert asked.processes is None
        return
    assert BATCH % asked.processes == 0
    if program.endswith("/accelerate"):
        started = re.search(r"--num_processes (\d)", launcher)[1]
    else:
        from torch.distributed.run import get_args_parser

        if "--n" not in launcher:
            for name, value in TELLS_A_POD.items():
                monkeypatch.setenv(name, value)
        words = shlex.split(line[line.index(program) :])[1:]
        told = get_args_parser().parse_args(words)
        assert (told.module, told.training_script) == (True, "toycore.real")
        assert told.training_script_args == shlex.split(ours)
        started = int(told.nnodes.split(":")[0]) * int(told.nproc_per_node)
    assert asked.processes == int(started)


def test_each_way_to_start_it_is_there():
    ways = ("python", "torchrun --standalone", "torchrun --nnodes 2 --node_rank 0", "srun ")
    ways += ("--node_rank 1", "accelerate launch", "--resume", "torchrun -m")
    assert [way for way in ways if not any(way in line for line in commands())] == []


@pytest.mark.parametrize("language", PAGES)
def test_what_it_quotes_of_the_code_is_there(language):
    page = " ".join(PAGES[language].read_text(encoding="utf-8").split())
    assert f'"{ERRORS["processes"][language].format(asked=2, got=1)}"' in page
    assert everyday(150, saves=True)["use_cpu"] is True
    assert '"use_cpu": True' in (ROOT / "toycore" / "real" / "training.py").read_text("utf-8")
    assert {"en": f"every {every(150)} steps", "tr": f"her {every(150)} adımda"}[language] in page


def test_the_memory_of_seven_billion_is_lesson_2s_count_times_bytes():
    """By hand: a number of 4 bytes, its gradient, and Adam's two of 4; what is frozen has 2."""
    layers, width = 32, 4096
    adapters, weights = layers * 4 * 8 * (width + width), 6_738_415_616
    page = PAGES["en"].read_text(encoding="utf-8")
    (lesson,) = (ROOT / "notebooks" / "en").glob("02_*.ipynb")
    for count in (adapters, weights):
        assert f"{count:,}" in page
        assert f"{count:,}" in json.dumps(json.loads(lesson.read_text("utf-8")))
    rows = re.findall(r"^\|[^|]+\| (\d?) ?\| ([\d.]+) \| ([\d.]+) \|$", page, re.MULTILINE)
    counts = [(0, weights), *[(weights, adapters)] * 3, (weights, 0)]
    due = [
        (size, f"{size * one / 1e9:.2f}", f"{size * other / 1e9:.2f}")
        for size, (one, other) in zip((2, 4, 4, 8, 2), counts, strict=True)
    ]
    total = [f"{18 * weights / 1e9:.2f}", f"{(2 * weights + 16 * adapters) / 1e9:.2f}"]
    text = [(str(size), *(re.sub(r"^0\.00$", "0", one) for one in row)) for size, *row in due]
    assert rows == [*text, ("", *total)]
    token = 2 * layers * width * 2  # keys and values, of 2 bytes
    for told in (
        f"{token / 1e6:.2f} MB a token",
        f"{96 * 500 * token / 1e9:.0f} GB for 96",
        f"{4 * adapters / 1e6:.0f} MB with",
        f"{4 * weights / 1e9:.0f} GB without",
    ):
        assert told in " ".join(page.split()), told
