"""The PPO that lesson 3 shows whole: short enough to be read, right at any leash, for any seed."""

import math

import nbformat
import pytest
import torch

import toycore as tc
from course import ROOT

WORLD = tc.World()


@pytest.fixture(scope="module")
def cell() -> str:
    lesson = nbformat.read(ROOT / "notebooks/en/03_ppo.ipynb", 4)
    (source,) = (c.source for c in lesson.cells if c.source.startswith("policy = ref_logp.clone("))
    return source


def landed(source: str, start: tc.Run, seed: int, kl_beta: float) -> float:
    """Attained by the cell's own code, on a leash of one's choice."""
    at = {"torch": torch, "tc": tc, "world": WORLD, "print": lambda *_: None}
    at["ref_logp"] = torch.as_tensor(start.logp.sel(seed=seed).values)
    exec(source.replace("0.5 * (old", f"{kl_beta} * (old"), at)
    logp = at["policy"].detach().log_softmax(-1)
    return float(tc.exact.attained(logp, at["ref_logp"], WORLD.reward, kl_beta))


def test_it_fits_a_screen(cell):
    assert len(cell.splitlines()) <= 25


@pytest.mark.parametrize("kl_beta", [0.2, 0.5, 1.0])
def test_it_reaches_the_exact_optimum(cell, start, kl_beta):
    assert min(landed(cell, start, seed, kl_beta) for seed in range(3)) > 0.99


WRONG = {
    "the leash forgotten": (" - 0.5 * (old - ref_logp)[x, y]", ""),
    "the leash against itself": ("(old - ref_logp)[x, y]", "(old - old)[x, y]"),
    "no minus before the loss": ("-torch.minimum", "torch.minimum"),
    "the ratio upside down": ("(policy.log_softmax(-1) - old)", "(old - policy.log_softmax(-1))"),
    "the reference for the old policy": ("(-1) - old)[x", "(-1) - ref_logp)[x"),
    "old probabilities renewed in each pass": ("(-1) - old)[x", "(-1) - policy.log_softmax(-1))[x"),
}


@pytest.mark.parametrize("name", WRONG)
def test_known_slips_do_not_reach_it(cell, start, name):
    right, wrong = WRONG[name]
    assert right in cell
    attained = landed(cell.replace(right, wrong), start, 0, 0.5)
    assert attained < 0.9 or math.isnan(attained)
