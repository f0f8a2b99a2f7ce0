"""Reward models: the loss, the optimum of the fit, and what comes of climbing a model that errs."""

import math

import numpy as np
import pytest
import torch

import toycore as tc
from toycore import exact, reward_model
from toycore.reward_model import reward_model_loss

SEEDS = 16


@pytest.fixture(scope="module")
def judge(world) -> tc.World:
    """A judge who reads the prompt: +1 for its own target, −1 for harm, −0.2 for the rest."""
    gold = torch.where(world.reward < 0, -1.0, -0.2).double()
    gold[torch.arange(6), world.sft_targets] = 1.0
    return tc.World(reward=gold)


@pytest.fixture(scope="module")
def sixteen(world) -> tc.Run:
    """The default SFT of 16 seeds."""
    return tc.train_sft(world, tc.SFTConfig(seeds=SEEDS))


@pytest.fixture(scope="module")
def ref(sixteen) -> torch.Tensor:
    return torch.tensor(sixteen.logp.values)


def drawn(world, ref, n: int) -> torch.Tensor:
    """n pairs for each seed: (S, n, 3)."""
    return torch.stack([world.sample_preferences(one, n, seed) for seed, one in enumerate(ref)])


def table(array) -> torch.Tensor:
    return torch.tensor(array.values)


# The loss


def check_loss(loss) -> None:
    """Against −log(r wins) written out, pair by pair, and against differences of it."""
    rng = torch.Generator().manual_seed(0)
    chosen, rejected = 3 * torch.randn(2, 4, 7, generator=rng, dtype=torch.float64)
    chosen.requires_grad_(), rejected.requires_grad_()
    found, info = loss(chosen, rejected)

    def plain(c, r):
        return -(c.exp() / (c.exp() + r.exp())).log().mean(-1)

    assert torch.allclose(found, plain(chosen, rejected), rtol=0, atol=1e-12)
    assert torch.allclose(info["margin"], (chosen - rejected).mean(-1))
    assert torch.allclose(info["accuracy"], (chosen > rejected).double().mean(-1))
    slopes = torch.autograd.grad(found.sum(), (chosen, rejected))
    for index, slope in enumerate(slopes):
        step = torch.zeros_like(slope)
        step[2, 3] = 1e-6
        moved = [(chosen + s * step, rejected) for s in (1, -1)]
        moved = [(chosen, rejected + s * step) for s in (1, -1)] if index else moved
        up, down = (plain(*one).sum().item() for one in moved)
        assert slope[2, 3].item() == pytest.approx((up - down) / 2e-6, abs=1e-8)


def test_the_loss_is_that_of_bradley_and_terry():
    check_loss(reward_model_loss)
    same = torch.ones(3, 5)
    loss, info = reward_model_loss(same, same)
    assert loss.tolist() == pytest.approx([math.log(2)] * 3)
    assert info["accuracy"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda c, r: reward_model_loss(r, c),
        lambda c, r: reward_model_loss(2 * c, 2 * r),
        lambda c, r: (reward_model_loss(c, r)[0] * c.shape[-1], reward_model_loss(c, r)[1]),
        lambda c, r: reward_model_loss(c.detach(), r),
    ],
    ids=["turned round", "doubled", "a sum", "one side learns"],
)
def test_a_wrong_loss_is_rejected(wrong):
    with pytest.raises((AssertionError, RuntimeError)):
        check_loss(wrong)


@pytest.mark.parametrize(
    ("chosen", "rejected", "part"),
    [
        (torch.ones(3), torch.ones(4), "do not fit together"),
        (torch.ones(()), torch.ones(()), r"\(\.\.\., B\)"),
        ("high", torch.ones(3), "chosen_reward must be a batch of real numbers"),
        (torch.ones(3), torch.ones(3) > 0, "rejected_reward must be a batch of real numbers"),
    ],
)
def test_rewards_that_are_no_batches_are_an_error(chosen, rejected, part):
    with pytest.raises((TypeError, ValueError), match=part):
        reward_model_loss(chosen, rejected)


# The fit


def fitted(world, pairs, score, *parts, ridge: float = 0.0):
    """The least loss + ridge · |parts|², by L-BFGS: score(*parts) as (6, 11)."""
    parts = [part.clone().requires_grad_() for part in parts]
    optimizer = torch.optim.LBFGS(
        parts,
        max_iter=3000,
        history_size=40,
        tolerance_grad=1e-12,
        tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )
    distinct, (weight,) = world.distinct_pairs(pairs, 1)
    prompt, chosen, rejected = distinct.T

    def loss():
        optimizer.zero_grad()
        reward = score(*parts)
        margin = reward[prompt, chosen] - reward[prompt, rejected]
        value = (weight * (1 + (-margin).exp()).log()).sum()
        value = value + ridge * sum(part.square().sum() for part in parts)
        value.backward()
        return value

    optimizer.step(loss)
    return score(*parts).detach()


def full_table(left, right, bias) -> torch.Tensor:
    return left @ right.mT + bias


@pytest.mark.parametrize("ridge", [1e-3, 1e-2])
def test_at_rank_0_and_at_full_rank_the_fit_is_the_optimum(judge, ref, ridge):
    """Where there is one optimum: another method, from another start, ends at the same table."""
    pairs = judge.sample_preferences(ref[0], 3000, 0)
    config = tc.RewardModelConfig(rank=[0, 6], ridge=ridge, steps=400)
    run = tc.train_reward_model(judge, config, pairs)
    bias, rng = torch.zeros(1, 11).double(), torch.Generator().manual_seed(0)
    alike = fitted(judge, pairs, lambda b: b.expand(6, 11), bias, ridge=ridge)
    assert torch.allclose(table(run.reward.sel(rank=0, seed=0)), alike, rtol=0, atol=1e-5)
    left, right = (torch.randn(size, 6, generator=rng).double() for size in (6, 11))
    whole = fitted(judge, pairs, full_table, left, right, bias, ridge=ridge)
    assert torch.allclose(table(run.reward.sel(rank=6, seed=0)), whole, rtol=0, atol=1e-4)


def test_training_starts_where_the_loss_falls_most_steeply(judge, ref):
    """Along U Vᵀ with |U| given, the steepest descent is |Uᵀ ∇L|: at most that of the SVD."""
    pairs, weight = judge.distinct_pairs(drawn(judge, ref[:4], 1000), 4)
    prompt, chosen, rejected = pairs.T
    reward = torch.zeros(4, 6, 11, dtype=torch.float64, requires_grad=True)
    margin = reward[:, prompt, chosen] - reward[:, prompt, rejected]
    loss = (weight * (1 + (-margin).exp()).log()).sum()
    (slope,) = torch.autograd.grad(loss, reward)
    steepest = torch.linalg.svdvals(slope).square().cumsum(-1)
    for rank in range(1, 7):
        left, *rest = reward_model._starting_model(
            judge, torch.full((4, 1), float(rank)), pairs, weight
        )
        assert not any(part.any() for part in rest)
        assert torch.allclose(left[..., :rank].mT @ left[..., :rank], torch.eye(rank).double())
        reached = (left.mT @ slope).square().sum((-2, -1))
        assert (reached > 0.99 * steepest[:, rank - 1]).all()


def test_the_loop_is_that_of_torchs_own_adam(judge, ref):
    """One run, pair by pair, its rate falling to 0."""
    pairs = judge.sample_preferences(ref[0], 200, 0)
    config = tc.RewardModelConfig(rank=2, ridge=1e-2, lr=0.05, steps=30)
    run = tc.train_reward_model(judge, config, pairs)
    distinct, weight = judge.distinct_pairs(pairs, 1)
    start = reward_model._starting_model(judge, config.column("rank"), distinct, weight)
    left, right, bias = parts = [part[0].detach().requires_grad_() for part in start]
    adam = torch.optim.Adam(parts, lr=0.05)
    falling = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - step / 30)
    for step in range(31):
        reward = left @ right.T + bias
        loss = -sum(torch.sigmoid(reward[x, c] - reward[x, r]).log() for x, c, r in pairs) / 200
        assert run.history.loss[0, step].item() == pytest.approx(loss.item(), abs=1e-9)
        adam.zero_grad()
        (loss + 1e-2 * sum(part.square().sum() for part in parts)).backward()
        if step < 30:
            adam.step()
            falling.step()
    assert np.allclose(run.reward[0], reward.detach(), rtol=0, atol=1e-8)


def test_prompts_differ_in_as_many_ways_as_the_rank_says(judge, sixteen, ref):
    config = tc.RewardModelConfig(rank=[0, 1, 2, 4, 6], seeds=SEEDS)
    run = tc.train_reward_model(judge, config, drawn(judge, ref, 1000), sixteen)
    loss = run.history.loss.isel(step=-1).mean("seed").values
    assert (np.diff(loss) < 0).all()  # more can be told, and is
    for rank in config.rank:
        reward = table(run.reward.sel(rank=rank))
        apart = torch.linalg.svdvals(reward - reward[:, :1])
        assert (apart[:, rank:] < 1e-12).all()  # what differs from the first prompt's row
        assert (apart[:, :rank][:, -1:] > 1e-3).all() or rank == 6


def test_the_labels_and_the_history_are_those_of_the_runs(judge, sixteen, ref):
    pairs = drawn(judge, ref, 300)
    config = tc.RewardModelConfig(rank=[1, 6], steps=[5, 20], seeds=SEEDS)
    run = tc.train_reward_model(judge, config, pairs, sixteen)
    assert run.reward.dims == ("steps", "rank", "seed", "prompt", "token") == run.ref_logp.dims
    assert run.history.loss.dims == ("steps", "rank", "seed", "step")
    assert set(run.history) == {"loss", "accuracy", "margin"}
    assert np.allclose(run.history.loss.isel(step=0), math.log(2))
    assert (run.ref_logp == sixteen.logp).all()
    assert (run.logp == sixteen.logp).all()
    part = run.sel(rank=6, steps=20)
    assert (part.reward == run.reward.sel(rank=6, steps=20)).all()
    prompt, chosen, rejected = pairs[3].T
    reward = table(part.reward.sel(seed=3))
    loss, info = reward_model_loss(reward[prompt, chosen], reward[prompt, rejected])
    told = part.history.sel(seed=3).isel(step=-1)
    assert told.loss.item() == pytest.approx(loss.item(), abs=1e-12)
    for name, value in info.items():
        assert told[name].item() == pytest.approx(value.item(), abs=1e-12)


def test_a_policy_run_has_no_reward_and_a_reward_model_may_be_where_ppo_starts(world, sixteen):
    assert sixteen.reward is None
    assert (
        tc.train_sft(world, tc.SFTConfig(lora_rank=[1, 2], steps=1)).sel(lora_rank=1).reward is None
    )
    model = tc.train_reward_model(world, tc.RewardModelConfig(steps=1), world.preference_pairs)
    run = tc.train_ppo(world, tc.PPOConfig(rollouts=1), model)
    assert (run.ref_logp == sixteen.logp.sel(seed=[0])).all()


def test_a_run_in_a_sweep_is_the_run_alone(judge, sixteen, ref):
    pairs = drawn(judge, ref[:3], 200)
    config = tc.RewardModelConfig(rank=[1, 3], ridge=[0, 1e-2], lr=[0.05, 0.1], steps=30, seeds=3)
    run = tc.train_reward_model(judge, config, pairs)
    alone = tc.RewardModelConfig(rank=3, ridge=1e-2, lr=0.05, steps=30, seeds=[2])
    found = tc.train_reward_model(judge, alone, pairs[2])
    inside = run.sel(rank=3, ridge=1e-2, lr=0.05).reward.sel(seed=[2])
    assert np.allclose(found.reward, inside, rtol=0, atol=1e-12)


def nudged_fit(world, config, start, pairs, nudge: float) -> torch.Tensor:
    distinct, weight = world.distinct_pairs(pairs, len(config.seeds))
    noise = torch.rand(weight.shape, generator=torch.Generator().manual_seed(1)).double() - 0.5
    weight = weight * (1 + nudge * noise)
    return reward_model._train(world, config, start, distinct, weight)[-1]


@pytest.mark.parametrize("five", [True, False], ids=["the five pairs", "200 pairs"])
def test_the_last_digits_of_a_processor_do_not_matter(world, sixteen, ref, five):
    """Nor where two directions fall equally steeply, as with the five pairs of the world."""
    start = tc.train_sft(world, tc.SFTConfig(seeds=2))
    pairs = world.preference_pairs if five else drawn(world, ref[:2], 200)
    config = tc.RewardModelConfig(rank=[1, 2, 3, 6], seeds=2)
    plain, nudged = (nudged_fit(world, config, start, pairs, size) for size in (0, 1e-15))
    assert torch.allclose(plain, nudged, rtol=0, atol=1e-8)


@pytest.fixture
def no_work(monkeypatch) -> None:
    def begun(*_):
        raise AssertionError("work began before the input was checked")

    monkeypatch.setattr(reward_model, "_train", begun)


WRONG = {
    "no pairs": (None, "pairs must be rows"),
    "chosen is rejected": ([(0, 1, 1)], "must differ"),
    "sets for three seeds": (torch.tensor([[[0, 1, 2]]] * 3), "S = 16"),
}


@pytest.mark.parametrize(("pairs", "part"), WRONG.values(), ids=WRONG)
def test_wrong_pairs_are_an_error_before_any_work(judge, sixteen, no_work, pairs, part):
    with pytest.raises(ValueError, match=part):
        tc.train_reward_model(judge, tc.RewardModelConfig(seeds=SEEDS), pairs, sixteen)


def test_a_wrong_call_is_an_error_before_any_work(judge, sixteen, no_work):
    pairs = judge.preference_pairs
    with pytest.raises(TypeError, match=r"config must be a RewardModelConfig; got DPOConfig"):
        tc.train_reward_model(judge, tc.DPOConfig(), pairs)
    with pytest.raises(TypeError, match=r"world must be a toycore\.World"):
        tc.train_reward_model("en", tc.RewardModelConfig(), pairs)
    with pytest.raises(ValueError, match="start must have the seeds of the config"):
        tc.train_reward_model(judge, tc.RewardModelConfig(seeds=3), pairs, sixteen)
    with pytest.raises(TypeError, match="start must be a Run"):
        tc.train_reward_model(judge, tc.RewardModelConfig(), pairs, sixteen.model)


@pytest.mark.parametrize(
    ("name", "value"),
    [("rank", -1), ("rank", 7), ("rank", 1.5), ("ridge", -1e-9), ("lr", 0), ("steps", 0)],
)
def test_a_setting_out_of_its_bounds_is_an_error(name, value):
    for wrong in (value, [1, value]):
        with pytest.raises((TypeError, ValueError), match=f"{name} must be a .*; got {value}"):
            tc.RewardModelConfig(**{name: wrong})


# Goodhart: gold along the path of a proxy


def tilted(ref, proxy, tilt) -> torch.Tensor:
    """π_λ ∝ π_ref e^(λ proxy), of one λ per seed or several: (..., S, P, V)."""
    return exact.optimal_policy(ref, proxy, 1 / tilt[..., None])


def covariance(logp, gold, proxy) -> torch.Tensor:
    """As a lesson says it, averaged over prompts: E[ab] − E[a] E[b]."""
    both, a, b = (exact.expected_reward(logp, r) for r in (gold * proxy, gold, proxy))
    return (both - a * b).mean(-1)


def gold_at(logp, judge) -> torch.Tensor:
    return exact.expected_reward(logp, judge.reward).mean(-1)


@pytest.fixture(params=["keyword", "long pays 3"])
def proxy(request, world, judge) -> torch.Tensor:
    if request.param == "keyword":
        return world.reward
    hacked = judge.reward.clone()
    hacked[:, 9] = 3.0
    return hacked


def check_peak(judge, ref, proxy, slope) -> None:
    """The slope is that of gold, and where it is 0, gold is highest on a grid of ratio 1.001."""
    for size in (0.3, 1.0, 3.0):
        tilt = torch.full((SEEDS,), size, dtype=torch.float64)
        up, down = (gold_at(tilted(ref, proxy, tilt + s * 1e-5), judge) for s in (1, -1))
        exactly = slope(tilted(ref, proxy, tilt), judge.reward, proxy)
        assert torch.allclose((up - down) / 2e-5, exactly, rtol=0, atol=1e-8)
    low, high = torch.full((SEEDS,), 1e-3).double(), torch.full((SEEDS,), 50.0).double()
    for _ in range(50):
        middle = (low + high) / 2
        rising = slope(tilted(ref, proxy, middle), judge.reward, proxy) > 0
        low, high = torch.where(rising, middle, low), torch.where(rising, high, middle)
    around = (torch.arange(-500, 501)[:, None] * math.log(1.001)).exp()
    gold = torch.stack([gold_at(tilted(ref, proxy, one * low), judge) for one in around])
    assert (abs(gold.argmax(0) - 500) <= 1).all()


def test_the_covariance_of_gold_and_proxy_is_the_slope_of_gold_and_0_at_its_peak(judge, ref, proxy):
    check_peak(judge, ref, proxy, covariance)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda logp, gold, proxy: covariance(logp, proxy, proxy),
        lambda logp, gold, proxy: exact.expected_reward(logp, gold * proxy).mean(-1),
        lambda logp, gold, proxy: covariance(logp.mean(1, keepdim=True), gold, proxy),
    ],
    ids=["the proxy's variance", "not centred", "of the mean prompt"],
)
def test_a_wrong_rule_is_rejected(world, judge, ref, wrong):
    with pytest.raises(AssertionError):
        check_peak(judge, ref, world.reward, wrong)


def test_gold_starts_to_rise_in_the_root_of_kl_as_the_covariance_says(judge, ref, proxy):
    """Slope √2 Cov / σ, both averaged over prompts before the ratio."""
    tilt = torch.full((SEEDS,), 1e-4, dtype=torch.float64)
    logp = tilted(ref, proxy, tilt)
    far = exact.kl(logp, ref).mean(-1).sqrt()
    measured = (gold_at(logp, judge) - gold_at(ref, judge)) / far
    spread = covariance(ref, proxy, proxy).sqrt()
    by_form = math.sqrt(2) * covariance(ref, judge.reward, proxy) / spread
    assert torch.allclose(measured, by_form, rtol=0, atol=1e-4)


TILTS = torch.logspace(-1.5, 2, 120, dtype=torch.float64)[:, None]


def drop(ref, model, judge) -> tuple[torch.Tensor, torch.Tensor]:
    """Gold at its peak along the model's path, and what is lost of it without a leash: (S,)."""
    peak = gold_at(tilted(ref, model, TILTS), judge).amax(0)
    return peak, peak - gold_at(exact.optimal_policy(ref, model, 0.0), judge)


@pytest.mark.parametrize("n", [1000, 10_000])
def test_the_narrower_the_model_the_more_gold_is_lost_to_it(judge, sixteen, ref, n):
    config = tc.RewardModelConfig(rank=[1, 6], seeds=SEEDS)
    run = tc.train_reward_model(judge, config, drawn(judge, ref, n), sixteen)
    narrow, full = (drop(ref, table(run.reward.sel(rank=rank)), judge) for rank in (1, 6))
    assert (narrow[1] > full[1] + 0.05).all()
    assert (narrow[1] > 0.1).all()
    assert narrow[0].mean() < full[0].mean() - 0.1
    # The pairs themselves tell little of it.
    right = run.history.accuracy.isel(step=-1).mean("seed")
    assert 0 < right.sel(rank=6) - right.sel(rank=1) < 0.04


def test_best_of_n_reads_the_ranks_of_a_proxy_and_peaks_higher(judge, ref):
    hacked = judge.reward.clone()
    hacked[:, 9] = 3.0
    climbed = gold_at(tilted(ref, hacked, TILTS), judge).amax(0)
    four = gold_at(exact.best_of_n(ref, hacked, 4), judge)
    assert (four > climbed + 0.1).all()


# DPO is a reward model, and exact RL on it


def log_ratio(beta, ref):
    """What DPO writes for the reward, of the logits of its policy."""
    return lambda logits: beta * (logits.log_softmax(-1) - ref)


def check_one_maximum(world, ref, tilt) -> None:
    """Both fitted to 100,000 pairs to the last digits: the same policy."""
    for seed in (0, 1):
        pairs = world.sample_preferences(ref[seed], 100_000, seed)
        model = fitted(world, pairs, lambda r: r, torch.zeros(6, 11, dtype=torch.float64))
        for beta in (0.1, 1.0):
            implicit = fitted(world, pairs, log_ratio(beta, ref[seed]), ref[seed])
            dpo = (ref[seed] + implicit / beta).log_softmax(-1)
            assert exact.total_variation(dpo, tilt(ref[seed], model, beta)).max() < 1e-5


def test_dpo_is_a_reward_model_and_exact_rl_on_it(world, ref):
    check_one_maximum(world, ref, exact.optimal_policy)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda ref, model, beta: exact.optimal_policy(ref, model, 2 * beta),
        lambda ref, model, beta: (model / beta).log_softmax(-1),
    ],
    ids=["half the tilt", "no reference"],
)
def test_another_road_does_not_end_there(world, ref, wrong):
    with pytest.raises(AssertionError):
        check_one_maximum(world, ref, wrong)


def connected(pairs) -> torch.Tensor:
    """Prompts at which chains of wins lead from every answer to every other: (6,) bool."""
    reach = torch.eye(11, dtype=torch.float64).repeat(6, 1, 1)
    reach[tuple(pairs.T)] = 1
    for _ in range(4):
        reach = ((reach @ reach) > 0).double()
    return (reach > 0).all(-1).all(-1)


def test_the_course_s_two_trainers_meet_where_the_pairs_decide(world, sixteen, ref):
    """Without a ridge, at full rank; and with one they do not: it pulls the rewards together."""
    pairs = drawn(world, ref, 10_000)
    sound = torch.stack([connected(one) for one in pairs])
    assert sound.double().mean() > 0.9
    dpo = tc.train_dpo(world, tc.DPOConfig(beta=0.5, seeds=SEEDS), pairs, sixteen)
    config = tc.RewardModelConfig(ridge=[0, 1e-3], steps=400, seeds=SEEDS)
    run = tc.train_reward_model(world, config, pairs, sixteen)
    best = exact.optimal_policy(run.ref_logp, run.reward, 0.5)
    off = [exact.total_variation(dpo.logp, one)[sound] for one in best]
    assert off[0].mean() < 0.01
    assert off[1].mean() > 0.03
    attained = exact.attained(best, ref, world.reward, 0.5)
    assert (attained[0] > 0.85).all()
    assert (attained[1] > attained[0]).all()
