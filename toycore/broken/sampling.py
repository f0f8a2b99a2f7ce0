"""What answers are sampled from, and what that does to a term of the loss.

    temperature  q = π^(1/T) / Σ π^(1/T); below 1 the likely tokens become likelier
    top-p        the fewest tokens that together hold the share p, and no others
                 (Holtzman et al. 2020, section 3.1)

E[∇ log π] = 0 holds for samples of π alone. For those of q it is q − π, in the logits: adding
β mean(log π − log π_ref) to the loss moves them along β (π − q), in which π_ref does not appear.
What q favours falls, the tail rises, until all tokens are alike. It is an accidental entropy bonus:
the slope of −β T log Σ π^(1/T) over the tokens that top-p keeps: without top-p, β (1 − T) times the
Rényi entropy of order 1/T.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from toycore.engine import guards
from toycore.engine.guards import POSITIVE, Rule
from toycore.engine.noise import sample_token

# The values that rasbt/reasoning-from-scratch samples with
TEMPERATURE = 0.8
TOP_P = 0.9


def as_it_is(logp: Tensor) -> Tensor:
    """The policy's own distribution."""
    return logp


def truncated(logp, temperature: float = TEMPERATURE, top_p: float = TOP_P) -> Tensor:
    """Log-probabilities of the distribution that is sampled from: (..., P, V) → (..., P, V).

    logp  the policy's. First its temperature, then top-p: the likeliest tokens whose sum reaches
    top_p stay and are made to sum to 1, the others get −∞. With 1 and 1 nothing changes.
    """
    temperature = POSITIVE.check("temperature", temperature)
    top_p = Rule(float, 0, above=True, high=1).check("top_p", top_p)
    tempered = (guards.table("logp", logp).double() / temperature).log_softmax(-1)
    rising, order = tempered.sort(dim=-1, stable=True)
    # A token goes if it and all that are rarer hold no more than 1 − p.
    kept = rising.masked_fill(rising.exp().cumsum(-1) <= 1 - top_p, -torch.inf)
    return torch.empty_like(kept).scatter(-1, order, kept).log_softmax(-1)


def log_ratio_flow(
    logp, sampler: Callable[[Tensor], Tensor] = truncated, *, steps: int = 1000, size: float = 0.25
) -> Tensor:
    """Where β mean(log π − log π_ref) in the loss leads on its own: (steps + 1, ..., P, V).

    Nothing is sampled: each step moves the logits by its expectation, size · (π − q), where
    q = sampler(π), and size is β times the learning rate. Log-probabilities, the first of
    them logp (..., P, V).
    """
    steps, size = Rule(int, 1).check("steps", steps), POSITIVE.check("size", size)
    tables = [guards.table("logp", logp).double()]
    for _ in range(steps):
        push = tables[-1].exp() - sampler(tables[-1]).exp()
        tables.append((tables[-1] + size * push).log_softmax(-1))
    return torch.stack(tables)


def sample_groups(table: Tensor, uniform: Tensor, group: int) -> tuple[Tensor, Tensor]:
    """Prompts, each for `group` samples in a row, and answers: as noise.sample_answer, (R, B) each.

    table: (R, P, V) log-probabilities; uniform: (R, B), on [0, 1). The whole part of P · uniform
    is a prompt, and a group's first is used for all of it; the remainder draws the token.
    """
    point = uniform * table.shape[-2]
    own = point.long()
    prompt = own[..., ::group].repeat_interleave(group, -1)
    return prompt, sample_token(table, prompt, point - own)


def group_mean(values: Tensor, group: int) -> Tensor:
    """The mean of each group of neighbours, at each of them: (R, B) → (R, B)."""
    return values.unflatten(-1, (-1, group)).mean(-1).repeat_interleave(group, -1)
