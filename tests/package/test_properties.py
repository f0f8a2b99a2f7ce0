"""Whatever a learner types: it works, or it is a TypeError or ValueError; never silence, never NaN.

Hypothesis draws the values. Warnings are errors (pyproject.toml), so a storm of them fails too.
"""

import functools
import inspect
import math

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import toycore as tc
from toycore.engine.noise import sample_token

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
dtypes = st.sampled_from(
    [
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn),
        *(torch.int64, torch.int8, torch.uint8, torch.uint16, torch.bool, torch.complex64),
    ]
)
shapes = st.sampled_from(
    [(), (0,), (1,), (3,), (1, 1), (1, 11), (6, 11), (11, 6), (2, 6, 11), (2, 2, 2)]
)
fills = st.sampled_from([0.0, -1.5, 2.0, -math.log(11), math.nan, math.inf, -math.inf])
# How a tensor lies in memory, and what else there is to it.
KINDS = {
    "plain": lambda t: t,
    "expanded": lambda t: t.flatten()[0].expand(t.shape) if t.numel() else t,
    "transposed": lambda t: t.mT.contiguous().mT if t.ndim > 1 else t,
    "every other": lambda t: torch.stack([t, t], -1)[..., 0],
    "with a gradient": lambda t: t.requires_grad_() if t.dtype.is_floating_point else t,
    "sparse": lambda t: t.to_sparse() if t.ndim and t.dtype == torch.float64 else t,
    "nowhere": lambda t: t.to("meta"),
    "a parameter": lambda t: torch.nn.Parameter(t, requires_grad=False),
}
whole = st.builds(
    lambda shape, dtype, fill: torch.full(shape, fill).to(dtype), shapes, dtypes, fills
)
tensors = st.builds(lambda tensor, kind: KINDS[kind](tensor), whole, st.sampled_from(list(KINDS)))
plainly_typed = whole.filter(lambda t: t.dtype not in (torch.bfloat16, torch.float8_e4m3fn))
arrays = st.builds(
    lambda array, kind: kind(array),
    plainly_typed.map(lambda tensor: tensor.numpy()),
    st.sampled_from([np.asarray, np.flip, xr.DataArray, lambda a: np.broadcast_to(a, a.shape)]),
)
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
SMALL |= {"answers_per_prompt": 4, "num_generations": 2}
TRAINERS = {
    tc.train_sft: tc.SFTConfig,
    tc.train_ppo: tc.PPOConfig,
    tc.train_dpo: tc.DPOConfig,
    tc.train_grpo: tc.GRPOConfig,
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
        assert ("no longer finite" in told) == (not finite)


# --- every other public function ---------------------------------------------------------------

exact, losses = tc.exact, (tc.sft.sft_loss, tc.ppo.ppo_loss, tc.dpo.dpo_loss)
RUN = tc.train_ppo(WORLD, tc.PPOConfig(kl_beta=[0.1, 0.5], rollouts=1, seeds=2))


PICTURE = tc.plots.rewards(WORLD)
FEW = tc.GRPOConfig(num_generations=3)


def picture(_):
    return PICTURE


def few(value):
    """The value; but what asks for more than this machine has is not what is tested."""
    return 7 if isinstance(value, int) and value > 1000 else value


FUNCTIONS = {
    "World(reward)": lambda v: tc.World(reward=v),
    "World(helpful)": lambda v: tc.World(helpful=v),
    "World(language)": lambda v: tc.World(language=v),
    "World.prompt": WORLD.prompt,
    "sample_preferences(ref_logp)": lambda v: WORLD.sample_preferences(v, 3, 0),
    "World.token": WORLD.token,
    "World.pairs": WORLD.pairs,
    "sample_preferences(n)": lambda v: WORLD.sample_preferences(TABLE, few(v), 0),
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
    "ppo_loss(value)": lambda v: tc.ppo.ppo_loss(*[VECTOR] * 3, v, v, VECTOR),
    "ppo_loss(clip_range)": lambda v: tc.ppo.ppo_loss(*[VECTOR] * 6, clip_range=v),
    "ppo_loss(vf_coef)": lambda v: tc.ppo.ppo_loss(*[VECTOR] * 6, vf_coef=v),
    "ppo_loss(ent_coef)": lambda v: tc.ppo.ppo_loss(*[VECTOR] * 6, ent_coef=v),
    "leash(reward)": lambda v: tc.ppo.leash(v, VECTOR, VECTOR, 0.1),
    "leash(kl_beta)": lambda v: tc.ppo.leash(*[VECTOR] * 3, v),
    "whiten": tc.ppo.whiten,
    "grpo_loss(logp)": lambda v: tc.grpo.grpo_loss(v, *[VECTOR] * 3),
    "grpo_loss(advantage)": lambda v: tc.grpo.grpo_loss(VECTOR, VECTOR, v, VECTOR),
    "grpo_loss(ref_logp)": lambda v: tc.grpo.grpo_loss(*[VECTOR] * 3, v, kl_beta=0.5),
    "grpo_loss(clip_range)": lambda v: tc.grpo.grpo_loss(*[VECTOR] * 4, clip_range=v),
    "grpo_loss(kl_beta)": lambda v: tc.grpo.grpo_loss(*[VECTOR] * 4, kl_beta=v),
    "grpo_loss(kl_estimator)": lambda v: tc.grpo.grpo_loss(*[VECTOR] * 4, kl_estimator=v),
    "group_advantage": tc.grpo.group_advantage,
    "group_advantage(baseline)": lambda v: tc.grpo.group_advantage(VECTOR, baseline=v),
    "group_advantage(scale_rewards)": lambda v: tc.grpo.group_advantage(VECTOR, scale_rewards=v),
    "own_optimum(ref_logp)": lambda v: tc.grpo.own_optimum(v, WORLD.reward, FEW),
    "own_optimum(reward)": lambda v: tc.grpo.own_optimum(TABLE, v, FEW),
    "own_optimum(config)": lambda v: tc.grpo.own_optimum(TABLE, WORLD.reward, v),
    "group_weight(p)": lambda v: exact.group_weight(v, 8),
    "group_weight(num_generations)": lambda v: exact.group_weight(0.5, few(v)),
    "group_weight(scale_rewards)": lambda v: exact.group_weight(0.5, 8, v),
    "length_loss(first)": lambda v: tc.length.length_loss(v, TABLE[..., None], TABLE, VECTOR),
    "length_loss(second)": lambda v: tc.length.length_loss(TABLE, v, TABLE, VECTOR),
    "length_loss(weight)": lambda v: tc.length.length_loss(TABLE, TABLE[..., None], TABLE, v),
    "train_grpo(start)": lambda v: tc.train_grpo(WORLD, tc.GRPOConfig(rollouts=1), start=v),
    "train_length(config)": lambda v: tc.train_length(WORLD, v),
    "train_length(start)": lambda v: tc.train_length(WORLD, tc.LengthConfig(steps=1), start=v),
    "dpo_loss(beta)": lambda v: tc.dpo.dpo_loss(*[VECTOR] * 4, beta=v),
    "dpo_loss(beta), ipo": lambda v: tc.dpo.dpo_loss(*[VECTOR] * 4, beta=v, loss_type="ipo"),
    "dpo_loss(sft_weight)": lambda v: tc.dpo.dpo_loss(*[VECTOR] * 4, sft_weight=v),
    "dpo_loss(weight)": lambda v: tc.dpo.dpo_loss(*[VECTOR] * 4, weight=v),
    "dpo_loss(reference_free)": lambda v: tc.dpo.dpo_loss(*[VECTOR] * 4, reference_free=v),
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
    "Grid.symmetric(threshold)": tc.Grid.symmetric,
    "Grid.symmetric(bits)": lambda v: tc.Grid.symmetric(1, v),
    "Grid.affine(min_val)": lambda v: tc.Grid.affine(v, 1),
    "Grid.affine(max_val)": lambda v: tc.Grid.affine(-1, v),
    "Grid.fake_quantize": tc.Grid.symmetric(1).fake_quantize,
    "Grid.errors": tc.Grid.symmetric(1).errors,
    "snr_db": lambda v: tc.snr_db(v, torch.ones(2)),
    "predicted_snr_db": lambda v: tc.predicted_snr_db(torch.ones(2, 2), bits=v),
    "Int8Linear.from_linear": tc.Int8Linear.from_linear,
    "quantize_dynamic": tc.quantize_dynamic,
    "tensor_bytes": tc.tensor_bytes,
    "serialized_bytes": tc.serialized_bytes,
    "compare(arms)": lambda v: tc.bench.compare(v, repeats=2),
    "Run.sel": lambda v: RUN.sel(kl_beta=v),
    "noise.generator(seed)": lambda v: tc.noise.generator(v, "base"),
    "noise.generator(stream)": lambda v: tc.noise.generator(0, v),
    "ToyLM(seeds)": lambda v: tc.ToyLM(v),
    "ToyLM(lora_rank)": lambda v: tc.ToyLM((0,), v),
    "ToyLM(lora_alpha)": lambda v: tc.ToyLM((0,), 8, v),
    "TinyMLP": lambda v: tc.TinyMLP(few(v)),
    "slider(values)": lambda v: tc.widgets.slider("a", v, picture),
    "slider(start)": lambda v: tc.widgets.slider("a", [1.0, 2.0], picture, start=v),
    "slider(draw)": lambda v: tc.widgets.slider("a", [1.0, 2.0], v),
    "slider(language)": lambda v: tc.widgets.slider("a", [1.0], picture, language=v),
    "editor(values)": lambda v: tc.widgets.editor(lambda **_: PICTURE, v, {}),
}
FIGURES = {
    "curves(run)": lambda v: tc.plots.curves(v, "reward"),
    "frontier(run)": tc.plots.frontier,
    "rewards": tc.plots.rewards,
    "policies": lambda v: tc.plots.policies(WORLD, before=v),
    "answers(prompt)": lambda v: tc.plots.answers(WORLD, v, before=TABLE),
    "answers(table)": lambda v: tc.plots.answers(WORLD, 0, before=v),
    "curves(highlight)": lambda v: tc.plots.curves(RUN, "kl", highlight=v),
    "curves(name)": lambda v: tc.plots.curves(RUN, v),
    "tradeoff(ref_logp)": lambda v: tc.plots.tradeoff(WORLD, v, [0.1]),
    "tradeoff(kl_betas)": lambda v: tc.plots.tradeoff(WORLD, torch.zeros(6, 11).log_softmax(-1), v),
    "surrogate": lambda v: tc.plots.surrogate(WORLD, v),
    "ratios": lambda v: tc.plots.ratios(WORLD, 0.2, v),
    "ratios(values)": lambda v: tc.plots.ratios(WORLD, 0.2, {1: v}),
    "loop(prompt)": lambda v: tc.plots.loop(WORLD, TABLE, v, 0),
    "loop(token)": lambda v: tc.plots.loop(WORLD, TABLE, 0, v),
    "loop(policy)": lambda v: tc.plots.loop(WORLD, v, 0, 0),
    "update(old)": lambda v: tc.plots.update(WORLD, 0, v, [0.0] * 11, 0.2, clipped=TABLE),
    "update(advantage)": lambda v: tc.plots.update(WORLD, 0, TABLE, v, 0.2, clipped=TABLE),
    "update(clip_range)": lambda v: tc.plots.update(WORLD, 0, TABLE, [0.0] * 11, v, clipped=TABLE),
    "landings(ref_logp)": lambda v: tc.plots.landings(WORLD, v, a=TABLE),
    "landings(policy)": lambda v: tc.plots.landings(WORLD, TABLE, a=v),
    "landings(own)": lambda v: tc.plots.landings(WORLD, TABLE, own=v, a=TABLE),
    "landings(own optimum)": lambda v: tc.plots.landings(WORLD, TABLE, own={"a": v}, a=TABLE),
    "landings(paths)": lambda v: tc.plots.landings(WORLD, TABLE, paths=v),
    "landings(path)": lambda v: tc.plots.landings(WORLD, TABLE, paths={"a": v}),
    "landings(zoom)": lambda v: tc.plots.landings(WORLD, TABLE, zoom=v, a=TABLE),
    "goodhart(ref_logp)": lambda v: tc.plots.goodhart(WORLD, v, a=WORLD.reward),
    "goodhart(proxy)": lambda v: tc.plots.goodhart(WORLD, TABLE, a=v),
    "goodhart(highlight)": lambda v: tc.plots.goodhart(WORLD, TABLE, a=WORLD.reward, highlight=v),
    "group_weights": lambda v: tc.plots.group_weights(WORLD, v),
    "group_weights(highlight)": lambda v: tc.plots.group_weights(WORLD, [2, 8], highlight=v),
    "lengths": lambda v: tc.plots.lengths(WORLD, v),
    "rounding(weight)": lambda v: tc.plots.rounding(WORLD, v, 4),
    "rounding(bits)": lambda v: tc.plots.rounding(WORLD, TABLE[:1], v),
    "grids(x)": lambda v: tc.plots.grids(WORLD, v, symmetric=tc.Grid.symmetric(1)),
    "grids(grid)": lambda v: tc.plots.grids(WORLD, TABLE, symmetric=v),
    "thresholds(weight)": lambda v: tc.plots.thresholds(WORLD, v, 4),
    "thresholds(share)": lambda v: tc.plots.thresholds(WORLD, TABLE, 4, v),
    "plane(run)": tc.plots.plane,
    "closing_in": lambda v: tc.plots.closing_in(WORLD, [1], v, v),
    "against": lambda v: tc.plots.against(WORLD, "kl", trained=v),
    "heat_map": lambda v: tc.plots.heat_map(WORLD, "kl", trained=v),
}


# Which of them are drawn is chance: a vector and a table of each kind are tried in any case.
TENSORS = [
    KINDS[kind](torch.full(shape, -math.log(11)).to(dtype))
    for kind in KINDS
    for shape in ((3,), (6, 11))
    for dtype in (torch.float64, torch.int64, torch.bool)
]


@functools.cache
def typed() -> list:
    """What a learner may type, drawn once: every function would draw the same examples."""
    values = []
    many = settings(EXAMPLES, max_examples=600)
    many(given(value=anything)(lambda value: values.append(value)))()
    assert len(values) >= 600
    return values


@pytest.mark.parametrize("name", [*FUNCTIONS, *FIGURES])
def test_a_public_function_works_or_says_why_not(name):
    threads = torch.get_num_threads()
    state = torch.get_rng_state()
    few = 4 if name in FIGURES else 1  # a figure takes longer
    for value in [*TENSORS, *typed()[::few]]:
        allowed((FUNCTIONS | FIGURES)[name], value)
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


# --- the mathematics, beyond the usual range ------------------------------------------------------

chances = st.one_of(st.just(-math.inf), st.just(0.0), st.floats(-900, 900))
row_of_logits = st.lists(chances, min_size=11, max_size=11).filter(lambda row: max(row) > -math.inf)
leashes = st.sampled_from([0.0, 1e-300, 1e-6, 0.1, 1.0, 1e6, 1e300])
rewards = st.lists(st.sampled_from([-1.0, 0.0, 0.2, 1.0]), min_size=11, max_size=11)  # ties, often


def as_table(row: list[float]) -> torch.Tensor:
    return torch.tensor([row], dtype=torch.float64).log_softmax(-1)


@EXAMPLES
@given(logits=row_of_logits, ref=row_of_logits, reward=rewards, kl_beta=leashes)
def test_the_oracle_has_a_value_and_a_gradient_wherever_the_mathematics_has(
    logits, ref, reward, kl_beta
):
    logp, ref = as_table(logits).requires_grad_(), as_table(ref)
    reward = torch.tensor([reward], dtype=torch.float64)
    excluded = bool(((ref == -math.inf) & (logp > -math.inf)).any())
    asked = {"entropy": exact.entropy(logp), "reward": exact.expected_reward(logp, reward)}
    asked["variation"] = exact.total_variation(logp, ref)
    if excluded:
        assert exact.kl(logp, ref).item() == math.inf
    else:
        asked["kl"] = exact.kl(logp, ref)
        assert asked["kl"].item() >= -1e-9
    if kl_beta == 0 or not excluded:
        asked["objective"] = exact.objective(logp, ref, reward, kl_beta)
    for value in asked.values():
        (gradient,) = torch.autograd.grad(value.sum(), logp)
        assert torch.isfinite(value).all()
        assert torch.isfinite(gradient).all()
    best = exact.optimal_policy(ref, reward, kl_beta)
    assert best.exp().sum().item() == pytest.approx(1)
    assert (best[ref == -math.inf] == -math.inf).all()
    if "objective" in asked:
        value = exact.objective(best, ref, reward, kl_beta)
        assert value.item() >= asked["objective"].item() - 1e-9 * max(1.0, abs(value.item()))


@EXAMPLES
@given(
    samples=st.lists(
        st.tuples(st.floats(-1000, 0), st.floats(-1000, 0), st.floats(-9, 9)),
        min_size=1,
        max_size=4,
    ),
    clip_range=st.floats(1e-3, 2),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_the_clipped_loss_is_the_smaller_term_however_far_the_ratio_is(samples, clip_range, dtype):
    logp, old_logp, advantage = torch.tensor(samples, dtype=dtype).T
    zero, leaf = torch.zeros_like(logp), logp.clone().requires_grad_()
    loss, info = tc.ppo.ppo_loss(leaf, old_logp, advantage, zero, zero, zero, clip_range=clip_range)
    log_ratio, a = (logp - old_logp).double().numpy(), advantage.double().numpy()
    if ((log_ratio > math.log(torch.finfo(dtype).max) - 10) & (a < 0)).any():
        return  # the loss itself is beyond the type
    ratio = np.exp(log_ratio.clip(max=700))
    clipped = np.clip(ratio, 1 - clip_range, 1 + clip_range) * a
    loss.backward()
    rounding = 1e3 * torch.finfo(dtype).eps  # of log-probabilities up to 1000
    due = -np.minimum(ratio * a, clipped).mean()
    np.testing.assert_allclose(loss.item(), due, rtol=rounding, atol=1e-6)
    pull = np.where(clipped < ratio * a, 0.0, -ratio * a) / len(a)
    at_the_edge = np.isclose(clipped, ratio * a, rtol=rounding, atol=0) & (clipped != ratio * a)
    np.testing.assert_allclose(
        leaf.grad[~at_the_edge], pull[~at_the_edge], rtol=rounding, atol=1e-6
    )
    assert math.isfinite(info["clip_fraction"].item())


@EXAMPLES
@given(row=row_of_logits, uniforms=st.lists(st.floats(0, 1 - 2.0**-53), min_size=1, max_size=5))
def test_no_impossible_token_is_drawn(row, uniforms):
    table = as_table(row).expand(66, 11)
    uniform = torch.tensor(uniforms, dtype=torch.float64)
    for at in (0, 1, 65):
        token = sample_token(table, torch.full(uniform.shape, at), uniform)
        assert (table[at].exp()[token] > 0).all()


@EXAMPLES
@given(
    values=st.lists(st.one_of(st.just(0.5), st.floats(-1e6, 1e6)), min_size=1, max_size=6),
)
def test_whitening_is_finite_in_value_and_gradient(values):
    leaf = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    white = tc.ppo.whiten(leaf)
    (white * torch.arange(1.0, len(values) + 1)).sum().backward()
    assert torch.isfinite(white).all()
    assert torch.isfinite(leaf.grad).all()
    assert abs(white.sum().item()) < 1e-6
    spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
    due = (np.array(values) - np.mean(values)) / (spread + 0.1)
    np.testing.assert_allclose(white.detach(), due, rtol=1e-6, atol=1e-6)
