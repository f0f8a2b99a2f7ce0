"""What a class took: the tables that are printed, and what was wrong."""

import os
import statistics
from typing import NamedTuple

from classroom_processes import Load

MIB = 2**20
# MiB a kernel: 270, and 70 for the compiler that torch loads with its own optimizers, in which
# lesson 3 writes PPO on one screen
AIM = 360


class Lesson(NamedTuple):
    """Learners who ran the lesson at once: each one's result, all processes just after."""

    done: list
    loads: list[Load]
    browsers: float  # CPU seconds of this script, which stands for the learners' own machines
    others: float  # CPUs that other work on this machine took meanwhile

    def seconds(self) -> list[float]:
        return [one.seconds for one in self.done]

    def kernels(self) -> list[Load]:
        return [load for load in self.loads if load.kind == "kernel"]

    def cpu(self) -> float:
        """CPU seconds of the mean kernel."""
        return sum(kernel.cpu for kernel in self.kernels()) / len(self.done)


def faults(lesson: Lesson) -> list[str]:
    """Who did not see what the stored notebook says; kernels that are gone."""
    lines = [f"{one.user}: {one.fault}" for one in lesson.done if one.fault]
    alive, count = len(lesson.kernels()), len(lesson.done)
    return lines if alive == count else [*lines, f"{alive} kernels of {count} live"]


def over_the_aim(together: Lesson) -> list[str]:
    """A kernel's own memory is what one learner more takes; a single kernel shares with nobody."""
    most = max((kernel.uss for kernel in together.kernels()), default=0) / MIB
    if len(together.done) == 1 or most <= AIM:
        return []
    return [f"a kernel takes {most:.0f} MiB of its own: the aim is {AIM} at most"]


def memory(together: Lesson) -> str:
    lines = ["| MiB, median (most) | number | RSS | PSS | USS |", "| --- | --- | --- | --- | --- |"]
    for kind in ("kernel", "server", "hub", "proxy"):
        loads = [load for load in together.loads if load.kind == kind]
        columns = [[getattr(load, what) for load in loads] for what in ("rss", "pss", "uss")]
        cells = [f"{statistics.median(c) / MIB:.0f} ({max(c) / MIB:.0f})" for c in columns if c]
        lines.append(f"| {kind} | {len(loads)} | {' | '.join(cells)} |")
    total = sum(load.pss for load in together.loads)
    return "\n".join([*lines, f"| all | {len(together.loads)} | | {total / MIB:.0f} | |"])


def times(alone: Lesson, together: Lesson, starts: list[float]) -> str:
    count, cores = len(together.done), os.cpu_count()
    (one,), all_ = alone.seconds(), together.seconds()
    fair = max(1.0, count / cores) * one
    return f"""\
| seconds | median | slowest |
| --- | --- | --- |
| until a server answers, {count} at once | {statistics.median(starts):.1f} | {max(starts):.1f} |
| the lesson, alone | {one:.1f} | |
| the lesson, {count} at once | {statistics.median(all_):.1f} | {max(all_):.1f} |
| its fair share, {count}/{cores} of alone | {fair:.1f} | {fair:.1f} |
| ratio | {statistics.median(all_) / fair:.2f} | {max(all_) / fair:.2f} |

| CPU seconds | alone | {count} at once, each |
| --- | --- | --- |
| kernel | {alone.cpu():.1f} | {together.cpu():.1f} |
| this script, in place of a browser | {alone.browsers:.1f} | {together.browsers / count:.1f} |

CPUs that other work took: {alone.others:.2f} beside one, {together.others:.2f} beside the class"""
