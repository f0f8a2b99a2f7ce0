"""The broken lab, lesson 6: real bugs in training, and what each of them really optimises.

    recipes.py  other ways to attach PPO's leash
    sampling.py what answers are sampled from: the policy, tempered and truncated, in groups
    optima.py   where each of them leads
    ppo.py      the loop that runs them
    dpo.py      recipes that give DPO another reference or other labels
    verdict.py  where each recipe has ended: how far from π*, how far from its own optimum

None of these is a trainer to use. A recipe is a few lines to read; the loops are those of
toycore.ppo and toycore.dpo, and with the sound recipe they give the same numbers to the digit.
"""

from toycore.broken.dpo import DPO_RECIPES, DPOLabConfig, train_dpo
from toycore.broken.ppo import PPOLabConfig, train_ppo
from toycore.broken.recipes import PPO_RECIPES
from toycore.broken.sampling import as_it_is, log_ratio_flow, truncated
from toycore.broken.verdict import own_optimum, verdict

__all__ = [
    "DPO_RECIPES",
    "PPO_RECIPES",
    "DPOLabConfig",
    "PPOLabConfig",
    "as_it_is",
    "log_ratio_flow",
    "own_optimum",
    "train_dpo",
    "train_ppo",
    "truncated",
    "verdict",
]
