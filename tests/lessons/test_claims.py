"""What prose says of a curve and its dashed line, against the distance that was measured.

"Arrives", "settles", "lands in its square": each of these is a distance here, leash by leash, and
is false of a training that does not.
"""

import re

import pytest
import torch

import lesson_runs
import toycore as tc
from course import COURSE, LESSONS, ROOT

ON_IT = {"reward": 0.001, "kl": 0.01}  # what the eye takes for "on the line"
TOLD = {"README.md": r"(\d\.\d+)", "README.tr.md": r"(\d,\d+)"}


def off(run, name: str) -> dict[float, float]:
    """How far above its dashed line the mean of the seeds ends, for each leash."""
    (setting,) = run.config.swept
    ends = run.history[name].isel(step=-1).mean("seed")
    return {
        leash: float(ends.sel({setting: leash})) - optimum(run, leash)[name]
        for leash in run.config.swept[setting]
    }


def optimum(run, leash: float) -> dict[str, float]:
    """Reward and KL of π*, averaged over prompts and seeds."""
    ref = run.ref_logp.isel(dict.fromkeys(run.config.swept, 0))
    best = tc.exact.optimal_policy(ref, run.world.reward, leash)
    reward, kl = tc.exact.expected_reward(best, run.world.reward), tc.exact.kl(best, ref)
    return {"reward": float(reward.mean()), "kl": float(kl.mean())}


def arrives(run, name: str) -> set[float]:
    """The leashes at which the curve ends on its line."""
    return {leash for leash, far in off(run, name).items() if abs(far) < ON_IT[name]}


def told(page: str) -> list[float]:
    """The numbers of what a README says about its picture, in their order."""
    points = (ROOT / page).read_text("utf-8").split("\n- ")
    (said,) = (point for point in points if "`kl_beta`" in point and "%" in point)
    numbers = re.findall(TOLD[page], said.split("DPO", 1)[1])
    return [float(number.replace(",", ".")) for number in numbers]


@pytest.mark.parametrize("page", TOLD)
def test_the_readme_tells_how_far_the_kl_ends_from_its_line(page):
    longest, above, settled, within = told(page)
    far = off(lesson_runs.leashes(), "kl")
    assert longest == min(leash for leash in far if leash)
    assert round(far[longest], 2) == above
    for leash, distance in far.items():
        assert (abs(distance) < within) == (leash >= settled), leash


def test_with_ppo_the_reward_arrives_on_every_leash():
    run = lesson_runs.leashes()
    assert arrives(run, "reward") == set(run.config.kl_beta)


def test_with_ppo_the_kl_comes_closer_the_shorter_the_leash_and_runs_off_without_one():
    far = off(lesson_runs.leashes(), "kl")
    distances = [abs(far[leash]) for leash in sorted(far)]
    assert distances == sorted(distances, reverse=True)
    assert far[0.0] > 0.4


def test_with_ppo_training_lands_in_its_square_from_a_leash_of_one_fifth():
    """Lesson 3, section 10: the others slip to the right of it, the further the longer."""
    assert arrives(lesson_runs.leashes(), "kl") == {0.2, 0.5, 1.0}


def test_with_dpo_only_the_longest_leash_ends_above_its_line():
    """Lesson 4, section 6: a little above, which the eye takes to begin at 0.02."""
    run = lesson_runs.betas()
    assert arrives(run, "reward") == set(run.config.beta)
    assert [beta for beta, far in off(run, "kl").items() if far > 0.02] == [0.1]


def test_the_clip_is_no_leash():
    """Lesson 3, section 12: a narrow clip shortens the first rollout; only a leash holds the last.

    Each by more than the seeds scatter: the middle 80 % of one lie beyond the mean of the other.
    """
    config = tc.PPOConfig(kl_beta=[0.0, 0.5], clip_range=[0.05, 0.4], seeds=16)
    kl = tc.train_ppo(lesson_runs.WORLD, config, lesson_runs.start()).history.kl
    first, last = kl.sel(step=1), kl.isel(step=-1)
    narrow, wide = first.sel(clip_range=0.05), first.sel(clip_range=0.4)
    assert (narrow.quantile(0.9, "seed") < wide.mean("seed")).all()
    free, held = last.sel(kl_beta=0.0), last.sel(kl_beta=0.5)
    apart = abs(free.sel(clip_range=0.05) - free.sel(clip_range=0.4)).mean("seed")
    assert (free.quantile(0.1, "seed") > 3 * held.mean("seed")).all()
    assert apart < 0.2 * (free - held).mean()


def test_a_leash_that_does_not_pull_arrives_nowhere():
    assert arrives(lesson_runs.sham(), "kl") == set()


@pytest.mark.parametrize("name", ["03_ppo", "04_dpo"])
def test_reward_and_kl_have_their_dashed_lines_where_ppo_and_dpo_train(name):
    """As README and lesson 3 say; a figure draws them where kl_beta is swept, or when asked."""
    (path,) = (path for path in LESSONS if path.stem == name)
    source = path.read_text("utf-8")
    drawn = re.findall(r'tc\.plots\.curves\((\w+), "reward", "kl"(.*?)\)', source)
    assert drawn
    for run, rest in drawn:
        swept = re.search(rf"^{run} = .*\bkl_beta=(\[|leashes)", source, re.MULTILINE)
        assert swept or "optimum=True" in rest, (path.name, run)


def test_no_page_says_that_every_curve_settles():
    """What readers were told before: seven claims that no run kept."""
    pages = [*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md"), *LESSONS]
    pages.append(COURSE.lessons.parent / "words.py")
    for page in pages:
        text = " ".join(page.read_text("utf-8").replace("\n# ", " ").split())
        for gone in (
            "every leashed curve",
            "Each training curve",
            "the same numbers on every machine",
        ):
            assert gone not in text, page.name


# --- lesson 7 -------------------------------------------------------------------------------------


def test_the_accuracy_on_the_pairs_does_not_warn_of_what_a_narrow_proxy_costs():
    """Section 4: rank 1 to 6 differ by less than 4 per cent, and by more than half of the gold."""
    models, judge = lesson_runs.reward_models(), lesson_runs.judge_of_answers()
    right = models.history.accuracy.isel(step=-1).mean("seed")
    assert (abs(right - right.sel(rank=6)) < 0.04).all()
    ref = torch.as_tensor(lesson_runs.start().logp.values)
    greedy = (ref + 1000 * torch.as_tensor(models.reward.values)).log_softmax(-1)
    gold = tc.exact.expected_reward(greedy, judge.reward).mean((1, 2))  # rank
    assert gold[-1] - gold[0] > 0.5


def test_the_trained_dpo_stands_in_its_hollow_mark_at_every_beta():
    """Section 5: one reward model, many leashes."""
    dpo, model, ref = (
        lesson_runs.betas(),
        lesson_runs.full_reward_model(),
        torch.as_tensor(lesson_runs.start().logp.values),
    )
    for beta in (0.5, 1.0, 2.0):
        own = tc.exact.optimal_policy(ref, model.reward.values, beta)
        here = torch.as_tensor(dpo.logp.sel(beta=beta).values)
        assert tc.exact.total_variation(here, own).mean(-1).max() < 0.02
        kl = [float(tc.exact.kl(one, ref).mean()) for one in (here, own)]
        assert abs(kl[0] - kl[1]) < 0.01


def test_what_sft_shows_earns_little_at_two_prompts_and_its_own_optimum_is_off_the_frontier():
    """Section 5."""
    world, ref = lesson_runs.WORLD, torch.as_tensor(lesson_runs.start().logp.values)
    shown = world.reward[torch.arange(6), world.sft_targets]
    assert (shown < world.reward.amax(-1)).sum() == 2
    goal = torch.full_like(ref, -torch.inf)
    goal[:, torch.arange(6), world.sft_targets] = 0
    for table in (goal, torch.as_tensor(lesson_runs.long_sft().logp.values)):
        assert (tc.exact.below_frontier(table, ref, world.reward) > 0.2).all()


def test_many_draws_fool_best_of_n_too_but_few_keep_more_gold_than_a_leash_of_the_same_kl():
    """Section 4's proxy by hand: the gold, with `long` first and paid far too much."""
    ref = torch.as_tensor(lesson_runs.start().logp.values)
    gold = lesson_runs.judge_of_answers().reward
    proxy = gold.clone()
    proxy[:, 9] = 3.0

    def stands(policy) -> tuple[float, float]:
        far, earned = tc.exact.kl(policy, ref), tc.exact.expected_reward(policy, gold)
        return float(far.mean()), float(earned.mean())

    leashed = stands(tc.exact.optimal_policy(ref, proxy, 1.0))
    four, many = (stands(tc.exact.best_of_n(ref, proxy, n)) for n in (4, 64))
    assert abs(four[0] - leashed[0]) < 0.1
    assert four[1] > leashed[1] + 0.2
    assert many[1] < stands(ref)[1] - 0.2


def test_divided_by_std_the_kl_in_the_loss_slides_as_groups_grow_and_in_the_reward_it_stays():
    """Section 6, seed by seed: shorter than the leash asks at G = 2, ever longer from there on."""
    world, ref = lesson_runs.WORLD, torch.as_tensor(lesson_runs.start().logp.values)
    goal = tc.exact.kl(tc.exact.optimal_policy(ref, world.reward, 0.5), ref).mean(-1)
    end = {
        place: lesson_runs.groups(place).history.kl.isel(step=-1) for place in ("reward", "loss")
    }
    assert (abs(end["reward"] / goal.numpy() - 1) < 0.15).all()
    for size, longer in ((2, False), (3, True)):
        config = tc.GRPOConfig(num_generations=size, kl_estimator="k2")
        own = tc.exact.kl(tc.grpo.own_optimum(ref, world.reward, config), ref).mean(-1)
        assert ((own > goal) == longer).all()
    slides = end["loss"].transpose("num_generations", "seed").values
    assert (slides[0] < goal.numpy()).all()
    assert (slides[1:] > 1.3 * goal.numpy()).all()
    assert (slides[1:] > slides[:-1]).all()


def test_length_is_learned_at_every_rate_and_without_the_division_at_none():
    """Section 7."""
    curves = lesson_runs.lengths()
    moved = curves.isel(step=-1) - curves.isel(step=0)
    left, without = (moved.sel(loss_type=way) for way in ("grpo", "dr_grpo"))
    assert (left.long_right < -0.02).all()
    assert (left.long_wrong > 0.001).all()
    assert (abs(without[["long_right", "long_wrong"]].to_array()) < 1e-9).all()


# --- lesson 8 -------------------------------------------------------------------------------------


def test_what_is_stored_says_in_every_seed_what_the_prose_says():
    """Section 4: who lands where, on a shorter leash, in smaller groups."""
    runs = tc.real.runs("beta")
    half = runs.sel(beta=0.5)
    assert (half.attained.sel(trainer="rloo") > 0.97).all()
    assert (half.attained.sel(trainer="dr_grpo") > 0.97).all()
    default = half.sel(trainer="grpo")
    assert (default.kl > 1.8 * default.star_kl).all()
    assert (abs(default.attained - default.own_attained) < 0.1).all()
    assert (runs.attained.sel(trainer="grpo", beta=1.0) < 0.4).all()
    kept = (runs.kl.sel(beta=1.0) / runs.kl.sel(beta=0.25)).mean("seed")
    assert abs(kept.sel(trainer="rloo") - 0.25) < 0.05
    assert kept.sel(trainer="grpo") > 0.55
    sizes = tc.real.runs("num_generations")
    gain = sizes.attained.sel(num_generations=4) - sizes.attained.sel(num_generations=16)
    assert (gain.sel(trainer="grpo") > 0.05).all()
    assert (abs(gain.sel(trainer="rloo")) < 0.02).all()


def test_one_answer_that_differs_leaves_a_spread_of_its_distance_over_the_root_of_the_group():
    """Section 4: half the difference among four, a quarter among 16."""
    for size in (4, 16):
        group = torch.zeros(size, dtype=torch.float64)
        group[0] = 0.8
        assert abs(float(group.std()) - 0.8 / size**0.5) < 1e-12


def test_rank_changes_little_and_the_spread_of_the_word_vectors_much():
    """Section 5."""
    reached = tc.real.runs("rank").attained.sel(trainer="rloo")
    assert (reached.max("rank") - reached.min("rank") < 0.02).all()
    ceilings = tc.real.ceilings()
    assert (ceilings.sel(initializer_range=0.02).drop_sel(rank="all") < 0.8).all()
    assert (ceilings.sel(initializer_range=0.25) > 0.98).all()
    lora = ceilings.drop_sel(rank="all")
    assert (lora.max("rank") - lora.min("rank") < 0.1).all()
    assert (ceilings.sel(rank="all") > 0.98).all()


def test_dpo_leaks_on_a_long_leash_and_the_sft_loss_keeps_it_and_holds_it_back():
    """Section 6."""
    mass = tc.real.runs("beta").mass
    assert (mass.sel(trainer="dpo", beta=0.1) < 0.97).all()
    assert (mass.sel(trainer="rloo") > 0.99).all()
    start = tc.real.mass(torch.as_tensor(tc.real.starts().ref_logp.values), tc.World())
    assert start.mean(-1).min() > 0.99
    alone, cured = (tc.real.leaks().sel(start="usual", cure=cure) for cure in ("none", "sft"))
    assert (cured.mass > 0.99).all()
    assert (cured.kl < alone.kl / 2).all()


def test_eight_bits_cost_little_beside_what_training_spent():
    """Section 7."""
    eight, runs = tc.real.int8(), tc.real.runs("beta").sel(trainer="rloo", beta=0.5)
    spent = tc.exact.kl(eight.logp.values, runs.logp.values).mean(-1)
    assert (spent < 0.1 * torch.as_tensor(runs.kl.values)).all()
    assert (eight.bytes.isel(model=1) < 0.35 * eight.bytes.isel(model=0)).all()
