"""A layer that does more than its weight and bias is left as it is and said; a tie stays a tie."""

import copy
import functools
import types
import warnings

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

import toycore as tc
from toycore.quantization import libraries
from toycore.quantization.matmul import MOST_TERMS

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)


def gauss(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def linear(inside: int = 8, out: int = 8, bias: bool = True, seed: int = 0) -> nn.Linear:
    made = nn.Linear(inside, out, bias=bias)
    for place, parameter in enumerate(made.parameters()):
        parameter.data = gauss(*parameter.shape, seed=2 * seed + place)
    return made


# --- what hangs on a layer ------------------------------------------------------------------------


class Twice(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


class Weight(torch.Tensor):
    """A subclass of tensors, as libraries make them."""


class Double(nn.Module):
    def forward(self, weight):
        return 2 * weight


def hooked(hook):
    def hang(layer: nn.Linear) -> nn.Linear:
        getattr(layer, f"register_{hook}")(lambda *_, **__: None)
        return layer

    return hang


def forward_of_its_own(layer: nn.Linear) -> nn.Linear:
    layer.forward = types.MethodType(lambda self, x: 3 * F.linear(x, self.weight), layer)
    return layer


def partial(layer: nn.Linear) -> nn.Linear:
    layer.forward = functools.partial(lambda self, x: 3 * F.linear(x, self.weight), layer)
    return layer


def doubled(layer: nn.Linear) -> nn.Linear:
    layer.register_forward_hook(lambda module, x, y: 2 * y)
    return layer


def halved(layer: nn.Linear) -> nn.Linear:
    layer.register_forward_pre_hook(lambda module, x: (x[0] / 2,))
    return layer


def holds(name: str, value):
    def hang(layer: nn.Linear) -> nn.Linear:
        setattr(layer, name, value)
        return layer

    return hang


def with_weight(change):
    def hang(layer: nn.Linear) -> nn.Linear:
        layer.weight = nn.Parameter(change(layer.weight.detach()), requires_grad=False)
        return layer

    return hang


def parametrized(layer: nn.Linear) -> nn.Linear:
    parametrize.register_parametrization(layer, "weight", Double())
    return layer


def pruned(layer: nn.Linear) -> nn.Linear:
    prune.random_unstructured(layer, "weight", 0.5)
    with torch.no_grad():
        layer(torch.ones(8))  # the mask is used anew at each call
    layer.weight = layer.weight.detach()
    return layer


MORE = {
    "a subclass": (lambda _: Twice(8, 8), "it is a Twice"),
    "an output projection": (lambda _: nn.MultiheadAttention(8, 2).out_proj, "it is a NonDynamic"),
    "a forward of its own": (forward_of_its_own, "it has 'forward' of its own"),
    "a partial forward": (partial, "it has 'forward' of its own"),
    "a hook on the answer": (doubled, "it has forward hooks of its own"),
    "a hook on what is asked": (halved, "it has forward pre hooks of its own"),
    "a hook on gradients": (hooked("full_backward_hook"), "it has backward hooks of its own"),
    "a hook before gradients": (hooked("full_backward_pre_hook"), "it has backward pre hooks"),
    "a hook on states": (hooked("state_dict_post_hook"), "it has state dict hooks of its own"),
    "a hook before states": (hooked("state_dict_pre_hook"), "it has state dict pre hooks"),
    "a hook on loading": (hooked("load_state_dict_pre_hook"), "it has load state dict pre hooks"),
    "a hook after loading": (hooked("load_state_dict_post_hook"), "load state dict post hooks"),
    "a parametrization": (parametrized, "it is a ParametrizedLinear"),
    "spectral norm": (parametrizations.spectral_norm, "it is a ParametrizedLinear"),
    "weight norm": (parametrizations.weight_norm, "it is a ParametrizedLinear"),
    "the old spectral norm": (nn.utils.spectral_norm, "it has parameters of its own"),
    "pruning": (pruned, "it has parameters of its own"),
    "a parameter": (holds("gain", nn.Parameter(torch.ones(8))), "it has parameters of its own"),
    "a layer": (holds("after", nn.ReLU()), "it has modules of its own"),
    "a number": (holds("scale", 2.0), "it has 'scale' of its own"),
    "a tensor": (holds("values", torch.ones(3)), "it has 'values' of its own"),
}
QUIET = (
    "ignore:Sparse .* tensor support is in beta",
    "ignore:Sparse invariant checks are",
    "ignore:.*torch.nn.utils.* is deprecated:FutureWarning",
)


def quiet(test):
    for message in QUIET:
        test = pytest.mark.filterwarnings(message)(test)
    return test


@quiet
@pytest.mark.parametrize("what", MORE)
def test_a_layer_that_does_more_is_left_as_it_is_and_said(what):
    hang, why = MORE[what]
    layer, plain = hang(linear()).eval(), linear(seed=1)
    module, x = nn.Sequential(plain, nn.Sequential(layer)), gauss(3, 8, seed=9)
    with pytest.warns(UserWarning, match=rf"not quantized: layer '1\.0': .*{why}"):
        made = tc.quantize_dynamic(module)
    assert isinstance(made[0], tc.Int8Linear)
    assert isinstance(made[1][0], type(layer))
    assert made[1][0] is not layer
    with torch.no_grad():
        assert torch.equal(made[1][0](x), layer(x))
    for alone in (layer, nn.Sequential(layer)):
        with pytest.raises(ValueError, match=f"must have an nn.Linear to quantize; got.*: .*{why}"):
            tc.quantize_dynamic(alone)
    with pytest.raises(TypeError, match=rf"(?s)linear must be a torch\.nn\.Linear; .*: .*{why}"):
        tc.Int8Linear.from_linear(layer)


UNCOPIED = {
    "the old weight norm": (nn.utils.weight_norm, "it has parameters of its own"),
    "a weight of a subclass": (with_weight(lambda w: w.as_subclass(Weight)), "its weight is a We"),
    "a sparse weight": (with_weight(lambda w: w.to_sparse()), r"its weight is torch\.sparse_coo"),
}


@quiet
@pytest.mark.parametrize("what", UNCOPIED)
def test_what_torch_cannot_copy_is_refused(what):
    hang, why = UNCOPIED[what]
    module = nn.Sequential(linear(), hang(linear()))
    with (
        pytest.warns(UserWarning, match=f"layer '1': {why}"),
        pytest.raises(ValueError, match="module cannot be copied: "),
    ):
        tc.quantize_dynamic(module)


def test_a_lazy_layer_is_said_until_it_is_one():
    module = nn.Sequential(linear(), nn.LazyLinear(3))
    with pytest.warns(UserWarning, match="layer '1': it is a LazyLinear"):
        tc.quantize_dynamic(module)
    module(gauss(1, 8))
    assert isinstance(tc.quantize_dynamic(module)[1], tc.Int8Linear)


def test_the_mark_of_a_library_is_not_in_the_way():
    layer = linear()
    layer._is_hf_initialized = True
    assert isinstance(tc.quantize_dynamic(layer), tc.Int8Linear)


class Closed(nn.Module):
    """What some patch in place of a forward: a function that has the layers of one model in it."""

    def __init__(self):
        super().__init__()
        self.layer = linear()
        self.forward = lambda x: self.layer(x)


def test_a_copy_that_would_ask_the_original_is_refused():
    for module, name in ((Closed(), "the layer"), (nn.Sequential(Closed()), "layer '0'")):
        with pytest.raises(ValueError, match=f"cannot be copied: {name} has a function for its"):
            tc.quantize_dynamic(module)
    module = nn.Sequential(linear())
    module.forward = types.MethodType(lambda self, x: 2 * self[0](x), module)
    made = tc.quantize_dynamic(module)
    assert made.forward.__self__ is made
    assert tc.snr_db(module(gauss(3, 8)), made(gauss(3, 8))) > 30


def test_hooks_on_what_holds_a_layer_stay():
    module = nn.Sequential(linear())
    module.register_forward_hook(lambda owner, x, y: 2 * y)
    assert tc.snr_db(module(gauss(3, 8)), tc.quantize_dynamic(module)(gauss(3, 8))) > 30


def test_a_transformer_whose_forward_reads_weights_keeps_those_layers():
    encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    module, x = nn.Sequential(encoder, linear()).eval(), gauss(2, 3, 8)
    said = r"'0\.self_attn\.out_proj': it is a NonDyn.*'0\.linear1': its owner reads.*'0\.linear2'"
    with pytest.warns(UserWarning, match=said):
        made = tc.quantize_dynamic(module)
    with torch.no_grad():
        assert torch.equal(made[0](x), encoder(x))
        assert tc.snr_db(module(x), made(x)).min() > 30
    with pytest.raises(ValueError, match="'linear1': its owner reads its weight"):
        tc.quantize_dynamic(encoder)
    attention = nn.MultiheadAttention(8, 2)
    attention.out_proj = linear()
    with pytest.raises(ValueError, match="'out_proj': its owner reads its weight"):
        tc.quantize_dynamic(attention)


def test_torch_ao_is_skipped_where_its_copy_cannot_answer():
    encoder = nn.TransformerEncoderLayer(64, 2, 64, batch_first=True).eval()
    made, skipped = libraries.quantized(encoder)
    for name, reason in skipped.items():
        assert name not in made
        assert name != "torch.ao" or reason.endswith(
            ("layer 'linear1' reads its weight, which is gone", "has no attribute 'qint8'")
        )
    with torch.no_grad():
        for copied in made.values():
            copied(gauss(1, 3, 64))


def test_asking_the_libraries_changes_no_layer():
    layer = parametrizations.spectral_norm(linear(64, 64))
    before = copy.deepcopy(layer.state_dict())
    libraries.quantized(nn.Sequential(layer))
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


# --- weights that cannot be -----------------------------------------------------------------------

NAN = torch.full((3, 4), torch.nan)
CANNOT = {
    "complex": (torch.ones(3, 4) + 0j, TypeError, "be a tensor of float16.*torch.complex64"),
    "whole numbers": (torch.ones(3, 4, dtype=torch.int32), TypeError, "got torch.int32"),
    "8 bits": (torch.ones(3, 4).to(torch.float8_e5m2), TypeError, "got torch.float8_e5m2"),
    "NaN": (NAN, ValueError, "be finite"),
    "infinity": (NAN.nan_to_num(torch.inf), ValueError, "be finite"),
    "no rows": (torch.ones(0, 4), ValueError, "at least one number; got shape"),
    "no columns": (torch.ones(3, 0), ValueError, "at least one number; got shape"),
    "one axis": (torch.ones(4), ValueError, "two axes or more"),
    "meta": (torch.ones(3, 4, device="meta"), ValueError, "got a tensor on the meta device"),
    "many columns": (
        torch.zeros(1, MOST_TERMS + 1),
        ValueError,
        "at most 131,071 columns; got 131,072",
    ),
}


@pytest.mark.parametrize("kind", CANNOT)
def test_a_weight_that_cannot_be_quantized_is_refused_when_the_copy_is_made(kind):
    weight, error, why = CANNOT[kind]
    layer = nn.Linear(1, 1)
    layer.weight = nn.Parameter(weight, requires_grad=False)
    with pytest.raises(error, match=rf"^layer '1\.0': weight must .*{why}"):
        tc.quantize_dynamic(nn.Sequential(linear(), nn.Sequential(layer)))
    with pytest.raises(error, match=f"^weight must .*{why}"):
        tc.Int8Linear.from_linear(layer)


def test_a_sparse_weight_is_no_weight_to_quantize():
    with pytest.raises(TypeError, match=r"a dense tensor; got torch\.sparse_coo"):
        tc.quantize(torch.eye(3).to_sparse())


def test_the_longest_sum_that_is_allowed_is_exact():
    layer = nn.Linear(MOST_TERMS, 1, bias=False)
    layer.weight.data.fill_(1)
    assert tc.quantize_dynamic(layer)(torch.ones(1, MOST_TERMS)).item() == pytest.approx(MOST_TERMS)


# --- ties -----------------------------------------------------------------------------------------


TIES = {
    "no tie": lambda a, b: None,
    "one weight": lambda a, b: setattr(b, "weight", a.weight),
    "one weight, by its data": lambda a, b: setattr(b.weight, "data", a.weight.data),
    "one bias": lambda a, b: setattr(b, "bias", a.bias),
    "one of both": lambda a, b: (setattr(b, "weight", a.weight), setattr(b, "bias", a.bias)),
    "both, by their data": lambda a, b: (
        setattr(b.weight, "data", a.weight.data),
        setattr(b.bias, "data", a.bias.data),
    ),
    "turned": lambda a, b: setattr(b.weight, "data", a.weight.data.T),
    "the upper half": lambda a, b: [
        setattr(mine, "data", theirs.data[: (len(theirs) + 1) // 2])
        for mine, theirs in zip(b.parameters(), a.parameters(), strict=True)
    ],
}
STRIDES = {
    "as it is": lambda w: w,
    "turned": lambda w: w.T.contiguous().T,
    "every second row": lambda w: w.repeat_interleave(2, 0)[::2],
    "a row repeated": lambda w: w[:1].expand(w.shape),
    "a column repeated": lambda w: w[:, :1].expand(w.shape),
    "a number repeated": lambda w: w[:1, :1].expand(w.shape),
    "zeros": lambda w: torch.zeros_like(w),
    "a row of zeros": lambda w: torch.cat([0 * w[:1], w[1:]]),
    "tiny": lambda w: w * 1e-6,
    "part of a larger one": lambda w: torch.cat([w, w], 1)[:, : w.shape[1]],
}


@EXAMPLES
@given(
    size=st.integers(1, 9),
    dtype=st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64]),
    stride=st.sampled_from(sorted(STRIDES)),
    tie=st.sampled_from(sorted(TIES)),
    names=st.lists(st.integers(0, 1), min_size=1, max_size=4),
    grad=st.booleans(),
    bias=st.booleans(),
    training=st.booleans(),
)
def test_a_copy_answers_as_its_weights_rounded_and_keeps_its_ties(
    size, dtype, stride, tie, names, grad, bias, training
):
    bias = bias or "bias" in tie or "both" in tie
    pair = [linear(size, size, bias, seed).to(dtype) for seed in (1, 2)]
    pair[0].weight.data = STRIDES[stride](pair[0].weight.data)
    TIES[tie](*pair)
    module = nn.ModuleList(pair[name] for name in names).requires_grad_(grad).train(training)
    made, x = tc.quantize_dynamic(module), gauss(5, size, seed=9).double()
    step = (x.abs().amax(-1, keepdim=True) / 127).clamp_min(1e-300)
    x = (x / step).round() * step  # tokens that are on their grid already
    for new, old in zip(made, module, strict=True):
        assert (new.in_features, new.out_features) == (size, len(old.weight))
        assert (type(new), new.training) == (tc.Int8Linear, training)
        rounded = nn.Linear(size, len(old.weight), bias, dtype=torch.float64)
        grid = tc.quantize(old.weight.detach().clone(memory_format=torch.contiguous_format))
        rounded.weight.data = grid.values.double() * grid.scale.double()
        if bias:
            rounded.bias.data = old.bias.double()
        torch.testing.assert_close(new(x), rounded(x), rtol=1e-5, atol=1e-9)
    # Layers used twice, weights and biases that are one, and no others.
    for kept, parts in (("weight", ("values", "scale")), ("bias", ("bias",))):
        for i, j in ((i, j) for i in range(len(names)) for j in range(len(names))):
            old = [getattr(module[n], kept) for n in (i, j)]
            for part in parts:
                new = [getattr(made[n], part) for n in (i, j)]
                assert (new[0] is new[1]) == (old[0] is old[1] or same_memory(*old))
                assert new[0] is None or not same_memory(new[0], old[0])
    assert_bytes(module, made)
    again = tc.quantize_dynamic(
        nn.ModuleList(linear(size, len(o.weight), bias).to(dtype) for o in module)
    )
    again.load_state_dict(made.state_dict())
    assert torch.equal(again[0](x), made[0](x))


def same_memory(a, b) -> bool:
    if a is None or b is None:
        return a is b
    return (a.data_ptr(), a.shape, a.stride()) == (b.data_ptr(), b.shape, b.stride())


def assert_bytes(module: nn.Module, made: nn.Module) -> None:
    """By hand: a byte per weight, a step per row, and the biases, each once."""
    weights = {(w.data_ptr(), w.shape, w.stride()): w for w in (p.weight for p in module)}
    biases = {(b.data_ptr(), b.shape): b for b in (p.bias for p in module) if b is not None}
    by_hand = sum(w.numel() + len(w) * max(4, w.element_size()) for w in weights.values())
    by_hand += sum(b.numel() * b.element_size() for b in biases.values())
    assert tc.tensor_bytes(made) == tc.tensor_bytes(copy.deepcopy(made)) == by_hand


def test_an_embedding_tied_to_the_head_stays_in_floating_point_and_both_count():
    words, head = nn.Embedding(50, 8), linear(8, 50, bias=False)
    head.weight = words.weight
    module = nn.ModuleDict({"words": words, "head": head})
    assert tc.tensor_bytes(module) == 4 * 50 * 8
    made = tc.quantize_dynamic(module)
    assert torch.equal(made["words"].weight, words.weight)
    assert tc.tensor_bytes(made) == 4 * 50 * 8 + 50 * 8 + 4 * 50


def test_what_is_all_plain_is_copied_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tc.quantize_dynamic(nn.Sequential(linear(), nn.Sequential(linear())))
