"""The message says which argument, what came and what is allowed."""

import functools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
import xarray as xr

import toycore as tc
from toycore.engine import guards

TABLE = torch.zeros(6, 11).log_softmax(-1)
B = torch.zeros(3)
WORLD = tc.World()
INF, NAN = math.inf, math.nan


def dpo(**settings):
    return tc.dpo.dpo_loss(B, B, B, B, **settings)


def ppo(**settings):
    return tc.ppo.ppo_loss(B, B, B, B, B, B, **settings)


def one_possible() -> torch.Tensor:
    """A reference that can give one answer only, at the second prompt."""
    logp = TABLE.clone()
    logp[1] = -INF
    logp[1, 4] = 0.0
    return logp


def table(dims: tuple[str, ...], shape: tuple[int, ...]) -> xr.DataArray:
    coords = {dim: range(size) for dim, size in zip(dims, shape, strict=True)}
    return xr.DataArray(np.ones(shape), coords, dims)


def run(**swept) -> tc.Run:
    return tc.train_ppo(WORLD, tc.PPOConfig(rollouts=1, batch_size=4, **swept))


WRONG = {
    "a shape": (lambda: tc.exact.kl(TABLE, TABLE[:, :4]), ValueError, r"ref_logp \(6, 4\)"),
    "no table": (lambda: tc.exact.entropy(B), ValueError, r"\(\.\.\., prompts, tokens\).*\(3,\)"),
    "truth values": (lambda: tc.exact.entropy(TABLE > 0), TypeError, "logp .* torch.bool"),
    "words": (lambda: tc.dpo.dpo_loss(["a"], B, B, B), TypeError, "chosen_logp .* got \\['a'"),
    "a batch of truths": (lambda: tc.dpo.dpo_loss(B > 0, B, B, B), TypeError, "chosen_logp .*bool"),
    "a batch": (lambda: tc.ppo.ppo_loss(B, B[:2], B, B, B, B), ValueError, r"old_logp \(2,\)"),
    "an index": (
        lambda: tc.sft.sft_loss(TABLE, torch.full((6,), 11)),
        ValueError,
        "target must be from 0 to 10; got 11 to 11",
    ),
    "a target": (lambda: tc.sft.sft_loss(TABLE, torch.zeros(6)), TypeError, "target .*float32"),
    "one prompt alone": (
        lambda: tc.sft.sft_loss(TABLE[0], torch.tensor(3)),
        ValueError,
        r"the shape must be \(\.\.\., B\), for logp .* target \(\), batch \(\)",
    ),
    "a run": (lambda: tc.plots.curves(TABLE, "kl"), TypeError, "run must be a toycore.Run"),
    "a policy": (
        lambda: tc.plots.policies(tc.World(), before=TABLE.exp()),
        ValueError,
        r"before must be log-probabilities \(\.\.\., 6, 11\): the exp .* sum to 1; .*0\.09",
    ),
    "no policy": (lambda: tc.plots.policies(tc.World()), ValueError, "at least one table.* none"),
    "a picture": (
        lambda: tc.widgets.slider("a", [1.0], lambda _: "picture"),
        TypeError,
        "what draw returns must be a toycore.Picture; got 'picture'",
    ),
    "a value": (
        lambda: tc.widgets.slider("a", [1.0, "2"], None),
        TypeError,
        "a value of 'a' must be a finite number; got '2'",
    ),
    "a critic of another batch": (
        lambda: tc.ppo.ppo_loss(B, B, B, B[:2], B[:2], B),
        ValueError,
        r"value \(2,\)",
    ),
    "entropies of more runs": (
        lambda: tc.ppo.ppo_loss(*[B.expand(2, 3)] * 5, B.expand(4, 3)),
        ValueError,
        r"entropy \(4, 1\)",
    ),
    "a beta for each pair": (
        lambda: dpo(beta=torch.ones(3)),
        ValueError,
        r"beta must be a number or one per run, \(R, 1\); got the shape \(3,\)",
    ),
    "betas of more runs": (
        lambda: tc.dpo.dpo_loss(*[B.expand(2, 3)] * 4, beta=torch.ones(3, 1)),
        ValueError,
        r"one beta per run: batch \(2, 3\), beta \(3, 1\)",
    ),
    "weights that are no shares": (
        lambda: dpo(weight=torch.tensor([2.0, 2.0, 1.0])),
        ValueError,
        "weight must be shares .* sum to 1 .*sums of 5 to 5",
    ),
    "a negative weight": (
        lambda: dpo(weight=torch.tensor([1.5, -0.5, 0.0])),
        ValueError,
        "weight must be .* at least 0 .* -0.5",
    ),
    "a weight of NaN": (
        lambda: dpo(weight=torch.tensor([NAN, 0.5, 0.5])),
        ValueError,
        "weight must be .* nan",
    ),
    "weights of other pairs": (
        lambda: dpo(weight=torch.full((4,), 0.25)),
        ValueError,
        r"weight \(4,\), chosen_logp \(3,\)",
    ),
    "a word for True": (
        lambda: dpo(reference_free="no"),
        TypeError,
        "reference_free must be True or False; got 'no'",
    ),
    "one possible answer": (
        lambda: WORLD.sample_preferences(one_possible(), 3, 0),
        ValueError,
        "ref_logp must leave at least two tokens possible at each prompt; got one at 'help me'",
    ),
    "no answers": (
        lambda: tc.plots.answers(WORLD, 0),
        ValueError,
        "at least one table, by keyword",
    ),
    "a policy without a name": (
        lambda: tc.plots.answers(WORLD, 0, mine=TABLE),
        ValueError,
        "unknown policy 'mine'; known: before, after, .*optimal",
    ),
    "a policy without a name, on a map": (
        lambda: tc.plots.policies(WORLD, mine=TABLE),
        ValueError,
        "unknown policy 'mine'",
    ),
    "a world that is none": (
        lambda: tc.plots.answers("en", 0, before=TABLE),
        TypeError,
        "world must be a toycore.World; got 'en'",
    ),
    "a curve that no run has": (
        lambda: tc.plots.curves(run(kl_beta=[0.1, 0.2]), "rewards"),
        ValueError,
        "a curve of this run must be one of .*reward.*; got 'rewards'",
    ),
    "no curve": (
        lambda: tc.plots.curves(run(kl_beta=[0.1, 0.2])),
        ValueError,
        "at least one thing to draw",
    ),
    "an array for yes or no": (
        lambda: tc.plots.curves(run(kl_beta=[0.1, 0.2]), "kl", optimum=np.array([])),
        TypeError,
        r"optimum must be True or False; got array\(\[\]",
    ),
    "a highlight that was not swept": (
        lambda: tc.plots.curves(run(kl_beta=[0.1, 0.2]), "kl", highlight=0.3),
        ValueError,
        r"highlight must be a value of kl_beta, \(0\.1, 0\.2\); got 0\.3",
    ),
    "a highlight that no frontier has": (
        lambda: tc.plots.frontier(run(kl_beta=[0.1, 0.2]), highlight=0.3),
        ValueError,
        "highlight must be a value of kl_beta",
    ),
    "three roads": (
        lambda: tc.plots.frontier(*[run(kl_beta=[0.1, 0.2])] * 3),
        ValueError,
        "at most 2; got 3",
    ),
    "no way": (lambda: tc.plots.against(WORLD, "snr"), ValueError, "at least one way"),
    "a way that is no DataArray": (
        lambda: tc.plots.against(WORLD, "snr", trained=[1.0]),
        TypeError,
        r"trained must be an xarray.DataArray over a setting and seed; got \[1\.0\]",
    ),
    "no heat map": (lambda: tc.plots.heat_map(WORLD, "loss"), ValueError, "at least one way"),
    "a grid over one setting": (
        lambda: tc.plots.heat_map(WORLD, "loss", fixed=table(("lr", "seed"), (2, 2))),
        TypeError,
        r"fixed must be an xarray.DataArray over two settings and seed; got \['lr', 'seed'\]",
    ),
    "grids over other settings": (
        lambda: tc.plots.heat_map(
            WORLD,
            "loss",
            a=table(("lora_rank", "lr", "seed"), (2, 2, 2)),
            b=table(("lora_rank", "lr", "seed"), (2, 3, 2)),
        ),
        ValueError,
        "a, b must be over the same values of the same settings",
    ),
    "a grid of something unknown": (
        lambda: tc.plots.heat_map(WORLD, "los", a=table(("lora_rank", "lr", "seed"), (2, 2, 2))),
        ValueError,
        "unknown curve 'los'",
    ),
    "an estimate of nothing": (
        lambda: tc.plots.closing_in(WORLD, [1, 2], {"kl": np.ones((2, 2))}, {"reward": 1.0}),
        ValueError,
        "exact_values must name each estimate; it lacks kl",
    ),
    "a clip range of 0": (
        lambda: tc.plots.surrogate(WORLD, 0),
        ValueError,
        "clip_range must be a finite number above 0; got 0",
    ),
    "advantages of another world": (
        lambda: tc.plots.update(WORLD, 0, TABLE, [1.0, 2.0], 0.2, clipped=TABLE),
        ValueError,
        r"advantage must have the shape \(11,\); got \(2,\)",
    ),
    "an update to no policy": (
        lambda: tc.plots.update(WORLD, 0, TABLE, [0.0] * 11, 0.2),
        ValueError,
        "at least one table, by keyword",
    ),
    "ratios of words": (
        lambda: tc.plots.ratios(WORLD, 0.2, {1: ["a"]}),
        TypeError,
        "the ratios of pass 1 must be .*'a'",
    ),
    "two rows of weights": (
        lambda: tc.plots.rounding(WORLD, torch.ones(2, 3), 4),
        ValueError,
        r"weight must be one row, \(1, N\); got the shape \(2, 3\)",
    ),
    "a stream that is none": (
        lambda: tc.noise.generator(0, "mine"),
        ValueError,
        "stream must be one of base, lora, .*; got 'mine'",
    ),
    "a number beyond all floats": (
        lambda: tc.World(helpful=10**400),
        ValueError,
        "helpful must be a finite number; got one of 1329 bits",
    ),
    "a count beyond all sizes": (
        lambda: tc.PPOConfig(rollouts=10**400),
        ValueError,
        "rollouts must be a whole number .*; got one of 1329 bits, where 63 are the most",
    ),
    "a size beyond all sizes": (
        lambda: tc.LoRALinear(10**5000, 3, 1, 1.0),
        ValueError,
        "in_features must be a whole number of at least 1; got one of 16610 bits",
    ),
    "a critic of no prompts": (
        lambda: tc.ValueNet(1, 0),
        ValueError,
        "prompts must be a whole number of at least 1; got 0",
    ),
    "a complex number": (
        lambda: tc.PPOConfig(kl_beta=np.complex128(1)),
        TypeError,
        "kl_beta must be a finite number of at least 0; got np.complex128",
    ),
    "a sparse table": (
        lambda: tc.exact.entropy(TABLE.to_sparse()),
        TypeError,
        "logp must be a dense tensor; got torch.sparse_coo",
    ),
    "a table of nothing": (
        lambda: tc.exact.entropy(TABLE.to("meta")),
        ValueError,
        "logp must have its numbers; got a tensor on the meta device",
    ),
}

# Each setting of a loss that is a number, and what it may not be.
SETTINGS = {
    "beta": (dpo, "above 0", (0, -1.0, NAN, INF)),
    "clip_range": (ppo, "above 0", (0.0, -0.2, NAN, INF)),
    "vf_coef": (ppo, "of at least 0", (-1e-9, NAN, INF)),
    "ent_coef": (ppo, "of at least 0", (-1e-9, NAN, -INF)),
    "kl_beta": (lambda kl_beta: tc.ppo.leash(B, B, B, kl_beta), "of at least 0", (-1.0, NAN)),
}


WRONG_SETTINGS = [(name, value) for name, (_, _, row) in SETTINGS.items() for value in row]
KINDS = {
    "a float": float,
    "NumPy's": np.float64,
    "a tensor without axes": torch.tensor,
    "one per run": lambda value: torch.tensor([[1.0], [value]]),
}


@pytest.mark.parametrize(("name", "value"), WRONG_SETTINGS, ids=str)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_setting_of_a_loss_is_looked_at(name, value, kind):
    loss, rule, _ = SETTINGS[name]
    with pytest.raises(ValueError, match=f"{name} must be a finite number {rule}; got "):
        loss(**{name: kind(value)})


@pytest.mark.parametrize("loss_type", ["sigmoid", "ipo"])
def test_beta_of_0_is_refused_by_every_loss(loss_type):
    with pytest.raises(ValueError, match="beta must be a finite number above 0; got 0"):
        dpo(beta=0, loss_type=loss_type)


@pytest.mark.parametrize("more", [2, 7])
def test_targets_of_more_batches_than_there_are_predictions_are_refused(more):
    target = torch.zeros(more, 6, dtype=torch.long)
    with pytest.raises(ValueError, match=r"target must be .* got \(., 6\) for logp \(6, 11\)"):
        tc.sft.sft_loss(TABLE, target)
    assert tc.sft.sft_loss(TABLE.expand(more, 6, 11), target[0])[0].shape == (more,)


DPO = ("chosen_logp", "rejected_logp", "ref_chosen_logp", "ref_rejected_logp")
PPO = ("logp", "old_logp", "advantage", "value", "returns", "entropy")


@pytest.mark.parametrize("wrong", [*DPO, *PPO])
def test_each_argument_of_a_loss_is_looked_at(wrong):
    loss, names = (tc.dpo.dpo_loss, DPO) if wrong in DPO else (tc.ppo.ppo_loss, PPO)
    with pytest.raises(TypeError, match=f"^{wrong} must be a batch of real numbers; got None"):
        loss(**dict.fromkeys(names, B) | {wrong: None})
    with pytest.raises(ValueError, match=rf"{wrong} \(3, 0\)"):
        loss(**dict.fromkeys(names, B) | {wrong: B.new_zeros(3, 0)})


def test_dpo_without_a_reference_looks_at_none():
    given = dict(zip(DPO, (B, B, None, None), strict=True))
    assert tc.dpo.dpo_loss(**given, reference_free=True)[0].item() == pytest.approx(math.log(2))


@pytest.mark.parametrize(("call", "kind", "message"), WRONG.values(), ids=WRONG)
def test_the_argument_what_came_and_what_is_allowed_are_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


# --- one conversion for numbers, one for tables ---------------------------------------------------

NUMBERS = {
    "an int": 2,
    "a float": 2.0,
    "NumPy's": np.int64(2),
    "NumPy's half": np.float16(2),
    "NumPy's longest": np.longdouble(2),
    "an array without axes": np.array(2.0),
    "a tensor without axes": torch.tensor(2),
    "a tensor that needs a gradient": torch.tensor(2.0, requires_grad=True),
    "a DataArray without axes": xr.DataArray(2.0),
    "a fraction": Fraction(2),
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_a_number_is_a_number_wherever_it_comes_from(number):
    assert tc.World(helpful=number).reward[0, 0] == 2
    assert tc.PPOConfig(kl_beta=number).kl_beta == 2.0
    assert tc.PPOConfig(kl_beta=[number, 3]).kl_beta == (2.0, 3.0)
    assert run(kl_beta=[1, 2]).sel(kl_beta=number).config.kl_beta == 2.0
    assert tc.exact.objective(TABLE, TABLE, TABLE, number).shape == (6,)
    assert dpo(beta=number)[0].item() == pytest.approx(math.log(2))
    assert tc.widgets.slider("a", [1, number], lambda _: PICTURE, start=number).position == (1,)


PICTURE = tc.plots.rewards(WORLD)
WHOLE = {name: number for name, number in NUMBERS.items() if name in ("an int", "NumPy's")}
WHOLE |= {"a tensor without axes": torch.tensor(2), "an array without axes": np.array(2)}


@pytest.mark.parametrize("number", WHOLE.values(), ids=WHOLE)
def test_a_whole_number_is_one_wherever_it_comes_from(number):
    assert tc.SFTConfig(lora_rank=number).lora_rank == 2
    assert tc.SFTConfig(seeds=number).seeds == (0, 1)
    assert len(WORLD.sample_preferences(TABLE, number, number)) == 2
    assert WORLD.token(number) == WORLD.prompt(number) == 2
    assert tc.quantize(torch.ones(2, 2), bits=number).values.max() == 1
    assert tc.LoRALinear(3, 3, number, 4.0).lora_A.shape == (2, 3)
    assert tc.TinyMLP(number, number, number, seed=number).fc1.weight.shape == (2, 2)


def reversed_rows(table: torch.Tensor) -> np.ndarray:
    return table.numpy()[::-1].copy()[::-1]  # the same numbers, told backwards


def read_only(table: torch.Tensor) -> np.ndarray:
    array = table.numpy().copy()
    array.flags.writeable = False
    return array


TABLES = {
    "an expanded tensor": lambda t: t,
    "an array": lambda t: t.numpy(),
    "a DataArray": lambda t: xr.DataArray(t.numpy()),
    "lists": lambda t: t.tolist(),
    "an array that runs backwards": reversed_rows,
    "an array that cannot be written": read_only,
    "an array of swapped bytes": lambda t: t.numpy().astype(">f8"),
    "a tensor that needs a gradient": lambda t: t.clone().requires_grad_(),
    "a transposed tensor": lambda t: t.mT.contiguous().mT,
}


LOGP = torch.linspace(0, 1, 11, dtype=torch.float64).log_softmax(-1).expand(6, 11)


@functools.cache
def drawn(name: str) -> str:
    return PICTURES[name](LOGP.contiguous()).alt


PICTURES = {
    "policies": lambda table: tc.plots.policies(WORLD, before=table),
    "answers": lambda table: tc.plots.answers(WORLD, 3, before=table),
    "tradeoff": lambda table: tc.plots.tradeoff(WORLD, table, [0.1]),
}


@pytest.mark.parametrize("kind", TABLES.values(), ids=TABLES)
def test_a_table_is_a_table_wherever_it_comes_from(kind):
    given, plain = kind(LOGP), LOGP.contiguous()
    torch.testing.assert_close(tc.exact.entropy(given).detach(), tc.exact.entropy(plain))
    assert torch.equal(*(WORLD.sample_preferences(one, 50, 0) for one in (given, plain)))
    assert torch.equal(tc.World(reward=given).reward, plain)
    assert (
        tc.dpo.dpo_loss(given, plain, given, plain)[0].tolist() == [pytest.approx(math.log(2))] * 6
    )
    for name, draw in PICTURES.items():
        assert draw(given).alt == drawn(name)


def test_a_model_is_shown_and_sampled_as_it_is():
    """What training code has at hand, with its gradients on."""
    logp = tc.ToyLM((0, 1)).logp()
    assert logp.requires_grad
    assert WORLD.sample_preferences(logp, 3, 0).shape == (2, 3, 3)
    for draw in PICTURES.values():
        assert draw(logp).alt == draw(logp.detach()).alt
    assert tc.exact.kl(logp, logp).requires_grad


@pytest.mark.parametrize("kind", [list, np.asarray, torch.as_tensor])
def test_pairs_and_targets_are_whole_numbers_wherever_they_come_from(kind):
    rows = [[3, 1, 5], [1, 4, 6]]
    assert torch.equal(WORLD.pairs(kind(rows)), torch.tensor(rows))
    if kind is not list:
        sets = kind([rows, rows])
        trained = tc.train_dpo(WORLD, tc.DPOConfig(steps=1, seeds=2), pairs=sets)
        alone = tc.train_dpo(WORLD, tc.DPOConfig(steps=1, seeds=2), pairs=kind(rows))
        assert trained.logp.equals(alone.logp)
    loss, _ = tc.sft.sft_loss(TABLE, kind([0, 1, 2, 3, 4, 5]))
    assert loss.item() == pytest.approx(math.log(11))
    for dtype in (np.uint8, np.int16, np.uint32):
        assert torch.equal(WORLD.pairs(np.array(rows, dtype)), torch.tensor(rows))
        assert torch.equal(
            guards.indices("x", torch.tensor(np.array([1], dtype)), 2), torch.ones(1)
        )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_policy_may_come_in_any_floating_point_type(dtype):
    logp = torch.linspace(0, 9, 66, dtype=torch.float64).reshape(6, 11).log_softmax(-1)
    assert WORLD.sample_preferences(logp.to(dtype), 3, 0).shape == (3, 3)
    with pytest.raises(ValueError, match=r"must sum to 1; got rows that miss it by 0\.1"):
        WORLD.sample_preferences((logp - 0.13).to(dtype), 3, 0)
