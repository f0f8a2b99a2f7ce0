"""At the edges, values and gradients are what the mathematics says: probability 0, β = 0, one
sample, ratios beyond the largest float. What is not selected must not spoil what is.

The oracle: a token that is never given, or a pair that does not count, may as well not be there;
what overflows in float32 does not in float64; and float64 finite differences.
"""

import math

import pytest
import torch

import toycore as tc
from toycore.engine.noise import sample_token
from toycore.engine.optim import Adam

exact, INF = tc.exact, math.inf
KEPT = [0, 2, 3, 5]  # of six tokens; the others have probability 0


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=rng, dtype=torch.float64)


def some_never(logits: torch.Tensor) -> torch.Tensor:
    """Log-probabilities of these logits, spread over KEPT; the other tokens are impossible."""
    wide = logits.new_full((*logits.shape[:-1], 6), -INF)
    return wide.index_copy(-1, torch.tensor(KEPT), logits).log_softmax(-1)


def with_gradients(function, *leaves: torch.Tensor) -> list[torch.Tensor]:
    """The value, and the gradient of its weighted sum with respect to each leaf."""
    leaves = [leaf.clone().requires_grad_() for leaf in leaves]
    value = function(*leaves)
    weights = torch.linspace(0.5, 1.5, value.numel(), dtype=torch.float64).reshape(value.shape)
    gradients = torch.autograd.grad((value * weights).sum(), leaves, materialize_grads=True)
    return [value.detach(), *gradients]


def alike(one: list, two: list, **tolerance) -> None:
    for a, b in zip(one, two, strict=True):
        assert torch.isfinite(a).all()
        torch.testing.assert_close(a, b, **tolerance)


# --- the oracle: probability 0 --------------------------------------------------------------------

REWARD = normal(3, 6, seed=1)
ASKED = {
    "entropy": lambda logp, ref, reward: exact.entropy(logp),
    "kl": lambda logp, ref, reward: exact.kl(logp, ref),
    "total_variation": lambda logp, ref, reward: exact.total_variation(logp, ref),
    "expected_reward": lambda logp, ref, reward: exact.expected_reward(logp, reward),
    "objective": lambda logp, ref, reward: exact.objective(logp, ref, reward, 0.5),
    "objective, no leash": lambda logp, ref, reward: exact.objective(logp, ref, reward, 0.0),
    "attained": lambda logp, ref, reward: exact.attained(logp, ref, reward, 0.5)[None],
    "optimum's value": lambda logp, ref, reward: exact.objective(
        exact.optimal_policy(ref, reward, 0.5), ref, reward, 0.5
    ),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_a_token_that_is_never_given_may_as_well_not_be_there(ask):
    logits, ref = normal(3, 4), normal(3, 4, seed=2)
    wide = with_gradients(lambda a, b: ask(some_never(a), some_never(b), REWARD), logits, ref)
    narrow = with_gradients(
        lambda a, b: ask(a.log_softmax(-1), b.log_softmax(-1), REWARD[:, KEPT]), logits, ref
    )
    alike(wide, narrow)


@pytest.mark.parametrize("beta", [0.0, 1e-300, 0.3, 1e6])
def test_what_the_reference_never_gives_the_optimum_never_gives_however_good_it_is(beta):
    reward = REWARD.clone()
    reward[:, 1] = 100.0  # impossible, and by far the best
    ref = normal(3, 4, seed=2)
    wide = exact.optimal_policy(some_never(ref), reward, beta)
    assert (wide[:, [1, 4]] == -INF).all()
    narrow = exact.optimal_policy(ref.log_softmax(-1), reward[:, KEPT], beta)
    torch.testing.assert_close(wide[:, KEPT], narrow)


def test_without_a_leash_a_token_that_the_reference_never_gives_costs_nothing():
    logits, ref = normal(3, 6), some_never(normal(3, 4, seed=2))
    free = with_gradients(lambda x: exact.objective(x.log_softmax(-1), ref, REWARD, 0.0), logits)
    alike(free, with_gradients(lambda x: exact.expected_reward(x.log_softmax(-1), REWARD), logits))
    beta = torch.tensor([[0.0], [0.5]], dtype=torch.float64)
    both = exact.objective(logits.log_softmax(-1), ref, REWARD, beta)
    torch.testing.assert_close(both[0], free[0])
    assert (both[1] == -INF).all()


@pytest.mark.parametrize("rare", [-5.0, -700.0, -800.0])  # e⁻⁸⁰⁰ is 0 in float64
def test_kl_is_infinite_where_the_reference_excludes_what_the_policy_gives(rare):
    logp, ref = torch.tensor([[0.0, rare]]).double().log_softmax(-1), torch.tensor([[0.0, -INF]])
    assert exact.kl(logp, ref).item() == INF
    assert exact.kl(ref, logp).item() == pytest.approx(math.log1p(math.exp(rare)))
    assert exact.objective(logp, ref, logp, 0.1).item() == -INF


# --- the oracle: gradients against finite differences ---------------------------------------------


def test_the_gradients_of_the_optimum_are_right_where_rewards_tie():
    """∂ log π*(y) / ∂ r(y′) = (1[y = y′] − π*(y′)) / β, whichever tokens are worth the most."""
    reward = torch.tensor([[1.0, 1.0, -1.0, 0.2], [0.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    ref, beta = normal(2, 4), torch.tensor([0.3], dtype=torch.float64)
    leaves = [x.clone().requires_grad_() for x in (ref, reward, beta)]
    assert torch.autograd.gradcheck(
        lambda ref, reward, beta: exact.optimal_policy(ref.log_softmax(-1), reward, beta), leaves
    )


def test_without_a_leash_the_optimum_moves_with_no_reward():
    """Its limit has all mass on the best answers: a little more reward changes nothing."""
    reward = torch.tensor([[1.0, 1.0, -1.0, 0.2]], dtype=torch.float64)
    ref = normal(1, 4).log_softmax(-1)
    best, by_reward = with_gradients(lambda r: exact.optimal_policy(ref, r, 0.0).exp(), reward)
    assert best[0, 2:].tolist() == [0.0, 0.0]
    assert by_reward.tolist() == [[0.0] * 4]


@pytest.mark.parametrize("beta", [0.0, 0.4])
def test_the_gradients_of_the_objective_are_right_also_by_beta(beta):
    logits, ref = normal(3, 4).requires_grad_(), normal(3, 4, seed=2).log_softmax(-1)
    beta = torch.tensor([beta], dtype=torch.float64, requires_grad=True)
    value = exact.objective(logits.log_softmax(-1), ref, REWARD[:, :4], beta).sum()
    by_logits, by_beta = torch.autograd.grad(value, (logits, beta))
    kl = exact.kl(logits.log_softmax(-1), ref).sum()
    torch.testing.assert_close(by_beta, -kl[None])
    expected = exact.expected_reward(logits.log_softmax(-1), REWARD[:, :4]).sum() - beta * kl
    torch.testing.assert_close(by_logits, torch.autograd.grad(expected, logits)[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.int8])
def test_the_oracle_counts_in_float64_whatever_it_is_given(dtype):
    logp = normal(3, 6).log_softmax(-1).to(dtype)
    for value in (exact.entropy(logp), exact.kl(logp, logp), exact.expected_reward(logp, logp)):
        assert value.dtype == torch.float64
    torch.testing.assert_close(exact.entropy(logp), exact.entropy(logp.double()))


# --- PPO ------------------------------------------------------------------------------------------


def ppo(dtype: torch.dtype, logp, old_logp, advantage) -> list[torch.Tensor]:
    """Policy loss and its gradient; critic and entropy count for nothing."""
    logp, old_logp, advantage = (torch.tensor(x, dtype=dtype) for x in (logp, old_logp, advantage))
    zero = torch.zeros_like(logp)
    leaf = logp.requires_grad_()
    loss, info = tc.ppo.ppo_loss(leaf, old_logp, advantage, zero, zero, zero, clip_range=0.1)
    loss.backward()
    torch.testing.assert_close(info["policy_loss"], loss.detach())
    return [loss.detach().double(), leaf.grad.double(), info["clip_fraction"].double()]


@pytest.mark.parametrize(
    ("logp", "old_logp", "advantage", "due"),
    [
        ([-1.0], [-100.0], [1.0], -1.1),  # ρ = e⁹⁹ is beyond float32; the clip takes 1.1 Â
        ([-100.0], [-1.0], [-1.0], 0.9),
        ([-1.0, -2.0], [-100.0, -2.0], [2.0, 3.0], -(2.2 + 3.0) / 2),
        ([-1.0, -2.0, -3.0], [-100.0, -2.3, -2.9], [0.5, -1.0, 1.0], None),
    ],
)
def test_a_ratio_beyond_float32_leaves_a_clipped_loss_and_its_gradient_finite(
    logp, old_logp, advantage, due
):
    single, double = (ppo(t, logp, old_logp, advantage) for t in (torch.float32, torch.float64))
    alike(single, double, rtol=1e-5, atol=1e-6)
    if due is not None:
        assert single[0].item() == pytest.approx(due)


def test_a_ratio_beyond_float64_too():
    loss, gradient, clipped = ppo(torch.float64, [-1.0, -2.0], [-1000.0, -2.0], [1.0, 1.0])
    assert loss.item() == pytest.approx(-(1.1 + 1.0) / 2)
    assert gradient.tolist() == [0.0, pytest.approx(-0.5)]
    assert clipped.item() == 0.5


def test_where_the_clip_does_not_act_an_overflow_is_not_hidden():
    loss, gradient, _ = ppo(torch.float32, [-1.0], [-100.0], [-1.0])
    assert loss.item() == INF
    assert gradient.item() == INF


@pytest.mark.parametrize("value", [0.0, 3.5])
def test_one_sample_alone_has_advantage_0(value):
    leaf = torch.tensor([value], dtype=torch.float64, requires_grad=True)
    white = tc.ppo.whiten(leaf)
    white.sum().backward()
    assert white.item() == 0.0
    assert leaf.grad.item() == 0.0


def test_equal_advantages_are_whitened_with_the_gradient_of_their_limit():
    """centred / (spread + 0.1): where the spread is 0 the gradient is (1[i = j] − 1/B) / 0.1."""
    leaf = torch.full((4,), 2.0, dtype=torch.float64, requires_grad=True)
    jacobian = torch.autograd.functional.jacobian(tc.ppo.whiten, leaf)
    torch.testing.assert_close(jacobian, 10 * (torch.eye(4, dtype=torch.float64) - 0.25))
    assert torch.autograd.gradcheck(tc.ppo.whiten, normal(4).requires_grad_())


def test_a_leash_of_0_is_no_leash_whatever_the_reference_says():
    reward, ref = torch.ones(2, 2).double(), torch.tensor([[-INF, -1.0]] * 2).double()
    beta = torch.tensor([[0.0], [0.5]]).double().requires_grad_()
    logp = torch.full((2, 2), -2.0).double().requires_grad_()
    kept = tc.ppo.leash(reward, logp, ref, beta)
    assert kept[0].tolist() == [1.0, 1.0]
    assert kept[1].tolist() == [-INF, pytest.approx(1.5)]
    kept[0].sum().backward()  # where the ratio is finite, β = 0 has its gradient all the same
    assert beta.grad[0].item() == pytest.approx(1.0)
    assert logp.grad[0].tolist() == [0.0, 0.0]
    assert tc.ppo.leash(reward, logp, ref, 0.0).tolist() == [[1.0, 1.0]] * 2


# --- DPO and SFT ----------------------------------------------------------------------------------


@pytest.mark.parametrize("loss_type", ["sigmoid", "ipo"])
@pytest.mark.parametrize("impossible", [0, 1, 2, 3])
def test_a_pair_of_weight_0_may_as_well_not_be_there(loss_type, impossible):
    logps, weight = normal(4, 3) - 3, torch.tensor([0.25, 0.0, 0.75]).double()
    logps[impossible, 1] = -INF

    def loss(*logps, weight):
        return tc.dpo.dpo_loss(*logps, beta=0.4, loss_type=loss_type, weight=weight)

    value, *gradients = with_gradients(lambda *x: loss(*x, weight=weight)[0][None], *logps)
    kept = [x[[0, 2]] for x in logps]
    due, *dues = with_gradients(lambda *x: loss(*x, weight=weight[[0, 2]])[0][None], *kept)
    alike([value, *(g[[0, 2]] for g in gradients)], [due, *dues])
    assert all(g[1] == 0 for g in gradients)
    told, short = loss(*logps, weight=weight)[1], loss(*kept, weight=weight[[0, 2]])[1]
    for name in told:
        torch.testing.assert_close(told[name], short[name])


def test_a_chosen_answer_that_has_become_impossible_is_still_pulled_up():
    """d loss / d log π(chosen) = −β σ(−Δ), which is −β where Δ = −∞."""
    chosen = torch.tensor([-INF]).double().requires_grad_()
    zero = torch.zeros(1).double()
    loss, _ = tc.dpo.dpo_loss(chosen, zero, zero, zero, beta=0.3)
    loss.backward()
    assert loss.item() == INF
    assert chosen.grad.item() == pytest.approx(-0.3)


def test_ipo_has_the_form_that_the_libraries_print():
    logps = normal(4, 5)
    ratio = logps[0] - logps[1] - (logps[2] - logps[3])
    for beta in (1e-8, 0.1, 3.0):
        loss, _ = tc.dpo.dpo_loss(*logps, beta=beta, loss_type="ipo")
        torch.testing.assert_close(loss, (ratio - 1 / (2 * beta)).square().mean())


def test_a_batch_of_one_is_the_formula_itself():
    a, b, c, d = (torch.tensor([x]).double() for x in (-1.0, -2.0, -1.5, -1.7))
    assert tc.dpo.dpo_loss(a, b, c, d, beta=0.5)[0].item() == pytest.approx(
        math.log1p(math.exp(-0.5 * (1.0 - 0.2)))
    )
    loss, info = tc.ppo.ppo_loss(a, c, d, b, c, -a, clip_range=0.2, vf_coef=0.5, ent_coef=0.01)
    assert loss.item() == pytest.approx(1.7 * math.exp(0.5) + 0.5 * 0.25 - 0.01)
    assert info["clip_fraction"].item() == 0.0
    table = torch.tensor([[0.2, 0.8]]).double().log()
    assert tc.sft.sft_loss(table, torch.tensor([1]))[0].item() == pytest.approx(-math.log(0.8))


def test_sft_pulls_a_target_up_beside_tokens_that_are_impossible():
    logits, target = normal(2, 4), torch.tensor([2, 3])  # tokens 2 and 3 of six: KEPT[1], KEPT[2]
    wide = with_gradients(lambda x: tc.sft.sft_loss(some_never(x), target)[0][None], logits)
    narrow = with_gradients(
        lambda x: tc.sft.sft_loss(x.log_softmax(-1), torch.tensor([1, 2]))[0][None], logits
    )
    alike(wide, narrow)


# --- Adam -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", [INF, -INF, math.nan])
def test_a_gradient_of_a_resting_run_does_not_count_even_if_it_is_not_finite(odd):
    """Run 1 rests for one step; then both go on as if that step had not been."""

    def trained(steps: list) -> torch.Tensor:
        p = torch.zeros(2, 3).double().requires_grad_()
        optimizer = Adam([p], lr=0.1)
        for gradient, active in steps:
            p.grad = torch.tensor([[1.0] * 3, [gradient] * 3]).double()
            optimizer.step(active=torch.tensor([[True], [active]]))
        return p.detach()

    rested = trained([(2.0, True), (odd, False), (-1.0, True)])
    steps = [(2.0, True), (-1.0, True)]
    assert torch.equal(rested[1], trained(steps)[1])
    assert torch.isfinite(rested).all()


# --- drawing --------------------------------------------------------------------------------------

MOST = 1 - 2.0**-53  # the largest number that torch.rand gives


@pytest.mark.parametrize("row", [0, 1, 65])
@pytest.mark.parametrize("uniform", [0.0, 0.5, MOST])
def test_a_token_of_probability_0_is_never_drawn(row, uniform):
    """Ten times 0.1 sum to 1 − 2⁻⁵³ in floats; the eleventh token, and the first, get nothing."""
    chances = torch.tensor([0.0, *[0.1] * 10, 0.0, 0.0]).double()
    table = chances.log().expand(66, 13)
    token = sample_token(table, torch.tensor([row]), torch.tensor([uniform]).double())
    assert chances[token].item() > 0
    if uniform == MOST:
        assert token.item() == 10


@pytest.mark.parametrize("possible", [2, 3])
def test_pairs_are_of_possible_tokens_alone(world, possible):
    logp = torch.full((6, 11), -INF).double()
    logp[:, 11 - possible - 1 : 10] = -math.log(possible)
    pairs = world.sample_preferences(logp, 2000, seed=0)
    assert set(pairs[:, 1:].flatten().tolist()) == set(range(11 - possible - 1, 10))
    assert (pairs[:, 1] != pairs[:, 2]).all()


def test_two_tokens_of_which_one_is_nearly_impossible_are_a_pair(world):
    logp = torch.full((6, 11), -INF).double()
    logp[:, 3], logp[:, 7] = 0.0, -800.0  # e⁻⁸⁰⁰ is 0 in float64: the second answer all the same
    pairs = world.sample_preferences(logp, 50, seed=0)
    assert {frozenset(pair) for pair in pairs[:, 1:].tolist()} == {frozenset((3, 7))}


def test_a_policy_that_has_diverged_draws_tokens_that_exist():
    table = torch.full((6, 11), torch.nan, dtype=torch.float64)
    _, token = tc.noise.sample_answer(table, torch.linspace(0, 1 - 1e-9, 500).double())
    assert 0 <= token.min() <= token.max() < 11
