"""How fast it is: `compare`, the project's one timing tool, and the table of its speed.

    python -m toycore.bench [--repeats N] [--json FILE]

One timing says nothing: the first call is cold, and neighbours on the machine come and go.
So arms are warmed up and timed in turn, many times, and judged by their ratio to the first
arm *in the same round*, against how far that arm, timed once more, differs from itself.
"""

import argparse
import dataclasses
import gc
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch

from toycore.engine import guards
from toycore.engine.threads import one_thread
from toycore.errors import Phrase, spoken
from toycore.language import text, word

CLOCK = "wall" if sys.platform == "win32" else "CPU"  # CPU time ticks every 16 ms on Windows
LEAST = 2e-3  # seconds a measurement lasts at least: a shorter arm is called several times
QUARTILES = (0.25, 0.5, 0.75)


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` measured. Arms come in order; the last is the control, the first again.

    seconds  arm → (repeats,) seconds per unit of work, by CPU time; one value per round
    wall     arm → the same by the wall clock
    units    arm → units of work in one measurement
    """

    seconds: dict[str, np.ndarray]
    wall: dict[str, np.ndarray]
    units: dict[str, float]
    unit: str

    def quartiles(self, arm: str) -> np.ndarray:
        """Lower quartile, median, upper quartile of an arm's seconds per unit of work."""
        return np.quantile(self.seconds[arm], QUARTILES)

    def ratio(self, arm: str, to: str | None = None) -> np.ndarray:
        """Quartiles of an arm's seconds over another's (None: the first's) of the same round."""
        first = next(iter(self.seconds)) if to is None else to
        return np.quantile(self.seconds[arm] / self.seconds[first], QUARTILES)

    def verdict(self, arm: str) -> str:
        """'faster' or 'slower' than the first arm, or 'cannot tell', by quartiles of the ratio.

        slower  its lower quartile is above 1 and above the control's upper quartile
        faster  its upper quartile is below 1 and below the control's lower quartile
        For two equal arms, 15 rounds say so wrongly in about 1 case in 2,000; 7 rounds in 1 in 60.
        """
        low, _, high = self.ratio(arm)
        control_low, _, control_high = self.ratio(next(reversed(self.seconds)))
        if low > max(1, control_high):
            return "slower"
        return "faster" if high < min(1, control_low) else "cannot tell"

    def __str__(self) -> str:
        language = spoken()
        keys = ("", CLOCK, "quartiles", "wall", "ratio", "quartiles", "", "together")
        head = [word("bench", key, language) for key in keys]
        rows = [head, *map(self._row, self.seconds)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        cells = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows)
        unit, rounds = word("unit", self.unit, language), len(next(iter(self.wall.values())))
        title = text("bench.title", language).format(unit, rounds)
        return "\n".join([title, *("  ".join(row).rstrip() for row in cells)])

    def _row(self, arm: str) -> tuple[str, ...]:
        language = spoken()
        low, middle, high = map(_time, self.quartiles(arm))
        least, ratio, most = map(_three_digits, self.ratio(arm))
        wall, units = _time(np.median(self.wall[arm])), f"{self.units[arm]:,.0f}"
        first, last = next(iter(self.wall)), next(reversed(self.wall))
        verdict = text(f"bench.{self.verdict(arm)}", language) if arm != first else ""
        name = text("bench.again", language).format(first) if arm == last else arm
        return name, middle, f"{low} – {high}", wall, ratio, f"{least} – {most}", verdict, units

    def to_dict(self) -> dict:
        """Everything in plain lists, strings and numbers, for JSON."""
        arms = {}
        for arm in self.seconds:
            times = {"seconds": self.seconds[arm], "wall": self.wall[arm]}
            times |= {"quartiles": self.quartiles(arm), "ratio": self.ratio(arm)}
            arms[arm] = {name: values.tolist() for name, values in times.items()}
            arms[arm] |= {"verdict": self.verdict(arm), "units": float(self.units[arm])}
        return {"unit": self.unit, "clock": CLOCK, "arms": arms}


@one_thread
def compare(
    arms: Mapping[str, Callable[[], object]],
    repeats: int = 15,
    *,
    work: Mapping[str, float] | None = None,
    unit: str = "call",
) -> Comparison:
    """Time arms, called as `arm()`, against the first of them, on one torch thread.

    Every arm is warmed up. Then, in each of `repeats` rounds, all are timed in turn, and the
    first once more as the control "<first> (again)". The order rotates, and is reversed once
    every arm has been first. An arm shorter than 2 ms is repeated inside a measurement. What
    exists before the rounds is kept out of garbage collection: no arm pays for another's.
    work: arm → the units of work in one call (1 if missing), by which its seconds are divided.
    """
    repeats = guards.Rule(int, 3).check("repeats", repeats)  # with fewer there are no quartiles
    work = _checked(arms, {} if work is None else work)
    first = next(iter(arms))
    again = f"{first} (again)"
    calls = {name: _calls(arm) for name, arm in arms.items()}
    arms, work = {**arms, again: arms[first]}, {**work, again: work[first]}
    calls[again] = calls[first]
    times: dict[str, list] = {name: [] for name in arms}
    try:
        gc.freeze()
        for name in _order(list(arms), repeats):
            times[name].append(_measure(arms[name], calls[name]))
    finally:
        gc.unfreeze()
    units = {name: calls[name] * work[name] for name in arms}
    main, wall = ({n: np.array(times[n])[:, i] / units[n] for n in arms} for i in (0, 1))
    return Comparison(main, wall, units, unit)


def _checked(arms, work) -> dict[str, float]:
    """The work of every arm; or TypeError or ValueError before anything is timed."""
    if not isinstance(arms, Mapping) or not all(callable(arm) for arm in arms.values()):
        raise TypeError(guards.must("arms", Phrase("arms"), repr(arms)))
    if not arms or f"{next(iter(arms))} (again)" in arms:
        raise ValueError(guards.must("arms", Phrase("some_arms"), [*arms]))
    guards.instance("work", work, Mapping)
    if not set(work) <= set(arms):
        raise ValueError(guards.must("work", Phrase("of_the_arms", arms=[*arms]), [*work]))
    names = {name: Phrase("work_of", name=repr(name)) for name in work}
    work = {name: guards.POSITIVE.check(names[name], one) for name, one in work.items()}
    return {name: work.get(name, 1) for name in arms}


def _measure(arm: Callable, calls: int) -> tuple[float, float]:
    """Seconds of `calls` calls: by the main clock and by the wall clock."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        arm()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return (cpu if CLOCK == "CPU" else wall), wall


def _calls(arm: Callable) -> int:
    """Warm the arm up; how many calls last LEAST seconds (an arm that waits: ten times that)."""
    arm()
    calls = 1
    while (times := _measure(arm, calls))[0] < LEAST and times[1] < 10 * LEAST:
        calls *= 2
    return calls


def _order(names: list[str], repeats: int) -> Iterator[str]:
    """The names in turn: each round starts one later; after a full circle the order is reversed."""
    for one in range(repeats):
        start = one % len(names)
        order = names[start:] + names[:start]
        yield from order if one // len(names) % 2 == 0 else reversed(order)


def _time(seconds: float) -> str:
    units = ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
    unit, name = next((u for u in units if seconds >= 0.9995 * u[0]), units[-1])
    return f"{_three_digits(seconds / unit)} {name}"


def _three_digits(number: float) -> str:
    """0.250, 7.12, 1,234: with a point in every language, as all numbers that code prints."""
    return f"{number:#.3g}".rstrip(".") if number < 999.5 else f"{number:,.0f}"


# A part of the command prints its tables, and returns what goes into the JSON.


def _training(repeats: int) -> dict:
    from toycore.bench import arms as training

    arms, work = training.arms()
    table = compare(arms, repeats, work=work, unit="run and update")
    imports = training.import_seconds()
    print(table, *training.remarks(table, imports), sep="\n", flush=True)
    return {"import": imports, **table.to_dict()}


def _quantization(repeats: int) -> dict:
    from toycore.bench import quantization

    tables = []
    for sizes, forward in quantization.cases():
        unit = "forward pass, " + ", ".join(f"{name} {size}" for name, size in sizes.items())
        table = compare(forward, repeats, unit=unit)
        print(f"\n{table}", flush=True)
        tables.append(sizes | table.to_dict())
    print("", *(notes := quantization.remarks()), sep="\n", flush=True)
    return {"quantization": tables, "quantization_notes": notes}


def _growth(repeats: int) -> dict:
    from toycore.bench import growth

    arms, work = growth.arms()
    table = compare(arms, repeats, work=work, unit="run and update")
    print(f"\n{table}", flush=True)
    memory = growth.memory()
    print("", *growth.remarks(memory), sep="\n")
    return {"growth": table.to_dict() | {"peak_mib": memory}}


def main(arguments: list[str] | None = None) -> None:
    """Print how fast training and INT8 are, and how PPO grows; on request, write it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m toycore.bench", description=main.__doc__)
    parser.add_argument("--repeats", type=int, default=15, help="rounds, at least 3 (default: 15)")
    parser.add_argument("--json", metavar="FILE", help="write everything here")
    wanted = parser.parse_args(arguments)
    if wanted.repeats < 3:
        parser.error(f"--repeats must be at least 3; got {wanted.repeats}")
    os.environ.update(TQDM_DISABLE="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    machine += f", torch {torch.__version__} on 1 thread of {os.cpu_count()} CPUs"
    print(machine, flush=True)
    everything = {"machine": machine}
    for part in (_training, _quantization, _growth):
        everything |= part(wanted.repeats)
    if wanted.json:
        with open(wanted.json, "w", encoding="utf-8") as file:
            json.dump(everything, file, indent=1)
