"""The frontier without training: best-of-n, rejection, stopping in time; each counted out."""

import math
from fractions import Fraction
from itertools import product

import pytest
import torch

import toycore as tc
from toycore import exact

SEEDS = 16


@pytest.fixture(scope="module")
def ref(world) -> torch.Tensor:
    """The default SFT of 16 seeds: (16, 6, 11)."""
    return torch.tensor(tc.train_sft(world, tc.SFTConfig(seeds=SEEDS)).logp.values)


def close(left, right, tolerance=1e-12) -> bool:
    return torch.allclose(left, right, rtol=0, atol=tolerance)


def mean_kl(logp, ref) -> torch.Tensor:
    return exact.kl(logp, ref).mean(-1)


# Best-of-n: all draws, one by one

CHANCE = torch.tensor([[0.1, 0.4, 0.3, 0.2], [0.25, 0.05, 0.0, 0.7]], dtype=torch.float64)
TIED = torch.tensor([[1.0, 0.2, 1.0, -1.0], [0.5, 0.5, 2.0, 0.5]], dtype=torch.float64)


def counted(chance, reward, n: int, lot: bool = True) -> torch.Tensor:
    """Over all Vⁿ draws the best of each; ties by lot among the draws, or to the first of them."""
    kept = torch.zeros_like(chance)
    for prompt, row in enumerate(chance):
        for draws in product(range(len(row)), repeat=n):
            worth = reward[prompt, list(draws)]
            best = [y for y, value in zip(draws, worth, strict=True) if value == worth.max()]
            best = best if lot else best[:1]
            for token in best:
                kept[prompt, token] += row[list(draws)].prod() / len(best)
    return kept


def check_best_of_n(best_of_n) -> None:
    for n in (1, 2, 3, 4):
        assert close(best_of_n(CHANCE.log(), TIED, n).exp(), counted(CHANCE, TIED, n))


def test_best_of_n_is_what_all_draws_give():
    check_best_of_n(exact.best_of_n)


def test_the_first_of_the_best_draws_is_as_good_as_a_lot():
    """Draws come in any order: argmax over draws is fair. Only an order of the tokens is not."""
    for n in (2, 3):
        assert close(counted(CHANCE, TIED, n), counted(CHANCE, TIED, n, lot=False))


def shares(ref_logp, reward) -> tuple[torch.Tensor, torch.Tensor]:
    """F(r) and F(r−)."""
    other, here = reward[..., None, :], reward[..., :, None]
    chance = ref_logp.exp()[..., None, :]
    return ((chance * (other <= here)).sum(-1), (chance * (other < here)).sum(-1))


def by_formula(ref_logp, reward, n):
    """As it stands in the papers: F as it was summed, and a difference of powers."""
    at_most, below = shares(ref_logp, reward)
    return ref_logp + ((at_most**n - below**n) / (at_most - below)).log()


def ties_by_index(ref_logp, reward, n):
    """Of tokens worth the same, the first is taken for the better one."""
    falling = torch.linspace(0, -1e-9, reward.shape[-1], dtype=reward.dtype)
    return exact.best_of_n(ref_logp, reward + falling, n)


def level_forgotten(ref_logp, reward, n):
    at_most, below = shares(ref_logp, reward)
    return (at_most**n - below**n).log().log_softmax(-1)


def ranks_alone(ref_logp, reward, n):
    return (ref_logp + (n - 1) * shares(ref_logp, reward)[0].log()).log_softmax(-1)


@pytest.mark.parametrize(
    "wrong",
    [
        ties_by_index,
        level_forgotten,
        ranks_alone,
        lambda ref, reward, n: exact.best_of_n(ref, reward, n + 1),
        lambda ref, reward, n: exact.best_of_n(ref, -reward, n),
    ],
    ids=["ties by index", "shared alike", "ranks alone", "one draw more", "the worst of n"],
)
def test_a_wrong_best_of_n_is_rejected(wrong):
    with pytest.raises(AssertionError):
        check_best_of_n(wrong)


# The best token so rare that F(r) and F(r−) are the same float.
RARE = torch.tensor([[0.7, 1e-20, 0.2, 0.1]], dtype=torch.float64)
WORTH = torch.tensor([[0.2, 1.0, 0.1, 0.1]], dtype=torch.float64)


def check_rare(best_of_n) -> None:
    """By fractions, which do not round."""
    chance = [Fraction(p) for p in RARE[0].tolist()]
    chance = [p / sum(chance) for p in chance]
    for n in (1, 2, 64):
        found = best_of_n(RARE.log(), WORTH, n)[0].exp()
        for y, p in enumerate(chance):
            at_most = sum(q for q, w in zip(chance, WORTH[0], strict=True) if w <= WORTH[0, y])
            below = sum(q for q, w in zip(chance, WORTH[0], strict=True) if w < WORTH[0, y])
            right = p * (at_most**n - below**n) / (at_most - below)
            assert found[y].item() == pytest.approx(float(right), rel=1e-12)


def test_a_rare_best_answer_keeps_all_its_digits():
    check_rare(exact.best_of_n)
    with pytest.raises(AssertionError):
        check_rare(by_formula)


def test_fifty_thousand_groups_of_four_agree(world, ref):
    draws, n, rng = 50_000, 4, torch.Generator().manual_seed(0)
    chance = ref[0].exp().repeat_interleave(draws, 0)
    tokens = torch.multinomial(chance, n, replacement=True, generator=rng)
    worth = world.reward.repeat_interleave(draws, 0).gather(1, tokens)
    kept = tokens.gather(1, worth.argmax(1, keepdim=True)).view(6, draws)
    seen = torch.stack([(kept == token).double().mean(1) for token in range(11)], 1)
    best = exact.best_of_n(ref[0], world.reward, n).exp()
    assert (seen - best).abs().max() < 0.01
    assert (seen - ties_by_index(ref[0], world.reward, n).exp()).abs().max() > 0.05


# What best-of-n is worth


def test_the_famous_kl_is_far_above_the_true_one_and_the_reward_hardly_below_the_frontier(
    world, ref
):
    top = (ref.exp() * (world.reward == world.reward.max())).sum(-1)
    limit = -top.log().mean(-1)
    for n in (2, 4, 8, 16, 64):
        best = exact.best_of_n(ref, world.reward, n)
        kl, gap = mean_kl(best, ref), exact.below_frontier(best, ref, world.reward)
        assert (kl < exact.best_of_n_kl_bound(n) - 0.05).all()
        assert (kl <= limit + 1e-12).all()
        assert (gap < 0.007).all()
        assert (gap > -1e-9).all()
    assert close(kl, limit, 1e-6)
    four = mean_kl(exact.best_of_n(ref, world.reward, 4), ref).mean()
    assert (four.item(), exact.best_of_n_kl_bound(4)) == pytest.approx((0.328, 0.636), abs=1e-3)


def test_where_no_answer_ties_and_each_is_rare_the_bound_is_the_kl():
    tokens = 1000
    ref = torch.full((1, tokens), -math.log(tokens), dtype=torch.float64)
    reward = torch.arange(tokens).double()[None]
    for n in (1, 2, 8):
        best, bound = exact.best_of_n(ref, reward, n), exact.best_of_n_kl_bound(n)
        assert bound - 0.01 < mean_kl(best, ref).item() <= bound + 1e-12


def test_the_best_of_four_bests_of_three_is_the_best_of_twelve(world, ref):
    three = exact.best_of_n(ref, world.reward, 3)
    twice = exact.best_of_n(three, world.reward, 4)
    assert close(twice, exact.best_of_n(ref, world.reward, 12))
    assert close(exact.best_of_n(ref, world.reward, 1), ref)


def test_of_right_and_wrong_the_best_of_n_is_a_tilt(world, ref):
    """Each prompt with a leash of its own."""
    right = (world.reward == 1).double()
    best = exact.best_of_n(ref, right, 8)
    before, after = (exact.expected_reward(logp, right).logit() for logp in (ref, best))
    assert close(best.exp(), exact.optimal_policy(ref, right, 1 / (after - before)).exp())


def test_a_reference_of_float32_is_one_whole_after_ten_thousand_draws_too(world, ref):
    best = exact.best_of_n(ref.float(), world.reward, 10_000)
    assert close(best.logsumexp(-1), torch.zeros(SEEDS, 6).double(), 1e-9)
    assert close(best.exp(), exact.best_of_n(ref, world.reward, 10_000).exp(), 1e-5)


@pytest.mark.parametrize("n", [0, -1, 2.5, 2.0, True, None, "4", math.nan, 100_001], ids=repr)
def test_n_is_a_whole_number_of_at_least_1(world, ref, n):
    for ask in (exact.best_of_n_kl_bound, lambda n: exact.best_of_n(ref, world.reward, n)):
        with pytest.raises((TypeError, ValueError), match="n must be a whole number of at least 1"):
            ask(n)


def test_tables_that_do_not_fit_are_an_error(world, ref):
    for ask in (
        lambda: exact.best_of_n(ref, world.reward[:, :5], 2),
        lambda: exact.below_frontier(ref, ref[..., :4], world.reward),
    ):
        with pytest.raises(ValueError, match="do not fit together"):
            ask()


# The distance to the frontier


def test_the_optimum_of_each_leash_lies_on_the_frontier_and_nothing_above_it(world, ref):
    for beta in (0.05, 0.2, 1.0, 20.0):
        best = exact.optimal_policy(ref, world.reward, beta)
        assert close(
            exact.below_frontier(best, ref, world.reward), torch.zeros(SEEDS).double(), 1e-9
        )
    noise = torch.randn(50, 1, 6, 11, generator=torch.Generator().manual_seed(0)).double()
    gap = exact.below_frontier((ref + noise).log_softmax(-1), ref, world.reward)
    assert gap.shape == (50, SEEDS)
    assert (gap > 0).all()


def test_the_frontier_has_one_leash_for_all_prompts_and_ends_at_the_best_reward(world, ref):
    leashes = torch.tensor([0.1, 0.1, 0.1, 2.0, 2.0, 2.0], dtype=torch.float64)
    mixed = exact.optimal_policy(ref, world.reward, leashes)
    assert (exact.below_frontier(mixed, ref, world.reward) > 0.005).all()
    worst = exact.optimal_policy(ref, -world.reward, 0.0)  # KL beyond the frontier's end
    gap = exact.below_frontier(worst, ref, world.reward)
    assert close(gap, torch.full((SEEDS,), 2.0).double(), 1e-9)


def test_the_distance_is_in_units_of_reward_and_knows_no_scale(world, ref):
    best = exact.best_of_n(ref, world.reward, 3)
    gap = exact.below_frontier(best, ref, world.reward)
    for scale in (1e-6, 1e6):
        scaled = exact.below_frontier(best, ref, scale * world.reward)
        assert close(scaled / scale, gap, 1e-9)
    flat = torch.ones(6, 11)
    assert close(exact.below_frontier(best, ref, flat), torch.zeros(SEEDS).double(), 1e-12)


# Rejection: a lesson's two lines, against π*


def test_what_rejection_accepts_is_the_optimum_and_the_tries_are_few(world, ref):
    for beta, tries in ((1.0, 1.33), (0.5, 1.55), (0.1, 1.84)):
        accept = ((world.reward - world.reward.max()) / beta).exp()
        accepted = (ref + accept.log()).log_softmax(-1)
        assert close(accepted, exact.optimal_policy(ref, world.reward, beta), 1e-11)
        needed = 1 / exact.expected_reward(ref, accept)
        assert needed.mean().item() == pytest.approx(tries, abs=0.01)


def rejected(ref, reward, beta: float, best_drawn: bool) -> torch.Tensor:
    """Shares of what is accepted of 200,000 draws at one prompt, two at a time."""
    rng = torch.Generator().manual_seed(0)
    draws = torch.multinomial(ref.exp(), 200_000, replacement=True, generator=rng).view(-1, 2)
    worth = reward[draws]
    top = worth.amax(-1, keepdim=True) if best_drawn else reward.max()
    keep = torch.rand(draws.shape, generator=rng) < ((worth - top) / beta).exp()
    return torch.bincount(draws[keep], minlength=11) / keep.sum()


def test_rejection_needs_the_best_reward_there_is_not_the_best_that_was_drawn(world, ref):
    target = exact.optimal_policy(ref, world.reward, 0.5)[0, 0].exp()
    off = [
        (rejected(ref[0, 0], world.reward[0], 0.5, wrong) - target).abs().max()
        for wrong in (False, True)
    ]
    assert off[0] < 0.003
    assert off[1] > 0.006


# Stopping in time


def test_with_the_natural_gradient_the_leash_is_a_stopping_time(world, ref):
    """F⁺∇E[r] = r − E[r]: t steps of rate η are π* at β = 1/(ηt)."""
    rate, logits = 0.05, ref
    for step in range(1, 401):
        mean = exact.expected_reward(logits.log_softmax(-1), world.reward)[..., None]
        logits = logits + rate * (world.reward - mean)
        best = exact.optimal_policy(ref, world.reward, 1 / (rate * step))
        assert exact.total_variation(logits.log_softmax(-1), best).max() < 1e-12


def test_the_plain_gradient_leaves_the_frontier(world, ref):
    assert close(exact.below_frontier(ref, ref, world.reward), torch.zeros(SEEDS).double(), 1e-7)
    logits = ref.clone().requires_grad_()
    for _ in range(20):
        logp = logits.log_softmax(-1)
        (gradient,) = torch.autograd.grad(exact.expected_reward(logp, world.reward).sum(), logits)
        logits = (logits + 0.5 * gradient).detach().requires_grad_()
    assert (exact.below_frontier(logits.log_softmax(-1), ref, world.reward) > 0.03).all()
