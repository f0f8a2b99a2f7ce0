"""Where the recipes of broken/recipes.py lead: (..., P, V) each, from reference, reward and β."""

import torch
from torch import Tensor

from toycore import exact
from toycore.ppo import PPOConfig

GROUP = 8  # G, answers per prompt: TRL's num_generations


def whitened_optimum(ref_logp: Tensor, reward: Tensor, kl_beta: float) -> Tensor:
    """π* of the leash β (σ + 0.1), where σ is the spread of reward that is left there.

    `whiten` divides the reward by σ + 0.1, but not a KL in the loss: as if β were multiplied by it.
    σ² is the variance of the reward under the policy, averaged over prompts (the critic
    removes each prompt's own mean). The better the policy, the smaller σ, the longer the leash.
    """
    spread = torch.ones(len(ref_logp), 1, dtype=torch.float64)
    for _ in range(1000):
        logp = exact.optimal_policy(ref_logp, reward, kl_beta * (spread + 0.1))
        mean = exact.expected_reward(logp, reward)[..., None]
        spread = exact.expected_reward(logp, (reward - mean) ** 2).mean(-1, keepdim=True).sqrt()
    return logp


def chi_square_optimum(ref_logp: Tensor, reward: Tensor, kl_beta: float) -> Tensor:
    """π_ref max(0, r − λ) / β, with the λ that makes it sum to 1: what E[r] − β/2 χ² climbs to.

    Its slope along π(y) is r − β (ρ − 1), ρ = π/π_ref, and must be the same for all that survive.
    No answer below λ does: this leash lets them die, which a KL never would. If the k best answers
    survive, λ is (Σ π_ref r − β) / Σ π_ref over them; too few or too many give a lower one.
    """
    if kl_beta == 0:
        return exact.optimal_policy(ref_logp, reward, 0.0)
    falling, order = reward.expand_as(ref_logp).sort(dim=-1, descending=True, stable=True)
    ref = ref_logp.exp().gather(-1, order)
    levels = ((ref * falling).cumsum(-1) - kl_beta) / ref.cumsum(-1)
    ratio = (reward - levels.amax(-1, keepdim=True)).clamp(min=0) / kl_beta
    return ref_logp + ratio.log()


def walled_optimum(ref_logp: Tensor, reward: Tensor, kl_beta: float) -> Tensor:
    """Where walls at ρ = π/π_ref = 1 ± ε and the leash leave the policy that starts at π_ref.

    With A = r − E[r], a token is pushed by ρ A as far as the wall in its way and by 0 beyond it,
    minus β log ρ. Softmax removes what all have in common: at rest, all are pushed alike; at a
    wall, by anything between the values on its two sides. No formula gives that point, so the flow
    is followed step by step: a step ends at the wall, or as near to it as both pushes allow.
    """
    walls = [1 - PPOConfig.clip_range, 1 + PPOConfig.clip_range]
    low, high = torch.tensor(walls, dtype=torch.float64).log()
    log_ratio, alike, size = torch.zeros_like(ref_logp), 0.0, 0.5 / (1 + kl_beta)
    for _ in range(1000):
        logp = ref_logp + log_ratio
        advantage = reward - exact.expected_reward(logp, reward)[..., None]
        beyond = log_ratio - size * (kl_beta * log_ratio + alike)
        within = beyond + size * log_ratio.exp() * advantage
        wall = torch.where(advantage > 0, high, low)
        log_ratio = wall.clamp(torch.minimum(within, beyond), torch.maximum(within, beyond))
        alike = alike + (ref_logp + log_ratio).logsumexp(-1, keepdim=True) / size
    return (ref_logp + log_ratio).log_softmax(-1)


def leashed_group_optimum(ref_logp: Tensor, reward: Tensor, kl_beta: float) -> Tensor:
    """π* of the leash β G/(G − 1): (G − 1)/G of the advantage is left, and all of the KL."""
    return exact.optimal_policy(ref_logp, reward, kl_beta * GROUP / (GROUP - 1))
