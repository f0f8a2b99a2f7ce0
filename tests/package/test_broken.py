"""The broken lab: a recipe climbs what it is said to climb, and lands where the closed form says.

The first is counted out token by token, without a sample. The second is trained: further from π*
than the seeds are from one another, and near the recipe's own optimum.
"""

import math

import numpy as np
import pytest
import torch

import toycore as tc
from counted_updates import BETA, CLIMBS, check_it_climbs, spread_of
from lost_adapters import reloaded_into_plain_layers
from toycore import broken, exact
from toycore.broken.optima import whitened_optimum
from toycore.world import HELPFUL

PPO, DPO = broken.PPO_RECIPES, broken.DPO_RECIPES


def final(curve) -> np.ndarray:
    return curve.isel(step=-1).values


@pytest.fixture(scope="module")
def lab(world, start) -> tc.Run:
    """Long enough to arrive."""
    config = broken.PPOLabConfig(recipe=list(PPO), kl_beta=BETA, rollouts=100, seeds=8)
    return broken.train_ppo(world, config, start)


@pytest.fixture(scope="module")
def pairs(world, start) -> torch.Tensor:
    seeds = start.config.seeds
    sets = [world.sample_preferences(start.logp.sel(seed=s), 100_000, seed=s) for s in seeds]
    return torch.stack(sets)


@pytest.fixture(scope="module")
def dpo_lab(world, start, pairs) -> tc.Run:
    config = broken.DPOLabConfig(recipe=list(DPO), beta=BETA, steps=400, seeds=8)
    return broken.train_dpo(world, config, pairs, start)


def off(run: tc.Run, place) -> torch.Tensor:
    """Total variation to a policy, one value per seed."""
    return exact.total_variation(run.logp, place).mean(-1)


def goal(run: tc.Run, beta: float = BETA) -> torch.Tensor:
    return exact.optimal_policy(run.ref_logp, run.world.reward, beta)


def test_some_of_the_swept_values_keep_their_axis_in_the_order_asked_for(lab):
    two = lab.sel(recipe=["one_pass", "kl_in_reward"])
    assert two.config.recipe == ("one_pass", "kl_in_reward")
    assert list(two.history.recipe.values) == ["one_pass", "kl_in_reward"]
    for place, name in enumerate(two.config.recipe):
        assert np.array_equal(two.logp[place], lab.logp.sel(recipe=name))
        assert np.array_equal(two.history.kl[place], lab.history.kl.sel(recipe=name))
        assert np.array_equal(two.sel(recipe=name).logp, lab.logp.sel(recipe=name))
    with torch.no_grad():
        assert np.array_equal(two.model.logp().reshape(two.logp.shape), two.logp)


# --- in the sound recipe, the lab's loops are those of the course ---------------------------------


@pytest.mark.parametrize("settings", [{}, {"kl_beta": [0.0, 0.2], "rollouts": 12}])
def test_with_the_leash_of_the_course_the_lab_is_train_ppo_to_the_digit(world, start, settings):
    settings = {"kl_beta": BETA, "rollouts": 30} | settings
    ours = broken.train_ppo(
        world, broken.PPOLabConfig(recipe="k1_in_reward", seeds=8, **settings), start
    )
    theirs = tc.train_ppo(world, tc.PPOConfig(ent_coef=0, seeds=8, **settings), start)
    assert np.array_equal(ours.logp, theirs.logp)
    assert np.array_equal(ours.ref_logp, theirs.ref_logp)
    for name in ("reward", "kl", "clip_fraction", "attained"):
        assert np.array_equal(ours.history[name], theirs.history[name])
    assert np.array_equal(ours.history.logged_kl, ours.history.kl)


def test_with_one_pass_too(world, start):
    ours = broken.train_ppo(world, broken.PPOLabConfig(recipe="one_pass", seeds=8), start)
    config = tc.PPOConfig(kl_beta=BETA, ent_coef=0, epochs=1, rollouts=30, seeds=8)
    assert np.array_equal(ours.logp, tc.train_ppo(world, config, start).logp)


@pytest.mark.parametrize("per_seed", [True, False])
def test_with_the_copied_reference_the_lab_is_train_dpo_to_the_digit(world, start, pairs, per_seed):
    asked = pairs if per_seed else world.preference_pairs
    config = broken.DPOLabConfig(recipe="copied_reference", beta=[0.3, 1.0], seeds=8)
    ours = broken.train_dpo(world, config, asked, start)
    theirs = tc.train_dpo(world, tc.DPOConfig(beta=[0.3, 1.0], seeds=8), asked, start)
    assert np.array_equal(ours.logp, theirs.logp)
    for name in ("loss", "margin", "accuracy", "reward", "kl", "attained"):
        assert np.array_equal(ours.history[name], theirs.history[name])


def test_without_a_reference_on_hard_labels_the_lab_is_train_dpo_reference_free(world, start):
    config = broken.DPOLabConfig(recipe="hard_labels_no_reference", seeds=8)
    ours = broken.train_dpo(world, config, world.preference_pairs, start)
    theirs = tc.train_dpo(world, tc.DPOConfig(reference_free=True, seeds=8), start=start)
    assert np.allclose(ours.logp, theirs.logp, rtol=0, atol=1e-9)


def test_a_penalty_that_is_infinite_where_nothing_was_drawn_spoils_nothing(world, monkeypatch):
    start = tc.train_sft(world, tc.SFTConfig(seeds=2))
    start.model.head.bias.data[:, 5] -= 1e6  # never said
    uniform = PPO["k3_in_reward"]._replace(reference=DPO["hard_labels_no_reference"].reference)
    monkeypatch.setitem(PPO, "k3_in_reward", uniform)
    config = broken.PPOLabConfig(recipe="k3_in_reward", rollouts=3, seeds=2)
    run = broken.train_ppo(world, config, start)
    assert np.isfinite(run.logp).all()
    assert (final(run.history.kl) > 0.01).all()  # NaN in an advantage would stop the policy


# --- what the updates climb, by enumeration -------------------------------------------------------


@pytest.mark.parametrize("name", PPO)
def test_a_recipe_climbs_what_it_says_and_nothing_else(world, start, name):
    check_it_climbs(PPO[name], PPO[name].climbs, start, world.reward)
    for other in set(CLIMBS) - {PPO[name].climbs}:
        with pytest.raises(AssertionError):
            check_it_climbs(PPO[name], other, start, world.reward)


def test_the_reloaded_reference_is_what_torch_loads_with_strict_false(start):
    lost = reloaded_into_plain_layers(start.model)
    assert torch.allclose(PPO["reloaded_reference"].reference(start.model), lost, rtol=0, atol=1e-6)
    assert exact.kl(start.logp, lost).mean() > 0.05


@pytest.mark.parametrize("beta", [0.2, 0.5, 1.0])
def test_the_whitened_optimum_is_that_of_the_leash_which_its_own_spread_makes(world, start, beta):
    ref = torch.tensor(start.logp.values)
    place = whitened_optimum(ref, world.reward, beta)
    leash = beta * (spread_of(world.reward, place) + 0.1)
    assert torch.allclose(place, exact.optimal_policy(ref, world.reward, leash), rtol=0, atol=1e-9)
    assert (leash < 0.2 * beta).all()


# --- where the PPO recipes land -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["k1_in_reward", "k2_in_loss", "one_pass"])
def test_a_sound_recipe_lands_on_the_optimum(lab, name):
    run = lab.sel(recipe=name)
    assert exact.kl(run.logp, goal(run)).mean(-1).max() < 0.02
    assert off(run, goal(run)).mean() < 0.03
    assert (final(run.history.attained) > 0.95).all()
    assert final(run.history.attained).mean() > 0.99


BROKEN = ["kl_in_reward", "k3_in_reward", "k1_in_loss", "k2_in_loss_whitened", "reloaded_reference"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_recipe_lands_elsewhere_in_every_seed_and_its_reward_looks_fine(lab, name):
    run, sound = lab.sel(recipe=name), lab.sel(recipe="k1_in_reward")
    away = off(run, goal(run))
    assert away.mean() - 3 * away.std() > off(sound, goal(sound)).max()
    attained = final(run.history.attained)
    assert attained.mean() + attained.std() < 0.8
    # By its reward it does at least as well as the sound one, and it is there as soon.
    reward, due = run.history.reward.mean("seed"), sound.history.reward.mean("seed")
    assert (reward[10:] > due[10:] - 0.01).all()


@pytest.mark.parametrize("name", ["k2_in_loss_whitened", "reloaded_reference"])
def test_it_lands_on_its_own_optimum(lab, name):
    run = lab.sel(recipe=name)
    own = broken.own_optimum(run)
    assert exact.kl(run.logp, own).mean() < 0.02
    assert off(run, own).max() < 0.3 * off(run, goal(run)).min()


def test_a_recipe_with_no_single_optimum_has_none(lab):
    for name in PPO:
        assert (broken.own_optimum(lab.sel(recipe=name)) is None) == (PPO[name].optimum is None)


@pytest.fixture(scope="module")
def knob(world, start) -> tc.Run:
    """The recipes whose leash does not hold, at three lengths of it."""
    recipes = ["kl_in_reward", "k3_in_reward", "k1_in_loss", "k2_in_loss"]
    config = broken.PPOLabConfig(recipe=recipes, kl_beta=[0.0, 0.1, 0.5], seeds=8)
    return broken.train_ppo(world, config, start)


def test_the_placebo_is_no_leash_at_any_kl_beta(knob):
    run = knob.sel(recipe="kl_in_reward")
    kl = run.history.kl.isel(step=-1)
    assert (final(run.history.reward) > 0.999).all()  # all that there is
    least = exact.kl(goal(run, 0.0), run.ref_logp).mean().item()
    assert (kl.mean("seed") > 1.2 * least).all()
    assert (abs(kl.mean("seed") - kl.mean("seed")[0]) < kl.std("seed")).all()


def test_k1_in_the_loss_is_no_leash_but_a_push_away_once_a_rollout_is_used_again(
    knob, world, start, monkeypatch
):
    """From the second pass on, the samples are not the policy's: their log π is pushed down."""
    kl = knob.history.kl.isel(step=-1).sel(recipe="k1_in_loss")
    assert (kl.diff("kl_beta").mean("seed") > kl.std("seed").max()).all()
    assert (final(knob.sel(recipe="k1_in_loss").history.reward) > 0.99).all()
    # With one pass the push is gone, and what is left is no leash at all.
    monkeypatch.setitem(PPO, "k1_in_loss", PPO["k1_in_loss"]._replace(passes=1))
    config = broken.PPOLabConfig(recipe="k1_in_loss", kl_beta=[0.0, 0.5], rollouts=100, seeds=8)
    kl = broken.train_ppo(world, config, start).history.kl.isel(step=-1)
    assert abs(kl.diff("kl_beta").mean()) < kl.std("seed").max()


def test_k2_in_the_loss_is_a_leash(knob):
    kl = knob.history.kl.isel(step=-1).sel(recipe="k2_in_loss")
    assert (kl.diff("kl_beta").mean("seed") < -2 * kl.std("seed").max()).all()


def test_k3_in_the_reward_pays_for_answers_that_die_out(lab):
    """The climb has no end: KL(π_ref‖π) is rewarded, and grows as answers of equal worth die."""
    run, sound = lab.sel(recipe="k3_in_reward"), lab.sel(recipe="k1_in_reward")
    lost, kept = (exact.kl(r.ref_logp, r.logp).mean(-1) for r in (run, sound))
    assert lost.min() > 5 * kept.max()
    chance, likely = (np.exp(table.values)[..., HELPFUL] for table in (run.logp, run.ref_logp))
    died = (chance < 0.001) & (likely > 0.05)
    assert died.sum() > 10
    assert (np.exp(sound.logp.values)[..., HELPFUL][died] > 0.01).all()


def test_with_one_pass_the_clip_never_acts_and_training_is_slower(lab):
    run, sound = lab.sel(recipe="one_pass"), lab.sel(recipe="k1_in_reward")
    assert (run.history.clip_fraction == 0).all()
    assert (sound.history.clip_fraction.mean("step") > 0.01).all()
    slow, due = (r.history.attained.isel(step=4) for r in (run, sound))
    assert due.mean() - slow.mean() > slow.std()


def test_the_log_of_a_reloaded_reference_does_not_start_at_zero(lab):
    run = lab.sel(recipe="reloaded_reference")
    assert (run.history.kl.isel(step=0) == 0).all()
    assert (run.history.logged_kl.isel(step=0) > 0.05).all()
    assert (final(run.history.logged_kl) < 0.5 * final(run.history.kl)).all()  # it looks leashed


# --- where the DPO recipes land -------------------------------------------------------------------


def test_with_the_copied_reference_dpo_lands_on_the_optimum(dpo_lab):
    run = dpo_lab.sel(recipe="copied_reference")
    assert off(run, goal(run)).max() < 0.05
    assert (final(run.history.attained) > 0.98).all()


@pytest.mark.parametrize("name", ["reloaded_reference", "hard_labels", "hard_labels_no_reference"])
def test_a_broken_dpo_recipe_lands_near_its_own_optimum_and_not_on_the_right_one(dpo_lab, name):
    run, sound = dpo_lab.sel(recipe=name), dpo_lab.sel(recipe="copied_reference")
    away, own = off(run, goal(run)), off(run, broken.own_optimum(run))
    assert away.mean() - 3 * away.std() > off(sound, goal(sound)).max()
    assert own.max() < 0.5 * away.min()
    reward, due = run.history.reward.mean("seed"), sound.history.reward.mean("seed")
    assert (reward[50:] > due[50:] - 0.01).all()


def all_pairs(ref, reward) -> tuple[torch.Tensor, torch.Tensor]:
    """Every pair of different answers, both ways round, and the judge's share of each, (1, M)."""
    prompts, tokens = reward.shape
    index = torch.arange(prompts), torch.arange(tokens), torch.arange(tokens)
    every = torch.cartesian_prod(*index)
    every = every[every[:, 1] != every[:, 2]]
    x, a, b = every.T
    share = (ref[x, a] + ref[x, b]).exp() * torch.sigmoid(reward[x, a] - reward[x, b])
    return every, (share / share.sum())[None]


@pytest.mark.parametrize("name", ["copied_reference", "reloaded_reference"])
def test_at_its_own_optimum_the_loss_of_the_judges_labels_has_no_slope(world, start, name):
    recipe, model = DPO[name], start.model.select(torch.arange(1))
    ref, reference = model.logp().detach(), recipe.reference(model)
    (x, c, r), weight = (lambda e, w: (e.T, w))(*all_pairs(ref[0], world.reward))

    def slope(logp) -> torch.Tensor:
        logits = logp.clone().requires_grad_()
        table = logits.log_softmax(-1)
        picked = (t[:, x, y] for t in (table, reference) for y in (c, r))
        loss, _ = tc.dpo.dpo_loss(*picked, beta=BETA, weight=weight)
        return torch.autograd.grad(loss.sum(), logits)[0].abs().max()

    own = recipe.optimum(reference, world.reward, BETA)
    assert slope(own) < 1e-15
    elsewhere = exact.optimal_policy(model.logp().detach(), world.reward, 2 * BETA)
    assert slope(elsewhere) > 1e-3


@pytest.mark.parametrize("name", ["hard_labels", "hard_labels_no_reference"])
def test_on_hard_labels_no_leash_is_long_enough(world, start, name):
    """The loss falls as π_ref e^(r/β′) is taken with a smaller β′: its infimum is at β′ → 0."""
    recipe, model = DPO[name], start.model.select(torch.arange(1))
    reference = recipe.reference(model)
    every, weight = all_pairs(model.logp().detach()[0], world.reward)
    x, c, r = recipe.labels(every, world.reward).T
    assert (world.reward[x, c] >= world.reward[x, r]).all()
    losses = []
    for beta in (1.0, 0.3, 0.1, 0.03):
        table = exact.optimal_policy(reference, world.reward, beta)
        picked = (t[:, x, y] for t in (table, reference) for y in (c, r))
        losses.append(tc.dpo.dpo_loss(*picked, beta=BETA, weight=weight)[0].item())
    assert (np.diff(losses) < 0).all()
    tied = weight[0, world.reward[x, c] == world.reward[x, r]].sum().item()
    assert losses[-1] == pytest.approx(tied * math.log(2), abs=1e-3)


def test_what_dpo_logs_ends_alike_with_the_wrong_reference_and_only_its_first_loss_tells(dpo_lab):
    right, wrong = (dpo_lab.history.sel(recipe=f"{n}_reference") for n in ("copied", "reloaded"))
    for name in ("loss", "margin", "accuracy"):
        assert np.allclose(final(right[name]), final(wrong[name]), rtol=0, atol=0.005)
    assert np.allclose(right.loss.isel(step=0), math.log(2), rtol=0, atol=1e-12)
    assert (abs(wrong.loss.isel(step=0) - math.log(2)) > 0.002).all()
    assert (final(wrong.kl) > 2 * final(right.kl)).all()


# --- the verdict, and bad input -------------------------------------------------------------------


def test_the_verdict_says_what_the_runs_hold(lab):
    table = broken.verdict(lab.sel(recipe=["k1_in_reward", "reloaded_reference", "kl_in_reward"]))
    assert list(table.index) == ["k1_in_reward", "reloaded_reference", "kl_in_reward"]
    assert list(table.columns) == ["climbs", "attained", "TV to π*", "TV to own"]
    run = lab.sel(recipe="reloaded_reference")
    row = table.loc["reloaded_reference"]
    mean, spread = (float(part) for part in row["attained"].split(" ± "))
    attained = torch.tensor(final(run.history.attained))
    assert mean == pytest.approx(attained.mean().item(), abs=0.005)
    assert spread == pytest.approx(attained.std().item(), abs=0.005)
    for column, place in (("TV to π*", goal(run)), ("TV to own", broken.own_optimum(run))):
        assert float(row[column].split()[0]) == pytest.approx(
            off(run, place).mean().item(), abs=0.005
        )
    assert row["climbs"] == "E[r] − β KL(π‖π_base)"
    assert table.loc["kl_in_reward", "TV to own"] == "–"
    assert table.loc["k1_in_reward", "TV to own"] == table.loc["k1_in_reward", "TV to π*"]


def test_each_recipe_names_whose_code_has_it():
    for recipe in (*PPO.values(), *DPO.values()):
        assert len(recipe.source.split()) >= 4


def test_bad_input_is_refused_before_any_training(world, start, pairs, lab):
    with pytest.raises(ValueError, match="recipe must be one of k1_in_reward, kl_in_reward"):
        broken.PPOLabConfig(recipe="k4_in_reward")
    with pytest.raises(TypeError, match="no setting 'target_kl'"):
        broken.PPOLabConfig(target_kl=0.1)
    with pytest.raises(TypeError, match="config must be a PPOLabConfig"):
        broken.train_ppo(world, tc.PPOConfig(), start)
    with pytest.raises(TypeError, match="config must be a DPOLabConfig"):
        broken.train_dpo(world, tc.DPOConfig(), pairs, start)
    with pytest.raises(ValueError, match="chosen and rejected must differ"):
        broken.train_dpo(world, broken.DPOLabConfig(seeds=8), [("hello", "yes", "yes")], start)
    with pytest.raises(TypeError, match="must be one of the broken lab; got one by SFTConfig"):
        broken.verdict(start)
    with pytest.raises(ValueError, match="must sweep recipe; it sweeps nothing"):
        broken.verdict(lab.sel(recipe="one_pass"))
    with pytest.raises(ValueError, match="must sweep nothing; it sweeps recipe"):
        broken.own_optimum(lab)
    with pytest.raises(ValueError, match="start must have the seeds"):
        broken.train_ppo(world, broken.PPOLabConfig(seeds=4), start)
