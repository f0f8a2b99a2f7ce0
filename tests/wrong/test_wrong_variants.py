"""The defects of the old notebook, each built here, and the checks that tell them from the course.

A check is a function that raises AssertionError. The course passes it; the defect must not.
"""

import numpy as np
import pytest
import torch

import toycore as tc
from lost_adapters import reloaded_into_plain_layers
from toycore import exact

SEEDS = 4


@pytest.fixture(scope="module")
def four(world) -> tc.Run:
    """The default SFT of four seeds."""
    return tc.train_sft(world, tc.SFTConfig(seeds=SEEDS))


def final(curve) -> np.ndarray:
    return curve.isel(step=-1).values


# The checks


def check_the_leash_pulls(world, start) -> None:
    """KL to the reference falls with kl_beta, to that of the closed form; the optimum is near."""
    betas = [0.05, 0.2, 0.5, 1.0]
    run = tc.train_ppo(world, tc.PPOConfig(kl_beta=betas, ent_coef=0, seeds=SEEDS), start)
    kl = final(run.history.kl.mean("seed"))
    assert (np.diff(kl) < 0).all()
    ref = torch.tensor(start.logp.values)
    for landed, beta in zip(kl[1:], betas[1:], strict=True):
        by_form = exact.kl(exact.optimal_policy(ref, world.reward, beta), ref).mean().item()
        assert landed == pytest.approx(by_form, rel=0.1)
    assert final(run.history.attained.mean("seed")).min() > 0.97


def check_the_reference_is_the_start(world, start) -> None:
    """KL is exactly 0 before the first update, and the reference is the start to the bit."""
    run = tc.train_ppo(world, tc.PPOConfig(rollouts=2, seeds=SEEDS), start)
    assert (run.history.kl.isel(step=0) == 0).all()
    assert np.array_equal(run.ref_logp.values, start.logp.values)


def check_the_clip_range_matters(world, start, **settings) -> None:
    """A tighter clip acts on more samples, and keeps the policy nearer to the one that sampled."""
    ranges = [0.05, 0.1, 0.2]
    config = tc.PPOConfig(clip_range=ranges, rollouts=20, seeds=SEEDS, **settings)
    history = tc.train_ppo(world, config, start).history.isel(step=slice(1, None))
    assert (np.diff(history.clip_fraction.mean(("seed", "step"))) < 0).all()
    assert (np.diff(history.approx_kl.mean(("seed", "step"))) > 0).all()


def check_lora_starts_as_the_identity(model: tc.ToyLM) -> None:
    """With its update merged away, the policy is the frozen base to the bit."""
    base = model.select(torch.arange(len(model.lora_rank)))
    base.head.lora_A.data.zero_()
    assert torch.equal(model.logp(), base.logp())


def check_the_update_is_scaled_by_alpha_over_rank(model: tc.ToyLM, alpha: float) -> None:
    """The logits are those of the frozen weight plus (alpha/rank) B A."""
    head, rank = model.head, model.head.rank
    update = (alpha / rank) * head.lora_B @ head.lora_A
    logits = model.prompt_embed @ (head.weight + update).mT + head.bias[:, None]
    assert torch.allclose(model(), logits, rtol=0, atol=1e-12)


def model_with_an_update(alpha: float = 8.0, rank: int = 4) -> tc.ToyLM:
    model = tc.ToyLM(range(2), rank, alpha)
    noise = torch.randn(model.head.lora_B.shape, generator=torch.Generator().manual_seed(0))
    model.head.lora_B.data = noise.double()
    return model


def test_the_course_passes_every_check(world, four):
    check_the_leash_pulls(world, four)
    check_the_reference_is_the_start(world, four)
    check_the_clip_range_matters(world, four)
    check_lora_starts_as_the_identity(tc.ToyLM(range(3)))
    check_the_update_is_scaled_by_alpha_over_rank(model_with_an_update(), alpha=8.0)


# The leash of the old notebook: KL(x), one number for all tokens of a prompt


class Placebo:
    """A leash that subtracts β KL(x). It looks at every policy table on its way to the sampler."""

    def __init__(self, monkeypatch):
        self.table = None
        honest = tc.ToyLM.logp

        def watched(model, *arguments):
            table = honest(model, *arguments)
            self.table = table.detach()
            return table

        monkeypatch.setattr(tc.ToyLM, "logp", watched)
        monkeypatch.setattr(tc.ppo, "_leash", self)

    def __call__(self, reward, logp, ref_logp, kl_beta):
        assert torch.equal(self.table.flatten(1), logp)  # of every cell
        kl = exact.kl(self.table, ref_logp.view_as(self.table))
        return reward - kl_beta * kl.repeat_interleave(self.table.shape[-1], 1)


def test_a_leash_of_kl_x_pulls_on_nothing(world, four, monkeypatch):
    Placebo(monkeypatch)
    with pytest.raises(AssertionError):
        check_the_leash_pulls(world, four)
    betas = [0.05, 0.5, 5.0]
    config = tc.PPOConfig(kl_beta=betas, ent_coef=0, seeds=SEEDS)
    run = tc.train_ppo(world, config, four)
    free = exact.kl(exact.optimal_policy(run.ref_logp, world.reward, 0.0), run.ref_logp)
    # However tight it is set, the policy runs as far as the best reward takes it, or further.
    assert (run.history.kl.isel(step=-1).mean("seed") > 0.9 * free.mean().item()).all()
    assert (run.history.reward.isel(step=-1).mean("seed") > 0.98).all()


def test_kl_x_as_a_penalty_has_no_expected_gradient_and_the_sampled_leash_has_that_of_kl():
    """By enumeration: Σ_y π(y) penalty(y) ∇ log π(y), against ∇ KL(π‖π_ref)."""
    generator = torch.Generator().manual_seed(0)
    logits, ref = torch.randn(2, 6, 11, generator=generator, dtype=torch.float64)
    logits.requires_grad_()
    logp, ref_logp = logits.log_softmax(-1), ref.log_softmax(-1)
    zero = torch.zeros(6, 11, dtype=torch.float64)

    def gradient(loss):
        return torch.autograd.grad(loss, logits, retain_graph=True)[0]

    kl = exact.kl(logp, ref_logp)
    with torch.no_grad():
        sampled = -tc.ppo.leash(zero, logp, ref_logp, 1.0)
        placebo = kl[:, None].expand(6, 11)
    assert gradient((logp.exp().detach() * placebo * logp).sum()).abs().max() < 1e-15
    pulled = gradient((logp.exp().detach() * sampled * logp).sum())
    assert torch.allclose(pulled, gradient(kl.sum()), rtol=0, atol=1e-12)
    assert pulled.abs().max() > 0.1


WRONG_LEASHES = {
    "reversed sign": lambda r, logp, ref, beta: r + beta * (logp - ref),
    "no leash": lambda r, logp, ref, beta: r,
    "missing beta": lambda r, logp, ref, beta: r - (logp - ref),
    "entropy, not KL": lambda r, logp, ref, beta: r - beta * logp,
    "probabilities for logarithms": lambda r, logp, ref, beta: r - beta * (logp.exp() - ref.exp()),
    "k3 in the reward": lambda r, logp, ref, beta: (
        r - beta * ((ref - logp).exp() - 1 - (ref - logp))
    ),
}


@pytest.mark.parametrize("wrong", WRONG_LEASHES.values(), ids=WRONG_LEASHES)
def test_a_wrong_leash_is_rejected(world, four, monkeypatch, wrong):
    monkeypatch.setattr(tc.ppo, "_leash", wrong)
    with pytest.raises(AssertionError):
        check_the_leash_pulls(world, four)


# strict=False: a reference that lost its adapters


def test_a_reference_that_lost_its_adapters_is_not_the_start(world, four, monkeypatch):
    lost = reloaded_into_plain_layers(four.model)
    assert exact.kl(four.logp, lost).mean() > 0.05
    honest = tc.ppo.starting_policy

    def starting_policy(start, config):
        """A policy whose first table, where it is taken for the reference, lacks the adapters."""
        policy, tables = honest(start, config), []

        def logp(*arguments):
            table = tc.ToyLM.logp(policy, *arguments)
            if not tables:
                table.detach = lambda: lost
            tables.append(table)
            return table

        policy.logp = logp
        return policy

    monkeypatch.setattr(tc.ppo, "starting_policy", starting_policy)
    with pytest.raises(AssertionError):
        check_the_reference_is_the_start(world, four)
    run = tc.train_ppo(world, tc.PPOConfig(rollouts=2, seeds=SEEDS), four)
    assert np.allclose(run.ref_logp, lost, rtol=0, atol=1e-12)
    assert (run.history.kl.isel(step=0) > 0.01).all()  # what the learner sees


# One pass per rollout


def test_with_one_pass_a_rollout_the_clip_never_acts_and_its_knob_moves_nothing(world, four):
    with pytest.raises(AssertionError):
        check_the_clip_range_matters(world, four, epochs=1)
    config = tc.PPOConfig(clip_range=[0.01, 0.2, 0.9], epochs=1, rollouts=20, seeds=SEEDS)
    run = tc.train_ppo(world, config, four)
    assert (run.history.clip_fraction == 0).all()
    assert (run.logp == run.logp.isel(clip_range=0)).all()
    assert abs(run.history.policy_loss).max() < 1e-12  # minus the mean of a whitened advantage


# Both LoRA factors drawn at random


def test_with_both_factors_random_lora_does_not_start_as_the_identity():
    with pytest.raises(AssertionError):
        check_lora_starts_as_the_identity(model_with_an_update())


# Another scaling than alpha / rank


@pytest.mark.parametrize("scaling", [8.0, 8.0 / 2, 4 / 8.0, 1.0], ids=["α", "α/√r", "r/α", "1"])
def test_another_scaling_of_the_update_is_rejected(scaling):
    model = model_with_an_update(alpha=8.0, rank=4)
    model.head.scaling.fill_(scaling)
    with pytest.raises(AssertionError):
        check_the_update_is_scaled_by_alpha_over_rank(model, alpha=8.0)
