"""Quantized layers, on whole numbers: the copies that have them, true sizes and files."""

import copy
import io

import pytest
import torch
from torch import nn

import toycore as tc
from toycore.quantization import layers
from toycore.quantization.matmul import by_floats, why_not_int_mm

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def gauss(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def int8(inside: int = 64, out: int = 11, bias: bool = True) -> tc.Int8Linear:
    return tc.Int8Linear.from_linear(nn.Linear(inside, out, bias=bias))


# The layer


def test_by_hand():
    linear = nn.Linear(2, 2)
    linear.weight.data = torch.tensor([[1.0, 0.5], [-127.0, 127.0]])
    linear.bias.data = torch.tensor([10.0, 20.0])
    made = tc.Int8Linear.from_linear(linear)
    assert made.values.tolist() == [[127, 64], [-127, 127]]  # 63.5 goes to the even neighbour
    y = made(torch.tensor([[254.0, -2.0]]))  # a step of 2: 127 and −1
    assert y[0, 0].item() == pytest.approx((127 * 127 - 64) * 2 / 127 + 10, rel=1e-6)
    assert y[0, 1].item() == -2 * 128 * 127 + 20


@pytest.mark.parametrize("shape", [(64,), (1, 64), (5, 64), (2, 3, 64), (0, 64), (2, 0, 64)])
@pytest.mark.parametrize("bias", [True, False])
def test_shapes(shape, bias):
    made, x = int8(bias=bias), gauss(*shape)
    y = made(x)
    assert y.shape == (*shape[:-1], 11)
    if x.numel():
        row = made(x.reshape(-1, 64)[-1:])[0]
        assert torch.equal(y.reshape(-1, 11)[-1], row)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_answer_has_the_dtype_of_what_is_asked(dtype):
    linear = nn.Linear(512, 16).to(dtype)
    x = (100 * gauss(8, 512)).to(dtype)
    made = tc.Int8Linear.from_linear(linear)
    assert made(x).dtype == dtype
    assert made.bias.dtype == dtype
    assert tc.snr_db(linear(x), made(x)) > 38
    assert made(x.float()).dtype == torch.float32


def test_half_precision_does_not_overflow_in_the_sum():
    linear = nn.Linear(4096, 4)
    linear.weight.data.fill_(0.001)
    made = tc.Int8Linear.from_linear(linear.half())
    assert made(torch.ones(1, 4096).half())[0, 0].item() == pytest.approx(4.096, rel=0.01)
    assert made.half()(torch.ones(1, 4096).half())[0, 0].item() == pytest.approx(4.096, rel=0.01)


def test_a_token_does_not_feel_its_neighbours():
    made, x = int8(), gauss(4, 64)
    alone = made(x[:1])
    x[1:] *= 1e6
    assert torch.equal(made(x)[:1], alone)


def test_a_token_of_zeros_gives_the_bias():
    made = int8()
    assert torch.equal(made(torch.zeros(2, 64)), made.bias.expand(2, 11))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_stay_in_their_token(value):
    made, x = int8(), gauss(3, 64)
    expected = made(x)
    x[1, 5] = value
    assert not made(x)[1].isfinite().any()
    assert torch.equal(made(x)[::2], expected[::2])


@pytest.mark.skipif(why_not_int_mm() != "", reason="this CPU has one road only")
@pytest.mark.parametrize("inside", [2, 64, 1024, 1040, 1041, 4096])
def test_both_roads_give_the_same_numbers_to_the_bit(inside, monkeypatch):
    made, x = int8(inside, 32), gauss(16, inside)
    worst = copy.deepcopy(made)
    worst.values.fill_(127)
    answers = []
    for product in (lambda a, b: torch._int_mm(a, b.mT), by_floats):
        monkeypatch.setattr(layers, "int8_matmul", product)
        answers.append([made(x), worst(x), worst(torch.ones(1, inside))])
    for one, other in zip(*answers, strict=True):
        assert torch.equal(one, other)


def test_a_token_of_any_stride():
    made, x = int8(), gauss(1, 64)
    assert torch.equal(made(x.as_strided((1, 64), (0, 1))), made(x))
    assert torch.equal(made(x.expand(3, 64)), made(x).expand(3, 11))
    assert torch.equal(made(x.expand(64, 64).T.T), made(x).expand(64, 11))
    one = int8(1, 5)
    torch.testing.assert_close(
        one(torch.ones(2, 1))[0], one.values[:, 0] * one.scale[:, 0] + one.bias
    )


def test_no_gradient_passes():
    x = gauss(2, 64).requires_grad_()
    assert not int8()(x).requires_grad
    assert not [*int8().parameters()]


def test_it_says_what_it_is():
    assert repr(int8(bias=False)) == "Int8Linear(in_features=64, out_features=11, bias=False)"


def test_bad_input_is_refused():
    made = int8()
    for x in (gauss(64).long(), gauss(64).to(torch.int8), [1.0] * 64, None):
        with pytest.raises(TypeError, match="x must be a tensor of float16, bfloat16, float32 or"):
            made(x)
    for shape in ((63,), (64, 63), (64, 1), (64, 128), (64, 0), ()):
        with pytest.raises(ValueError, match=r"x must have the shape \(\.\.\., 64\); got \("):
            made(torch.ones(shape))
    for linear in (made, nn.Linear, nn.ReLU(), gauss(3, 3), None):
        with pytest.raises(TypeError, match=r"linear must be a torch\.nn\.Linear; got"):
            tc.Int8Linear.from_linear(linear)
    broken = nn.Linear(2, 2)
    broken.weight.data[0, 0] = float("nan")
    with pytest.raises(ValueError, match="weight must be finite"):
        tc.quantize_dynamic(nn.Sequential(broken))


# The copy


class Nested(nn.Module):
    """Linear layers at every depth, one of them used twice, and things that are none."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.again = self.first
        self.inner = nn.ModuleDict({"a": nn.Sequential(nn.Linear(8, 8), nn.Tanh())})
        self.attention = nn.MultiheadAttention(8, 2)
        self.scale = nn.Parameter(torch.ones(8))
        self.words = nn.Embedding(3, 8)
        self.plain = [self.first]

    def forward(self, x):
        return self.again(self.inner["a"](self.first(x) * self.scale))


def test_every_linear_layer_is_replaced_and_nothing_else():
    module = Nested().eval()
    before = copy.deepcopy(module.state_dict())
    with pytest.warns(UserWarning, match=r"left as it is.*attention\.out_proj"):
        made = tc.quantize_dynamic(module)
    kinds = {name: type(part).__name__ for name, part in made.named_modules(remove_duplicate=False)}
    assert {n for n, kind in kinds.items() if kind == "Int8Linear"} == {
        "first",
        "again",
        "inner.a.0",
    }
    assert made.first is made.again is made.plain[0]
    assert type(made.attention.out_proj) is type(module.attention.out_proj)
    assert made.attention(*[gauss(2, 8)] * 3)[0].shape == (2, 8)
    assert made.words.weight is not module.words.weight
    assert torch.equal(made.words.weight, module.words.weight)
    assert not made.first.training
    assert type(module.first) is type(module.plain[0]) is nn.Linear
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    x = gauss(4, 8)
    assert tc.snr_db(module(x), made(x)) > 30


def test_the_module_itself_may_be_the_layer():
    linear = nn.Linear(8, 3)
    made = tc.quantize_dynamic(linear)
    assert isinstance(made, tc.Int8Linear)
    assert made.training
    made.bias.zero_()
    assert linear.bias.any()


def test_what_has_no_linear_layer_is_refused():
    for module in (nn.ReLU(), nn.Embedding(2, 2), tc.ToyLM(), tc.quantize_dynamic(tc.TinyMLP())):
        with pytest.raises(ValueError, match=r"module must have an nn\.Linear to quantize; got"):
            tc.quantize_dynamic(module)
    for module in (nn.Linear, gauss(2, 2), None):
        with pytest.raises(TypeError, match=r"module must be a torch\.nn\.Module; got"):
            tc.quantize_dynamic(module)


def test_a_file_loads_safely_and_answers_as_before_to_the_bit():
    made, x = tc.quantize_dynamic(tc.TinyMLP()), gauss(32, 64)
    file = io.BytesIO()
    torch.save(made.state_dict(), file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    assert {type(value) for value in state.values()} == {torch.Tensor}
    assert {value.dtype for value in state.values()} == {torch.int8, torch.float32}
    other = tc.quantize_dynamic(tc.TinyMLP(seed=1))
    assert not torch.equal(other(x), made(x))
    other.load_state_dict(state)
    assert torch.equal(other(x), made(x))


# TinyMLP


def test_it_is_the_old_notebooks():
    module = tc.TinyMLP()
    shapes = {name: tuple(p.shape) for name, p in module.named_parameters()}
    assert shapes == {
        "fc1.weight": (64, 64),
        "fc1.bias": (64,),
        "fc2.weight": (11, 64),
        "fc2.bias": (11,),
    }
    x = gauss(3, 64)
    hidden = (x @ module.fc1.weight.T + module.fc1.bias).clamp(min=0)
    torch.testing.assert_close(module(x), hidden @ module.fc2.weight.T + module.fc2.bias)
    assert tc.tensor_bytes(module) == 19_500


def test_it_is_drawn_from_its_seed_as_torch_draws_and_leaves_torchs_generator_alone():
    before = torch.get_rng_state()
    one, same, other = (
        tc.TinyMLP(100, 400, 9),
        tc.TinyMLP(100, 400, 9),
        tc.TinyMLP(100, 400, 9, seed=1),
    )
    assert torch.equal(torch.get_rng_state(), before)
    for (name, p), q, r in zip(
        one.named_parameters(), same.parameters(), other.parameters(), strict=True
    ):
        assert torch.equal(p, q)
        assert not torch.equal(p, r)
        bound = 1 / (10 if name.startswith("fc1") else 20)
        assert 0.7 * bound < p.abs().max() <= bound
        assert p.requires_grad


def test_its_sizes_and_its_seed_are_whole_numbers():
    for name in ("d_in", "d_h", "d_out"):
        with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1; got 0"):
            tc.TinyMLP(**{name: 0})
        with pytest.raises(
            TypeError, match=f"{name} must be a whole number of at least 1; got 2.0"
        ):
            tc.TinyMLP(**{name: 2.0})
    with pytest.raises(ValueError, match="seed must be a whole number of at least 0; got -1"):
        tc.TinyMLP(seed=-1)
