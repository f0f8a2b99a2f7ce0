"""Where the recipes of broken/recipes.py lead: (..., P, V) each, of a reference, a reward and β."""

import torch
from torch import Tensor

from toycore import exact


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
