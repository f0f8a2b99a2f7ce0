"""What a recipe of the broken lab updates by, every token counted, and what that climbs.

The loss is written once more, and its mean is a sum over 6 prompts and 11 tokens.
"""

from typing import NamedTuple

import torch

import toycore as tc
from toycore import exact
from toycore.broken.recipes import Sampled, none
from toycore.broken.sampling import TEMPERATURE, truncated

BETA = 0.5


class Now(NamedTuple):
    """What stands still while the slope is taken, (R, P, V) each, but for spread, (R, 1).

    ref, base  the start, and the policy without adapters
    advantage  of each token, before any whitening; spread: σ, of the reward where it is sampled
    support    whether a token can be sampled
    """

    ref: torch.Tensor
    base: torch.Tensor
    reward: torch.Tensor
    advantage: torch.Tensor
    spread: torch.Tensor
    support: torch.Tensor


def chi_square(p, ref) -> torch.Tensor:
    return (2 * p - ref).exp().sum(-1) - 1


def heated(p, now: Now) -> torch.Tensor:
    """E_q[r] − β (σ + 0.1) log Σ_q π^(1/T), where q is softmax(log π / T) over what top-p keeps."""
    warm = (p / TEMPERATURE).masked_fill(~now.support, -torch.inf)
    sampled = exact.expected_reward(warm.log_softmax(-1), now.reward)
    return sampled - BETA * (now.spread + 0.1) * warm.logsumexp(-1)


def walled(p, now: Now) -> torch.Tensor:
    """E_ref[A ρ̄²] / 2 − β KL: ρ̄ stops at the wall to which the advantage pushes."""
    ratio = (p - now.ref).exp()
    stopped = torch.where(now.advantage > 0, ratio.clamp(max=1.2), ratio.clamp(min=0.8))
    paid = (now.ref.exp() * now.advantage * stopped**2).sum(-1) / 2
    return paid - BETA * exact.kl(p, now.ref)


# By the formula that a recipe gives, of log-probabilities p
CLIMBS = {
    "E[r]": lambda p, now: exact.expected_reward(p, now.reward),
    "E[r] − β KL(π‖π_ref)": lambda p, now: exact.objective(p, now.ref, now.reward, BETA),
    "E[r] − β KL(π‖π_base)": lambda p, now: exact.objective(p, now.base, now.reward, BETA),
    "E[r] − β KL(π‖π_ref) + β KL(π_ref‖π)": lambda p, now: (
        exact.objective(p, now.ref, now.reward, BETA) + BETA * exact.kl(now.ref, p)
    ),
    "E[r] − β (σ + 0.1) KL(π‖π_ref)": lambda p, now: exact.objective(
        p, now.ref, now.reward, BETA * (now.spread + 0.1)
    ),
    "E_q[r] − β (σ + 0.1) log Σ_q π^(1/T)": heated,
    "E[r] − β/2 χ²(π‖π_ref)": lambda p, now: (
        exact.expected_reward(p, now.reward) - BETA / 2 * chi_square(p, now.ref)
    ),
    "E_ref[A ρ̄²] / 2 − β KL(π‖π_ref)": walled,
    "E[r] − β G/(G − 1) KL(π‖π_ref)": lambda p, now: exact.objective(
        p, now.ref, now.reward, BETA * 8 / 7
    ),
}


def moved(start: tc.Run) -> tc.ToyLM:
    """The start after some training: adapters that are neither those of the start nor zero."""
    model = start.model.select(torch.arange(3))
    noise = torch.randn(model.head.lora_B.shape, generator=torch.Generator().manual_seed(0))
    model.head.lora_B.data += noise.double()
    return model


def expected_update(recipe, start: tc.Run, reward) -> tuple[torch.Tensor, torch.Tensor, Now]:
    """Minus the loss's gradient by the logits, with every token counted by its probability.

    Also the logits that it was taken at, and what stood still. The critic has learnt its target.
    """
    three = start.model.select(torch.arange(3))
    logits = moved(start).logp().detach().requires_grad_()
    table = logits.log_softmax(-1)
    runs, (prompts, tokens) = len(table), reward.shape
    every = torch.arange(prompts * tokens).expand(runs, -1)
    prompt, token = every // tokens, every % tokens
    sampled = recipe.sampler(table.detach())
    chance = sampled.flatten(1).exp() / prompts
    ref_table = recipe.reference(three)
    drawn = Sampled(table, ref_table, prompt, token)
    returns = reward.flatten() - BETA * recipe.in_reward(drawn).detach()
    by_prompt = (chance * returns).view(runs, prompts, tokens)
    value = by_prompt.sum(-1) * prompts
    advantage = plain = returns - value.gather(-1, prompt)
    if recipe.group > 1:  # of the mean of the group, 1/G is the answer's own
        advantage = advantage * (recipe.group - 1) / recipe.group
    if recipe.whitened:  # the spread of the batch is that of the distribution
        advantage = advantage / ((chance * advantage**2).sum(-1, keepdim=True).sqrt() + 0.1)
    behind = ref_table if recipe.ratio_to_reference else table
    ratio = (table.flatten(1) - behind.detach().flatten(1)).exp()
    loss = -(chance * torch.minimum(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage)).sum()
    loss = loss + (chance * BETA * recipe.in_loss(drawn)).sum()
    (gradient,) = torch.autograd.grad(loss, logits)
    now = Now(
        three.logp().detach(),
        three.base_logits().log_softmax(-1).detach(),
        reward,
        plain.view(runs, prompts, tokens),
        spread_of(reward, sampled),
        sampled > -torch.inf,
    )
    return -gradient, logits.detach(), now


def spread_of(values, logp) -> torch.Tensor:
    """σ of values (..., P, V) under the policy, each prompt's mean taken away: (R, 1)."""
    mean = exact.expected_reward(logp, values)[..., None]
    return exact.expected_reward(logp, (values - mean) ** 2).mean(-1, keepdim=True).sqrt()


def scale(recipe, now: Now) -> torch.Tensor | None:
    """What the slope of `climbs` is multiplied by in the update; of no whitened penalty: None."""
    share = (recipe.group - 1) / recipe.group if recipe.group > 1 else 1.0
    if recipe.whitened and recipe.in_reward is not none:
        return None
    divisor = now.spread + 0.1 if recipe.whitened else torch.ones_like(now.spread)
    return share * (TEMPERATURE if recipe.sampler is truncated else 1.0) / divisor


def check_it_climbs(recipe, climbs: str, start: tc.Run, reward) -> None:
    """The update points exactly up the slope, and is as long as it should be."""
    update, logits, now = expected_update(recipe, start, reward)
    variable = logits.clone().requires_grad_()
    height = CLIMBS[climbs](variable.log_softmax(-1), now)
    (slope,) = torch.autograd.grad(height.mean(-1).sum(), variable)
    assert slope.abs().amax((1, 2)).min() > 1e-3
    along = (update * slope).sum((1, 2), keepdim=True) / slope.square().sum((1, 2), keepdim=True)
    assert (along > 0.1).all()
    assert torch.allclose(update, along * slope, rtol=0, atol=1e-12)
    length = scale(recipe, now)
    if length is not None:
        assert torch.allclose(along[..., 0], length, rtol=0, atol=1e-9)
