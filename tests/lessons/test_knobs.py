"""Every knob moves a named quantity, in the direction that theory says, by more than the spread.

Every setting sees the same noise, so seeds are compared in pairs: from each value of the knob to
the next, the mean difference over seeds must exceed two of its standard errors.
"""

import numpy as np
import pytest
import torch
import xarray as xr

import toycore as tc

SEEDS = 8


def check_moves(quantity, knob: str, direction: int) -> None:
    """quantity: a DataArray over the knob and the seeds; direction: +1 grows, −1 falls."""
    steps = direction * np.diff(quantity.transpose(knob, "seed").values, axis=0)
    error = steps.std(axis=1, ddof=1) / np.sqrt(steps.shape[1])
    assert (steps.mean(axis=1) > 2 * error).all(), quantity.mean("seed").values


def final(curve):
    return curve.isel(step=-1)


def while_training(curve):
    """The mean over all updates; step 0 is before the first."""
    return curve.isel(step=slice(1, None)).mean("step")


@pytest.fixture(scope="module")
def pairs(world, start) -> torch.Tensor:
    """10,000 Bradley–Terry pairs per seed."""
    seeds = start.config.seeds
    sets = [world.sample_preferences(start.logp.sel(seed=s), 10_000, seed=s) for s in seeds]
    return torch.stack(sets)


PPO_KNOBS = {
    "a tighter leash stays nearer": ({"kl_beta": [0.05, 0.2, 0.5, 1]}, "kl", final, -1),
    "a wider clip acts less often": (
        {"clip_range": [0.05, 0.1, 0.2, 0.4]},
        "clip_fraction",
        while_training,
        -1,
    ),
    "a wider clip allows larger steps": (
        {"clip_range": [0.05, 0.1, 0.2, 0.4]},
        "approx_kl",
        while_training,
        +1,
    ),
    "more passes go further from the policy that sampled": (
        {"epochs": [1, 2, 4, 8]},
        "approx_kl",
        while_training,
        +1,
    ),
    "more passes meet the clip more often": (
        {"epochs": [1, 2, 4, 8]},
        "clip_fraction",
        while_training,
        +1,
    ),
    "a higher rate takes larger steps": (
        {"lr": [0.002, 0.005, 0.02, 0.05]},
        "approx_kl",
        while_training,
        +1,
    ),
    "a stricter target_kl takes smaller steps": (
        {"target_kl": [0.0005, 0.002, 0.01]},
        "approx_kl",
        while_training,
        +1,
    ),
    "a larger bonus keeps more entropy": (
        {"ent_coef": [0, 0.1, 0.4]},
        "entropy",
        while_training,
        +1,
    ),
    "a weighted critic learns to predict": (
        {"vf_coef": [0, 0.5]},
        "value_loss",
        while_training,
        -1,
    ),
    "more answers per rollout, less noise at the end": (
        {"batch_size": [16, 64, 256]},
        "attained",
        final,
        +1,
    ),
    "more rollouts climb further": ({"rollouts": [5, 20, 100]}, "attained", final, +1),
}


@pytest.mark.parametrize(("sweep", "name", "when", "direction"), PPO_KNOBS.values(), ids=PPO_KNOBS)
def test_a_ppo_knob(world, start, sweep, name, when, direction):
    (knob,) = sweep
    run = tc.train_ppo(world, tc.PPOConfig(seeds=SEEDS, **({"rollouts": 40} | sweep)), start)
    check_moves(when(run.history[name]), knob, direction)


GRPO = {"kl_in": "reward", "kl_estimator": "k1", "scale_rewards": "none"}
GRPO_KNOBS = {
    "a tighter leash stays nearer": ({"kl_beta": [0.1, 0.5, 1]}, "kl", final, -1),
    "in larger groups less of the reward is lost": (
        {"num_generations": [2, 4, 16], "scale_rewards": "none", "kl_estimator": "k2"},
        "reward",
        final,
        +1,
    ),
    "larger groups are seldom all alike": (
        {"num_generations": [2, 4, 16]},
        "frac_reward_zero_std",
        while_training,
        -1,
    ),
    "divided by std the leash in the loss is longer": (
        {"scale_rewards": ["none", "group"], "kl_estimator": "k2"},
        "kl",
        final,
        +1,
    ),
    "with the others as its baseline an answer counts for more": (
        {"baseline": ["mean", "leave_one_out"], "scale_rewards": "none", "kl_estimator": "k2"},
        "kl",
        final,
        +1,
    ),
    "in the reward the leash holds": (
        {"kl_in": ["loss", "reward"], "kl_estimator": "k1"},
        "attained",
        final,
        +1,
    ),
    "k1, k2 and k3 in the loss are ever tighter": (
        {"kl_estimator": ["k1", "k2", "k3"], "rollouts": 60},
        "kl",
        final,
        -1,
    ),
    "a wider clip acts less often": (
        {"clip_range": [0.02, 0.05, 0.2]},
        "clip_fraction",
        while_training,
        -1,
    ),
    "a higher rate takes larger steps": (
        {"lr": [0.005, 0.02, 0.05]},
        "approx_kl",
        while_training,
        +1,
    ),
    "more passes go further from the policy that sampled": (
        {"epochs": [1, 2, 4]},
        "approx_kl",
        while_training,
        +1,
    ),
    "more rollouts climb further": ({"rollouts": [3, 10, 40]}, "attained_own", final, +1),
    "more answers, less noise at the end": (
        {"answers_per_prompt": [8, 32, 128]} | GRPO,
        "attained_own",
        final,
        +1,
    ),
}


@pytest.mark.parametrize(
    ("sweep", "name", "when", "direction"), GRPO_KNOBS.values(), ids=GRPO_KNOBS
)
def test_a_grpo_knob(world, start, sweep, name, when, direction):
    knob = next(iter(sweep))
    run = tc.train_grpo(world, tc.GRPOConfig(seeds=SEEDS, **({"rollouts": 30} | sweep)), start)
    check_moves(when(run.history[name]), knob, direction)


LENGTH_KNOBS = {
    "without 1/|o| length is not learned": ({"loss_type": ["grpo", "dr_grpo"]}, "long_right", +1),
    "more steps, more of it": ({"steps": [10, 50, 400]}, "long_right", -1),
    "a higher rate, more of it": ({"lr": [0.1, 0.3, 1]}, "long_right", -1),
}


@pytest.mark.parametrize(("sweep", "name", "direction"), LENGTH_KNOBS.values(), ids=LENGTH_KNOBS)
def test_a_length_knob(world, start, sweep, name, direction):
    (knob,) = sweep
    curves = tc.train_length(world, tc.LengthConfig(seeds=SEEDS, **sweep), start)
    check_moves(final(curves[name]), knob, direction)


def test_target_kl_stops_the_passes_of_a_rollout_that_has_gone_too_far(world, start):
    settings = {"epochs": 30, "rollouts": 10, "seeds": SEEDS}
    free = tc.train_ppo(world, tc.PPOConfig(**settings), start).history.approx_kl
    held = tc.train_ppo(world, tc.PPOConfig(**settings, target_kl=0.01), start).history.approx_kl
    assert (held.max("step") < free.max("step") / 5).all()


def test_without_a_clip_many_passes_run_off(world, start):
    config = tc.PPOConfig(clip_range=[0.2, 1e9], epochs=16, rollouts=20, seeds=SEEDS)
    run = tc.train_ppo(world, config, start)
    check_moves(np.log(while_training(run.history.approx_kl)), "clip_range", +1)
    assert (run.history.clip_fraction.sel(clip_range=1e9) == 0).all()


SFT_KNOBS = {
    "a larger alpha learns faster": {"lora_alpha": [2, 8, 32]},
    "a higher rate learns faster": {"lr": [0.001, 0.005, 0.02]},
    "more steps learn more": {"steps": [7, 28, 100]},
    "a higher rank learns faster": {"lora_rank": [1, 2, 4, 8]},
}


@pytest.mark.parametrize("sweep", SFT_KNOBS.values(), ids=SFT_KNOBS)
def test_an_sft_knob(world, sweep):
    (knob,) = sweep
    run = tc.train_sft(world, tc.SFTConfig(seeds=SEEDS, **sweep))
    check_moves(final(run.history.loss), knob, -1)


def test_alpha_over_rank_is_the_learning_rate_of_b_alone(world):
    """Exact, but for the eps in Adam's denominator, which is left out here."""

    def trained(alpha: float, rate_of_b: float) -> torch.Tensor:
        policy = tc.ToyLM(seeds=range(SEEDS), lora_rank=8, lora_alpha=alpha)
        b = {"params": [policy.head.lora_B], "lr": rate_of_b}
        optimizer = torch.optim.Adam([{"params": [policy.head.lora_A]}, b], lr=0.01, eps=1e-30)
        for _ in range(38):
            optimizer.zero_grad()
            tc.sft.sft_loss(policy.logp(), world.sft_targets)[0].sum().backward()
            optimizer.step()
        return policy.logp().detach()

    assert torch.allclose(trained(32, 0.01), trained(8, 0.04), rtol=0, atol=1e-9)
    assert not torch.allclose(trained(32, 0.01), trained(8, 0.01), rtol=0, atol=0.1)


def test_with_a_fixed_alpha_the_rank_matters_less_than_with_alpha_2r(world):
    config = tc.SFTConfig(lora_rank=[1, 2, 4], lora_alpha=[2, 4, 8], lr=0.005, seeds=SEEDS)
    loss = final(tc.train_sft(world, config).history.loss)
    fixed, double = loss.sel(lora_alpha=8).values, loss.sel(lora_alpha=2 * loss.lora_rank).values
    assert (np.ptp(fixed, axis=0) < np.ptp(double, axis=0) / 2).all()


def test_rank_1_cannot_hold_six_targets_and_rank_2_can(world):
    run = tc.train_sft(world, tc.SFTConfig(lora_rank=[1, 2], steps=600, lr=0.02, seeds=SEEDS))
    check_moves(final(run.history.accuracy), "lora_rank", +1)
    check_moves(final(run.history.loss), "lora_rank", -1)
    assert (final(run.history.accuracy).sel(lora_rank=2) == 1).all()


def test_a_higher_rank_trains_a_larger_share(world):
    ranks = [1, 2, 3, 4, 8, 11]
    run = tc.train_sft(world, tc.SFTConfig(lora_rank=ranks, steps=1, seeds=2))
    share = [43 * rank / (43 * rank + 555) for rank in ranks]
    assert np.allclose(
        run.history.trainable_fraction, np.array(share)[:, None, None], rtol=0, atol=1e-12
    )


def test_a_larger_beta_keeps_dpo_nearer_to_its_reference(world, start, pairs):
    run = tc.train_dpo(world, tc.DPOConfig(beta=[0.1, 0.3, 1], seeds=SEEDS), pairs, start)
    check_moves(final(run.history.kl), "beta", -1)


DPO_KNOBS = {"rate": {"lr": [0.001, 0.005, 0.03]}, "number of steps": {"steps": [10, 50, 200]}}


@pytest.mark.parametrize("sweep", DPO_KNOBS.values(), ids=DPO_KNOBS)
def test_a_higher_rate_or_number_of_steps_brings_dpo_further_down(world, start, pairs, sweep):
    (knob,) = sweep
    run = tc.train_dpo(world, tc.DPOConfig(seeds=SEEDS, **({"steps": 50} | sweep)), pairs, start)
    check_moves(final(run.history.loss), knob, -1)


def test_dpo_without_a_reference_starts_elsewhere_and_ends_further_from_it(world, start, pairs):
    held, free = (
        tc.train_dpo(world, tc.DPOConfig(reference_free=without, seeds=SEEDS), pairs, start).history
        for without in (False, True)
    )
    assert (held.margin.isel(step=0) == 0).all()
    assert (abs(free.margin.isel(step=0)) > 1e-3).all()
    assert (final(held.attained) > final(free.attained)).all()


def test_a_chosen_answer_is_lifted_by_its_own_pair_and_pressed_by_those_of_other_prompts(world):
    """The gradient of one pair's loss against that of a chosen log-probability, at 16 starts."""
    start = tc.train_sft(world, tc.SFTConfig(seeds=16))
    prompt, chosen, rejected = world.preference_pairs.T
    weights = start.model.head.lora_A, start.model.head.lora_B
    logits = start.model()

    def slopes(values):
        grads = (torch.autograd.grad(v.sum(), weights, retain_graph=True) for v in values.T)
        return torch.stack([torch.cat([g.flatten(1) for g in grad], 1) for grad in grads], 1)

    push = 0.1 / 2 / 5 * slopes(logits[:, prompt, chosen] - logits[:, prompt, rejected])
    effect = slopes(logits.log_softmax(-1)[:, prompt, chosen]) @ push.mT / 5  # (seed, answer, pair)
    own = effect.diagonal(dim1=1, dim2=2).sum(-1)
    others = effect.sum((1, 2)) - own
    assert (own > 0).all()
    assert (others < 0).float().mean() > 0.8
    assert own.mean().item() == pytest.approx(0.0215, abs=5e-4)  # a step of 1 in lesson 4: 0.0212
    assert others.mean().item() == pytest.approx(-0.0035, abs=3e-4)


def test_an_sft_term_keeps_the_chosen_likelier(world, start, pairs):
    config = tc.DPOConfig(sft_weight=[0, 0.01, 0.1, 1], seeds=SEEDS)
    few = tc.train_dpo(world, config, pairs[:, :100], start)
    check_moves(final(few.history.chosen_logp), "sft_weight", +1)
    config = tc.DPOConfig(beta=0.1, sft_weight=[0, 1], seeds=SEEDS)
    assert (final(tc.train_dpo(world, config, start=start).history.chosen_logp)[1] > -0.01).all()


def test_where_pairs_are_many_an_sft_term_costs_the_summit(world, start, pairs):
    many = tc.train_dpo(world, tc.DPOConfig(sft_weight=[0, 0.1, 1], seeds=SEEDS), pairs, start)
    check_moves(final(many.history.attained), "sft_weight", -1)


def test_a_harsher_reward_for_harm_makes_harm_rarer(start):
    """Closed form: the odds of harm fall by exp(−Δr/β) as its reward falls by Δr."""
    config = tc.PPOConfig(kl_beta=0.5, ent_coef=0, seeds=SEEDS)
    runs = [tc.train_ppo(tc.World(harmful=harm), config, start) for harm in (0.0, -1.0, -2.0)]
    harm = [np.exp(run.logp).isel(token=[5, 6]).sum("token").mean("prompt") for run in runs]
    check_moves(xr.concat(harm, "reward of harm"), "reward of harm", -1)


def test_the_check_itself_tells_an_effect_from_noise():
    noise = np.random.default_rng(0).normal(size=(2, 8))
    noise = xr.DataArray(noise - noise.mean(axis=1, keepdims=True), dims=("knob", "seed"))
    effect = noise + xr.DataArray([0.0, 9.0], dims="knob")
    check_moves(effect, "knob", +1)
    for quantity, direction in ((noise, +1), (noise, -1), (effect, -1)):
        with pytest.raises(AssertionError):
            check_moves(quantity, "knob", direction)
