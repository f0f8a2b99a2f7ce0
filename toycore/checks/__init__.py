"""The exercises of the lessons: `tc.checks.dpo_loss(my_loss, language="en")` judges an answer.

A check says passed, or names the likely mistake, or shows the first input on which the answer
differs. It never raises on a learner's error; only an unknown language is a ValueError. Nor does
it wait for ever: a learner's code is called in a child process, within limits.

exercise.py  the three kinds: a function written, a run predicted, a world tried
attempt.py  compare.py  verdict.py      one call; two outcomes; what is said
done.py      the summary of a lesson: what was solved, which mistakes were met
trial.py  plain.py  settled.py          a call in a child; an answer in plain data; the check's
             own work on a torch that the learner has not touched
draws.py  trained.py         random inputs; where training starts
environment.py  lora.py  ppo.py  dpo.py  quantization.py  lab.py  frontier.py  real.py
             the exercises, one file per lesson; long, since each mistake stands beside its words in
             both languages
"""

from toycore.checks.done import summary
from toycore.checks.dpo import dpo_loss, few_pairs, ipo_start, own_pairs
from toycore.checks.environment import (
    expected_reward,
    kl,
    optimal_policy,
    own_rewards,
    shifted,
)
from toycore.checks.frontier import best_of_n, group_advantage, own_proxy, scaled
from toycore.checks.lab import flipped_leash, group_beta, k3, leave_one_out
from toycore.checks.lora import alpha, lora_forward, new_adapter, own_targets
from toycore.checks.ppo import advantage, bonus, clipped_loss, leash, refusal
from toycore.checks.quantization import fixed_scale, outlier, own_bits, round_trip
from toycore.checks.real import budget, config, doubled, reward_function

__all__ = [
    "advantage",
    "alpha",
    "best_of_n",
    "bonus",
    "budget",
    "clipped_loss",
    "config",
    "doubled",
    "dpo_loss",
    "expected_reward",
    "few_pairs",
    "fixed_scale",
    "flipped_leash",
    "group_advantage",
    "group_beta",
    "ipo_start",
    "k3",
    "kl",
    "leash",
    "leave_one_out",
    "lora_forward",
    "new_adapter",
    "optimal_policy",
    "outlier",
    "own_bits",
    "own_pairs",
    "own_proxy",
    "own_rewards",
    "own_targets",
    "refusal",
    "reward_function",
    "round_trip",
    "scaled",
    "shifted",
    "summary",
]
