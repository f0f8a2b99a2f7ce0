"""DPO with the wrong reference or the wrong labels: lesson 6.

    the judge's labels   P(a ≻ b) = σ(r_a − r_b)   →  π_ref e^(r/β) / Z, whose margins are r_a − r_b
    hard labels          the better one always wins →  no margin is enough: as if β went to 0

The reference is what a margin is measured from. The loss fits the same margins to whatever
reference it is given: loss, margin and accuracy end up alike, and the policy ends up elsewhere.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from toycore import exact
from toycore.broken.recipes import copied, reloaded
from toycore.dpo import DPOConfig, _dpo_loss
from toycore.engine.optim import Adam
from toycore.engine.settings import Numbers, Settings, Wholes, Words, choice, config, setting
from toycore.errors import in_its_language
from toycore.model import ToyLM, entries
from toycore.progress import progress
from toycore.run import History, Run, check, run_sweep
from toycore.start import starting_policy, starting_run
from toycore.world import World


def uniform(policy: ToyLM) -> Tensor:
    """A reference that drops out of every margin: the same as none at all."""
    return torch.zeros_like(policy.logp()).log_softmax(-1)


def as_judged(pairs: Tensor, reward: Tensor) -> Tensor:
    """The pairs as they are: (M, 3)."""
    return pairs


def hardened(pairs: Tensor, reward: Tensor) -> Tensor:
    """The answer that is worth more is always the chosen one; a tie stays as judged."""
    prompt, chosen, rejected = pairs.T
    wrong = reward[prompt, chosen] < reward[prompt, rejected]
    return torch.where(wrong[:, None], pairs[:, [0, 2, 1]], pairs)


def best_of(ref_logp: Tensor, reward: Tensor, beta: float) -> Tensor:
    """The limit β → 0: the reference, restricted to the answers that are worth most."""
    return exact.optimal_policy(ref_logp, reward, 0.0)


class Recipe(NamedTuple):
    """One way to train.

    climbs     what it really optimises, averaged over prompts
    source     whose code has it
    reference  the policy from which margins are measured
    labels     (pairs, reward) → the pairs to train on
    optimum    (its reference, reward, β) → where it leads (..., P, V)
    """

    climbs: str
    source: str
    reference: Callable[[ToyLM], Tensor] = copied
    labels: Callable[[Tensor, Tensor], Tensor] = as_judged
    optimum: Callable[..., Tensor] = exact.optimal_policy


DPO_RECIPES = {
    "copied_reference": Recipe(
        "E[r] − β KL(π‖π_ref)",
        "Rafailov et al. 2023, eq. 7; train_dpo of this course",
    ),
    "reloaded_reference": Recipe(
        "E[r] − β KL(π‖π_base)",
        "TRL's trainers on adapters that PEFT cannot hold twice (put right in pull request 6591)",
        reference=reloaded,
    ),
    "hard_labels": Recipe(
        "E[r] − β′ KL(π‖π_ref), β′ → 0",
        "pairs made by a score: the higher one is always the chosen one",
        labels=hardened,
        optimum=best_of,
    ),
    "hard_labels_no_reference": Recipe(
        "E[r] + β′ H(π), β′ → 0",
        "the notebook that this course replaced; Liger Kernel's first DPO had no reference (378)",
        reference=uniform,
        labels=hardened,
        optimum=best_of,
    ),
}


@config
class DPOLabConfig(Settings):
    """Settings of the lab's `train_dpo`. Whatever is not listed is as in DPOConfig."""

    per_loop = ("recipe", "steps")

    recipe: Words = choice(default=next(iter(DPO_RECIPES)), allowed=[*DPO_RECIPES])
    # β, reward per nat
    beta: Numbers = setting(default=DPOConfig.beta, low=0, above=True)
    # updates, each on all pairs
    steps: Wholes = setting(default=DPOConfig.steps, low=1)
    # a count, or the seed numbers themselves
    seeds: Wholes = 1


@in_its_language
def train_dpo(world: World, config: DPOLabConfig, pairs, start: Run | None = None) -> Run:
    """Train by each recipe, all from the same start and on the same pairs (as in dpo.train_dpo).

    History, before each step and after the last: `loss`, `margin` and `accuracy`, as the recipe's
    own code would log them; `reward`, `kl` (to the start) and `attained`, exact, whatever the
    recipe uses as its reference.
    """
    check(world, config, DPOLabConfig)
    distinct, weight = world.distinct_pairs(pairs, len(config.seeds))
    return run_sweep(_train, world, config, starting_run(world, config, start), distinct, weight)


def _train(
    world: World, config, start: Run, pairs: Tensor, weight: Tensor
) -> tuple[ToyLM, Tensor, History]:
    recipe = DPO_RECIPES[config.recipe]
    policy = starting_policy(start, config)
    base = policy.base_logits()
    start_logp, ref_logp = copied(policy), recipe.reference(policy)
    beta = config.column("beta")
    optimizer = Adam(policy.parameters(), lr=DPOConfig.lr)
    weight = config.per_run(weight)
    labelled = recipe.labels(pairs, world.reward).T
    prompt, *answers = (column.expand(config.runs, -1) for column in labelled)
    history = History(config.runs, config.steps)

    def of_pairs(table: Tensor) -> list[Tensor]:
        return [entries(table, prompt, answer) for answer in answers]  # chosen, rejected

    reference = of_pairs(ref_logp)
    asked = {"beta": beta, "loss_type": "sigmoid", "sft_weight": 0.0, "weight": weight}

    for step in progress(range(config.steps + 1), "progress.lab", world.language):
        logp = policy.logp(base)
        loss, info = _dpo_loss(*of_pairs(logp), *reference, **asked)
        with torch.no_grad():
            climbed = exact.averages(logp, reward=world.reward, kl=logp - start_logp)
        logged = {"loss": loss, "margin": info["margin"], "accuracy": info["accuracy"]}
        history.record(step, **climbed, **logged)
        if step < config.steps:
            loss.sum().backward()
            optimizer.step(decay=1 - step / config.steps)

    history.record_attained(start_logp, world.reward, beta)
    return policy, start_logp, history
