"""The oracle: everything a curve claims, computed by enumeration.

The world is one step (prompt → token), so a policy is a table of log-probabilities
(..., P, V) and every expectation is a sum over V tokens. Nothing here is estimated.

    KL-regularised objective   J(π) = E_π[r] − β KL(π‖π_ref)                    per prompt
    its optimum                π*(y|x) = π_ref(y|x) exp(r(x, y)/β) / Z(x)
    its value                  J(π*) = β log Z(x)          (Rafailov et al. 2023, eq. 3–5)

    the best of n draws        π_n(y|x) = π_ref(y|x) (F(r)ⁿ − F(r−)ⁿ) / (F(r) − F(r−))
                               F(v) = P_ref(reward ≤ v),  F(v−) = P_ref(reward < v)

`kl_beta` is a number, or a tensor that broadcasts against (..., P): one value per run is (R, 1).
All arguments may be tensors, NumPy arrays or xarray DataArrays; results are float64 tensors.
Anything that is not a table of numbers raises TypeError; shapes that do not fit, ValueError.
"""

import math

import torch
from torch import Tensor

from toycore.engine import guards
from toycore.errors import Phrase

DRAWS = guards.Rule(int, 1, high=100_000)  # a mistyped n must not take hours


def _tables(**named) -> list[Tensor]:
    tables = {name: guards.table(name, values).double() for name, values in named.items()}
    shapes = {name: values.shape for name, values in tables.items()}
    guards.fit(2, Phrase("prompts_tokens"), **shapes)
    return list(tables.values())


def _kl_beta(value) -> Tensor:
    """β as (..., 1 or P, 1), to broadcast with tables (..., P, V)."""
    kl_beta = guards.setting("kl_beta", value, guards.NOT_NEGATIVE)
    return torch.as_tensor(kl_beta, dtype=torch.float64, device="cpu")[..., None]


def _expect(logp: Tensor, values: Tensor) -> Tensor:
    """Σ_y π(y|x) values(x, y); a token of probability 0 counts as 0 whatever its value.

    Such tokens are taken out before the product: after it, 0 · ∞ would be in the gradient.
    """
    values = values.masked_fill(logp == -torch.inf, 0.0)
    # Infinity times a probability, however small, is infinity; in floats it may have become 0.
    return torch.where(values.isinf(), values, logp.exp() * values).sum(-1)


def kl(logp, ref_logp) -> Tensor:
    """KL(π‖π_ref) in nats per prompt: (..., P, V), (..., P, V) → (..., P).

    The expectation is under the first argument (the policy being trained).
    """
    logp, ref_logp = _tables(logp=logp, ref_logp=ref_logp)
    return _expect(logp, logp - ref_logp)


def entropy(logp) -> Tensor:
    """Entropy in nats per prompt: (..., P, V) → (..., P). At most log V = 2.398 for 11 tokens."""
    (logp,) = _tables(logp=logp)
    return _expect(logp, -logp)


def total_variation(logp, other_logp) -> Tensor:
    """½ Σ_y |π(y|x) − π′(y|x)| per prompt: (..., P, V), (..., P, V) → (..., P).

    The share of the probability that would have to move, from 0 to 1; the same both ways.
    """
    logp, other_logp = _tables(logp=logp, other_logp=other_logp)
    return (logp.exp() - other_logp.exp()).abs().sum(-1) / 2


def expected_reward(logp, reward) -> Tensor:
    """E_π[r] per prompt: (..., P, V) and a reward table (P, V) → (..., P)."""
    return _expect(*_tables(logp=logp, reward=reward))


def averages(logp: Tensor, **values: Tensor) -> dict[str, Tensor]:
    """E_π of each table of values (..., P, V), averaged over prompts: (R,) each, from one exp.

    For a training loop, which asks often and whose tables (R, P, V) are finite: nothing is checked.
    With values log π − log π_ref it is the KL, with −log π the entropy.
    """
    p = logp.exp() / logp.shape[-2]
    return {name: (p * value).sum((-2, -1)) for name, value in values.items()}


def objective(logp, ref_logp, reward, kl_beta) -> Tensor:
    """J(π) = E_π[r] − β KL(π‖π_ref) per prompt (..., P): what PPO with a KL penalty (the leash)
    maximises.

    At β = 0 the leash is gone: a token that the reference never gives costs nothing then.
    """
    logp, ref_logp, reward, kl_beta = _tables(
        logp=logp, ref_logp=ref_logp, reward=reward, kl_beta=_kl_beta(kl_beta)
    )
    unbounded = (kl_beta == 0) & (ref_logp == -torch.inf)
    ref_logp = torch.where(unbounded, logp.detach(), ref_logp)
    return expected_reward(logp, reward) - kl_beta[..., 0] * kl(logp, ref_logp)


def optimal_policy(ref_logp, reward, kl_beta) -> Tensor:
    """log π*: (..., P, V), the one policy that maximises the objective.

    At β = 0 the leash is gone: all mass lies on the best reward, shared among ties in
    proportion to the reference (the limit β → 0). A token that the reference never gives has
    probability 0 at every β, however good it is.
    """
    ref_logp, reward, kl_beta = _tables(ref_logp=ref_logp, reward=reward, kl_beta=_kl_beta(kl_beta))
    best = reward.masked_fill(ref_logp == -torch.inf, -torch.inf).amax(-1, keepdim=True)
    # Subtracting the best reward changes only Z, and keeps r/β finite for every small β.
    regret = (reward - best.detach()).masked_fill(ref_logp == -torch.inf, 0.0)
    free, limit = kl_beta == 0, torch.where(regret == 0, 0.0, -torch.inf)
    tilt = torch.where(free, limit, regret / kl_beta.masked_fill(free, 1.0))
    return torch.log_softmax(ref_logp + tilt, -1)


def group_weight(p, num_generations: int, scale_rewards: str = "group") -> Tensor:
    """How strongly a prompt is updated whose answers are right with probability p: (...) → (...).

    For a reward of 1 or 0 and a group of G answers with their mean as the baseline, the log-odds
    of being right are pushed by w_G(p) times what the gradient of E[r] = p pushes them by:

        none    (G − 1)/G at every p         (RLOO, with G/(G − 1) of that: 1)
        group   √((G − 1)/G) E[√(k(1 − k))] / (p(1 − p)),  k ~ Binomial(G, p)/G

    With more answers the latter goes to 1/√(p(1 − p)), the slope of 2 arcsin √p (Davis & Recht
    2025); at p = 0 and 1 it is (G − 1)/√G. The standard deviation is that of G − 1, and nothing is
    added to it. ValueError unless p is from 0 to 1 and num_generations at least 2.
    """
    guards.Choice(("group", "none")).check("scale_rewards", scale_rewards)
    group = guards.Rule(int, 2, high=10_000).check("num_generations", num_generations)
    p = torch.as_tensor(guards.setting("p", p, guards.Rule(low=0, high=1)), dtype=torch.float64)
    if scale_rewards == "none":
        return torch.full_like(p, (group - 1) / group)
    right = torch.arange(1, group, dtype=torch.float64)  # of G; 0 and G move nothing
    wrong, all_ = group - right, torch.tensor(group + 1.0, dtype=torch.float64)
    ways = all_.lgamma() - (right + 1).lgamma() - (wrong + 1).lgamma()
    p = p[..., None]
    # p^(right − 1) (1 − p)^(wrong − 1): the division by p(1 − p) is done in the exponents.
    chance = (ways + torch.xlogy(right - 1, p) + torch.xlogy(wrong - 1, 1 - p)).exp()
    return ((group - 1) / group) ** 0.5 * (chance * (right * wrong).sqrt() / group).sum(-1)


def attained(logp, ref_logp, reward, kl_beta) -> Tensor:
    """Share of the possible gain: (J(π) − J(π_ref)) / (J(π*) − J(π_ref)), shape (...).

    J is averaged over prompts first. 0 at the reference, 1 at the optimum, negative when
    training did harm. Where nothing can be gained (every token is worth the same) the
    share has no scale: then it is 1 minus the plain loss J(π*) − J(π).
    """
    here = objective(logp, ref_logp, reward, kl_beta).mean(-1)
    return attained_share(here, ref_logp, reward, kl_beta)


def attained_share(here: Tensor, ref_logp, reward, kl_beta) -> Tensor:
    """`attained` of a policy whose objective, averaged over prompts, is `here` (...)."""
    best_logp = optimal_policy(ref_logp, reward, kl_beta)
    best, ref = (
        objective(logp, ref_logp, reward, kl_beta).mean(-1) for logp in (best_logp, ref_logp)
    )
    gain = best - ref
    return 1 - (best - here) / torch.where(gain > 1e-12, gain, 1.0)


def best_of_n(ref_logp, reward, n) -> Tensor:
    """log π_n: draw n answers from the reference, keep the best of them: (..., P, V).

    Ties are broken by lot. The best of n is at most v with probability F(v)ⁿ, so the level v
    holds F(v)ⁿ − F(v−)ⁿ; inside a level the reference's proportions stay. n: a whole number of at
    least 1 (at 1 it is the reference) and at most 100,000.
    """
    ref_logp, reward = _tables(ref_logp=ref_logp, reward=reward)
    n = guards.number("n", n, DRAWS)
    ref_logp = ref_logp.log_softmax(-1)  # what n draws do to a sum of 1 − ε is (1 − ε)ⁿ
    below, level = _standing(ref_logp, reward)
    # (Fⁿ − F₋ⁿ) / (F − F₋) = Σ F^k F₋^(n−1−k): no difference of near numbers, no division by 0.
    power = weight = torch.ones_like(level)
    for _ in range(n - 1):
        power = power * below
        weight = weight * (below + level) + power
    return ref_logp + weight.log()


def best_of_n_kl_bound(n) -> float:
    """log n − (n − 1)/n nats: the KL to the reference that best-of-n is often said to have.

    Where no two answers tie and each is rare, it has; in general this is an upper bound (Beirami
    et al. 2024). The KL itself is kl(best_of_n(ref_logp, reward, n), ref_logp).
    """
    n = guards.number("n", n, DRAWS)
    return math.log(n) - (n - 1) / n


def _standing(ref_logp: Tensor, reward: Tensor) -> tuple[Tensor, Tensor]:
    """P_ref(reward < r(x, y)) and P_ref(reward = r(x, y)): (..., P, V) each."""
    here, other = reward[..., :, None], reward[..., None, :]
    chance = ref_logp.exp()[..., None]
    below, level = ((one.double() @ chance).squeeze(-1) for one in (other < here, other == here))
    return below, level


def below_frontier(logp, ref_logp, reward) -> Tensor:
    """How much more reward could be had at the KL that π has, shape (...); no gradient flows.

    Reward and KL are averaged over prompts. The most reward at a mean KL is that of π* at one β
    for all prompts, found by bisection. Beyond the KL of π* at β → 0 it is the best reward of all.
    """
    logp, ref_logp, reward = (
        table.detach() for table in _tables(logp=logp, ref_logp=ref_logp, reward=reward)
    )
    far = kl(logp, ref_logp).mean(-1)
    low, high = torch.full_like(far, -30.0), torch.full_like(far, 30.0)  # log β
    for _ in range(60):
        middle = (low + high) / 2
        best = optimal_policy(ref_logp, reward, middle.exp()[..., None])
        too_far = kl(best, ref_logp).mean(-1) > far
        low, high = torch.where(too_far, middle, low), torch.where(too_far, high, middle)
    return (expected_reward(best, reward) - expected_reward(logp, reward)).mean(-1)
