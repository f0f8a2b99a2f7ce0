"""Whatever a learner types: it works, or it is a TypeError or ValueError; never silence, never NaN.

Hypothesis draws the values. Warnings are errors (pyproject.toml), so a storm of them fails too.
"""

import inspect
import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import toycore as tc

TABLE = torch.zeros(6, 11, dtype=torch.float64).log_softmax(-1)
VECTOR = torch.full((3,), -0.5, dtype=torch.float64)
WORLD = tc.World()
EXAMPLES = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,  # the same examples on every machine
    suppress_health_check=[HealthCheck.too_slow],
)

numbers = st.one_of(
    st.integers(-3, 12),
    st.floats(-2, 30),
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-300, 1e300, 10**30]),
)
things = st.sampled_from(
    [None, ..., True, False, "", "0.1", "abc", "tr", {}, {"a": 1}, object(), len]
)
dtypes = st.sampled_from([torch.float64, torch.float32, torch.int64, torch.int8, torch.bool])
tensors = st.builds(
    lambda shape, dtype, fill: torch.full(shape, fill).to(dtype),
    st.sampled_from([(), (0,), (3,), (1, 1), (6, 11), (11, 6), (2, 6, 11), (2, 2, 2)]),
    dtypes,
    st.sampled_from([0.0, -1.5, 2.0, math.nan, math.inf]),
)
arrays = tensors.map(lambda tensor: tensor.numpy())
plain = st.one_of(numbers, things, st.lists(numbers, max_size=3), st.lists(things, max_size=2))
anything = st.one_of(plain, tensors, arrays, st.just(torch.nn.Linear(3, 2)), st.just(WORLD))


def allowed(function, *values, **named):
    """What the function returns; or None where it says in words why it cannot."""
    try:
        return function(*values, **named)
    except (TypeError, ValueError) as why:
        if not str(why).strip():
            raise
        return None


# --- trainings ------------------------------------------------------------------------------------

SMALL = {"steps": 3, "rollouts": 2, "batch_size": 4, "epochs": 2, "seeds": 2}
TRAINERS = {
    tc.train_sft: tc.SFTConfig,
    tc.train_ppo: tc.PPOConfig,
    tc.train_dpo: tc.DPOConfig,
}


def settings_of(config) -> st.SearchStrategy:
    """Some settings of a config, each any value; the others as they are, but small."""
    names = list(inspect.signature(config).parameters)
    small = {name: value for name, value in SMALL.items() if name in names}
    value = st.one_of(st.floats(1e-9, 1e3), st.integers(1, 8), plain)
    drawn = st.dictionaries(st.sampled_from(names), value, min_size=1, max_size=3)
    return drawn.map(lambda chosen: small | chosen)


def is_small(config) -> bool:
    """Whether it trains at once: any number of steps is allowed, but not here."""
    sizes = (value for name, value in vars(config).items() if name in SMALL and name != "seeds")
    return config.runs <= 12 and all(np.max(size) <= 12 for size in sizes)


@pytest.mark.parametrize("train", TRAINERS, ids=lambda train: train.__name__)
@EXAMPLES
@given(data=st.data())
def test_settings_are_refused_or_train_and_a_divergence_is_told(train, data):
    config = allowed(TRAINERS[train], **data.draw(settings_of(TRAINERS[train])))
    if config is None or not is_small(config):
        return
    run = train(WORLD, config)
    finite = bool(np.isfinite(run.history.to_array()).all())
    if len(config.swept) == 1:
        told = tc.plots.curves(run, *run.history.data_vars).alt
        assert ("left the finite numbers" in told) == (not finite)


# --- every other public function ---------------------------------------------------------------

exact, losses = tc.exact, (tc.sft.sft_loss, tc.ppo.ppo_loss, tc.dpo.dpo_loss)
RUN = tc.train_ppo(WORLD, tc.PPOConfig(kl_beta=[0.1, 0.5], rollouts=1, seeds=2))


PICTURE = tc.plots.rewards(WORLD)


def picture(_):
    return PICTURE


FUNCTIONS = {
    "World(reward)": lambda v: tc.World(reward=v),
    "World(helpful)": lambda v: tc.World(helpful=v),
    "World(language)": lambda v: tc.World(language=v),
    "World.prompt": WORLD.prompt,
    "sample_preferences(ref_logp)": lambda v: WORLD.sample_preferences(v, 3, 0),
    "sample_preferences(seed)": lambda v: WORLD.sample_preferences(TABLE, 3, v),
    "kl(logp)": lambda v: exact.kl(v, TABLE),
    "kl(ref_logp)": lambda v: exact.kl(TABLE, v),
    "entropy": exact.entropy,
    "expected_reward(logp)": lambda v: exact.expected_reward(v, WORLD.reward),
    "expected_reward(reward)": lambda v: exact.expected_reward(TABLE, v),
    "objective(kl_beta)": lambda v: exact.objective(TABLE, TABLE, WORLD.reward, v),
    "optimal_policy(ref_logp)": lambda v: exact.optimal_policy(v, WORLD.reward, 0.1),
    "optimal_policy(reward)": lambda v: exact.optimal_policy(TABLE, v, 0.1),
    "optimal_policy(kl_beta)": lambda v: exact.optimal_policy(TABLE, WORLD.reward, v),
    "attained(logp)": lambda v: exact.attained(v, TABLE, WORLD.reward, 0.1),
    "sft_loss(logp)": lambda v: tc.sft.sft_loss(v, torch.zeros(6, dtype=torch.long)),
    "sft_loss(target)": lambda v: tc.sft.sft_loss(TABLE, v),
    "ppo_loss(logp)": lambda v: tc.ppo.ppo_loss(v, *[VECTOR] * 5),
    "ppo_loss(entropy)": lambda v: tc.ppo.ppo_loss(*[VECTOR] * 5, v),
    "dpo_loss(chosen_logp)": lambda v: tc.dpo.dpo_loss(v, *[VECTOR] * 3),
    "dpo_loss(loss_type)": lambda v: tc.dpo.dpo_loss(*[VECTOR] * 4, loss_type=v),
    "train_sft(world)": tc.train_sft,
    "train_sft(config)": lambda v: tc.train_sft(WORLD, v),
    "train_ppo(start)": lambda v: tc.train_ppo(WORLD, tc.PPOConfig(rollouts=1), start=v),
    "train_dpo(pairs)": lambda v: tc.train_dpo(WORLD, tc.DPOConfig(steps=1), pairs=v),
    "LoRALinear(in_features)": lambda v: tc.LoRALinear(v, 3, 2, 4.0, generator=torch.Generator()),
    "LoRALinear(rank)": lambda v: tc.LoRALinear(3, 3, v, 4.0, generator=torch.Generator()),
    "LoRALinear(alpha)": lambda v: tc.LoRALinear(3, 3, 2, v, generator=torch.Generator()),
    "quantize": tc.quantize,
    "quantize(bits)": lambda v: tc.quantize(torch.ones(2, 2), bits=v),
    "quantize(per_channel)": lambda v: tc.quantize(torch.ones(2, 2), per_channel=v),
    "snr_db": lambda v: tc.snr_db(v, torch.ones(2)),
    "predicted_snr_db": lambda v: tc.predicted_snr_db(torch.ones(2, 2), bits=v),
    "Int8Linear.from_linear": tc.Int8Linear.from_linear,
    "quantize_dynamic": tc.quantize_dynamic,
    "tensor_bytes": tc.tensor_bytes,
    "serialized_bytes": tc.serialized_bytes,
    "compare(arms)": lambda v: tc.bench.compare(v, repeats=2),
    "Run.sel": lambda v: RUN.sel(kl_beta=v),
    "curves(run)": lambda v: tc.plots.curves(v, "reward"),
    "frontier(run)": tc.plots.frontier,
    "rewards": tc.plots.rewards,
    "policies": lambda v: tc.plots.policies(WORLD, before=v),
    "answers(prompt)": lambda v: tc.plots.answers(WORLD, v, before=TABLE),
    "slider(values)": lambda v: tc.widgets.slider("a", v, picture),
    "slider(start)": lambda v: tc.widgets.slider("a", [1.0, 2.0], picture, start=v),
    "slider(draw)": lambda v: tc.widgets.slider("a", [1.0, 2.0], v),
    "slider(language)": lambda v: tc.widgets.slider("a", [1.0], picture, language=v),
    "editor(values)": lambda v: tc.widgets.editor(lambda **_: PICTURE, v, {}),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@EXAMPLES
@given(value=anything)
def test_a_public_function_works_or_says_why_not(name, value):
    threads = torch.get_num_threads()
    state = torch.get_rng_state()
    allowed(FUNCTIONS[name], value)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


@EXAMPLES
@given(logits=st.lists(st.floats(-50, 50), min_size=11, max_size=11), kl_beta=st.floats(1e-6, 1e6))
def test_the_oracle_is_finite_and_nothing_beats_its_optimum(logits, kl_beta):
    ref = torch.tensor(logits, dtype=torch.float64).log_softmax(-1).expand(6, 11)
    best = exact.optimal_policy(ref, WORLD.reward, kl_beta)
    value = exact.objective(best, ref, WORLD.reward, kl_beta)
    assert torch.isfinite(value).all()
    assert torch.allclose(best.exp().sum(-1), torch.ones(6, dtype=torch.float64))
    for other in (ref, TABLE, exact.optimal_policy(ref, WORLD.reward, kl_beta * 1.1)):
        assert (exact.objective(other, ref, WORLD.reward, kl_beta) <= value + 1e-9).all()
