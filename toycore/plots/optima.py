"""Where the exact optima lie: the points of every dashed line in the plane of KL and reward."""

import numpy as np
import torch
from torch import Tensor

from toycore import exact


def optima(reward: Tensor, ref_logp: Tensor, leashes) -> np.ndarray:
    """KL and reward of π* at each leash, for each run, averaged over prompts: (2, leashes, runs).

    reward: (P, V); ref_logp: (..., P, V) log-probabilities; leashes: numbers from 0 on.
    """
    leashes = torch.as_tensor(leashes, dtype=torch.float64)
    each = leashes.view(-1, *[1] * (ref_logp.ndim - 1))
    best = exact.optimal_policy(ref_logp, reward, each)
    both = exact.kl(best, ref_logp), exact.expected_reward(best, reward)
    return torch.stack([values.mean(-1).reshape(len(leashes), -1) for values in both]).numpy()
