"""The checks that a quantized layer must pass, and wrong layers, each refused by one of them.

A check is a function of what makes a layer from an nn.Linear; it raises AssertionError.
"""

import pytest
import torch
from torch import nn

import toycore as tc
from toycore.quantization.rounding import Quantized


def gauss(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer(inside: int = 1024, out: int = 256) -> nn.Linear:
    """A float64 layer of Gaussian weights, without biases."""
    linear = nn.Linear(inside, out, dtype=torch.float64)
    linear.weight.data = gauss(out, inside, seed=1)
    linear.bias.data.zero_()
    return linear


# What a layer must do


def check_the_noises_add_up(make) -> None:
    """1/SNR = 1/SNR_w + 1/SNR_x, to 0.2 dB, with both from Δ²/12; at every spread of tokens."""
    linear, x = layer(), gauss(64, 1024)
    noise = sum(10 ** (-tc.predicted_snr_db(t) / 10) for t in (linear.weight, x))
    expected = -10 * torch.log10(noise).item()
    assert 38.5 < expected < 39.5  # two sources of about 42 dB
    for spread in (torch.ones(64, 1), torch.logspace(-3, 3, 64)[:, None]):
        exact, made = (module(x * spread) / spread for module in (linear, make(linear)))
        assert tc.snr_db(exact, made).item() == pytest.approx(expected, abs=0.2)


def check_a_wide_channel_stays_in_its_place(make) -> None:
    """A channel of weights 1,000 times the others' costs the others nothing."""
    linear, x = layer(), gauss(64, 1024)
    linear.weight.data[3] *= 1000
    others = torch.arange(256) != 3
    exact, made = (module(x)[:, others] for module in (linear, make(linear)))
    assert tc.snr_db(exact, made) > 38


def check_the_bias_is_added_as_it_is(make) -> None:
    linear = layer()
    linear.bias.data = gauss(256, seed=2)
    assert torch.equal(make(linear)(torch.zeros(2, 1024).double()), linear.bias.expand(2, -1))


CHECKS = [
    check_the_noises_add_up,
    check_a_wide_channel_stays_in_its_place,
    check_the_bias_is_added_as_it_is,
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_layer_passes_every_check(check):
    check(tc.Int8Linear.from_linear)


# Wrong layers, each refused


def wrong(weight=tc.quantize, tokens=tc.quantize, biased=True):
    """What makes a layer out of dequantized products, with one thing changed."""

    def make(linear):
        w = weight(linear.weight).dequantize()

        def forward(x):
            return tokens(x).dequantize() @ w.mT + (linear.bias if biased else 0)

        return forward

    return make


def per_tensor(x):
    return tc.quantize(x, per_channel=False)


def seven_bits(x):
    return tc.quantize(x, bits=7)


def without_the_scale(x):
    return Quantized(tc.quantize(x).values, torch.ones(()), x.dtype)


def not_at_all(x):
    return Quantized(x, torch.ones(()), x.dtype)


WRONG = {
    "one scale per batch": (check_the_noises_add_up, wrong(tokens=per_tensor)),
    "activations on 7 bits": (check_the_noises_add_up, wrong(tokens=seven_bits)),
    "activations without their scale": (check_the_noises_add_up, wrong(tokens=without_the_scale)),
    "activations not quantized": (check_the_noises_add_up, wrong(tokens=not_at_all)),
    "weights on 7 bits": (check_the_noises_add_up, wrong(weight=seven_bits)),
    "weights without their scale": (check_the_noises_add_up, wrong(weight=without_the_scale)),
    "weights not quantized": (check_the_noises_add_up, wrong(weight=not_at_all)),
    "one scale for all weights": (
        check_a_wide_channel_stays_in_its_place,
        wrong(weight=per_tensor),
    ),
    "no bias": (check_the_bias_is_added_as_it_is, wrong(biased=False)),
}


@pytest.mark.parametrize(("check", "make"), WRONG.values(), ids=WRONG)
def test_a_wrong_layer_is_refused(check, make):
    with pytest.raises(AssertionError):
        check(make)


@pytest.mark.parametrize("check", CHECKS)
def test_the_builder_of_wrong_layers_itself_is_right(check):
    check(wrong())
