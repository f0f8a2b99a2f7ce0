"""The oracle itself, held to torch.distributions, to closed forms and to its own identities."""

import math

import numpy as np
import pytest
import torch
import xarray as xr
from torch.distributions import Categorical, kl_divergence

from toycore import World, exact

RUNS, P, V = 3, 6, 11


def random_logp(*shape: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(*shape, P, V, generator=generator, dtype=torch.float64)
    return (2 * logits).log_softmax(-1)


LOGP, REF = random_logp(RUNS, seed=1), random_logp(RUNS, seed=2)
REWARD = random_logp(seed=3).clamp(min=-4)
BETAS = (0.02, 0.3, 1.0, 20.0, torch.tensor([[0.05], [0.5], [5.0]]).double())


def close(left, right, tolerance=1e-12) -> bool:
    return torch.allclose(left, right, rtol=0, atol=tolerance)


def check_kl(kl) -> None:
    assert close(kl(LOGP, REF), kl_divergence(Categorical(logits=LOGP), Categorical(logits=REF)))


def log_z(beta) -> torch.Tensor:
    """log Σ π_ref exp(r/β), the reward shifted so that exp stays finite."""
    beta = torch.as_tensor(beta, dtype=torch.float64)[..., None]
    best = REWARD.max(-1, keepdim=True).values
    z = (REF.exp() * ((REWARD - best) / beta).exp()).sum(-1)
    return z.log() + (best / beta).squeeze(-1)


def test_kl_entropy_and_expected_reward_are_those_of_torch_distributions():
    check_kl(exact.kl)
    assert close(exact.entropy(LOGP), Categorical(logits=LOGP).entropy())
    mean = torch.einsum("rpv,pv->rp", Categorical(logits=LOGP).probs, REWARD)
    assert close(exact.expected_reward(LOGP, REWARD), mean)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p, q: exact.kl(q, p),
        lambda p, q: (q.exp() * (p - q)).sum(-1),
        lambda p, q: (p.exp() * (p.exp() - q)).sum(-1),  # p where log p belongs
        lambda p, q: (p.exp() * (p - q)).mean(-1),
    ],
    ids=["reversed", "expectation under the reference", "probability for log", "mean for sum"],
)
def test_a_wrong_kl_is_rejected(wrong):
    with pytest.raises(AssertionError):
        check_kl(wrong)


def test_total_variation_is_the_most_that_two_policies_can_differ_on_any_set_of_answers():
    logp, other = (
        torch.tensor(row).double().log() for row in ([[0.5, 0.3, 0.2]], [[0.1, 0.3, 0.6]])
    )
    sets = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3)
    most = (sets @ (logp.exp() - other.exp()).mT).abs().max()
    assert exact.total_variation(logp, other).item() == pytest.approx(most.item())
    assert exact.total_variation(other, logp).item() == pytest.approx(0.4)
    apart = torch.tensor([[[0.0, -torch.inf]], [[-torch.inf, 0.0]]]).double()
    assert exact.total_variation(*apart).item() == 1


def test_kl_is_taken_under_its_first_argument():
    sure, even = torch.tensor([[1.0, 0.0]]).double().log(), torch.full((1, 2), 0.5).double().log()
    assert exact.kl(sure, even).item() == pytest.approx(math.log(2), abs=1e-15)
    assert exact.kl(even, sure).item() == math.inf


def test_a_token_of_probability_zero_counts_nothing():
    sure = torch.tensor([[1.0, 0.0, 0.0]]).double().log()
    assert exact.entropy(sure).item() == 0
    assert exact.kl(sure, sure).item() == 0
    assert exact.expected_reward(sure, torch.tensor([[2.0, -math.inf, 5.0]])).item() == 2


@pytest.mark.parametrize("beta", BETAS, ids=str)
def test_the_objective_of_the_optimum_is_beta_log_z(beta):
    best = exact.optimal_policy(REF, REWARD, beta)
    assert best.shape == REF.shape
    assert close(exact.objective(best, REF, REWARD, beta), beta * log_z(beta))


@pytest.mark.parametrize("beta", BETAS, ids=str)
def test_every_other_policy_falls_short_by_beta_times_its_kl_to_the_optimum(beta):
    best = exact.optimal_policy(REF, REWARD, beta)
    top = exact.objective(best, REF, REWARD, beta)
    far = random_logp(200, RUNS, seed=4)
    for other in (far, (best + 0.01 * far).log_softmax(-1)):
        short = top - exact.objective(other, REF, REWARD, beta)
        assert short.min() > -1e-12
        assert close(short, beta * exact.kl(other, best), 1e-11)


def test_leading_axes_of_policies_and_betas_broadcast():
    betas = torch.tensor([[[0.1]], [[1.0]]]).double()  # (2, 1, 1) against policies (RUNS, P, V)
    together = exact.objective(LOGP, REF, REWARD, betas)
    apart = [exact.objective(LOGP, REF, REWARD, float(beta)) for beta in betas]
    assert close(together, torch.stack(apart))
    assert exact.optimal_policy(REF, REWARD, betas).shape == (2, RUNS, P, V)


def test_without_a_leash_the_optimum_shares_the_best_rewards_as_the_reference_does():
    reward = torch.tensor([1.0, -1.0, 1.0, 0.2], dtype=torch.float64).expand(P, -1)
    ref = torch.tensor([0.1, 0.4, 0.3, 0.2], dtype=torch.float64).expand(P, -1)
    optimum = exact.optimal_policy(ref.log(), reward, 0.0).exp()
    assert close(optimum, torch.tensor([0.25, 0.0, 0.75, 0.0]).double().expand(P, -1))
    assert close(exact.objective(optimum.log(), ref.log(), reward, 0.0), torch.ones(P).double())
    nearly = exact.optimal_policy(ref.log(), reward, 1e-3).exp()
    assert close(nearly, optimum)


def test_a_tiny_beta_beside_zero_and_large_ones_stays_finite():
    betas = torch.tensor([[0.0], [1e-300], [1e300]], dtype=torch.float64)
    optimum = exact.optimal_policy(REF[0].expand(3, P, V), REWARD, betas).exp()
    assert bool(torch.isfinite(optimum).all())
    assert close(optimum[0], optimum[1])
    assert close(optimum[2], REF[0].exp())


def test_a_long_leash_keeps_the_optimum_at_the_reference():
    for beta in (1e4, 1e6):
        optimum = exact.optimal_policy(REF, REWARD, beta)
        assert exact.kl(optimum, REF).max() < 10 / beta**2


def test_without_a_leash_even_an_infinite_kl_costs_nothing():
    sure, ref = torch.tensor([[1.0, 0.0]]).double().log(), torch.tensor([[0.0, 1.0]]).double().log()
    assert exact.objective(sure, ref, torch.tensor([[3.0, 1.0]]), 0).item() == 3
    assert exact.objective(sure, ref, torch.tensor([[3.0, 1.0]]), 0.1).item() == -math.inf


@pytest.mark.parametrize("beta", [0.0, *BETAS], ids=str)
def test_attained_is_0_at_the_reference_1_at_the_optimum_and_negative_where_training_did_harm(beta):
    best = exact.optimal_policy(REF, REWARD, beta)
    worst = exact.optimal_policy(REF, -REWARD, beta)
    assert close(exact.attained(REF, REF, REWARD, beta), torch.zeros(RUNS).double(), 1e-9)
    assert close(exact.attained(best, REF, REWARD, beta), torch.ones(RUNS).double(), 1e-9)
    assert bool((exact.attained(worst, REF, REWARD, beta) < 0).all())


def test_attained_averages_over_prompts_before_it_divides():
    beta = 0.3
    best = beta * log_z(beta)
    here, ref = (exact.objective(p, REF, REWARD, beta) for p in (LOGP, REF))
    ratio_of_means = (here.mean(-1) - ref.mean(-1)) / (best.mean(-1) - ref.mean(-1))
    mean_of_ratios = ((here - ref) / (best - ref)).mean(-1)
    assert close(exact.attained(LOGP, REF, REWARD, beta), ratio_of_means, 1e-10)
    assert not close(mean_of_ratios, ratio_of_means, 1e-2)


def test_where_nothing_can_be_gained_attained_is_1_minus_the_plain_loss():
    flat, beta = torch.full((P, V), 0.7), 0.3
    assert close(exact.attained(REF, REF, flat, beta), torch.ones(RUNS).double())
    loss = beta * kl_divergence(Categorical(logits=LOGP), Categorical(logits=REF)).mean(-1)
    assert close(exact.attained(LOGP, REF, flat, beta), 1 - loss)


@pytest.mark.parametrize("bad", [-0.1, math.nan, math.inf, torch.tensor([[0.1], [-1.0]])], ids=str)
def test_a_beta_that_is_not_finite_and_at_least_0_is_an_error(bad):
    for ask in (exact.objective, exact.attained):
        with pytest.raises(ValueError, match="kl_beta must be a finite number of at least 0"):
            ask(LOGP, REF, REWARD, bad)
    with pytest.raises(ValueError, match="kl_beta must be a finite number of at least 0"):
        exact.optimal_policy(REF, REWARD, bad)


@pytest.mark.parametrize("kind", [np.asarray, xr.DataArray], ids=["NumPy", "xarray"])
def test_numpy_arrays_and_dataarrays_give_the_numbers_that_tensors_give(kind):
    logp, ref, reward = (kind(tensor.numpy()) for tensor in (LOGP, REF, REWARD))
    beta = np.array([[0.05], [0.5], [5.0]])
    assert torch.equal(exact.kl(logp, ref), exact.kl(LOGP, REF))
    assert torch.equal(exact.entropy(logp), exact.entropy(LOGP))
    for ask in (exact.objective, exact.attained):
        given, plain = ask(logp, ref, reward, beta), ask(LOGP, REF, REWARD, torch.tensor(beta))
        assert isinstance(given, torch.Tensor)
        assert torch.equal(given, plain)
    optimum = exact.optimal_policy(ref, reward, beta)
    assert torch.equal(optimum, exact.optimal_policy(REF, REWARD, torch.tensor(beta)))


def test_leading_axes_are_kept_by_every_quantity():
    """Two sweeps deep, each number is that of its own policy, and rewards may differ by run."""
    logits = torch.randn(
        2, 3, 6, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(5)
    )
    logp, ref = logits.log_softmax(-1), logits.flip(0).log_softmax(-1)
    reward = torch.stack([World(neutral=n).reward for n in (0.0, 0.3, 0.6)])  # (3, P, V)
    for function, given in (
        (exact.kl, (logp, ref)),
        (exact.entropy, (logp,)),
        (exact.total_variation, (logp, ref)),
        (exact.expected_reward, (logp, reward)),
        (lambda *tables: exact.optimal_policy(*tables, 0.3), (ref, reward)),
        (lambda *tables: exact.attained(*tables, 0.3), (logp, ref, reward)),
    ):
        found = function(*given)
        for i, j in ((0, 0), (1, 2)):
            alone = function(*(table[j] if table is reward else table[i, j] for table in given))
            assert torch.allclose(found[i, j], alone)
