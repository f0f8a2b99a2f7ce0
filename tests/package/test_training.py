"""What SFT, PPO and DPO reach, held to the closed form; and that nothing else moves the numbers."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import toycore as tc
from toycore import exact
from toycore.engine.noise import count_answers, sample_answer, sample_token, sorted_points, uniforms
from toycore.engine.optim import Adam

SIX_BETAS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def final(curve):
    return curve.isel(step=-1)


@pytest.fixture(scope="module")
def six_leashes(world, start) -> tc.Run:
    return tc.train_ppo(world, tc.PPOConfig(kl_beta=SIX_BETAS, ent_coef=0, seeds=8), start)


@pytest.fixture(scope="module")
def many_pairs(world, start) -> torch.Tensor:
    """100,000 Bradley–Terry pairs per seed, both tokens drawn from that seed's start."""
    seeds = start.config.seeds
    sets = [world.sample_preferences(start.logp.sel(seed=s), 100_000, seed=s) for s in seeds]
    return torch.stack(sets)


@pytest.fixture(scope="module")
def dpo_on_many_pairs(world, start, many_pairs) -> tc.Run:
    config = tc.DPOConfig(beta=[0.3, 1.0], steps=400, seeds=8)
    return tc.train_dpo(world, config, many_pairs, start)


# What is reached


def test_the_default_sft_leaves_something_to_learn(world, start):
    targets = torch.tensor(start.logp.values).exp()[:, torch.arange(6), world.sft_targets]
    assert 0.4 <= targets.mean() <= 0.8
    assert exact.entropy(start.logp).mean() >= 0.5
    loss = -targets.log().mean(-1)
    assert final(start.history.loss).values == pytest.approx(loss.numpy(), abs=1e-12)


def test_sft_can_saturate(world):
    run = tc.train_sft(world, tc.SFTConfig(steps=400, lr=0.05, seeds=2))
    assert final(run.history.loss).max() < 0.01
    assert (final(run.history.accuracy) == 1).all()


def test_ppo_climbs_to_the_exact_optimum_at_every_leash(six_leashes):
    assert (final(six_leashes.history.attained).mean("seed") >= 0.99).all()


def test_ppo_lands_at_the_kl_of_the_closed_form(world, start, six_leashes):
    landed = final(six_leashes.history.kl).mean("seed")
    assert (np.diff(landed) < 0).all()
    ref = torch.tensor(start.logp.values)
    for beta in (0.1, 0.2, 0.5, 1.0):
        by_form = exact.kl(exact.optimal_policy(ref, world.reward, beta), ref).mean().item()
        assert landed.sel(kl_beta=beta).item() == pytest.approx(by_form, rel=0.05)


def test_ppo_with_the_default_settings_attains_97_percent(world, start):
    run = tc.train_ppo(world, tc.PPOConfig(seeds=8), start)
    assert final(run.history.attained).mean() >= 0.97


def test_without_a_leash_ppo_takes_the_best_reward_and_under_a_heavy_one_it_stays(world, start):
    run = tc.train_ppo(world, tc.PPOConfig(kl_beta=[0, 50], ent_coef=0, seeds=8), start)
    assert (final(run.history.reward).sel(kl_beta=0) > 0.99).all()  # the best is 1
    # Drifting among the helpful tokens is free: farther out than the nearest best policy.
    nearest = exact.optimal_policy(run.ref_logp[0], world.reward, 0)
    least = exact.kl(nearest, run.ref_logp[0]).mean(-1).numpy()
    assert (final(run.history.kl).sel(kl_beta=0) > 1.2 * least).all()
    assert (final(run.history.kl).sel(kl_beta=50) < 0.002).all()
    moved = run.history.reward.isel(step=-1) - run.history.reward.isel(step=0)
    assert (abs(moved.sel(kl_beta=50)) < 0.03).all()


def test_dpo_on_many_pairs_climbs_to_the_same_optimum(dpo_on_many_pairs):
    assert (final(dpo_on_many_pairs.history.attained).mean("seed") >= 0.985).all()


def test_dpo_on_a_hundred_pairs_is_clearly_worse(world, start, many_pairs, dpo_on_many_pairs):
    few = tc.train_dpo(world, dpo_on_many_pairs.config, many_pairs[:, :100], start)
    attained, best = final(few.history.attained), final(dpo_on_many_pairs.history.attained)
    assert (attained < best - 0.1).all()
    assert (attained.mean("seed") < 0).all()  # over-fitting does harm


@pytest.mark.parametrize("beta", [0.3, 1.0])
def test_two_roads_lead_to_one_policy(world, start, dpo_on_many_pairs, beta):
    """A policy falls short of π* by β KL(π‖π*), and the start by β KL(π_ref‖π*). So attained
    ≥ 0.985 puts each road's end within 1.5 % of that KL, and, as KL grows like a distance
    squared, the two ends within (2 √0.015)² = 6 % of it.
    """
    ppo = tc.train_ppo(world, tc.PPOConfig(kl_beta=beta, ent_coef=0, seeds=8), start)
    dpo = dpo_on_many_pairs.sel(beta=beta)
    ref = torch.tensor(start.logp.values)
    whole_way = exact.kl(ref, exact.optimal_policy(ref, world.reward, beta)).mean()
    assert exact.kl(ppo.logp, dpo.logp).mean() < 0.06 * whole_way
    assert exact.kl(dpo.logp, ppo.logp).mean() < 0.06 * whole_way


def test_dpo_on_the_five_pairs_of_the_world_prefers_what_they_prefer(world, start):
    run = tc.train_dpo(world, tc.DPOConfig(seeds=8), start=start)
    assert (final(run.history.accuracy) == 1).all()
    assert (final(run.history.margin) > 1).all()
    assert (final(run.history.loss) < 0.3).all()


def test_on_many_pairs_the_margin_is_the_true_gap_in_reward_at_every_beta(
    world, many_pairs, dpo_on_many_pairs
):
    """At π* differences of implicit reward are those of the reward, whatever β is."""
    prompt, chosen, rejected = many_pairs.unbind(-1)
    gap = world.reward[prompt, chosen] - world.reward[prompt, rejected]
    margin = final(dpo_on_many_pairs.history.margin).transpose("seed", "beta")
    assert np.allclose(margin, gap.mean(-1)[:, None], rtol=0, atol=0.01)


def test_without_a_reference_dpo_climbs_to_softmax_of_reward_over_beta(world, start, many_pairs):
    config = tc.DPOConfig(reference_free=True, seeds=8)
    run = tc.train_dpo(world, config, many_pairs, start)
    uniform = (world.reward / config.beta).log_softmax(-1).expand(8, 6, 11)
    assert exact.kl(run.logp, uniform).mean() < 0.02
    best = exact.optimal_policy(start.logp, world.reward, config.beta)
    assert exact.kl(run.logp, best).mean() > 0.3


def test_on_hard_labels_the_sigmoid_margin_runs_away_and_ipo_stops_at_one_half(world, start):
    config = tc.DPOConfig(
        loss_type=["sigmoid", "ipo"], steps=[100, 400, 1600], beta=[0.1, 0.7], seeds=8
    )
    margin = final(tc.train_dpo(world, config, start=start).history.margin)
    assert (margin.sel(loss_type="sigmoid").diff("steps") > 1).all()
    assert np.allclose(margin.sel(loss_type="ipo"), 0.5, rtol=0, atol=0.01)


def test_a_fitted_adapter_comes_to_the_truncated_svd_and_no_nearer():
    """Eckart & Young 1936: the error of the best copy of rank r is that of the values dropped."""
    target = torch.randn(8, 11, 32, generator=torch.Generator().manual_seed(0)).double()
    values = torch.linalg.svdvals(target)
    for rank in (1, 2, 4):
        copy = tc.ToyLM(range(8), lora_rank=rank)
        adam = Adam(copy.parameters(), lr=0.05)
        for step in range(1000):
            error = (copy.head.delta_weight() - target).square().sum((1, 2))
            error.sum().backward()
            adam.step(decay=1 - step / 1000)
        bound = values[:, rank:].square().sum(1)
        assert (error >= bound - 1e-9).all()
        assert error.mean().item() == pytest.approx(bound.mean().item(), rel=0.02)


@pytest.mark.parametrize(("scale", "grows"), [("alpha", True), ("alpha/r", False)])
def test_alpha_over_r_keeps_the_first_step_from_growing_with_the_rank(world, scale, grows):
    moves = []
    for rank in (1, 2, 4, 8):
        model = tc.ToyLM(range(64), rank, 8.0 * (rank if scale == "alpha" else 1))
        before = model().detach()
        tc.sft.sft_loss(model.logp(), world.sft_targets)[0].sum().backward()
        Adam(model.parameters(), lr=0.01).step()
        moves.append((model() - before).abs().mean().item())
    assert (np.diff(moves) > 0).all() == grows
    assert (moves[-1] > 3 * moves[0]) == grows


def test_a_surer_start_leaves_less_to_gain_on_a_leash(world):
    """Of probability p, an answer costs β log(1/p) to bring forward: rare ones are not worth it."""
    possible = []
    for steps in (38, 400, 1600):
        start = tc.train_sft(world, tc.SFTConfig(steps=steps, seeds=8))
        best = exact.optimal_policy(start.logp, world.reward, 0.1)
        possible.append(exact.expected_reward(best, world.reward).mean().item())
    assert possible[0] > 0.99
    assert possible[0] > possible[1] + 0.05 > possible[2] + 0.15


# The start, and what each curve says


def test_at_step_0_every_policy_is_its_reference(start, six_leashes, dpo_on_many_pairs):
    for run in (six_leashes, dpo_on_many_pairs):
        assert (run.history.kl.isel(step=0) == 0).all()
        assert np.array_equal(*np.broadcast_arrays(run.ref_logp.values, start.logp.values))
    at_start = dpo_on_many_pairs.history.isel(step=0)
    assert np.allclose(at_start.loss, math.log(2), rtol=0, atol=1e-12)
    assert (at_start.margin == 0).all()
    at_start = six_leashes.history.isel(step=0)
    assert (at_start.clip_fraction == 0).all()
    assert np.allclose(at_start.attained, 0, rtol=0, atol=1e-9)
    assert np.allclose(at_start.approx_kl, 0, rtol=0, atol=1e-12)


def test_the_last_point_of_each_exact_curve_is_that_of_the_returned_policy(
    world, start, six_leashes, dpo_on_many_pairs
):
    for run, betas in ((six_leashes, SIX_BETAS), (dpo_on_many_pairs, (0.3, 1.0))):
        logp, ref = torch.tensor(run.logp.values), torch.tensor(run.ref_logp.values)
        kl_beta = torch.tensor(betas, dtype=torch.float64)[:, None, None]
        end = final(run.history)
        assert np.allclose(end.kl, exact.kl(logp, ref).mean(-1), rtol=0, atol=1e-12)
        attained = exact.attained(logp, ref, world.reward, kl_beta)
        assert np.allclose(end.attained, attained, rtol=0, atol=1e-9)
    reward = exact.expected_reward(six_leashes.logp, world.reward).mean(-1)
    assert np.allclose(
        final(start.history.entropy), exact.entropy(start.logp).mean(-1), rtol=0, atol=1e-12
    )
    end = final(six_leashes.history)
    assert np.allclose(end.reward, reward, rtol=0, atol=1e-12)
    assert np.allclose(end.entropy, exact.entropy(six_leashes.logp).mean(-1), rtol=0, atol=1e-12)


def test_the_dpo_curves_are_those_of_the_loss_on_all_pairs(world, start, many_pairs):
    """100,000 pairs counted as distinct ones give the loss over the pairs one by one."""
    few = many_pairs[:, :500]
    run = tc.train_dpo(world, tc.DPOConfig(steps=5, seeds=8), few, start)
    end, seed = final(run.history), 3
    logp, ref = (torch.tensor(table.sel(seed=seed).values) for table in (run.logp, run.ref_logp))
    prompt, chosen, rejected = few[seed].T
    plain = [table[prompt, token] for table in (logp, ref) for token in (chosen, rejected)]
    loss, info = tc.dpo.dpo_loss(*plain, beta=0.3)
    for name, value in {"loss": loss, **info}.items():
        assert end[name].sel(seed=seed).item() == pytest.approx(value.item(), abs=1e-12)


def test_sampled_pairs_follow_bradley_terry(world, start):
    ref, n = torch.tensor(start.logp.sel(seed=0).values), 400_000
    prompt, chosen, rejected = world.sample_preferences(ref, n, seed=1).T
    p = ref.exp()
    drawn = p[:, :, None] * p[:, None, :] / (1 - p[:, :, None])  # first, then another second
    drawn = drawn * (1 - torch.eye(11))
    prefers = torch.sigmoid(world.reward[:, :, None] - world.reward[:, None, :])
    expected = n / 6 * (drawn + drawn.mT) * prefers
    cell = (prompt * 11 + chosen) * 11 + rejected
    counts = torch.bincount(cell, minlength=6 * 121).double().view(6, 11, 11)
    seen = expected > 5
    chi2 = ((counts - expected)[seen] ** 2 / expected[seen]).sum()
    degrees = int(seen.sum()) - 1
    assert abs(chi2 - degrees) < 5 * math.sqrt(2 * degrees)
    assert counts[expected == 0].sum() == 0


def test_a_grid_of_uniforms_gives_each_prompt_and_token_its_exact_share(start):
    table, n = torch.tensor(start.logp.values), 60_000
    uniform = ((torch.arange(n) + 0.5) / n).double().expand(8, n)
    prompt, token = sample_answer(table, uniform)
    for run in range(8):
        counts = torch.bincount(prompt[run] * 11 + token[run], minlength=66).view(6, 11)
        assert (counts - n / 6 * table[run].exp()).abs().max() <= 1


def test_tokens_are_drawn_from_the_row_that_is_asked_for(start):
    table, n = torch.tensor(start.logp.values[0]), 60_000
    row = torch.arange(6).repeat(n // 6)
    uniform = ((torch.arange(n) // 6 + 0.5) / (n // 6)).double()
    token = sample_token(table, row, uniform)
    counts = torch.bincount(row * 11 + token, minlength=66).view(6, 11)
    assert (counts - n / 6 * table.exp()).abs().max() <= 1
    ends = torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64).repeat(6)
    assert sample_token(table, torch.arange(6).repeat_interleave(2), ends).tolist() == [0, 10] * 6


def tables_to_draw_from(start) -> dict[str, torch.Tensor]:
    """(R, P, V) log-probabilities each, two settings of two seeds."""
    policy = torch.tensor(start.logp.values[:4])
    impossible = policy.clone()
    impossible[..., [0, 4, 10]] = -math.inf
    halves = torch.full_like(policy, -math.inf)
    halves[..., [3, 4, 7, 9]] = math.log(0.25)
    diverged = policy.clone()
    diverged[1], diverged[2, 3] = math.nan, math.nan
    return {
        "a policy": policy,
        "a certain one": (40 * policy).log_softmax(-1),
        "tokens that cannot be": impossible.log_softmax(-1),
        "ends that points hit": halves,
        "diverged": diverged,
    }


def test_answers_are_counted_as_they_are_drawn_one_by_one(start):
    """Points at the very end of a token's share, at 0 and just below 1 among them."""
    ends = torch.arange(24, dtype=torch.float64) / 24
    special = torch.cat(
        [ends, torch.tensor([0.0, 1 - 2**-53, 2**-53], dtype=torch.float64)]
    ).expand(2, -1)
    uniform = torch.cat([uniforms((0, 5), (3000,), "rollouts"), special], 1)
    assert ((6 * uniform)[0, :, None] == torch.arange(1, 24) / 4).any(0).all()  # hit exactly
    for name, table in tables_to_draw_from(start).items():
        prompt, token = sample_answer(table, uniform.repeat(2, 1))
        one_by_one = torch.zeros(4, 66).scatter_add_(1, 11 * prompt + token, torch.ones(4, 3027))
        assert torch.equal(count_answers(table, sorted_points(uniform, 6)), one_by_one.long()), name


def ppo_by_samples(world, config, start) -> dict[str, np.ndarray]:
    """`train_ppo` of a config that sweeps kl_beta alone, answer by answer."""
    policy = start.model.select(config.per_run(torch.arange(len(config.seeds))))
    critic = tc.model.ValueNet(config.runs)
    optimizer = Adam([*policy.parameters(), *critic.parameters()], config.lr)
    noise = uniforms(config.seeds, (config.rollouts, config.batch_size), "rollouts")
    kl_beta, ref = config.column("kl_beta"), policy.logp().detach()
    curves: dict[str, list] = {}
    for rollout in range(config.rollouts):
        old = policy.logp().detach()
        prompt, token = sample_answer(old, config.per_run(noise[:, rollout]))
        old_logp, ref_logp = (tc.model.entries(table, prompt, token) for table in (old, ref))
        returns = tc.ppo.leash(world.reward[prompt, token], old_logp, ref_logp, kl_beta)
        advantage = tc.ppo.whiten(returns - critic().detach().gather(-1, prompt))
        passes, active = [], torch.ones_like(kl_beta, dtype=torch.bool)
        for _ in range(config.epochs):
            table = policy.logp()
            batch = tc.model.entries(table, prompt, token), old_logp, advantage
            values = critic().gather(-1, prompt), returns, exact.entropy(table)
            asked = {name: getattr(config, name) for name in ("clip_range", "vf_coef", "ent_coef")}
            loss, info = tc.ppo.ppo_loss(*batch, *values, **asked)
            loss.sum().backward()
            if config.target_kl is not None:
                active &= info["approx_kl"][:, None] <= config.target_kl
            optimizer.step(1 - rollout / config.rollouts, active)
            passes.append(info)
        for name in info:
            mean = torch.stack([one[name] for one in passes]).mean(0)
            curves.setdefault(name, [passes[0][name]] if rollout == 0 else []).append(mean)
        for name, value in zip(("reward", "kl"), (world.reward, old - ref), strict=True):
            curves.setdefault(name, []).append((old.exp() * value).sum(-1).mean(-1))
    return {name: torch.stack(values, -1).numpy() for name, values in curves.items()}


@pytest.mark.parametrize(
    "settings",
    [
        {"kl_beta": [0, 0.05, 1]},
        {"kl_beta": [0.1, 0.5], "ent_coef": 0, "epochs": 1, "batch_size": 2},
        {"kl_beta": [0.1, 0.5], "target_kl": 0.002, "clip_range": 0.02, "vf_coef": 2.0},
        {"kl_beta": [0, 0.3], "batch_size": 3000, "epochs": 6},
    ],
    ids=", ".join,
)
def test_a_rollout_of_counted_cells_is_the_one_of_its_samples(world, start, settings):
    config = tc.PPOConfig(**{"rollouts": 10, "seeds": 8} | settings)
    run, due = tc.train_ppo(world, config, start), ppo_by_samples(world, config, start)
    assert (run.history.clip_fraction.max() > 0.1) == (config.epochs > 1)
    for name, curve in due.items():
        ours = run.history[name].values[..., : curve.shape[-1]].reshape(curve.shape)
        assert np.allclose(ours, curve, rtol=0, atol=1e-9), name


@pytest.fixture
def speechless(world) -> tc.Run:
    """A start that never says the token 5."""
    start = tc.train_sft(world, tc.SFTConfig(seeds=2))
    start.model.head.bias.data[:, 5] -= 1e6
    return start


def test_a_cell_that_was_never_drawn_spoils_nothing(world, speechless):
    """However far its ratio has gone: 0 · ∞ would be NaN."""
    config = tc.PPOConfig(kl_beta=[0, 0.5], lr=[0.06, 1e4], rollouts=5, batch_size=8, seeds=2)
    run = tc.train_ppo(world, config, speechless)
    assert np.isfinite(run.logp).all()
    assert all(np.isfinite(curve).all() for curve in run.history.values())


# Labels

PPO_CURVES = "reward kl entropy policy_loss value_loss clip_fraction approx_kl attained"
SFT_CURVES = "loss accuracy entropy trainable_fraction"
DPO_CURVES = "loss chosen_logp rejected_logp margin accuracy kl attained"


def test_histories_and_policies_carry_the_names_of_the_contract(world, start, six_leashes):
    dpo = tc.train_dpo(world, tc.DPOConfig(steps=3, seeds=8), start=start)
    for run, names in (
        (start, SFT_CURVES),
        (six_leashes, PPO_CURVES),
        (dpo, DPO_CURVES),
    ):
        swept = ("kl_beta",) if run is six_leashes else ()
        assert set(names.split()) <= set(run.history.data_vars)
        for curve in run.history.data_vars.values():
            assert curve.dims == (*swept, "seed", "step")
            assert np.isfinite(curve).all()
        for table in (run.logp, run.ref_logp):
            assert table.dims == (*swept, "seed", "prompt", "token")
            assert tuple(table.prompt.values) == world.prompts
            assert tuple(table.token.values) == world.tokens
            assert np.allclose(np.exp(table).sum("token"), 1)
        assert tuple(run.history.seed.values) == run.config.seeds
    assert list(six_leashes.history.step) == list(range(101))
    assert list(start.history.step) == list(range(start.config.steps + 1))
    assert list(dpo.history.step) == [0, 1, 2, 3]
    assert tuple(six_leashes.history.kl_beta.values) == SIX_BETAS


def test_every_swept_setting_is_an_axis_beside_the_seeds(world):
    config = tc.SFTConfig(
        lora_rank=[1, 4], steps=[2, 5], lr=np.array([0.001, 0.01, 0.1]), seeds=[9, 4]
    )
    run = tc.train_sft(world, config)
    assert dict(run.history.sizes) == {"steps": 2, "lora_rank": 2, "lr": 3, "seed": 2, "step": 6}
    assert list(run.history.seed) == [9, 4]
    picked = run.sel(lora_rank=4, steps=2)
    assert picked.config == tc.SFTConfig(lora_rank=4, steps=2, lr=[0.001, 0.01, 0.1], seeds=[9, 4])
    assert picked.history.loss.dims == ("lr", "seed", "step")
    logp = picked.model.logp().detach().view(3, 2, 6, 11)
    assert np.array_equal(picked.logp, logp)
    assert np.array_equal(picked.logp, run.logp.sel(lora_rank=4, steps=2))


def test_a_run_that_ends_early_holds_its_last_value(world):
    run = tc.train_sft(world, tc.SFTConfig(steps=[3, 8], seeds=2))
    short = run.history.loss.sel(steps=3)
    assert (short.isel(step=slice(3, None)) == short.sel(step=3)).all()
    assert (short.sel(step=3) == run.history.loss.sel(steps=8, step=3)).all()


def test_a_run_of_a_sweep_can_be_a_start(world):
    sweep = tc.train_sft(world, tc.SFTConfig(lora_rank=[1, 8], seeds=2))
    run = tc.train_ppo(world, tc.PPOConfig(rollouts=2, seeds=2), sweep.sel(lora_rank=1))
    assert np.array_equal(run.ref_logp, sweep.logp.sel(lora_rank=1))
    assert not run.model.head.lora_A[:, 1:].any()


def test_the_two_languages_share_every_number():
    runs = [tc.train_sft(tc.World(language=one), tc.SFTConfig(steps=3)) for one in ("tr", "en")]
    assert np.array_equal(runs[0].logp.values, runs[1].logp.values)
    assert list(runs[0].logp.prompt) != list(runs[1].logp.prompt)


# The same numbers, alone, beside others, and everywhere


def assert_alone_equals(train, settings: dict, **swept) -> None:
    """Every run of the sweep over `swept` equals the run of its settings on its own."""
    sweep = train(**settings, **swept)
    for name, values in swept.items():
        others = {other: values[0] for other, values in swept.items() if other != name}
        for value in values:
            alone = train(**settings, **others, **{name: value})
            inside = sweep.sel(**others, **{name: value})
            assert np.allclose(inside.logp, alone.logp, rtol=0, atol=1e-9)
            same = inside.history.isel(step=slice(alone.history.sizes["step"]))
            for curve in alone.history:
                assert np.allclose(same[curve], alone.history[curve], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "swept",
    [
        {"kl_beta": [0, 0.1, 1], "clip_range": [0.05, 0.3]},
        {"lr": [0.001, 0.05], "ent_coef": [0, 0.1], "vf_coef": [0, 1]},
        {"target_kl": [0.001, 0.01]},
        {"epochs": [1, 3], "batch_size": [16, 64]},
        {"rollouts": [5, 12], "kl_beta": [0.1, 1]},
    ],
    ids=", ".join,
)
def test_a_ppo_run_inside_a_sweep_is_the_run_alone(world, swept):
    settings = {"rollouts": 12, "batch_size": 32, "seeds": [3, 5]}
    start = tc.train_sft(world, tc.SFTConfig(seeds=[3, 5]))

    def train(**settings):
        return tc.train_ppo(world, tc.PPOConfig(**settings), start)

    assert_alone_equals(train, {k: v for k, v in settings.items() if k not in swept}, **swept)


def test_a_dpo_or_sft_run_inside_a_sweep_is_the_run_alone(world):
    start = tc.train_sft(world, tc.SFTConfig(seeds=[3, 5]))

    def dpo(**settings):
        return tc.train_dpo(world, tc.DPOConfig(**settings), start=start)

    def sft(**settings):
        return tc.train_sft(world, tc.SFTConfig(**settings))

    assert_alone_equals(dpo, {"seeds": [3, 5]}, beta=[0.1, 1], lr=[0.01, 0.05], steps=[10, 30])
    assert_alone_equals(sft, {"seeds": [3, 5]}, lora_rank=[1, 4, 8], lora_alpha=[1, 16])
    assert_alone_equals(sft, {"seeds": 1}, lr=[0.001, 0.01], steps=[4, 9])


def test_a_seed_gives_the_same_run_whatever_its_neighbours(world):
    together = tc.train_ppo(world, tc.PPOConfig(rollouts=10, seeds=[0, 7, 2]))
    alone = tc.train_ppo(world, tc.PPOConfig(rollouts=10, seeds=[7]))
    assert np.allclose(together.logp.sel(seed=[7]), alone.logp, rtol=0, atol=1e-9)


def test_seeds_differ_from_one_another(six_leashes):
    assert final(six_leashes.history.kl).std("seed").min() > 1e-4


def test_an_error_in_the_last_digit_of_the_start_stays_small(world):
    """So a machine that rounds otherwise shows the same curves."""
    start, nudged = (tc.train_sft(world, tc.SFTConfig(seeds=4)) for _ in range(2))
    noise = torch.randn(nudged.model.head.lora_B.shape, generator=torch.Generator().manual_seed(0))
    nudged.model.head.lora_B.data *= 1 + 1e-15 * noise.double()
    config = tc.PPOConfig(kl_beta=[0, 0.05, 0.5], seeds=4)
    here, there = (np.exp(tc.train_ppo(world, config, one).logp) for one in (start, nudged))
    assert 0 < abs(here - there).max() < 1e-8


def train_a_little(world) -> None:
    sft = tc.train_sft(world, tc.SFTConfig(steps=2))
    tc.train_ppo(world, tc.PPOConfig(rollouts=2), sft)
    pairs = world.sample_preferences(sft.logp.sel(seed=0), 10, seed=0)
    tc.train_dpo(world, tc.DPOConfig(steps=2), pairs, sft)


def test_training_neither_reads_nor_moves_the_global_random_numbers(world):
    def trained():
        return tc.train_ppo(world, tc.PPOConfig(rollouts=2)).logp

    torch.manual_seed(1)
    before, once = torch.get_rng_state(), trained()
    train_a_little(world)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert np.array_equal(trained(), once)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_training_runs_on_one_thread_and_gives_the_others_back(world, monkeypatch):
    threads = set()
    for module, name in ((tc.sft, "_sft_loss"), (tc.ppo, "_ppo_loss"), (tc.dpo, "_dpo_loss")):

        def watched(*arguments, loss_fn=getattr(module, name), **settings):
            threads.add(torch.get_num_threads())
            return loss_fn(*arguments, **settings)

        monkeypatch.setattr(module, name, watched)
    train_a_little(world)
    assert threads == {1}
    assert torch.get_num_threads() == 2


def everything(run: tc.Run) -> list[torch.Tensor]:
    labelled = [run.logp, run.ref_logp, *run.history.values()]
    return [
        *(tensor.detach().clone() for tensor in run.model.state_dict().values()),
        *(torch.tensor(array.values) for array in labelled),
    ]


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("interrupted", [False, True], ids=["to the end", "interrupted"])
def test_training_leaves_what_the_learner_holds_as_it_was(world, monkeypatch, interrupted):
    start = tc.train_sft(world, tc.SFTConfig(seeds=2))
    pairs = world.preference_pairs.clone()
    before = everything(start)
    for module, name in ((tc.ppo, "_ppo_loss"), (tc.dpo, "_dpo_loss")):
        calls = []

        def stopping(*arguments, calls=calls, loss_fn=getattr(module, name), **settings):
            calls.append(1)
            if interrupted and len(calls) == 7:
                raise KeyboardInterrupt
            return loss_fn(*arguments, **settings)

        monkeypatch.setattr(module, name, stopping)

    def finished(train) -> bool:
        try:
            train()
        except KeyboardInterrupt:
            return False
        return True

    ppo = tc.PPOConfig(kl_beta=[0.1, 1], rollouts=5, seeds=2)
    assert finished(lambda: tc.train_ppo(world, ppo, start)) is not interrupted
    assert (
        finished(lambda: tc.train_dpo(world, tc.DPOConfig(seeds=2), pairs, start))
        is not interrupted
    )
    assert torch.get_num_threads() == 2
    assert all(map(torch.equal, everything(start), before))
    assert torch.equal(pairs, world.preference_pairs)
    assert torch.equal(world.reward, tc.World().reward)


SCRIPT = """
import toycore as tc
world = tc.World()
sft = tc.train_sft(world, tc.SFTConfig(seeds=3))
ppo = tc.train_ppo(world, tc.PPOConfig(kl_beta=[0.05, 0.5], seeds=3), sft)
pairs = world.sample_preferences(sft.logp.sel(seed=0), 1000, seed=0)
dpo = tc.train_dpo(world, tc.DPOConfig(steps=50, seeds=3), pairs, sft)
for run in (sft, ppo, dpo):
    for value in run.logp.values.ravel():
        print(f"{value:.9e}")
"""


def test_another_process_and_another_number_of_threads_give_the_same_ten_digits(capsys):
    """Here on one thread, among other tests; there on two, in a process that has done nothing."""
    exec(SCRIPT, {})
    here = capsys.readouterr().out
    there = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        cwd=Path(tc.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert len(here.split()) == 12 * 66
    assert there == here
