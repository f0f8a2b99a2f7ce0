"""What every trainer returns: labelled curves and policies; and how a sweep is laid out.

R trainings run side by side, ordered as the product of the swept settings × seeds, seeds
innermost. Settings that shape the loop itself (how many steps, how large a batch) get one
loop for each of their values; `run_sweep` joins what the loops return.
"""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from toycore import exact
from toycore.engine import guards
from toycore.engine.plain_torch import plain_torch
from toycore.engine.settings import Settings
from toycore.engine.threads import one_thread
from toycore.errors import Phrase, in_its_language, say
from toycore.model import ToyLM, join
from toycore.world import World

if TYPE_CHECKING:
    import xarray as xr


class History:
    """Curves as they are recorded: each an (R, steps + 1) tensor. Step 0 is the start."""

    def __init__(self, runs: int, steps: int):
        self.curves: dict[str, Tensor] = {}
        self.shape = (runs, steps + 1)

    def record(self, step: int, **values: Tensor) -> None:
        """values: (R,) each."""
        for name, value in values.items():
            if name not in self.curves:
                self.curves[name] = torch.zeros(self.shape, dtype=torch.float64)
            self.curves[name][:, step] = value.detach()

    def record_attained(self, ref_logp: Tensor, reward: Tensor, kl_beta: Tensor) -> None:
        """`attained` at every step, from the `reward` and the `kl` recorded; kl_beta: (R, 1)."""
        objective = self.curves["reward"] - kl_beta * self.curves["kl"]
        share = exact.attained_share(objective.T, ref_logp, reward, kl_beta)
        self.curves["attained"] = share.T

    @classmethod
    def join(cls, parts: Sequence["History"]) -> "History":
        """The runs of all parts. A shorter run keeps its last values: its policy stays there."""
        joined = cls(sum(p.shape[0] for p in parts), max(p.shape[1] for p in parts) - 1)
        step = torch.arange(joined.shape[1])
        for name in parts[0].curves:
            held = [p.curves[name][:, step.clamp(max=p.shape[1] - 1)] for p in parts]
            joined.curves[name] = torch.cat(held)
        return joined


@dataclasses.dataclass(frozen=True)
class Run:
    """The result of training: R runs, labelled by their settings and seeds.

    world, config   what was trained, and how
    model           the trained ToyLM, its R runs ordered as `config.swept` × seeds
    history         xarray.Dataset, dims (settings..., seed, step); step 0 is the start
    logp, ref_logp  xarray.DataArray, dims (settings..., seed, prompt, token): log-probabilities
                    of the trained policy and of the reference (where training started)
    reward          xarray.DataArray, the same dims: what a reward model thinks an answer is worth;
                    None of a training that moves a policy
    """

    world: World
    config: Settings
    model: ToyLM
    history: "xr.Dataset"
    logp: "xr.DataArray"
    ref_logp: "xr.DataArray"
    reward: "xr.DataArray | None" = None

    @in_its_language
    def sel(self, **values) -> "Run":
        """The runs at one value of each named swept setting, or at several: `run.sel(lora_rank=2)`.

        A list keeps its axis, with those values in that order: `run.sel(lora_rank=[1, 2])`.
        """
        index = np.arange(self.config.runs).reshape(
            [len(v) for v in self.config.swept.values()] + [len(self.config.seeds)]
        )
        swept, plain = self.config.swept, {}
        for name, chosen in values.items():
            if name not in swept:
                told = ", ".join(swept) or Phrase("nothing")
                raise ValueError(say("not_swept", name=repr(name), swept=told))
            several = chosen if isinstance(chosen, list) else [chosen]
            several = [v if isinstance(v, str) else guards.number(name, v) for v in several]
            plain[name] = several if isinstance(chosen, list) else several[0]
            for value in several:
                if value not in swept[name]:
                    told = {"name": name, "value": repr(value), "values": swept[name]}
                    raise ValueError(say("not_in_run", **told))
            chosen_index = [swept[name].index(value) for value in several]
            index = index.take(chosen_index, axis=list(swept).index(name))
        dropped = [name for name, chosen in values.items() if not isinstance(chosen, list)]
        return Run(
            self.world,
            self.config.replaced(**plain),
            self.model.select(torch.from_numpy(index.ravel())),
            self.history.sel(plain).drop_vars(dropped),
            self.logp.sel(plain).drop_vars(dropped),
            self.ref_logp.sel(plain).drop_vars(dropped),
            None if self.reward is None else self.reward.sel(plain).drop_vars(dropped),
        )


def check(world, config, kind: type[Settings]) -> None:
    """TypeError, before any work, unless these are a World and a config of this trainer."""
    guards.instance("world", world, World)
    if not isinstance(config, kind):
        allowed = Phrase("an_instance", kind=kind.__name__)
        raise TypeError(guards.must("config", allowed, repr(config)))


@one_thread
@plain_torch
def run_sweep(train, world: World, config: Settings, *arguments) -> Run:
    """Call train(world, one_config, *arguments) for each loop of the sweep; label the results.

    `train` returns (model, ref_logp, history), a reward model's its table as well. It runs on one
    thread, and leaves torch as it was, even when the learner interrupts.
    """
    loops = [train(world, one, *arguments) for one in config.loops()]
    models, references, histories, *rewards = zip(*loops, strict=True)
    model = models[0] if len(models) == 1 else join(models)
    tables = map(torch.cat, (references, *rewards))
    return _label(world, config, model, History.join(histories), *tables)


def _label(world, config, model: ToyLM, history: History, *tables: Tensor) -> Run:
    """tables: the reference, and a reward model's r̂; (R, P, V) each."""
    import xarray as xr

    runs = {**config.swept, "seed": config.seeds}
    cells = {**runs, "prompt": world.prompts, "token": world.tokens}
    curves = {**runs, "step": range(history.shape[1])}

    def label(values: Tensor, coords: dict) -> xr.DataArray:
        coords = {name: list(values) for name, values in coords.items()}
        array = values.numpy().reshape([len(axis) for axis in coords.values()])
        return xr.DataArray(array, coords, list(coords))

    dataset = xr.Dataset({name: label(curve, curves) for name, curve in history.curves.items()})
    with torch.no_grad():
        logp = model.logp()
    return Run(world, config, model, dataset, *(label(table, cells) for table in (logp, *tables)))
