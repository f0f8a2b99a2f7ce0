"""What was measured once, with TRL: for machines without it, and to compare a new run with."""

import itertools
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from toycore.engine import guards
from toycore.errors import say

if TYPE_CHECKING:
    import xarray as xr

USUAL = {"beta": 0.5, "num_generations": 16, "rank": 8}
VARIANTS = {"initializer_range": 0.25, "sft_weight": 0.0, "every_word": False}
LANDED = ("reward", "kl", "attained", "mass")
MORE = {
    "logp": ("prompt", "word"),
    "at": ("step",),
    "bytes": ("model",),
}  # by the last word of a name


def stored() -> dict[str, Any]:
    """What tests/tools/stored_real.py measured, to four decimals; in English words.

    versions  of the libraries and of Python
    starts    seed (text) → tables (6, W): `base_logp` pretrained, `sft_logp` with adapters,
              `ref_logp` merged; `trainable`, how many weights SFT moved, and of how many; `curve`
    runs      a list of dicts: `method`, its settings and `seed`; where it landed (`reward`, `kl`,
              `attained`, `mass`; `logp`, its table), where its own optimum is (`own`) and π*
              (`star`); its `curve`; RLOO's usual run also in INT8
    ceilings  what can be attained at most, by `initializer_range` and `rank` (null: all weights
              learn)

    The runs are float32: another processor gives other digits, and after some steps other samples,
    but lands near.
    """
    try:
        text = resources.files("toycore.real").joinpath("stored.json").read_text("utf-8")
    except FileNotFoundError:  # as in the bundles of the other lessons
        raise FileNotFoundError(say("not_stored")) from None
    return json.loads(text)


_read = cache(stored)


def starts() -> "xr.Dataset":
    """The stored starts, (seed, prompt, word): `base_logp`, `sft_logp`, `ref_logp`."""
    rows = [{"seed": int(seed), **start} for seed, start in _read()["starts"].items()]
    return _over(("seed",), rows, ("base_logp", "sft_logp", "ref_logp"))


def runs(setting: str = "beta") -> "xr.Dataset":
    """The stored runs over one setting, the others as usual: (trainer, setting, seed).

    trainer  rloo, grpo (TRL's defaults), dr_grpo (scale_rewards="none"), dpo
    setting  `beta`, `num_generations` (without DPO, which has none) or `rank`
    values   `reward`, `kl`, `attained`, `mass` of the policy; after `own_` those of its method's
             own optimum, after `star_` those of π*; `logp`, its table, has the axes prompt and
             word besides, and `reward_at`, `kl_at`, `mass_at` the axis step
    """
    guards.Choice(tuple(USUAL)).check("setting", setting)
    due = {name: value for name, value in (USUAL | VARIANTS).items() if name != setting}
    chosen = [run for run in _read()["runs"] if setting in run and _agrees(run, due)]
    rows = []
    for run in chosen:
        goals = {f"{goal}_{name}": run[goal][name] for goal in ("own", "star") for name in LANDED}
        curves = {f"{name}_at": run["curve"][name] for name in ("reward", "kl", "mass")}
        rows.append(run | {"trainer": run["method"]} | goals | curves)
    kept = [*LANDED, "logp", *goals, *curves]
    steps = {"step": chosen[0]["curve"]["step"]}
    return _over(("trainer", setting, "seed"), rows, kept).assign_coords(steps)


def leaks() -> "xr.Dataset":
    """DPO where probability leaks, (start, cure, seed): `kl`, `attained`, `mass`.

    start  usual: β = 0.1; narrow: β = 0.5, and an initializer_range of 0.02
    cure   none; sft: a fifth of the SFT loss is added; every_word: all 24 stand in the pairs
    """
    rows = []
    for run in _read()["runs"]:
        narrow, cured = "initializer_range" in run, "sft_weight" in run or "every_word" in run
        if run["method"] == "dpo" and run["rank"] == 8 and (narrow or cured or run["beta"] == 0.1):
            cure = "sft" if "sft_weight" in run else "every_word" if cured else "none"
            rows.append(run | {"start": "narrow" if narrow else "usual", "cure": cure})
    return _over(("start", "cure", "seed"), rows, ("kl", "attained", "mass"))


def ceilings() -> "xr.DataArray":
    """What can be attained at most at β = 0.5: (initializer_range, rank, seed); rank "all": LoRA
    is left out, and all weights learn."""
    rows = [run | {"rank": str(run["rank"] or "all")} for run in _read()["ceilings"]]
    return _over(("initializer_range", "rank", "seed"), rows, ("attained",)).attained


def int8() -> "xr.Dataset":
    """RLOO's usual runs with INT8 for weights, (seed): `logp`; `bytes`, as (before, after)."""
    rows = [run | run["int8"] for run in _read()["runs"] if "int8" in run]
    return _over(("seed",), rows, ("logp", "bytes"))


def _agrees(run: dict, due: dict) -> bool:
    return all(run.get(name, value) == value for name, value in due.items())


def _over(axes: tuple[str, ...], rows: list[dict], kept: Sequence[str]) -> "xr.Dataset":
    """One table over the axes for each of the kept names; a list in a row has axes of its own."""
    import xarray as xr

    at = {axis: list(dict.fromkeys(row[axis] for row in rows)) for axis in axes}
    found = {tuple(row[axis] for axis in axes): row for row in rows}
    cells = [found[place] for place in itertools.product(*at.values())]
    shape = [len(values) for values in at.values()]
    tables = {}
    for name in kept:
        values = np.array([cell[name] for cell in cells])
        if name.endswith("logp"):  # after rounding, rows of probabilities no longer sum to 1
            values -= np.log(np.exp(values).sum(-1, keepdims=True))
        more = MORE.get(name.rpartition("_")[2], ())
        tables[name] = ((*axes, *more), values.reshape(*shape, *values.shape[1:]))
    return xr.Dataset(tables, at)
