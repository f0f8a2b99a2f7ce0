"""What two busy neighbours cost a sweep: its time alone and beside them, against a fair share.

toycore trains on one thread. With more threads than free cores a sweep of tiny tensors waits at
every step for the thread that has no core; then its time grows far beyond the share.
"""

import contextlib
import math
import multiprocessing
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import psutil

from classroom_processes import cpu

SPAWN = multiprocessing.get_context("spawn")
ROUNDS = 5
LATE = 1.25  # of the fair share: neighbours cost cache too, not only turns


class Cost(NamedTuple):
    """Seconds of one sweep, by the clock and of CPU; CPUs that each neighbour had meanwhile."""

    wall: float
    cpu: float
    neighbour: float = math.nan


def report(count: int) -> list[str]:
    """Prints what a sweep loses beside busy processes; a line if that is more than its share.

    Its share is what each neighbour gets of a CPU meanwhile: so other work counts for both.
    """
    alone, beside = measure(count)
    ratio, fair = beside.wall / alone.wall, 1 / beside.neighbour
    idle = max(1.0, (count + 1) / os.cpu_count())
    print(f"""
| a PPO sweep of 336 runs | seconds | of CPU |
| --- | --- | --- |
| alone | {alone.wall:.2f} | {alone.cpu:.2f} |
| beside {count} busy processes | {beside.wall:.2f} | {beside.cpu:.2f} |
| ratio | {ratio:.2f} | {beside.cpu / alone.cpu:.2f} |
| with the share that each of them got | {fair:.2f} | |
| on an otherwise idle machine | {idle:.2f} | |""")
    if ratio > LATE * fair:
        return [
            f"beside {count} busy processes a sweep takes {ratio:.2f} times as long: its fair "
            f"share would be {fair:.2f}"
        ]
    return []


def measure(neighbours: int) -> tuple[Cost, Cost]:
    """A sweep alone, and beside so many busy processes: in turn, so that both see the same day.

    Medians of ROUNDS sweeps each.
    """
    alone, beside = [], []
    with ProcessPoolExecutor(1, mp_context=SPAWN) as worker:
        worker.submit(sweep).result()  # the first one imports torch
        for _ in range(ROUNDS):
            alone.append(worker.submit(sweep).result())
            with busy(neighbours) as processes:
                before = sum(map(cpu, processes))
                cost = worker.submit(sweep).result()
                had = (sum(map(cpu, processes)) - before) / cost.wall / neighbours
                beside.append(cost._replace(neighbour=had))
    return median(alone), median(beside)


def median(costs: list[Cost]) -> Cost:
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


@contextlib.contextmanager
def busy(count: int):
    """So many processes that do nothing but work."""
    processes = [SPAWN.Process(target=spin, daemon=True) for _ in range(count)]
    try:
        for one in processes:
            one.start()
        time.sleep(0.5)  # until they have started
        yield [psutil.Process(one.pid) for one in processes]
    finally:
        for one in processes:
            one.kill()
            one.join()


def spin() -> None:
    while True:
        pass


def sweep() -> Cost:
    """336 PPO runs side by side, from an untrained policy."""
    os.environ["TQDM_DISABLE"] = "1"
    import toycore as tc

    leashes = [k / 20 for k in range(21)]
    config = tc.PPOConfig(kl_beta=leashes, seeds=16)
    wall, cpu = time.perf_counter(), time.process_time()
    tc.train_ppo(tc.World(), config)
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)
