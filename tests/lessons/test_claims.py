"""What prose says of a curve and its dashed line, against the distance that was measured.

"Arrives", "settles", "lands in its square": each of these is a distance here, leash by leash, and
is false of a training that does not.
"""

import re

import pytest

import lesson_runs
import toycore as tc
from course import COURSE, LESSONS, ROOT
from toycore.plots.training import optimum_at

ON_IT = {"reward": 0.001, "kl": 0.01}  # what the eye takes for "on the line"
TOLD = {"README.md": r"(\d\.\d+)", "README.tr.md": r"(\d,\d+)"}


def off(run, name: str) -> dict[float, float]:
    """How far above its dashed line the mean of the seeds ends, for each leash."""
    (setting,) = run.config.swept
    ends = run.history[name].isel(step=-1).mean("seed")
    return {
        leash: float(ends.sel({setting: leash})) - optimum_at(run, leash)[name]
        for leash in run.config.swept[setting]
    }


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
