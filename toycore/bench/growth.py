"""How PPO's costs grow: with more runs, more tokens, larger batches; time and memory of each.

Every case differs in one size from the first, so that a ratio to the first, within a round, says
what this size costs. Time is per run and update: where it stays, the whole grows in proportion.
Memory is what the training adds to the peak of a fresh process, so that no case sees another's.
"""

import dataclasses
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

import toycore as tc

RUNS, TOKENS, BATCHES = (1, 96, 336, 1680, 3360), (11, 110, 1100), (64, 640, 6400)
ROLLOUTS, EPOCHS, SEEDS = 10, 4, 16
NO_MEMORY = f"Peak memory is not measured: {sys.platform} does not tell it to the standard library."


@dataclasses.dataclass(frozen=True)
class Case:
    """One sweep: how many runs side by side, tokens to choose from, answers per rollout."""

    runs: int = 96
    tokens: int = TOKENS[0]
    batch: int = BATCHES[0]

    def __str__(self) -> str:
        runs = "1 run" if self.runs == 1 else f"{self.runs:,} runs"
        return f"{runs}, {self.tokens:,} tokens, batch {self.batch:,}"

    @property
    def updates(self) -> int:
        """Runs × updates of one training."""
        return self.runs * ROLLOUTS * EPOCHS


def cases() -> list[Case]:
    """The case that all are compared with, then those that differ from it in one size."""
    every = [Case(), *(Case(runs=size) for size in RUNS)]
    every += [Case(tokens=size) for size in TOKENS] + [Case(batch=size) for size in BATCHES]
    return list(dict.fromkeys(every))


def arms() -> tuple[dict[str, Callable[[], object]], dict[str, int]]:
    """For `compare`: each case's training by its name, and its runs × updates."""
    every = {str(case): case for case in cases()}
    return {n: training(c) for n, c in every.items()}, {n: c.updates for n, c in every.items()}


def training(case: Case, rollouts: int = ROLLOUTS) -> Callable[[], tc.Run]:
    """PPO of this size, ready to run: few rollouts, since each takes the same time."""
    seeds = min(case.runs, SEEDS)
    config = tc.PPOConfig(
        kl_beta=np.linspace(0, 1, case.runs // seeds),
        rollouts=rollouts,
        epochs=EPOCHS,
        batch_size=case.batch,
        seeds=seeds,
    )
    world = wide(case.tokens)
    start = tc.train_sft(world, tc.SFTConfig(seeds=seeds))
    return lambda: tc.train_ppo(world, config, start)


def wide(tokens: int) -> tc.World:
    """The course's world with a multiple of its tokens: each stands there several times."""
    world = tc.World()
    times = tokens // len(world.tokens)
    world.tokens = tuple(f"{token} {copy}" for copy in range(times) for token in world.tokens)
    world.reward = world.reward.repeat(1, times)
    return world


def memory() -> dict[str, float] | None:
    """Case → MiB that its training adds to the peak of a fresh process; None if none can tell."""
    return {str(case): in_a_fresh_process(case) for case in cases()} if peak() else None


def in_a_fresh_process(case: Case) -> float:
    """`added` by this case, in MiB."""
    code = f"from toycore.bench import growth; print(growth.added(growth.{case!r}))"
    return float(subprocess.check_output([sys.executable, "-c", code], text=True))


def added(case: Case) -> float:
    """MiB by which the training raises the peak of this process, libraries and start left out.

    It has all rollouts of a lesson, since the noise and the curves of each are kept.
    """
    train = training(case, rollouts=100)
    before = peak()
    train()
    return peak() - before


def peak() -> float:
    """The most memory that this process has held, in MiB; 0 where the system does not tell."""
    if sys.platform == "linux":  # where `resource` would count the parent, of which it is a fork
        told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        return int(told[1]) / 2**10 if told else 0
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return 0


def remarks(memory: dict[str, float] | None) -> list[str]:
    """Lines below the table: peak memory of each case, or why it is missing."""
    if memory is None:
        return [NO_MEMORY]
    width = max(map(len, memory))
    rows = [f"{case.ljust(width)}  {mib:6,.0f} MiB" for case, mib in memory.items()]
    title = "Peak memory of 100 rollouts, above that of a process that is ready to start them:"
    return [title, *rows]
