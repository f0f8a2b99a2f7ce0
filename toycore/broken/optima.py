"""Where the recipes of broken/recipes.py lead: (..., P, V) each, of a reference, a reward and β."""

import torch
from torch import Tensor

from toycore import exact
from toycore.ppo import PPOConfig

GROUP = 8  # G, answers to a prompt: TRL's num_generations


def whitened_optimum(ref_logp: Tensor, reward: Tensor, kl_beta: float) -> Tensor:
    """π* of the leash β (σ + 0.1), where σ is the spread of the reward that is left there.

    `whiten` divides the reward by σ + 0.1, and the KL in the loss not: as if β were multiplied.
    σ² is the variance of the reward under the policy, the mean over prompts (the critic takes
    the prompt's own mean away). The better the policy, the smaller σ, the longer the leash.
    """
    spread = torch.ones(len(ref_logp), 1, dtype=torch.float64)
    for _ in range(1000):
        logp = exact.optimal_policy(ref_logp, reward, kl_beta * (spread + 0.1))
        mean = exact.expected_reward(logp, reward)[..., None]
        spread = exact.expected_reward(logp, (reward - mean) ** 2).mean(-1, keepdim=True).sqrt()
    return logp


def chi_square_optimum(ref_logp: Tensor, reward: Tensor, kl_beta: float) -> Tensor:
    """π_ref max(0, r − λ) / β, with the λ that makes it sum to 1: what E[r] − β/2 χ² climbs to.

    Its slope by π(y) is r − β (ρ − 1), ρ = π/π_ref, and must be the same for all that live. No
    answer below λ does: this leash lets them die, which a KL never would. If the k best answers
    live, λ is (Σ π_ref r − β) / Σ π_ref over them; too few or too many would give a lower one.
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

    With A = r − E[r], a token is pushed by ρ A up to the wall that it is pushed to and by 0 beyond,
    less β log ρ. Softmax takes away what all have in common: at rest, all are pushed alike; at a
    wall, by anything between the two sides. No formula gives that place, so the flow is counted
    out: a step ends at the wall, or as near to it as the pushes of both sides let it.
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
    """π* of the leash β G/(G − 1): of the advantage (G − 1)/G is left, and all of the KL."""
    return exact.optimal_policy(ref_logp, reward, kl_beta * GROUP / (GROUP - 1))
