"""PPO with its leash (the KL penalty) attached in twelve ways, two sound, one slow: lesson 6.

    k1 = log π − log π_ref,   k2 = k1² / 2,   k3 = π_ref/π − 1 + k1      (Schulman 2020)

Three ways to estimate KL(π‖π_ref) from one sampled token. Where an estimate stands decides what
it does. In the reward it weighs ∇ log π and is not differentiated; in the loss it is. Averaged
over samples, at the first pass over a rollout, the two give

    in the reward    E[k ∇ log π]      k1: ∇ KL(π‖π_ref)    k3: ∇ (KL(π‖π_ref) − KL(π_ref‖π))
    in the loss      E[∇k]             k2: ∇ KL(π‖π_ref)    k1: E[∇ log π] = 0

The last holds for samples of π itself (sampling.py). A k3 whose log-ratio has its sign flipped is
something else again: with the ratio ρ = π/π_ref its mean is χ² − KL, and its gradient ∇χ²/2, where
χ² = E[ρ] − 1.

The other two leave the leash alone. A baseline that includes the answer itself, the mean of its
group of G, takes away 1/G of its own reward: the reward shrinks to (G − 1)/G and a leash in the
loss does not. And a clip of π/π_ref in place of π/π_old weights an answer by ρ, and by 0 where ρ
has left 1 ± ε on the side that pays: this climbs E_ref[A ρ̄²] / 2, where A is the advantage at that
moment and ρ̄ is ρ, stopped at 1 + ε where A > 0 and at 1 − ε where A < 0.

A recipe says what its updates climb; tests/package/test_broken.py verifies it, token by token.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from toycore import exact
from toycore.broken.optima import (
    GROUP,
    chi_square_optimum,
    leashed_group_optimum,
    walled_optimum,
    whitened_optimum,
)
from toycore.broken.sampling import as_it_is, truncated
from toycore.model import ToyLM, entries
from toycore.ppo import PPOConfig


class Sampled(NamedTuple):
    """Sampled tokens, and the policy and the reference that judge them.

    table, ref_table (R, P, V) log-probabilities; prompt, token (R, B)
    """

    table: Tensor
    ref_table: Tensor
    prompt: Tensor
    token: Tensor


# The penalties: one number for each sampled token, (R, B)


def none(drawn: Sampled) -> Tensor:
    return torch.zeros_like(drawn.token, dtype=torch.float64)


def k1(drawn: Sampled) -> Tensor:
    ours, reference = (
        entries(table, drawn.prompt, drawn.token) for table in (drawn.table, drawn.ref_table)
    )
    return ours - reference


def k2(drawn: Sampled) -> Tensor:
    return k1(drawn).square() / 2


def k3(drawn: Sampled) -> Tensor:
    return (-k1(drawn)).exp() - 1 + k1(drawn)


def k3_flipped(drawn: Sampled) -> Tensor:
    return k1(drawn).exp() - 1 - k1(drawn)


def whole_kl(drawn: Sampled) -> Tensor:
    """KL(π‖π_ref) of the prompt: the same number for every token."""
    return exact.kl(drawn.table, drawn.ref_table).gather(-1, drawn.prompt)


# The references


def copied(policy: ToyLM) -> Tensor:
    """The start, adapters included: (R, P, V)."""
    return policy.logp().detach()


def reloaded(policy: ToyLM) -> Tensor:
    """The base. load_state_dict(strict=False) into a model without LoRA drops A and B, silently."""
    return policy.base_logits().log_softmax(-1).detach()


class Recipe(NamedTuple):
    """One way to train.

    climbs     what its updates really optimise, averaged over prompts
    source     whose code has it
    in_reward  the penalty that, times β, is subtracted from each sampled token's reward
    in_loss    the penalty whose mean, times β, is added to the loss; gradients flow
    whitened   whether advantages are whitened
    passes     optimisation passes per rollout
    reference  the policy that the penalties compare with
    sampler    the policy's table → the one that answers are sampled from, (R, P, V) both
    group      answers in a row to one prompt; from 2 up, their mean is the baseline, not the critic
    ratio_to_reference  whether the clipped ratio is π/π_ref, where it should be π/π_old
    optimum    (its reference, reward, β) → where it leads (..., P, V); None: no single point
    """

    climbs: str
    source: str
    in_reward: Callable[[Sampled], Tensor] = none
    in_loss: Callable[[Sampled], Tensor] = none
    whitened: bool = True
    passes: int = PPOConfig.epochs
    reference: Callable[[ToyLM], Tensor] = copied
    sampler: Callable[[Tensor], Tensor] = as_it_is
    group: int = 1
    ratio_to_reference: bool = False
    optimum: Callable[..., Tensor] | None = exact.optimal_policy


GOAL = "E[r] − β KL(π‖π_ref)"

PPO_RECIPES = {
    "k1_in_reward": Recipe(
        GOAL,
        "Ouyang et al. 2022, eq. 2; TRL's PPOTrainer; train_ppo of this course",
        in_reward=k1,
    ),
    "kl_in_reward": Recipe(
        "E[r]",
        "the notebook that this course replaced: the KL of the whole distribution in the reward",
        in_reward=whole_kl,
        optimum=None,
    ),
    "k3_in_reward": Recipe(
        "E[r] − β KL(π‖π_ref) + β KL(π_ref‖π)",  # unbounded: a token that dies out pays without end
        'TRL\'s PPOTrainer with kl_estimator="k3"',
        in_reward=k3,
        optimum=None,
    ),
    "k2_in_loss": Recipe(
        GOAL,
        "Liu et al. 2025, Rethinking KL Regularization in RLHF: the same gradient as k1_in_reward",
        in_loss=k2,
        whitened=False,
    ),
    "k1_in_loss": Recipe(
        "E[r]",
        "open-instruct's GRPO as of 8313b38 (k3 since pull request 535); NeMo RL up to 2506",
        in_loss=k1,
        whitened=False,
        optimum=None,
    ),
    "k2_in_loss_whitened": Recipe(
        "E[r] − β (σ + 0.1) KL(π‖π_ref)",
        "GRPO (Shao et al. 2024) with the KL in the loss: TRL's GRPOTrainer with beta > 0",
        in_loss=k2,
        optimum=whitened_optimum,
    ),
    "reloaded_reference": Recipe(
        "E[r] − β KL(π‖π_base)",
        "the notebook that this course replaced; TRL's PPO on a trained adapter (issue 1340)",
        in_reward=k1,
        reference=reloaded,
    ),
    "one_pass": Recipe(
        GOAL,
        "the notebook that this course replaced; TRL's GRPOConfig: num_iterations=1 by default",
        in_reward=k1,
        passes=1,
    ),
    "log_ratio_in_loss": Recipe(
        # q: what it samples from; the sum is over the tokens that top-p keeps, σ the spread under q
        "E_q[r] − β (σ + 0.1) log Σ_q π^(1/T)",
        "rasbt/reasoning-from-scratch, section 7.5: k1 in the loss, on tempered top-p samples",
        in_loss=k1,
        passes=1,
        sampler=truncated,
        optimum=None,
    ),
    "k3_sign_flipped": Recipe(
        "E[r] − β/2 χ²(π‖π_ref)",
        "natolambert/rlhf-book, code/, approx_kl3 as of a66b0bf: k3 of the ratio upside down",
        in_loss=k3_flipped,
        whitened=False,
        optimum=chi_square_optimum,
    ),
    "ratio_to_reference": Recipe(
        "E_ref[A ρ̄²] / 2 − β KL(π‖π_ref)",
        "the GRPO of huggingface/course, chapter 12, part 3, with one frozen reference",
        in_loss=k2,
        whitened=False,
        ratio_to_reference=True,
        optimum=walled_optimum,
    ),
    "mean_baseline_kl_in_loss": Recipe(
        "E[r] − β G/(G − 1) KL(π‖π_ref)",
        "GRPO (Shao et al. 2024) without its division by σ: Dr. GRPO (Liu et al. 2025) with a KL",
        in_loss=k2,
        whitened=False,
        group=GROUP,
        optimum=leashed_group_optimum,
    ),
}
