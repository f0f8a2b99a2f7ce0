"""Direct preference optimisation: lesson 4.

    implicit reward   r̂(x, y) = β log(π_θ(y|x) / π_ref(y|x))
    margin            Δ = r̂(x, y_c) − r̂(x, y_r)
    sigmoid loss      L = −mean log σ(Δ)                     (Rafailov et al. 2023, eq. 7)
    IPO loss          L = mean (Δ/β − 1/(2β))²               (Azar et al. 2023, eq. 17)
    SFT term          L + sft_weight · mean(−log π_θ(y_c|x))     (Pang et al. 2024, eq. 1)

Solving π* for the reward gives r = β log(π*/π_ref) + β log Z(x). In Bradley–Terry,
P(y_c ≻ y_r) = σ(r_c − r_r), the unknown Z(x) cancels. So on preferences that come from a
reward, the minimiser is the same π* that PPO with the leash climbs to.

Where a pair is always judged the same way, no finite margin is enough for the sigmoid loss: the
margin grows for as long as training lasts. IPO asks for a margin of ½ and no more.

What a one-step world leaves out: log π(y|x) is one token's log-probability, not a sum over a
sequence, so there is no mask and no question of length.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from toycore import exact
from toycore.engine import guards
from toycore.engine.optim import Adam
from toycore.engine.settings import (
    Choice,
    Numbers,
    Settings,
    Wholes,
    Words,
    choice,
    config,
    setting,
)
from toycore.errors import in_its_language, say
from toycore.model import ToyLM, entries
from toycore.progress import progress
from toycore.run import History, Run, check, run_sweep
from toycore.start import starting_policy, starting_run
from toycore.world import World

LOSS_TYPES = ("sigmoid", "ipo")


@config
class DPOConfig(Settings):
    """Settings of `train_dpo`. Any number may be a sequence: the run covers every combination."""

    per_loop = ("steps", "loss_type")

    # β, reward per nat; larger: closer to the reference
    beta: Numbers = setting(default=0.3, low=0, above=True)
    # sigmoid, or ipo: its margin stays bounded where labels never vary
    loss_type: Words = choice(default="sigmoid", allowed=LOSS_TYPES)
    # True drops π_ref: DPO with a uniform reference
    reference_free: bool = False
    # weight of the SFT loss on the chosen answers; larger: they stay more likely
    sft_weight: Numbers = setting(default=0.0, low=0)
    # Adam's learning rate at the start; it falls linearly to 0 at the end
    lr: Numbers = setting(default=3e-2, low=0, above=True)
    # updates, each on all pairs
    steps: Wholes = setting(default=200, low=1)
    # a count, or the seed numbers themselves
    seeds: Wholes = 1


def dpo_loss(
    chosen_logp: Tensor,
    rejected_logp: Tensor,
    ref_chosen_logp: Tensor,
    ref_rejected_logp: Tensor,
    *,
    beta=0.3,
    loss_type: str = "sigmoid",
    reference_free: bool = False,
    sft_weight=0.0,
    weight: Tensor | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """DPO loss. At the reference the sigmoid loss is ln 2: both answers look equally good.

    chosen_logp, rejected_logp          (..., B) log π_θ of the two tokens; gradients flow
    ref_chosen_logp, ref_rejected_logp  (..., B) log π_ref of the same tokens
    beta            > 0, a number or one value per run, (R, 1)
    loss_type       "sigmoid" or "ipo" (TRL's names); for anything else a ValueError
    reference_free  leave π_ref out, as if it were uniform
    sft_weight      ≥ 0, a number or one value per run, (R, 1): the weight of −log π_θ(y_c|x)
                    (TRL: loss_type=["sigmoid", "sft"], loss_weights=[1, sft_weight])
    weight          (..., B) share of each pair, none negative, summing to 1 over B; None: all
                    equal. A pair of weight 0 does not count, whatever its probabilities

    Returns the loss (...), a mean over B, and info, each (...): `chosen_logp` and
    `rejected_logp`, their means; `margin`, the mean of r̂_c − r̂_r (in units of reward, β
    included; TRL's rewards/margins); `accuracy`, the share of pairs with a positive margin.
    """
    Choice(LOSS_TYPES).check("loss_type", loss_type)
    guards.instance("reference_free", reference_free, bool)
    logps = {"chosen_logp": chosen_logp, "rejected_logp": rejected_logp}
    if not reference_free:
        logps |= {"ref_chosen_logp": ref_chosen_logp, "ref_rejected_logp": ref_rejected_logp}
    logps = guards.batches(**logps)
    beta = guards.setting("beta", beta, guards.POSITIVE, logps[0])
    sft_weight = guards.setting("sft_weight", sft_weight, guards.NOT_NEGATIVE, logps[0])
    if weight is not None:
        weight = _shares(weight, logps[0])
        # Pairs that do not count are taken out before weighting: 0 · ∞ would be NaN.
        logps = [logp.masked_fill(weight == 0, 0.0) for logp in logps]
    settings = {"beta": beta, "loss_type": loss_type, "sft_weight": sft_weight}
    return _dpo_loss(*logps, **settings, weight=weight)


def _dpo_loss(chosen_logp, rejected_logp, *reference, beta, loss_type, sft_weight, weight):
    """The same for arguments that are known to be right: the loop calls this 200 times."""
    log_ratio = chosen_logp - rejected_logp
    if reference:
        ref_chosen_logp, ref_rejected_logp = reference
        log_ratio = log_ratio - (ref_chosen_logp - ref_rejected_logp)
    margin = beta * log_ratio  # Δ
    if loss_type == "sigmoid":
        loss = -F.logsigmoid(margin)  # Rafailov et al., eq. 7
    else:
        loss = (log_ratio - 1 / (2 * beta)).square()  # Azar et al., eq. 17
    if not isinstance(sft_weight, float) or sft_weight > 0:
        loss = loss - sft_weight * chosen_logp  # Pang et al., eq. 1

    def mean(values: Tensor) -> Tensor:
        return values.mean(-1) if weight is None else (values * weight).sum(-1)

    with torch.no_grad():
        info = {
            "chosen_logp": mean(chosen_logp),
            "rejected_logp": mean(rejected_logp),
            "margin": mean(margin),
            "accuracy": mean((margin > 0).double()),
        }
    return mean(loss), info


def _shares(weight, logp: Tensor) -> Tensor:
    """The weights as a tensor; ValueError unless each row holds shares that sum to 1."""
    weight = guards.table("weight", weight)
    guards.fit(1, "(..., B)", weight=weight.shape, chosen_logp=logp.shape)
    total = weight.sum(-1)
    whole = (total - 1).abs() < guards.rounding(weight.dtype)
    if not bool((weight >= 0).all() and whole.all()):
        found = {"low": total.min(), "high": total.max(), "least": weight.min()}
        raise ValueError(say("shares", **{name: f"{x:.6g}" for name, x in found.items()}))
    return weight


@in_its_language
def train_dpo(
    world: World, config: DPOConfig = DPOConfig(), pairs=None, start: Run | None = None
) -> Run:
    """Train by preference, from `start` (default: the default SFT of the same seeds).

    pairs  (N, 3) rows of (prompt, chosen, rejected), labels or indices, for all seeds; or
           (S, N, 3), one set for each of the S seeds; None: the world's five pairs

    The start is also the reference: an exact copy, adapters included. History, before each
    step and after the last: `loss`, `chosen_logp`, `rejected_logp`, `margin`, `accuracy` over
    the pairs; `reward`, `kl` and `attained` (at kl_beta = beta), exact, averaged over prompts.
    """
    check(world, config, DPOConfig)
    pairs = world.preference_pairs if pairs is None else pairs
    distinct, weight = world.distinct_pairs(pairs, len(config.seeds))
    start = starting_run(world, config, start)
    return run_sweep(_train, world, config, start, distinct, weight)


def _train(
    world: World, config, start: Run, pairs: Tensor, weight: Tensor
) -> tuple[ToyLM, Tensor, History]:
    policy = starting_policy(start, config)
    base = policy.base_logits()
    ref_logp = policy.logp(base).detach()
    beta = config.column("beta")
    optimizer = Adam(policy.parameters(), lr=config.shared("lr"))
    weight = config.per_run(weight)
    prompt, *answers = (column.expand(config.runs, -1) for column in pairs.T)
    history = History(config.runs, config.steps)

    def of_pairs(table: Tensor) -> list[Tensor]:
        return [entries(table, prompt, answer) for answer in answers]  # chosen, rejected

    reference = [] if config.reference_free else of_pairs(ref_logp)
    asked = {"beta": beta, "loss_type": config.loss_type, "weight": weight}
    asked |= {"sft_weight": config.shared("sft_weight")}

    for step in progress(range(config.steps + 1), "progress.dpo", world.language):
        logp = policy.logp(base)
        loss, info = _dpo_loss(*of_pairs(logp), *reference, **asked)
        with torch.no_grad():
            climbed = exact.averages(logp, reward=world.reward, kl=logp - ref_logp)
        history.record(step, loss=loss, **climbed, **info)
        if step < config.steps:
            loss.sum().backward()
            optimizer.step(decay=1 - step / config.steps)

    history.record_attained(ref_logp, world.reward, beta)
    return policy, ref_logp, history
