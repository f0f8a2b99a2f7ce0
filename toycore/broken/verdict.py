"""Where each recipe ended, against π* and against what it really optimises."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from toycore import exact
from toycore.broken.dpo import DPO_RECIPES, DPOLabConfig
from toycore.broken.ppo import PPOLabConfig
from toycore.broken.recipes import PPO_RECIPES, copied
from toycore.engine import guards
from toycore.engine.plain_torch import plain_torch
from toycore.engine.threads import one_thread
from toycore.errors import Phrase, in_its_language, say
from toycore.language import text
from toycore.run import Run

if TYPE_CHECKING:
    import pandas as pd


@in_its_language
def verdict(run: Run) -> "pd.DataFrame":
    """One row per recipe: where it ended, mean over seeds ± standard deviation over seeds.

    run        a run of the lab that sweeps nothing but the recipe
    climbs     what the recipe really optimises
    attained   the share of the possible gain in what it ought to optimise
    TV to π*   total variation between its end and π*: the share of probability that lies elsewhere
    TV to own  the same to the optimum of what it climbs; – where that is no single point

    The last two heads are words, in the language of the run's world.
    """
    import pandas as pd

    _check(run, ["recipe"])
    rows = {name: _row(run.sel(recipe=name)) for name in run.config.swept["recipe"]}
    return pd.DataFrame.from_dict(rows, orient="index")


@in_its_language
@one_thread
@plain_torch
def own_optimum(run: Run) -> Tensor | None:
    """Where the one recipe of this run leads, in closed form: (S, P, V); None: no single point."""
    _check(run, [])
    recipe, beta = _recipe(run)
    if recipe.optimum is None:
        return None
    kept = recipe.reference is copied
    ref_logp = torch.as_tensor(run.ref_logp.values) if kept else recipe.reference(run.model)
    return recipe.optimum(ref_logp, run.world.reward, beta)


def _row(run: Run) -> dict[str, str]:
    recipe, beta = _recipe(run)
    goal = exact.optimal_policy(run.ref_logp, run.world.reward, beta)
    attained = exact.attained(run.logp, run.ref_logp, run.world.reward, beta)
    off, own = (_off(run, place) for place in (goal, own_optimum(run)))
    heads = [text(f"verdict.{place}", run.world.language) for place in ("goal", "own")]
    return {"climbs": recipe.climbs, "attained": _said(attained), heads[0]: off, heads[1]: own}


def _check(run, swept: list[str]) -> None:
    """An error unless this is a run of the lab that sweeps these settings and no others."""
    guards.instance("run", run, Run)
    if not isinstance(run.config, PPOLabConfig | DPOLabConfig):
        raise TypeError(say("lab_run", config=repr(run.config)))
    if list(run.config.swept) != swept:
        both = swept, run.config.swept
        needed, found = (", ".join(names) or Phrase("nothing") for names in both)
        raise ValueError(say("lab_sweeps", needed=needed, found=found))


def _recipe(run):
    """The recipe of a run that has one, and its leash."""
    if isinstance(run.config, PPOLabConfig):
        return PPO_RECIPES[run.config.recipe], run.config.kl_beta
    return DPO_RECIPES[run.config.recipe], run.config.beta


def _off(run: Run, place: Tensor | None) -> str:
    return "–" if place is None else _said(exact.total_variation(run.logp, place).mean(-1))


def _said(values: Tensor) -> str:
    """Mean ± standard deviation of one value per seed."""
    return f"{values.mean():.2f} ± {values.std():.2f}"
