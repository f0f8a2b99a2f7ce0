"""Training by groups: TRL's own numbers, every group counted out, and where training lands.

Each check is a function of a loss or of an advantage. Those of the course pass it; wrong variants,
built here in a line each, must fail it.
"""

import itertools
import json
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

import toycore as tc
from toycore import exact
from toycore.group_optimum import _groups, own_reward
from toycore.grpo import GRPOConfig, group_advantage, grpo_loss, own_optimum

GOLDEN = json.loads((Path(__file__).parents[1] / "support/data/golden_trl_1.16.0.json").read_text())
CELL = torch.arange(66, dtype=torch.float64).view(6, 11)
TABLES = [t.log_softmax(-1) for t in ((CELL + 1).sin(), (CELL + 1.2).sin(), CELL.cos())]
PROMPT, K = torch.arange(6).repeat_interleave(4), torch.arange(4).repeat(6)
TOKEN = (3 * PROMPT * PROMPT + 2 * K + PROMPT * K) % 11
LOGP, OLD, REF = (table[PROMPT, TOKEN] for table in TABLES)  # TRL's 24 samples
# In groups of 3; all are equal in the first
REWARD = tc.World().reward[PROMPT, TOKEN].view(8, 3).index_fill(0, torch.tensor([0]), 1.0)

BETA, SEEDS = 0.5, 16
RLOO = {"baseline": "leave_one_out", "scale_rewards": "none", "kl_in": "reward"}
RECIPES = {
    "RLOO": {**RLOO, "kl_estimator": "k1"},
    "std, k1 in the reward": {"kl_in": "reward", "kl_estimator": "k1"},
    "mean, k2 in the loss": {"scale_rewards": "none", "kl_estimator": "k2"},
    "std, k2 in the loss": {"kl_estimator": "k2"},
    "std, k3 in the loss": {"kl_estimator": "k3"},
    "leave one out, k3 in the loss": {
        "baseline": "leave_one_out",
        "scale_rewards": "none",
        "kl_estimator": "k3",
    },
    "leave one out and std, k2 in the loss": {"baseline": "leave_one_out", "kl_estimator": "k2"},
}
LEAVE_OUT_AND_STD, K3_IN_LOSS = [*RECIPES][-1], [*RECIPES][-2]


def exactly(value, tolerance=1e-12):
    return pytest.approx(value, rel=0, abs=tolerance)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def recipe(name: str, **settings) -> GRPOConfig:
    return GRPOConfig(kl_beta=BETA, **RECIPES[name], **settings)


@pytest.fixture(scope="module")
def start(world) -> tc.Run:
    return tc.train_sft(world, tc.SFTConfig(seeds=SEEDS))


@pytest.fixture(scope="module")
def ref(start) -> torch.Tensor:
    return torch.as_tensor(start.logp.values)


# --- the advantage --------------------------------------------------------------------------------


def check_advantage(advantage) -> None:
    golden = GOLDEN["advantages"]
    leashed = REWARD - golden["beta"] * (OLD - REF).view(8, 3)
    for name, reward, settings in (
        ("group", REWARD, {}),
        ("none", REWARD, {"scale_rewards": "none"}),
        ("rloo", REWARD, {"baseline": "leave_one_out", "scale_rewards": "none"}),
        ("rloo_leashed", leashed, {"baseline": "leave_one_out", "scale_rewards": "none"}),
    ):
        assert advantage(reward, **settings).flatten().tolist() == exactly(golden[name]), name


def advantage_variant(std=lambda r: r.std(-1, keepdim=True), own=None, others=None, eps=1e-4):
    """An advantage with one part replaced: its standard deviation, a baseline, what is added."""

    def variant(reward, *, baseline="mean", scale_rewards="group"):
        group, mean = reward.shape[-1], reward.mean(-1, keepdim=True)
        mean = mean if own is None else own(reward)
        rest = (reward.sum(-1, keepdim=True) - reward) / (group - 1)
        rest = rest if others is None else others(reward)
        advantage = reward - (mean if baseline == "mean" else rest)
        return advantage / (std(reward) + eps) if scale_rewards == "group" else advantage

    return variant


def test_group_advantages_are_trls():
    check_advantage(group_advantage)
    check_advantage(advantage_variant())


WRONG_ADVANTAGES = {
    "biased std": {"std": lambda r: r.std(-1, keepdim=True, correction=0)},
    "the batch's std": {"std": lambda r: r.std()},
    "the batch's mean": {"own": lambda r: r.mean()},
    "RLOO with the whole group": {"others": lambda r: r.mean(-1, keepdim=True)},
    "RLOO with G for G − 1": {"others": lambda r: (r.sum(-1, keepdim=True) - r) / r.shape[-1]},
    "another epsilon": {"eps": 1e-6},
    "the variance": {"std": lambda r: r.var(-1, keepdim=True)},
}


@pytest.mark.parametrize("part", WRONG_ADVANTAGES.values(), ids=WRONG_ADVANTAGES)
def test_a_wrong_advantage_is_rejected(part):
    with pytest.raises(AssertionError):
        check_advantage(advantage_variant(**part))


def test_with_both_an_advantage_is_bounded_by_the_root_of_g():
    """The answer left out of the baseline is still in the standard deviation: √G at the most.

    Left out of both, it would be divided by nothing but epsilon where all the others are alike.
    """
    for group in (2, 8, 64):
        alone = torch.zeros(group).double().index_fill(0, torch.tensor([0]), 1e6)
        both = group_advantage(alone, baseline="leave_one_out")
        assert both[0].item() == pytest.approx(group**0.5, abs=1e-6)


def test_equal_rewards_have_no_advantage_and_a_gradient():
    reward = torch.full((3, 4), 0.7, dtype=torch.float64, requires_grad=True)
    advantage = group_advantage(reward)
    advantage[:, 0].sum().backward()
    assert (advantage == 0).all()
    assert torch.isfinite(reward.grad).all()


# --- the loss -------------------------------------------------------------------------------------


def check_loss(loss_fn) -> None:
    golden, advantages = GOLDEN["grpo"], GOLDEN["advantages"]
    wave = (1.7 * torch.arange(24, dtype=torch.float64)).sin()
    loss, info = loss_fn(LOGP, OLD, wave, REF, clip_range=golden["epsilon"], kl_beta=golden["beta"])
    assert loss.item() == exactly(golden["clip_k3"])
    assert info["policy_loss"].item() == exactly(golden["clip"])
    assert info["kl_estimate"].item() == exactly(golden["kl"])
    assert info["clip_fraction"].item() == exactly(golden["clip_ratio/region_mean"], 1e-8)
    loss, info = loss_fn(LOGP, OLD, wave, REF)
    assert loss.item() == exactly(golden["clip"])
    group, rloo = (
        torch.tensor(advantages[n], dtype=torch.float64) for n in ("group", "rloo_leashed")
    )
    loss, _ = loss_fn(LOGP, OLD, group, REF, kl_beta=golden["beta"])
    assert loss.item() == exactly(advantages["grpo_loss"])
    assert loss_fn(LOGP, OLD, rloo, REF)[0].item() == exactly(advantages["rloo_loss"])


def loss_variant(estimate=lambda k1: (-k1).exp() - 1 + k1, sign=1.0, mean=lambda v: v.mean(-1)):
    """A GRPO loss whose estimate of the KL, its sign or the mean is what is given."""

    def variant(logp, old_logp, advantage, ref_logp, *, clip_range=0.2, kl_beta=0.0):
        ratio = (logp - old_logp).exp()
        clipped = ratio.clamp(1 - clip_range, 1 + clip_range)
        policy = -torch.minimum(ratio * advantage, clipped * advantage)
        kl = estimate(logp - ref_logp) if kl_beta else torch.zeros_like(logp)
        acts = (clipped * advantage < ratio * advantage).double()
        info = {"policy_loss": policy, "kl_estimate": kl, "clip_fraction": acts}
        return mean(policy + sign * kl_beta * kl), {name: mean(v) for name, v in info.items()}

    return variant


def test_the_loss_is_trls():
    check_loss(grpo_loss)
    check_loss(loss_variant())


WRONG_LOSSES = {
    "k3 turned round": {"estimate": lambda k1: k1.exp() - 1 - k1},
    "k1 for k3": {"estimate": lambda k1: k1},
    "k2 for k3": {"estimate": lambda k1: k1.square() / 2},
    "a KL that is rewarded": {"sign": -1.0},
    "no KL": {"sign": 0.0},
    "a sum": {"mean": lambda v: v.sum(-1)},
}


@pytest.mark.parametrize("part", WRONG_LOSSES.values(), ids=WRONG_LOSSES)
def test_a_wrong_loss_is_rejected(part):
    with pytest.raises(AssertionError):
        check_loss(loss_variant(**part))


def test_trls_default_is_the_same_with_k3_times_the_ratio():
    golden = GOLDEN["grpo"]
    k1 = LOGP - REF
    weighed = ((LOGP - OLD).exp() * ((-k1).exp() - 1 + k1)).mean().item()
    corrected = golden["clip"] + golden["beta"] * weighed
    assert corrected == exactly(golden["clip_k3_bias_corrected"])


def expected_gradient(penalty) -> torch.Tensor:
    """Σ π(y) ∇ penalty(y) at each prompt, π not differentiated: (6, 11) logits."""
    logits = TABLES[0].clone().requires_grad_()
    logp = logits.log_softmax(-1)
    return torch.autograd.grad((logp.detach().exp() * penalty(logp)).sum(), logits)[0]


def test_what_an_estimator_in_the_loss_pulls_on():
    ours, theirs = TABLES[0], TABLES[2]
    reverse = ours.exp() * (ours - theirs - exact.kl(ours, theirs)[:, None])
    forward = ours.exp() - theirs.exp()

    def pulled(estimator, ratio=False):
        def penalty(logp):
            zero = torch.zeros_like(logp)
            sampled = [t[..., None] for t in (logp, logp.detach(), zero, theirs)]
            loss, _ = grpo_loss(*sampled, kl_beta=1.0, kl_estimator=estimator)
            return (logp - logp.detach()).exp() * loss if ratio else loss

        return expected_gradient(penalty)

    for estimator, gradient in (("k1", 0 * reverse), ("k2", reverse), ("k3", forward)):
        torch.testing.assert_close(pulled(estimator), gradient, rtol=0, atol=1e-14)
    for estimator in ("k1", "k3"):  # TRL's use_bias_correction_kl
        torch.testing.assert_close(pulled(estimator, ratio=True), reverse, rtol=0, atol=1e-14)
    assert (reverse - forward).abs().max() > 0.01


@pytest.mark.parametrize("kl_estimator", tc.grpo.ESTIMATORS)
def test_gradients_and_runs_apart(kl_estimator):
    inputs = [noise(3, 8, seed=i).mul(0.2).requires_grad_() for i in range(4)]
    per_run = {
        "clip_range": torch.tensor([[0.05], [0.2], [0.4]]).double(),
        "kl_beta": torch.tensor([[0.0], [0.5], [1.0]]).double(),
    }
    loss_fn = partial(grpo_loss, kl_estimator=kl_estimator)
    assert gradcheck(lambda *i: loss_fn(*i, **per_run)[0], inputs)
    loss, info = loss_fn(*inputs, **per_run)
    assert not any(value.requires_grad for value in info.values())
    for run in range(3):
        own = {name: value[run] for name, value in per_run.items()}
        alone, told = loss_fn(*(i[run] for i in inputs), **own)
        assert loss[run].item() == exactly(alone.item())
        assert {n: v[run].item() for n, v in info.items()} == exactly(
            {n: v.item() for n, v in told.items()}
        )
    shared = loss_fn(*inputs, kl_beta=0.5)[0]
    assert shared.tolist() == exactly(
        loss_fn(*inputs, kl_beta=torch.tensor([[0.5]] * 3))[0].tolist()
    )


@pytest.mark.parametrize("kl_beta", [0.0, torch.tensor([[0.0]])], ids=["a number", "per run"])
def test_without_a_leash_the_reference_does_not_count(kl_beta):
    logp = LOGP[None].clone().requires_grad_()
    nowhere = torch.full_like(REF, -math.inf)[None]
    loss, _ = grpo_loss(logp, OLD[None], REWARD.view(1, -1), nowhere, kl_beta=kl_beta)
    loss.sum().backward()
    assert torch.equal(loss, grpo_loss(LOGP[None], OLD[None], REWARD.view(1, -1), REF[None])[0])
    assert torch.isfinite(logp.grad).all()


# --- w_G(p) ---------------------------------------------------------------------------------------


def counted_weight(p: float, group: int, **settings) -> float:
    """Expected update of the log-odds over p(1 − p), over all 2^G groups."""
    total = 0.0
    for answers in itertools.product((0.0, 1.0), repeat=group):
        right = torch.tensor(answers).double()
        # Divided by numbers so small that 1e-4 beside them would count: so in a large unit.
        advantage = group_advantage(1e12 * right, **settings) / (
            1e12 if settings["scale_rewards"] == "none" else 1
        )
        chance = p ** right.sum().item() * (1 - p) ** (group - right.sum().item())
        total += chance * (advantage * (right - p)).mean().item()
    return total / (p * (1 - p))


@pytest.mark.parametrize("group", [2, 3, 4, 8])
def test_the_weight_of_a_prompt_is_that_of_all_its_groups(group):
    for scale_rewards in tc.grpo.SCALES:
        for p in (0.05, 0.2, 0.5, 0.9):
            weight = exact.group_weight(p, group, scale_rewards).item()
            assert weight == exactly(counted_weight(p, group, scale_rewards=scale_rewards))
            left_out = {"scale_rewards": "none", "baseline": "leave_one_out"}
            assert counted_weight(p, group, **left_out) == exactly(1)


def test_the_weight_at_its_limits():
    ratio = [(exact.group_weight([0.05, 0.5], g)).tolist() for g in (2, 3, 4, 8, 16, 64)]
    told = [low / middle for low, middle in ratio]
    assert told == pytest.approx([1, 1, 1.058, 1.333, 1.689, 2.185], abs=5e-4)
    p = torch.tensor([0.05, 0.3, 0.5]).double()
    limit = (p * (1 - p)).rsqrt()
    assert torch.allclose(exact.group_weight(p, 10_000), limit, rtol=2e-3, atol=0)
    for group in (2, 8, 1000):
        ends = exact.group_weight([0.0, 1.0, 1e-12], group).tolist()
        assert ends == pytest.approx([(group - 1) / group**0.5] * 3, rel=1e-8)
        for scale_rewards in tc.grpo.SCALES:
            weight = exact.group_weight(p, group, scale_rewards)
            assert torch.allclose(weight, exact.group_weight(1 - p, group, scale_rewards))


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan, "x", None], ids=str)
def test_a_weight_needs_a_probability_and_a_group(wrong):
    with pytest.raises((TypeError, ValueError), match="p must be"):
        exact.group_weight(wrong, 8)
    with pytest.raises((TypeError, ValueError), match="num_generations must be"):
        exact.group_weight(0.5, wrong)
    with pytest.raises((TypeError, ValueError), match="scale_rewards must be one of group, none"):
        exact.group_weight(0.5, 8, scale_rewards="batch")


# --- the optimum of its own -----------------------------------------------------------------------

FEW = torch.tensor([0, 1, 3, 5, 9])  # five tokens: three rewards, two of them twice
GROUPS = torch.tensor([*itertools.product(range(5), repeat=4)])  # all groups of 4, 625


def expected_update(logits, ref_logp, reward, config) -> torch.Tensor:
    """The gradient of the loss over all groups that can be drawn, each by its chance: (5,)."""
    logits = logits.clone().requires_grad_()
    logp = logits.log_softmax(-1)
    sampled, ref = logp[GROUPS], ref_logp[GROUPS]
    old, paid = sampled.detach(), reward[GROUPS]
    in_reward = config.kl_in == "reward"
    paid = paid - config.kl_beta * (old - ref) if in_reward else paid
    advantage = group_advantage(paid, baseline=config.baseline, scale_rewards=config.scale_rewards)
    leash = {"kl_beta": 0.0 if in_reward else config.kl_beta, "kl_estimator": config.kl_estimator}
    loss, _ = grpo_loss(sampled, old, advantage, ref, **leash)
    return torch.autograd.grad((loss * old.sum(-1).exp()).sum(), logits)[0]


@pytest.mark.parametrize("name", RECIPES)
def test_at_its_own_optimum_the_expected_update_is_0_and_elsewhere_it_is_not(world, ref, name):
    config = recipe(name, num_generations=4)
    reward, few = world.reward[0, FEW], ref[0, 0, FEW].log_softmax(-1)
    own = own_optimum(few[None], reward[None], config)[0]
    assert expected_update(own, few, reward, config).abs().max() < 1e-10
    star = exact.optimal_policy(few[None], reward[None], BETA)[0]
    if config.kl_in == "reward":
        assert torch.allclose(own, star)
    else:
        assert expected_update(star, few, reward, config).abs().max() > 1e-3
    moved = own + 0.1 * noise(5)
    assert expected_update(moved, few, reward, config).abs().max() > 1e-3


def test_own_optima_are_those_of_the_facts(world, ref):
    """KL and attained of groups of 8 at β = 0.5, mean and spread over 16 seeds."""
    told = {
        "RLOO": (0.218, 1, 0),
        "std, k1 in the reward": (0.218, 1, 0),
        "mean, k2 in the loss": (0.186, 0.994, 0.001),
        "std, k2 in the loss": (0.490, 0.722, 0.063),
        "std, k3 in the loss": (0.276, 0.921, 0.018),
        K3_IN_LOSS: (0.148, 0.935, 0.004),
    }
    for name, (kl, attained, spread) in told.items():
        own = own_optimum(ref, world.reward, recipe(name))
        reached = exact.attained(own, ref, world.reward, BETA)
        assert exact.kl(own, ref).mean().item() == exactly(kl, 6e-4)
        assert reached.mean().item() == exactly(attained, 6e-4)
        assert reached.std().item() == exactly(spread, 6e-4)


def test_with_the_mean_as_its_baseline_the_leash_is_longer(world, ref):
    for group in (2, 8, 64):
        own = own_optimum(ref, world.reward, recipe("mean, k2 in the loss", num_generations=group))
        longer = exact.optimal_policy(ref, world.reward, BETA * group / (group - 1))
        assert exact.total_variation(own, longer).max() < 1e-14


def test_k3_in_the_loss_is_the_forward_kl(world, ref):
    """E[r] − β KL(π_ref‖π) has no better policy, and its optimum is β π_ref/(μ − r)."""
    own = own_optimum(ref, world.reward, recipe(K3_IN_LOSS))
    mu = world.reward + BETA * (ref - own).exp()
    assert (mu - mu[..., :1]).abs().max() < 1e-12
    star = exact.optimal_policy(ref, world.reward, BETA)
    apart = exact.total_variation(own, star).mean(-1)
    assert apart.mean().item() == exactly(0.040, 6e-4)

    def value(logp):
        return exact.expected_reward(logp, world.reward) - BETA * exact.kl(ref, logp)

    for seed in range(5):
        other = (own + 0.05 * noise(6, 11, seed=seed)).log_softmax(-1)
        assert (value(other) < value(own)).all()


def test_divided_by_std_with_the_kl_in_the_loss_the_leash_dissolves_with_g(world, ref):
    kl = []
    for group in (2, 4, 8, 32):
        own = own_optimum(ref, world.reward, recipe("std, k2 in the loss", num_generations=group))
        kl.append(exact.kl(own, ref).mean(-1))
    free = exact.kl(exact.optimal_policy(ref, world.reward, 0.0), ref).mean(-1)
    star = exact.kl(exact.optimal_policy(ref, world.reward, BETA), ref).mean(-1)
    assert (torch.stack(kl).diff(dim=0) > 0).all()
    assert (kl[0] < star).all()  # two answers know only which is better
    assert (kl[2] > 1.5 * star).all()
    assert torch.allclose(kl[3], free, rtol=1e-3, atol=0)


@pytest.mark.parametrize("kl_estimator", tc.grpo.ESTIMATORS)
def test_without_a_leash_the_best_answers_share_all(world, ref, kl_estimator):
    best = exact.optimal_policy(ref, world.reward, 0.0)
    free = own_optimum(ref, world.reward, GRPOConfig(kl_beta=0, kl_estimator=kl_estimator))
    assert exact.total_variation(free, best).max() < 1e-12
    heavy = own_optimum(ref, world.reward, GRPOConfig(kl_beta=1e6, kl_estimator=kl_estimator))
    stays = best if kl_estimator == "k1" else ref
    assert exact.total_variation(heavy, stays).max() < 1e-5


def test_prompts_may_have_rewards_of_their_own(ref):
    """Each prompt of a table is as it is alone, however many rewards the others have."""
    reward = noise(6, 11).mul(2).round() / 2
    reward[0], reward[1] = 0.3, torch.arange(11) > 8
    for name in ("std, k2 in the loss", "std, k3 in the loss"):
        config = recipe(name, num_generations=4)
        together = own_optimum(ref, reward, config)
        for prompt in range(6):
            alone = own_optimum(ref[:, [prompt]], reward[[prompt]], config)[:, 0]
            torch.testing.assert_close(together[:, prompt], alone, rtol=0, atol=1e-10)
        torch.testing.assert_close(together[:, 0], ref[:, 0], rtol=0, atol=1e-12)


def test_a_token_that_the_reference_never_gives_stays_impossible(world, ref):
    never = ref.clone()
    never[..., [0, 5]] = -math.inf
    never = never.log_softmax(-1)
    kept = [1, 2, 3, 4, 6, 7, 8, 9, 10]
    for name in RECIPES:
        own = own_optimum(never, world.reward, recipe(name))
        assert (own[..., [0, 5]] == -math.inf).all()
        alone = own_optimum(never[..., kept], world.reward[:, kept], recipe(name))
        torch.testing.assert_close(own[..., kept], alone, rtol=0, atol=1e-9)


def test_two_places_to_rest_are_an_error_not_one_of_them():
    """A right answer so rare that it stays so, and would stay likely once it were."""
    ref = torch.tensor([[-40.0, 0.0]]).double().log_softmax(-1)
    reward = torch.tensor([[1.0, 0.0]]).double()
    with pytest.raises(ValueError, match="no single optimum of its own"):
        own_optimum(ref, reward, GRPOConfig(kl_beta=0.05, kl_estimator="k2"))
    assert own_reward(ref, reward, GRPOConfig(kl_estimator="k2"), 0.05)[0].isfinite().all()
    for likely, kl_beta in ((0.0, 0.1), (1.0, 0.02)):  # under a tighter or a looser leash: one
        own = own_optimum(ref, reward, GRPOConfig(kl_beta=kl_beta, kl_estimator="k2"))
        assert own[0, 0].exp().round() == likely


def test_what_the_others_of_a_group_can_be_adds_up():
    kinds, ways, advantage = _groups(torch.tensor([[-1.0, 0.2, 1.0]]).double(), 8)
    assert (kinds.sum(-1) == 7).all()
    assert len(kinds.unique(dim=0)) == len(kinds) == math.comb(9, 2)
    assert ways.exp().sum().item() == pytest.approx(3**7)
    group = torch.tensor([-1.0, -1, -1, 0.2, 1, 1, 1, 1]).double()
    (place,) = (kinds == torch.tensor([3.0, 0, 4])).all(-1).nonzero()
    assert advantage[0, place[0], 1].item() == exactly(group_advantage(group)[3].item())


WRONG_RECIPES = {
    "a sweep": ({"kl_beta": [0.1, 0.5]}, "it sweeps kl_beta"),
    "k3 in the reward": ({"kl_in": "reward"}, "kl_estimator must be k1 where kl_in is reward"),
    "k2 in the reward": ({"kl_in": "reward", "kl_estimator": "k2"}, "kl_estimator must be k1"),
}


@pytest.mark.parametrize(("settings", "why"), WRONG_RECIPES.values(), ids=WRONG_RECIPES)
def test_a_recipe_without_an_optimum_of_its_own_is_an_error(world, ref, settings, why):
    with pytest.raises(ValueError, match=why):
        own_optimum(ref, world.reward, GRPOConfig(**settings))


def test_more_kinds_of_groups_than_can_be_counted_are_an_error_before_any_work(ref, monkeypatch):
    config = GRPOConfig(num_generations=16)
    many = tc.World(reward=noise(6, 11))
    with pytest.raises(ValueError, match=r"11 different rewards.*3,268,760 kinds"):
        own_optimum(ref, many.reward, config)
    sound = tc.GRPOConfig(num_generations=16, rollouts=1, **RECIPES["RLOO"])
    assert tc.train_grpo(many, sound).history.attained_own.notnull().all()


@pytest.mark.parametrize(
    "settings", [{"kl_in": "reward"}, {"kl_in": ["loss", "reward"], "kl_estimator": ["k1", "k3"]}]
)
def test_k3_in_the_reward_is_refused_before_training(world, settings):
    with pytest.raises(ValueError, match="kl_estimator must be k1 where kl_in is reward"):
        tc.train_grpo(world, GRPOConfig(**settings))


def test_tables_that_are_none_are_an_error(world, ref):
    for wrong in (world.reward[0], ref, math.nan * world.reward, torch.ones(3, 3), "table"):
        with pytest.raises((TypeError, ValueError), match=r"reward must|ref_logp must"):
            own_optimum(ref, wrong, GRPOConfig())
    for wrong in (ref[0, 0], ref.exp(), math.nan * ref, None):
        with pytest.raises((TypeError, ValueError), match="ref_logp must"):
            own_optimum(wrong, world.reward, GRPOConfig())
    with pytest.raises(TypeError, match="config must be a GRPOConfig"):
        own_optimum(ref, world.reward, tc.PPOConfig())


def test_large_rewards_do_not_overflow(ref, world):
    """Divided by std, a reward's unit is nothing, but for the 1e-4."""
    for name in ("std, k2 in the loss", "std, k3 in the loss"):
        one, other = (own_optimum(ref, c * world.reward, recipe(name)) for c in (1e8, 1e300))
        torch.testing.assert_close(one.exp(), other.exp(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("reward", [torch.tensor(1.0), torch.ones(3, 1), torch.ones(0)], ids=str)
def test_a_group_has_at_least_two_answers(reward):
    with pytest.raises(ValueError, match=r"at least 2|must be"):
        group_advantage(reward)


# --- training -------------------------------------------------------------------------------------


def plain_steps(world, ref, config, steps=800) -> torch.Tensor:
    """Plain gradient steps on a table of logits, the rate falling from 1 to 0: (S, P, V)."""
    logits, group = ref.clone().requires_grad_(), config.num_generations
    rng = torch.Generator().manual_seed(0)
    reward = world.reward.expand(ref.shape)
    in_reward = config.kl_in == "reward"
    for step in range(steps):
        logp = logits.log_softmax(-1)
        uniform = torch.rand((*ref.shape[:-1], group), generator=rng, dtype=torch.float64)
        cdf = logp.detach().exp().cumsum(-1)
        token = torch.searchsorted(cdf / cdf[..., -1:], uniform, right=True)
        sampled, theirs = logp.gather(-1, token), ref.gather(-1, token)
        paid, old = reward.gather(-1, token), sampled.detach()
        paid = paid - config.kl_beta * (old - theirs) if in_reward else paid
        advantage = group_advantage(
            paid, baseline=config.baseline, scale_rewards=config.scale_rewards
        )
        asked = {"kl_beta": 0.0 if in_reward else config.kl_beta}
        asked |= {"kl_estimator": config.kl_estimator}
        loss, _ = grpo_loss(sampled, old, advantage, theirs, **asked)
        (gradient,) = torch.autograd.grad(loss.sum(), logits)
        with torch.no_grad():
            logits -= (1 - step / steps) * gradient
    return logits.detach().log_softmax(-1)


@pytest.mark.parametrize("name", [*RECIPES][:5])
def test_plain_steps_land_on_the_optimum_of_their_own(world, ref, name):
    own = own_optimum(ref, world.reward, recipe(name))
    landed = plain_steps(world, ref, recipe(name))
    assert exact.total_variation(landed, own).mean(-1).max() < 0.03
    if name == "std, k2 in the loss":
        star = exact.optimal_policy(ref, world.reward, BETA)
        far, near = (exact.kl(logp, ref).mean(-1) for logp in (landed, star))
        assert (far > 1.5 * near).all()


@pytest.mark.parametrize("name", [*RECIPES][:6])
def test_training_lands_on_the_optimum_of_its_own(world, start, ref, name):
    run = tc.train_grpo(world, recipe(name, seeds=SEEDS), start)
    own = own_optimum(ref, world.reward, recipe(name))
    assert exact.total_variation(run.logp, own).mean(-1).max() < 0.03
    at_last = run.history.isel(step=-1)
    share = 1 - exact.kl(run.logp, own).mean(-1) / exact.kl(ref, own).mean(-1)
    assert np.allclose(at_last.attained_own, share, rtol=0, atol=1e-9)
    assert (at_last.attained_own > 0.97).all()
    star = exact.optimal_policy(ref, world.reward, BETA)
    further = exact.kl(run.logp, ref).mean(-1) / exact.kl(star, ref).mean(-1)
    if "reward" in RECIPES[name].values() or name == "RLOO":
        assert np.allclose(run.history.attained, run.history.attained_own, rtol=0, atol=1e-9)
    if name == "std, k2 in the loss":
        assert (further > 1.5).all()
        assert (at_last.attained < 0.9).all()


def test_at_the_first_pass_the_policy_loss_is_0_and_yet_it_learns(world, start):
    """What learners ask: the loss prints 0, is it broken? It is −mean Â; its gradient is not 0."""
    config = recipe("std, k3 in the loss", seeds=SEEDS, epochs=1, rollouts=5)
    history = tc.train_grpo(world, config, start).history
    assert abs(history.policy_loss).max() < 1e-12
    assert (history.kl_estimate.isel(step=1) == 0).all()  # nor is there a leash yet
    assert (history.kl.isel(step=-1) > 0.01).all()
    assert (history.clip_fraction == 0).all()


def test_a_run_inside_a_sweep_is_the_run_alone(world):
    start = tc.train_sft(world, tc.SFTConfig(seeds=[3, 5]))
    axes = {"kl_beta": [0, 0.5], "num_generations": [2, 4], "kl_estimator": ["k2", "k3"]}
    axes |= {"scale_rewards": ["group", "none"], "clip_range": [0.1, 0.2], "lr": [0.02, 0.06]}
    sweep = tc.train_grpo(world, GRPOConfig(rollouts=3, seeds=[3, 5], **axes), start)
    for values in ([a[0] for a in axes.values()], [a[1] for a in axes.values()]):
        one = dict(zip(axes, values, strict=True))
        alone = tc.train_grpo(world, GRPOConfig(rollouts=3, seeds=[3, 5], **one), start)
        inside = sweep.sel(**one)
        assert np.allclose(inside.logp, alone.logp, rtol=0, atol=1e-12)
        for curve in alone.history:
            same = inside.history[curve], alone.history[curve]
            assert np.allclose(*same, rtol=0, atol=1e-9), curve


@pytest.mark.parametrize("name", RECIPES)
def test_an_error_in_the_last_digit_of_the_start_stays_small(world, name):
    """So a machine that rounds otherwise shows the same curves."""
    start, nudged = (tc.train_sft(world, tc.SFTConfig(seeds=4)) for _ in range(2))
    nudged.model.head.lora_B.data *= 1 + 1e-15 * noise(*nudged.model.head.lora_B.shape)
    config = GRPOConfig(seeds=4, **({"kl_beta": [0.05, 0.5]} | RECIPES[name]))
    here, there = (np.exp(tc.train_grpo(world, config, one).logp) for one in (start, nudged))
    assert 0 < abs(here - there).max() < 1e-8
