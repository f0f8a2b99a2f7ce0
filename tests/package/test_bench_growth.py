"""The cases of the growth table are what they are called; no time is measured here."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import toycore as tc
from toycore.bench import growth
from toycore.bench.growth import Case

MODEL = 2 * 8 * (8 * 32 + 11 * 8) / 2**20  # MiB of a run's adapters and their gradients


def sizes(case: Case) -> tuple[int, int, int]:
    return case.runs, case.tokens, case.batch


def test_each_case_differs_from_the_first_in_one_size():
    first, *others = map(sizes, growth.cases())
    assert first == (96, 11, 64)
    assert [np.not_equal(first, other).sum() for other in others] == [1] * 8
    assert [sorted(set(column)) for column in zip(first, *others, strict=True)] == [
        [1, 96, 336, 1680, 3360],
        [11, 110, 1100],
        [64, 640, 6400],
    ]


@pytest.mark.parametrize("case", growth.cases(), ids=str)
def test_a_case_is_a_training_of_its_size(case):
    run = growth.training(case, rollouts=1)()
    assert sizes(case) == (run.config.runs, run.logp.sizes["token"], run.config.batch_size)
    assert len(run.model.lora_rank) == case.runs
    assert set(run.model.lora_rank.flatten().tolist()) == {8}
    assert run.logp.sizes["prompt"] == 6


def test_work_is_counted_in_runs_and_updates():
    arms, work = growth.arms()
    assert [*arms] == [*work] == [str(case) for case in growth.cases()]
    assert [*arms][:3] == [
        "96 runs, 11 tokens, batch 64",
        "1 run, 11 tokens, batch 64",
        "336 runs, 11 tokens, batch 64",
    ]
    for (name, arm), runs in zip([*arms.items()][:2], (96, 1), strict=True):
        config = arm().config
        assert work[name] == runs * config.rollouts * config.epochs == runs * 40
    assert work["3,360 runs, 11 tokens, batch 64"] == 3360 * 40
    assert work["96 runs, 1,100 tokens, batch 64"] == work["96 runs, 11 tokens, batch 6,400"]


def test_a_wide_world_is_the_courses_several_times():
    world = tc.World()
    torch.testing.assert_close(growth.wide(11).reward, world.reward, rtol=0, atol=0)
    wide = growth.wide(110)
    assert len(set(wide.tokens)) == 110
    assert wide.prompts == world.prompts
    for token, label in enumerate(wide.tokens):
        (original,) = (t for t in range(11) if label.rpartition(" ")[0] == world.tokens[t])
        assert wide.reward[:, token].tolist() == world.reward[:, original].tolist()


# --- memory -----------------------------------------------------------------------------------


here = pytest.mark.skipif(not growth.peak(), reason="this system does not tell its peak memory")


@here
def test_the_peak_is_what_the_process_once_held():
    before = growth.peak()
    held = np.ones(int(before + 64) * 2**17)  # MiB of float64, on top of what is here
    due = held.nbytes / 2**20
    assert growth.peak() > due
    del held
    assert growth.peak() > due


@here
def test_a_fresh_process_measures_its_own_case_and_not_the_one_that_started_it():
    ballast = np.ones(2**26)  # 512 MiB: more than either training needs with all its libraries
    one, many = (growth.in_a_fresh_process(Case(runs=runs)) for runs in (1, 336))
    assert 0 < one < one + 335 * MODEL < many < ballast.nbytes / 2**20


@pytest.mark.parametrize("told", ["", "Name:\tpython\n"])
def test_where_the_system_does_not_tell_it_is_said(monkeypatch, told):
    """On Windows, and on a Linux that has no such line."""
    monkeypatch.setattr(growth.sys, "platform", "linux" if told else "win32")
    monkeypatch.setattr(growth.Path, "read_text", lambda path: told)
    monkeypatch.setattr(growth, "in_a_fresh_process", lambda case: pytest.fail("not asked for"))
    assert growth.peak() == 0
    assert growth.memory() is None
    (line,) = growth.remarks(None)
    assert line == growth.NO_MEMORY


def test_macos_counts_in_bytes(monkeypatch):
    usage = SimpleNamespace(ru_maxrss=300 * 2**20)
    told = SimpleNamespace(RUSAGE_SELF=0, getrusage=lambda who: usage)
    monkeypatch.setitem(sys.modules, "resource", told)
    monkeypatch.setattr(growth.sys, "platform", "darwin")
    assert growth.peak() == 300


def test_every_case_has_its_memory(monkeypatch):
    monkeypatch.setattr(growth, "peak", lambda: 300.0)
    monkeypatch.setattr(growth, "in_a_fresh_process", lambda case: case.runs + case.batch / 64)
    memory = growth.memory()
    assert [*memory] == [*growth.arms()[1]]
    assert memory["3,360 runs, 11 tokens, batch 64"] == 3361
    title, *lines = growth.remarks(memory)
    assert title.startswith("Peak memory of 100 rollouts")
    assert len({len(line) for line in lines}) == 1
    assert lines[-1] == "96 runs, 11 tokens, batch 6,400     196 MiB"


def test_what_a_training_adds_is_the_rise_of_the_peak(monkeypatch):
    peaks, trained = iter([300.0, 320.0]), []
    monkeypatch.setattr(growth, "peak", lambda: next(peaks))
    monkeypatch.setattr(growth, "training", lambda *a, **k: lambda: trained.append((a, k)))
    assert growth.added(Case(runs=2)) == 20
    assert trained == [((Case(runs=2),), {"rollouts": 100})]
