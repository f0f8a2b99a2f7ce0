"""Where training by groups really comes to rest: `grpo.own_optimum` asks here. Lesson 7.

    Ā(y) = E[Â | y is in the group]      over all that the other G − 1 answers can be

At rest, what multiplies ∇ log π(y) in the expected update is alike for all answers y:

    k1 in the reward   r − β log(π/π_ref): then every Â is 0   →  π* ∝ π_ref e^(r/β)
    k2 in the loss     Ā − β log(π/π_ref)                      →  π ∝ π_ref e^(Ā/β)
    k3 in the loss     Ā + β π_ref/π (Tang & Munos 2025)       →  π = β π_ref/(μ − Ā)
    k1 in the loss     Ā: there is no leash                    →  as if β were 0

Without the division by the group's standard deviation Ā is r, shrunk to (G − 1)/G of it where an
answer is in its own baseline, and less a number that all answers share. With the division, Ā hangs
on π itself: π stands on both sides, and is found by going round.
"""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad

from toycore import exact
from toycore.errors import say

STD_EPS = 1e-4  # what TRL adds to the standard deviation
MOST_KINDS = 50_000  # of groups; more take minutes to count
ROUNDS = 2000  # of going round, at most; 20 to 60 are usual


def own_reward(
    ref_logp: Tensor, reward: Tensor, config, kl_beta: float | Tensor, *, only: bool = False
) -> tuple[Tensor, Tensor]:
    """A reward (..., P, V) and a leash (..., 1) whose π* is the recipe's own optimum.

    ref_logp (..., P, V); reward (P, V); config: one recipe; kl_beta: a number, or (..., 1).
    Where a right answer is very rare, there may be two places to rest: then it is the one that is
    met from the reference on or, with `only`, a ValueError. Another where groups are of too many
    kinds to be counted.
    """
    kl_beta = torch.as_tensor(kl_beta, dtype=torch.float64)
    if config.kl_in == "reward":
        return reward, kl_beta
    if config.kl_estimator == "k1":
        return reward, torch.zeros_like(kl_beta)
    shape = _reverse if config.kl_estimator == "k2" else _forward
    group = config.num_generations
    scale = 1.0 if config.baseline == "mean" else group / (group - 1)
    if config.scale_rewards == "none":
        gain = scale * (group - 1) / group * reward
    else:
        gain = _gain_at_rest(ref_logp, reward, group, scale, shape, kl_beta, only)
    return shape(ref_logp, gain, kl_beta), kl_beta


def _reverse(ref_logp: Tensor, gain: Tensor, kl_beta: Tensor) -> Tensor:
    """The reward whose π* is π_ref e^(Ā/β) / Z: Ā itself. The leash is KL(π‖π_ref)."""
    return gain


def _forward(ref_logp: Tensor, gain: Tensor, kl_beta: Tensor) -> Tensor:
    """The reward whose π* is β π_ref/(μ − Ā): −β log(μ − Ā). The leash is KL(π_ref‖π).

    With u = (μ − max Ā)/β and e = (max Ā − Ā)/β the sum over answers is Σ π_ref/(u + e). It falls
    and is convex in u, so Newton's steps towards 1 never leave the left side, where they begin.
    """
    kl_beta = kl_beta[..., None]
    free = kl_beta == 0
    best = gain.masked_fill(ref_logp == -torch.inf, -torch.inf).amax(-1, keepdim=True)
    behind = (best - gain).clamp(min=0) / kl_beta.masked_fill(free, 1.0)
    ref = ref_logp.exp()
    u = torch.where(behind == 0, ref, 0.0).sum(-1, keepdim=True)
    for _ in range(100):
        part = ref / (u + behind)
        step = (part.sum(-1, keepdim=True) - 1) / (part / (u + behind)).sum(-1, keepdim=True)
        u = u + step
        if bool((step.abs() <= 1e-15 * u).all()):
            break
    return torch.where(free, gain, -kl_beta * (u + behind).log())


def _gain_at_rest(ref_logp, reward, group, scale, shape: Callable, kl_beta, only) -> Tensor:
    """Ā at the policy that comes to rest, (..., P, V).

    From the reference on, with `only` from the best answers as well: 4/5 of the way in each round,
    less where it goes on for long, and never so far that a place to rest on the way is passed over.
    All answers of one reward move alike: the table is one of shares of different rewards (levels).
    """
    level, values = _levels(reward)
    kinds, ways, advantage = _groups(values, group)
    member = one_hot(level, values.shape[-1]).double()

    def gain(share: Tensor) -> Tensor:
        chance = (ways + share.clamp(min=-1e4) @ kinds.mT).exp()  # a share of 0: no such group
        return scale * torch.einsum("...pc,pcl->...pl", chance, advantage)

    ref = (ref_logp.exp()[..., None, :] @ member).squeeze(-2).log().log_softmax(-1)
    best = exact.optimal_policy(ref, values, 0.0).logaddexp(ref - 7).log_softmax(-1)
    share = torch.stack([ref, best] if only else [ref])
    for done in range(ROUNDS):
        target = exact.optimal_policy(ref, shape(ref, gain(share), kl_beta), kl_beta)
        left = (target.exp() - share.exp()).abs().max()
        move = (4 / (5 + done / 25) * (target - share)).nan_to_num(0.0)  # both −∞: never given
        share = (share + move.clamp(-2, 2)).log_softmax(-1)
        if left < 1e-12:
            break
    apart = (share[0].exp() - share[-1].exp()).abs().max()
    if only and not max(left, apart) < 1e-9:
        raise ValueError(say("two_rests", apart=apart))
    return gain(share[0]).gather(-1, level.expand(ref_logp.shape))


def _levels(reward: Tensor) -> tuple[Tensor, Tensor]:
    """Which of its prompt's L different rewards an answer has, (P, V), and these, (P, L).

    A prompt with fewer than L has zeros in their place, which no answer has.
    """
    ordered, place = reward.sort(dim=-1, stable=True)
    rises = pad(ordered.diff(dim=-1) > 0, (1, 0)).cumsum(-1)
    level = torch.empty_like(rises).scatter(-1, place, rises)
    values = reward.new_zeros(*reward.shape[:-1], int(level.max()) + 1)
    return level, values.scatter(-1, level, reward)


def _groups(values: Tensor, group: int) -> tuple[Tensor, Tensor, Tensor]:
    """All that the other G − 1 answers of a group can be, of L levels: C kinds.

    values (P, L). Returns how many answers are of each level, (C, L); the logarithm of the number
    of orders in which they can be drawn, (C,); the advantage of one more answer, (P, C, L).
    """
    levels, others = values.shape[-1], group - 1
    count = math.comb(others + levels - 1, others)
    if count > MOST_KINDS:
        counted = {"count": f"{count:,}", "most": f"{MOST_KINDS:,}"}
        raise ValueError(say("too_many_kinds", levels=levels, group=group, **counted))
    drawn = itertools.combinations_with_replacement(range(levels), others)
    kinds = one_hot(torch.tensor([*drawn]), levels).sum(-2).double()
    ways = torch.tensor(float(group)).double().lgamma() - (kinds + 1).lgamma().sum(-1)
    scale = values.abs().amax(-1, keepdim=True).clamp(min=1)  # squares of large rewards overflow
    values = (values - values.mean(-1, keepdim=True)) / scale
    mean, square = (
        ((v @ kinds.mT)[..., None] + v[..., None, :]) / group for v in (values, values.square())
    )
    std = ((square - mean.square()).clamp(min=0) * group / (group - 1)).sqrt()
    return kinds, ways, (values[..., None, :] - mean) / (std + STD_EPS / scale[..., None])
