"""Four bugs from published code: samples cut off, a sign, a ratio, a mean of one's own.

Each is counted out, held against a closed form or against conditions that only the right answer
meets, and then trained. That the updates climb what they are said to is in test_broken.py.
"""

import itertools
import math

import numpy as np
import pytest
import torch

import toycore as tc
from counted_updates import BETA, chi_square, expected_update
from toycore import broken, exact
from toycore.broken import as_it_is, log_ratio_flow, truncated
from toycore.broken.optima import GROUP, chi_square_optimum, walled_optimum
from toycore.broken.recipes import Sampled, k1, k2, k3, k3_flipped, none, reloaded
from toycore.broken.sampling import group_mean, sample_groups
from toycore.engine.noise import sample_answer, uniforms
from toycore.world import HELPFUL

PPO = broken.PPO_RECIPES
SINGLE = ["k3_sign_flipped", "ratio_to_reference", "mean_baseline_kl_in_loss"]


def final(curve) -> np.ndarray:
    return curve.isel(step=-1).values


def off(run: tc.Run, place) -> torch.Tensor:
    """Total variation to a policy, one value per seed."""
    return exact.total_variation(run.logp, place).mean(-1)


def goal(run: tc.Run) -> torch.Tensor:
    return exact.optimal_policy(run.ref_logp, run.world.reward, BETA)


@pytest.fixture(scope="module")
def ref(start) -> torch.Tensor:
    return torch.tensor(start.logp.values)


@pytest.fixture(scope="module")
def lab(world, start) -> tc.Run:
    """Long enough to arrive."""
    recipes = ["k2_in_loss", "log_ratio_in_loss", *SINGLE]
    config = broken.PPOLabConfig(recipe=recipes, kl_beta=BETA, rollouts=100, seeds=8)
    return broken.train_ppo(world, config, start)


def trained(world, start, monkeypatch, name: str, beta=BETA, rollouts=100, **changes) -> tc.Run:
    """By a recipe with some of its lines changed."""
    monkeypatch.setitem(PPO, name, PPO[name]._replace(**changes))
    config = broken.PPOLabConfig(recipe=name, kl_beta=beta, rollouts=rollouts, seeds=8)
    return broken.train_ppo(world, config, start)


@pytest.mark.parametrize("name", SINGLE)
def test_it_lands_on_its_own_optimum_and_off_the_right_one_in_every_seed(lab, name):
    run, sound = lab.sel(recipe=name), lab.sel(recipe="k2_in_loss")
    away, own = off(run, goal(run)), off(run, broken.own_optimum(run))
    assert away.mean() - 3 * away.std() > off(sound, goal(sound)).mean()
    assert (own < away).all()
    assert own.mean() + 3 * own.std() < away.mean()
    assert own.max() < 0.03


def test_the_verdict_has_a_row_for_each(lab):
    table = broken.verdict(lab)
    assert table.loc["log_ratio_in_loss", "TV to own"] == "–"
    for name in SINGLE:
        own, away = (float(table.loc[name, f"TV to {place}"].split()[0]) for place in ("own", "π*"))
        assert own < away
        assert table.loc[name, "climbs"] == PPO[name].climbs


# --- log_ratio_in_loss ----------------------------------------------------------------------------


@pytest.mark.parametrize("top_p", [0.3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("temperature", [0.5, 0.8, 1.0, 2.0])
def test_what_is_sampled_is_the_smallest_set_that_holds_top_p(ref, temperature, top_p):
    sampled = truncated(ref, temperature, top_p)
    for row, out in zip(ref.flatten(0, 1).tolist(), sampled.flatten(0, 1).tolist(), strict=True):
        warm = [math.exp(x / temperature) for x in row]
        total, likely = sum(warm), sorted(range(11), key=lambda y: -warm[y])
        held = itertools.accumulate(warm[y] / total for y in likely)
        size = 1 + sum(share < top_p for share in list(held)[:-1])
        inside = sum(warm[y] for y in likely[:size])
        due = [warm[y] / inside if y in likely[:size] else 0.0 for y in range(11)]
        assert np.allclose(np.exp(out), due, rtol=0, atol=1e-12)


def test_a_bad_temperature_or_share_is_refused(ref):
    for settings, said in (
        ({"temperature": 0}, "temperature must be"),
        ({"top_p": 0}, "top_p must be"),
        ({"top_p": 1.1}, "top_p must be"),
    ):
        with pytest.raises(ValueError, match=said):
            truncated(ref, **settings)
    with pytest.raises(ValueError, match="steps must be"):
        log_ratio_flow(ref, steps=0)
    with pytest.raises(ValueError, match="size must be"):
        log_ratio_flow(ref, size=0)


def only_warm(logp):
    return truncated(logp, top_p=1)


def only_cut(logp):
    return truncated(logp, temperature=1)


@pytest.mark.parametrize("sampler", [truncated, only_warm, only_cut])
def test_the_log_ratio_by_itself_makes_all_tokens_alike_once_the_samples_are_cut(ref, sampler):
    flow = log_ratio_flow(ref[:3], sampler, steps=2000)
    entropy = exact.entropy(flow)
    assert entropy[0].mean() < 1.85
    assert (entropy[-1] > math.log(11) - 1e-3).all()
    assert (entropy[::200].mean((-1, -2)).diff() > -1e-4).all()


def test_on_the_policys_own_samples_it_moves_nothing(ref):
    for sampler in (as_it_is, lambda logp: truncated(logp, 1, 1)):
        flow = log_ratio_flow(ref, sampler)
        assert exact.total_variation(flow[-1], ref).max() < 1e-12


def test_a_temperature_above_one_sharpens_instead(ref):
    flow = log_ratio_flow(ref, lambda logp: truncated(logp, 1.25, 1))
    assert (exact.entropy(flow[-1]).mean(-1) < exact.entropy(ref).mean(-1) - 0.5).all()


def test_the_flow_is_what_the_recipe_expects_and_the_reference_is_not_in_it(start):
    """With nothing to earn, an update is β (π − q) on each of six prompts, whatever π_ref is."""
    nothing = torch.zeros(6, 11, dtype=torch.float64)
    recipe = PPO["log_ratio_in_loss"]
    update, logits, _ = expected_update(recipe, start, nothing)
    logp = logits.log_softmax(-1)
    assert torch.allclose(update, BETA * (logp.exp() - truncated(logp).exp()) / 6, atol=1e-15)
    assert update.abs().max() > 1e-3
    away, _, _ = expected_update(recipe._replace(reference=reloaded), start, nothing)
    assert torch.allclose(away, update, rtol=0, atol=1e-15)
    still, _, _ = expected_update(recipe._replace(sampler=as_it_is), start, nothing)
    assert still.abs().max() < 1e-16
    step = log_ratio_flow(logp, steps=1, size=6)[1]
    assert torch.allclose((logits + 6 / BETA * 6 * update).log_softmax(-1), step, atol=1e-12)


def test_by_temperature_alone_it_climbs_a_renyi_entropy(ref):
    """(1 − T) H, with H of order α = 1/T: log Σ π^α / (1 − α); its slope by the logits is π − q."""
    temperature = 0.8
    logits = ref.clone().requires_grad_()
    order = 1 / temperature
    renyi = (order * logits.log_softmax(-1)).logsumexp(-1) / (1 - order)
    (slope,) = torch.autograd.grad((1 - temperature) * renyi.sum(), logits)
    assert torch.allclose(slope, ref.exp() - truncated(ref, temperature, 1).exp(), atol=1e-14)


def test_in_training_the_entropy_rises_and_the_reward_sags(lab):
    history = lab.sel(recipe="log_ratio_in_loss").history
    entropy, reward = history.entropy.mean("seed"), history.reward.mean("seed")
    assert entropy[30] > entropy[:30].min() + 0.2
    assert entropy[-1] > entropy[0] + 0.3
    assert reward.max() - reward[-1] > 0.02
    assert (final(history.attained) < 0).all()
    sound = lab.sel(recipe="k2_in_loss").history
    assert (final(sound.entropy) < sound.entropy.isel(step=0)).all()


def test_a_larger_beta_heats_more_and_holds_no_closer(world, start, monkeypatch):
    run = trained(world, start, monkeypatch, "log_ratio_in_loss", [0.0, 0.1, 0.5], rollouts=50)
    entropy, kl = (run.history[name].isel(step=-1) for name in ("entropy", "kl"))
    assert (entropy.diff("kl_beta").mean("seed") > 0).all()
    assert entropy.mean("seed")[-1] - entropy.mean("seed")[0] > 1
    assert (kl.mean("seed") > 2 * exact.kl(goal(run), run.ref_logp).mean().item()).all()


def test_its_cure_is_a_leash_by_k2_on_the_policys_own_samples(world, start, monkeypatch):
    """Neither half is enough: k1 on own samples is no leash, k2 on cut ones another."""
    runs = {
        (kind, sampler): trained(
            world, start, monkeypatch, "log_ratio_in_loss", in_loss=kind, sampler=sampler
        )
        for kind, sampler in itertools.product((k1, k2), (as_it_is, truncated))
        if (kind, sampler) != (k1, truncated)
    }
    reward = {which: final(run.history.reward) for which, run in runs.items()}
    assert (reward[k1, as_it_is] > 0.99).all()
    assert (final(runs[k1, as_it_is].history.entropy) < 0.5).all()
    cured = trained(
        world,
        start,
        monkeypatch,
        "log_ratio_in_loss",
        in_loss=k2,
        sampler=as_it_is,
        whitened=False,
        passes=4,
    )
    assert off(cured, goal(cured)).max() < 0.02
    assert off(runs[k2, truncated], goal(cured)).min() > 0.05


# --- k3_sign_flipped ------------------------------------------------------------------------------


def mean_of(penalty, logp, ref) -> torch.Tensor:
    """Of a penalty over the policy's tokens, per run and prompt, counted."""
    every = torch.arange(66).expand(len(logp), -1)
    drawn = Sampled(logp, ref, every // 11, every % 11)
    return (logp.exp() * penalty(drawn).view(logp.shape)).sum(-1)


def test_its_mean_is_chi_square_less_kl_and_no_estimate_of_the_kl(world, ref):
    best = exact.optimal_policy(ref, world.reward, BETA)
    kl = exact.kl(best, ref)
    assert torch.allclose(mean_of(k3, best, ref), kl, rtol=0, atol=1e-12)
    flipped = mean_of(k3_flipped, best, ref)
    assert torch.allclose(flipped, chi_square(best, ref) - kl, rtol=0, atol=1e-12)
    assert flipped[0].mean() == pytest.approx(0.151, abs=5e-4)
    assert kl[0].mean() == pytest.approx(0.221, abs=5e-4)


@pytest.mark.parametrize("beta", [0.1, 0.5, 2.0, 50.0])
def test_the_chi_square_optimum_has_the_same_slope_wherever_it_lives(world, ref, beta):
    """Of a concave objective, no more is asked: r − β (ρ − 1) is largest on all that live."""
    best = chi_square_optimum(ref, world.reward, beta)
    assert torch.allclose(best.exp().sum(-1), torch.ones(8, 6, dtype=torch.float64), atol=1e-12)
    slope = world.reward - beta * ((best - ref).exp() - 1)
    lives = best > -torch.inf
    top = slope.amax(-1, keepdim=True)
    assert torch.allclose(slope[lives], top.expand_as(slope)[lives], rtol=0, atol=1e-12)
    assert (slope[~lives] <= top.expand_as(slope)[~lives]).all()
    if beta == 0.1:
        assert (~lives).any()


def test_without_a_leash_the_chi_square_optimum_is_the_best_answers(world, ref):
    without = chi_square_optimum(ref, world.reward, 0.0)
    assert torch.equal(without, exact.optimal_policy(ref, world.reward, 0.0))
    nearly = chi_square_optimum(ref, world.reward, 1e-9)
    assert exact.total_variation(nearly, without).max() < 1e-6


def test_the_flipped_sign_costs_reach_and_its_kl_is_too_large(lab):
    run, sound = lab.sel(recipe="k3_sign_flipped"), lab.sel(recipe="k2_in_loss")
    assert (final(run.history.kl) > 1.05 * final(sound.history.kl)).all()
    assert (final(run.history.reward) > final(sound.history.reward)).all()
    assert (final(run.history.attained) < final(sound.history.attained)).all()


# --- ratio_to_reference ---------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.2, 0.5, 1.0])
def test_at_the_walled_optimum_the_pushes_cancel(world, ref, beta):
    """One push for all tokens of a prompt; at a wall it may be any between those of both sides."""
    logp = walled_optimum(ref, world.reward, beta)
    ratio = (logp - ref).exp()
    advantage = world.reward - exact.expected_reward(logp, world.reward)[..., None]
    past = (ratio - 1 - 0.2 * advantage.sign()) * advantage.sign()
    at_wall = past.abs() < 1e-9
    assert at_wall.any()
    assert not at_wall.all(-1).any()
    inner = (ratio * advantage).masked_fill((past > 0) & ~at_wall, 0.0)
    outer = inner.masked_fill(at_wall, 0.0)
    least, most = (
        end(inner, outer) - beta * (logp - ref) for end in (torch.minimum, torch.maximum)
    )
    assert (least.amax(-1) - most.amin(-1)).max() < 1e-9


def test_the_walled_optimum_is_where_plain_gradient_steps_go_too(world, ref):
    logp, steps = ref[:3], 2000
    for step in range(steps):
        ratio, p = (logp - ref[:3]).exp(), logp.exp()
        advantage = world.reward - (p * world.reward).sum(-1, keepdim=True)
        shut = ((ratio > 1.2) & (advantage > 0)) | ((ratio < 0.8) & (advantage < 0))
        push = (ratio * advantage).masked_fill(shut, 0.0) - BETA * (logp - ref[:3])
        slope = p * (push - (p * push).sum(-1, keepdim=True))
        logp = (logp + 4 * (1 - step / steps) * slope).log_softmax(-1)
    assert exact.total_variation(walled_optimum(ref[:3], world.reward, BETA), logp).max() < 0.005


def test_past_both_walls_nothing_pushes_any_more(world):
    """Half way to nowhere, the loss has no slope; by the right ratio it has one for each token."""
    flat = torch.zeros(1, 6, 11, dtype=torch.float64).log_softmax(-1)
    logp = flat.clone()
    logp[..., list(HELPFUL)] += math.log(1.25)
    rest = [token for token in range(11) if token not in HELPFUL]
    logp[..., rest] += math.log((1 - 6 / 11 * 1.25) / (5 / 11))
    advantage = (world.reward - exact.expected_reward(logp, world.reward)[..., None]).flatten(1)

    def slope(behind) -> torch.Tensor:
        table = logp.clone().requires_grad_()
        nil = torch.zeros_like(advantage)
        loss, info = tc.ppo.ppo_loss(
            table.flatten(1), behind.flatten(1), advantage, nil, nil, nil, ent_coef=0
        )
        return torch.autograd.grad(loss.sum(), table)[0], info["clip_fraction"]

    still, clipped = slope(flat)
    assert (still == 0).all()
    assert (clipped == 1).all()
    moving, clipped = slope(logp)
    assert (moving != 0).all()
    assert (clipped == 0).all()


def test_the_clip_is_the_leash_and_beta_hardly_matters(world, start, monkeypatch):
    config = broken.PPOLabConfig(
        recipe=["ratio_to_reference", "k2_in_loss"], kl_beta=[0.0, 0.1, 0.5], rollouts=100, seeds=8
    )
    run = broken.train_ppo(world, config, start)
    kl = run.history.kl.isel(step=-1).mean("seed")
    walled, sound = (kl.sel(recipe=name).values for name in config.recipe)
    assert (walled < 0.4 * sound).all()
    assert (walled[1:] < 0.1).all()


def test_a_clip_that_acts_in_the_first_pass_gives_it_away(world, start, monkeypatch):
    """π/π_old is 1 there. Against the reference it is 1 at the very start alone."""
    for name, acts in (("ratio_to_reference", True), ("k2_in_loss", False)):
        run = trained(world, start, monkeypatch, name, rollouts=10, passes=1)
        clipped = run.history.clip_fraction
        assert (clipped.isel(step=slice(0, 2)) == 0).all()
        assert ((final(clipped) > 0.2) == acts).all()
        assert ((final(clipped) == 0) != acts).all()


# --- mean_baseline_kl_in_loss ---------------------------------------------------------------------


@pytest.mark.parametrize("group", [1, 2, 8])
def test_a_group_is_answers_to_one_prompt_each_by_its_probability(ref, group):
    table, uniform = ref[:2], uniforms((0, 1), (240_000,), "rollouts")
    prompt, token = sample_groups(table, uniform, group)
    if group == 1:
        assert all(map(torch.equal, (prompt, token), sample_answer(table, uniform)))
    by_group = prompt.unflatten(-1, (-1, group))
    assert (by_group == by_group[..., :1]).all()
    for run in range(2):
        count = torch.bincount(prompt[run] * 11 + token[run], minlength=66).view(6, 11)
        assert (count.sum(-1) / 240_000 - 1 / 6).abs().max() < 0.01
        share = count / count.sum(-1, keepdim=True)
        assert (share - table[run].exp()).abs().max() < 0.01


def test_the_noise_of_two_prompts_next_to_one_another_stays_apart():
    table = torch.full((1, 2, 2), 0.5, dtype=torch.float64).log()
    edges = [0.6, math.nextafter(0.5, 0), 0.1, math.nextafter(1, 0)]
    uniform = torch.tensor([edges], dtype=torch.float64)
    prompt, token = sample_groups(table, uniform, 2)
    assert prompt.tolist() == [[1, 1, 0, 0]]
    assert token.tolist() == [[0, 1, 0, 1]]


def test_the_mean_of_a_group_is_that_of_its_neighbours():
    values = torch.tensor([[1.0, 3.0, 5.0, 9.0]])
    assert group_mean(values, 2).tolist() == [[2.0, 2.0, 7.0, 7.0]]
    assert group_mean(values, 4).tolist() == [[4.5, 4.5, 4.5, 4.5]]


@pytest.mark.parametrize("group", [2, 3, 4])
def test_less_the_mean_of_its_group_an_answer_keeps_all_but_one_share(world, ref, group):
    """E[A | y] = (G − 1)/G (r − E[r]): every group of G counted by its probability."""
    every = torch.cartesian_prod(*[torch.arange(11)] * group)
    for prompt in range(6):
        reward, chance = world.reward[prompt], ref[0, prompt].exp()
        returns = reward[every]
        advantage = (returns - group_mean(returns.view(1, -1), group).view_as(returns))[:, 0]
        others = chance[every[:, 1:]].prod(-1)
        mean = torch.zeros(11, dtype=torch.float64).index_add(0, every[:, 0], others * advantage)
        due = (group - 1) / group * (reward - chance @ reward)
        assert torch.allclose(mean, due, rtol=0, atol=1e-12)


def test_in_the_reward_the_factor_cancels(world, start, ref, monkeypatch):
    """At π* all returns of a prompt are alike, and so is their mean, of whichever group."""
    best = exact.optimal_policy(ref, world.reward, BETA)
    returns = world.reward - BETA * (best - ref)
    assert (returns - returns[..., :1]).abs().max() < 1e-12
    name = "mean_baseline_kl_in_loss"
    run = trained(world, start, monkeypatch, name, in_reward=k1, in_loss=none)
    assert off(run, goal(run)).max() < 0.01


def test_groups_of_two_land_where_beta_is_doubled(world, start, monkeypatch):
    run = trained(world, start, monkeypatch, "mean_baseline_kl_in_loss", group=2)
    twice = exact.optimal_policy(run.ref_logp, world.reward, 2 * BETA)
    assert off(run, twice).max() < 0.3 * off(run, goal(run)).min()


def test_its_kl_is_that_of_a_longer_beta_in_every_seed(lab):
    run, sound = lab.sel(recipe="mean_baseline_kl_in_loss"), lab.sel(recipe="k2_in_loss")
    due = exact.optimal_policy(run.ref_logp, run.world.reward, BETA * GROUP / (GROUP - 1))
    kl, shorter = final(run.history.kl), exact.kl(due, run.ref_logp).mean(-1).numpy()
    assert (kl < final(sound.history.kl)).all()
    assert np.allclose(kl, shorter, rtol=0, atol=0.015)
