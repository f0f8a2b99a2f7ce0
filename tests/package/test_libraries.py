"""The libraries' INT8 beside the course's: what is there is used, what is not is skipped truly."""

import copy
import logging
import subprocess
import sys
import types
import warnings

import pytest
import torch
from torch import nn

import toycore as tc
from toycore.quantization import libraries

try:
    import torch.ao.quantization as torch_ao
except ImportError:
    torch_ao = None

HAS_TORCH_AO = hasattr(torch_ao, "quantize_dynamic")
needs_torch_ao = pytest.mark.skipif(not HAS_TORCH_AO, reason="this torch has no quantize_dynamic")
X86 = torch.backends.quantized.engine in ("x86", "fbgemm", "onednn")


def gauss(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def without(monkeypatch):
    """A function that makes a library look uninstalled."""

    def hide(library: str) -> None:
        for name in [library, *(n for n in sys.modules if n.startswith(f"{library}."))]:
            monkeypatch.setitem(sys.modules, name, None)

    return hide


@pytest.fixture
def fake_torchao(monkeypatch):
    """A function that installs a torchao with these names in its `quantization`."""

    def install(**names) -> None:
        package, inner = types.ModuleType("torchao"), types.ModuleType("torchao.quantization")
        package.quantization = inner
        for name, value in names.items():
            setattr(inner, name, value)
        monkeypatch.setitem(sys.modules, "torchao", package)
        monkeypatch.setitem(sys.modules, "torchao.quantization", inner)

    return install


def in_place(change):
    """A torchao whose `quantize_` changes every linear layer of a module, in place."""

    def quantize_(module, config):
        assert config == "W8A8"
        for name, linear in list(module.named_children()):
            setattr(module, name, change(linear))

    return {"quantize_": quantize_, "Int8DynamicActivationInt8WeightConfig": lambda: "W8A8"}


def three_bits(linear):
    """A layer on 3 bits, smaller than before and too noisy."""
    made = tc.Int8Linear.from_linear(linear)
    q = tc.quantize(linear.weight, bits=3)
    made.values, made.scale = q.values, q.scale
    return made


def fails(linear):
    raise OSError("no such kernel\nTraceback and much more")


# What is missing or broken is skipped, with its reason


@pytest.mark.parametrize(
    ("torchao", "reason"),
    [
        ({}, "AttributeError: module 'torchao.quantization' has no attribute 'quantize_'"),
        (
            {"quantize_": None},
            "AttributeError: module 'torchao.quantization' has no attribute "
            "'Int8DynamicActivationInt8WeightConfig'",
        ),
        (in_place(lambda linear: linear), "RuntimeError: the copy is not smaller: 19,500 bytes"),
        (in_place(three_bits), "RuntimeError: layer 'fc1' has an SNR of 1"),
        (in_place(lambda linear: nn.Flatten(0)), "ValueError: signal and approximation must have"),
        (in_place(fails), "OSError: no such kernel"),
    ],
    ids=["empty", "old", "does nothing", "noisy", "wrong shape", "fails"],
)
def test_a_torchao_that_does_not_do_is_skipped(fake_torchao, torchao, reason):
    fake_torchao(**torchao)
    made, skipped = libraries.quantized(tc.TinyMLP())
    assert "torchao" not in made
    assert skipped["torchao"].startswith(reason)
    assert "\n" not in skipped["torchao"]


def test_a_torchao_that_does_is_used(fake_torchao):
    fake_torchao(**in_place(tc.Int8Linear.from_linear))
    module = tc.TinyMLP()
    made, skipped = libraries.quantized(module)
    assert isinstance(made["torchao"].fc1, tc.Int8Linear)
    assert type(module.fc1) is nn.Linear
    assert "torchao" not in skipped


def test_no_torchao(without):
    without("torchao")
    made, skipped = libraries.quantized(tc.TinyMLP())
    assert skipped["torchao"].startswith("ModuleNotFoundError: ")
    assert {*made, *skipped} == {"torch.ao", "torchao"}


@needs_torch_ao
def test_a_torch_without_quantize_dynamic(monkeypatch, without):
    without("torchao")
    monkeypatch.delattr(torch_ao, "quantize_dynamic")
    made, skipped = libraries.quantized(tc.TinyMLP())
    assert not made
    no = "AttributeError: module 'torch.ao.quantization' has no attribute 'quantize_dynamic'"
    assert skipped["torch.ao"] == no


def test_a_torch_without_its_quantization(without):
    without("torch.ao.quantization")
    _, skipped = libraries.quantized(tc.TinyMLP())
    assert skipped["torch.ao"].startswith(("ModuleNotFoundError: ", "ImportError: "))


@needs_torch_ao
def test_a_torch_without_qint8(monkeypatch):
    monkeypatch.delattr(torch, "qint8")
    _, skipped = libraries.quantized(tc.TinyMLP())
    assert skipped["torch.ao"] == "AttributeError: module 'torch' has no attribute 'qint8'"


@needs_torch_ao
def test_what_torch_ao_cannot_do_is_skipped():
    _, skipped = libraries.quantized(tc.TinyMLP().double())
    assert "torch.ao" in skipped
    _, skipped = libraries.quantized(nn.Linear(64, 64))  # it replaces parts, never the whole
    assert skipped["torch.ao"].startswith("RuntimeError: the copy is not smaller")


@pytest.mark.parametrize("given", [nn.ReLU(), tc.ToyLM(), nn.Linear, None])
def test_bad_input_is_refused_before_a_library_is_asked(monkeypatch, given):
    def never(module):
        raise KeyboardInterrupt("a library was asked")

    monkeypatch.setattr(libraries, "_torch_ao", never)
    with pytest.raises((TypeError, ValueError), match="module must"):
        libraries.quantized(given)


# No noise, and no more silence than that


def test_nothing_is_printed_and_nothing_is_warned_of():
    made = "made, _ = tc.quantization.libraries.quantized(tc.TinyMLP())"
    script = f"import toycore as tc; {made}; print(len(made))"
    command = [sys.executable, "-W", "always", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert int(done.stdout) >= HAS_TORCH_AO


@needs_torch_ao
def test_other_warnings_pass_and_the_filters_come_back(monkeypatch):
    def talkative(module, *_, **__):
        warnings.warn("torch.ao.quantization is deprecated and will be removed", stacklevel=2)
        warnings.warn("something else is deprecated", stacklevel=2)
        return tc.quantize_dynamic(module)

    monkeypatch.setattr(torch_ao, "quantize_dynamic", talkative)
    before = list(warnings.filters)
    with pytest.warns(UserWarning, match="something else") as caught:
        made, _ = libraries.quantized(tc.TinyMLP())
    assert list(warnings.filters) == before
    assert "torch.ao" in made
    assert not [w for w in caught if "torch.ao.quantization is" in str(w.message)]


def test_loggers_speak_again_afterwards(fake_torchao, caplog):
    logger = logging.getLogger("torchao.kernel")

    def talk(linear):
        logger.warning("no triton")
        logger.error("a real fault")
        raise OSError

    fake_torchao(**in_place(talk))
    levels = [logging.getLogger(name).level for name in libraries.TALKATIVE]
    libraries.quantized(tc.TinyMLP())
    assert [logging.getLogger(name).level for name in libraries.TALKATIVE] == levels
    logger.warning("later")
    assert caplog.messages == ["a real fault", "later"]


# The real libraries, by the figures that were measured


@pytest.fixture(scope="module")
def real():
    """One layer of 1,024 × 1,024 in a module, its copies, and what each answers to 64 tokens."""
    module, x = nn.Sequential(tc.TinyMLP(1024, 1024).fc1), gauss(64, 1024)
    made, _ = libraries.quantized(module)
    made["toycore"] = tc.quantize_dynamic(module)
    with torch.no_grad():
        exact = module(x)
        snr = {name: tc.snr_db(exact, copied(x)).item() for name, copied in made.items()}
    return types.SimpleNamespace(module=module, x=x, made=made, snr=snr)


def test_the_course_has_the_snr_of_its_prototype(real):
    assert real.snr["toycore"] == pytest.approx(41.1, abs=0.3)


@needs_torch_ao
@pytest.mark.skipif(not X86, reason="activations have 8 bits there")
def test_torch_ao_is_its_rule(real):
    """A scale for all weights; 7 bits and a zero point for all activations: 34 dB."""
    assert real.snr["torch.ao"] == pytest.approx(34.3, abs=1)  # the range is that of the draw
    linear, x = real.module[0], real.x.double()
    w, low, high = linear.weight.detach().double(), x.min().clamp(max=0), x.max().clamp(min=0)
    step, grain = (high - low) / 127, w.abs().max() / 127.5
    zero = (-low / step).round()
    tokens = ((x / step).round() + zero).clamp(0, 127) - zero
    y = tokens @ (w / grain).round().clamp(-128, 127).T * step * grain + linear.bias
    assert tc.snr_db(y, real.made["torch.ao"](real.x)) > 60  # all but a few ties, rounded otherwise


@needs_torch_ao
def test_the_weights_that_torch_ao_packs_are_counted(real):
    copied = real.made["torch.ao"]
    assert [*copied.parameters(), *copied.buffers()] == []  # hence the "0.000 MB"
    assert tc.tensor_bytes(copied) == 1024 * 1024 + 4 * 1024 + 28  # and three scales, zero points
    assert 0 < tc.serialized_bytes(copied) - tc.tensor_bytes(copied) < 8_000


@needs_torch_ao
def test_a_packed_layer_that_is_used_twice_counts_once(real):
    layer = real.made["torch.ao"][0]
    assert tc.tensor_bytes(nn.Sequential(layer, nn.Sequential(layer))) == tc.tensor_bytes(layer)


@needs_torch_ao
def test_scales_that_torch_ao_keeps_for_each_channel_are_counted(real):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        how = {nn.Linear: torch_ao.per_channel_dynamic_qconfig}
        copied = torch_ao.quantize_dynamic(real.module, how)
    bytes_ = tc.tensor_bytes(copied)
    assert bytes_ == pytest.approx(1024 * 1024 + 4 * 1024 + 16 * 1024, abs=100)
    assert 0 < tc.serialized_bytes(copied) - bytes_ < 8_000


def test_torchao_agrees_with_the_course(real):
    pytest.importorskip("torchao")
    assert real.snr["torchao"] == pytest.approx(real.snr["toycore"], abs=0.3)
    copied = copy.deepcopy(real.made["torchao"])
    naive = sum(p.numel() * p.element_size() for p in copied.parameters())
    assert naive == tc.tensor_bytes(real.module)  # the size of float32, though it has shrunk
    assert tc.tensor_bytes(copied) - 1024 * 1024 in (8 * 1024, 9 * 1024)  # with zero points or not
    assert 0 < tc.serialized_bytes(copied) - tc.tensor_bytes(copied) < 8_000
