"""The checks that a quantizer must pass, and wrong quantizers, each refused by one of them.

A check is a function of a quantizer that raises AssertionError. The course's passes all of them.
"""

import math

import pytest
import torch

import toycore as tc
from toycore.quantization.rounding import Quantized
from weights import BITS, bell, both, decibels, gauss, theory


def check_range(quantize) -> None:
    """Whole numbers from −qmax to qmax; the largest weight of each channel is at an end."""
    for bits in BITS:
        qmax = 2 ** (bits - 1) - 1
        values = quantize(bell(), bits).values
        assert values.dtype == torch.int8
        assert (values.double().abs().amax(1) == qmax).all()
        assert values.min() == -qmax
        assert values.max() == qmax


def check_half_a_step(quantize) -> None:
    """No weight is further from its value than half a step, and the value is the nearest."""
    for bits, per_channel in both():
        w, q = bell(), quantize(bell(), bits, per_channel)
        assert q.dequantize().shape == w.shape
        assert ((w - q.dequantize()).abs() <= q.scale / 2 * (1 + 1e-12)).all()


def check_scale(quantize) -> None:
    """amax / qmax of each output channel, or of the matrix."""
    w = bell()
    for bits, per_channel in both():
        qmax, scale = 2 ** (bits - 1) - 1, quantize(w, bits, per_channel).scale
        rows = w.abs().amax(1, keepdim=True) if per_channel else w.abs().max().view(1, 1)
        assert scale.shape == rows.shape
        torch.testing.assert_close(scale, rows / qmax, rtol=1e-15, atol=0)


def check_noise(quantize) -> None:
    """SNR within 0.1 dB of Δ²/12, from 4 to 8 bits, per channel and per tensor."""
    for bits, per_channel in both(range(4, 9)):
        w = gauss(512, 512)
        found = decibels(w, quantize(w, bits, per_channel).dequantize())
        assert found == pytest.approx(theory(w, bits, per_channel), abs=0.1)


def check_an_outlier_stays_in_its_channel(quantize) -> None:
    """A weight 1,000 times the others costs its own row its precision, and no other row."""
    w = gauss(64, 64)
    w[3, 5] = 1000
    others = torch.arange(64) != 3
    alone, shared = (quantize(w, 8, per).dequantize()[others] for per in (True, False))
    assert decibels(w[others], alone) > 38
    assert decibels(w[others], shared) < 5


CHECKS = [
    check_range,
    check_half_a_step,
    check_scale,
    check_noise,
    check_an_outlier_stays_in_its_channel,
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_quantizer_passes_every_check(check):
    check(tc.quantize)


# Wrong quantizers, each refused


def wrong(qmax=None, over=None, rounding=torch.round, limits=None, axis=1, per_channel=None):
    """A quantizer with one thing changed."""

    def quantize(weight, bits=8, channels=True):
        q = qmax(bits) if qmax else 2 ** (bits - 1) - 1
        axes = axis if (channels if per_channel is None else per_channel) else (0, 1)
        scale = weight.abs().amax(axes, keepdim=True) / (over(q) if over else q)
        low, high = limits(q) if limits else (-q, q)
        values = rounding(weight / scale)
        return Quantized(
            values.clamp(low, high).to(torch.int16).to(torch.int8), scale, weight.dtype
        )

    return quantize


class Unscaled(Quantized):
    def dequantize(self):
        return self.values.to(self.dtype)


def without_the_scale(*arguments):
    q = tc.quantize(*arguments)
    return Unscaled(q.values, q.scale, q.dtype)


WRONG = {
    "qmax of 128": (check_range, wrong(qmax=lambda bits: 2 ** (bits - 1))),
    "a step of amax / 127.5, not clamped": (
        check_range,
        wrong(over=lambda q: q + 0.5, limits=lambda q: (-math.inf, math.inf)),
    ),
    "a step of amax / 127.5": (check_scale, wrong(over=lambda q: q + 0.5)),
    "per tensor for per channel": (check_an_outlier_stays_in_its_channel, wrong(per_channel=False)),
    "per tensor for per channel, its scale": (check_scale, wrong(per_channel=False)),
    "per tensor for per channel, its noise": (check_noise, wrong(per_channel=False)),
    "per channel for per tensor": (check_scale, wrong(per_channel=True)),
    "rounded down": (check_half_a_step, wrong(rounding=torch.floor)),
    "rounded down, its noise": (check_noise, wrong(rounding=torch.floor)),
    "rounded to zero": (check_half_a_step, wrong(rounding=torch.trunc)),
    "a scale an input": (check_scale, wrong(axis=0)),
    "a scale an input, its outlier": (check_an_outlier_stays_in_its_channel, wrong(axis=0)),
    "no negative values": (check_half_a_step, wrong(limits=lambda q: (0, q))),
    "no negative values, its range": (check_range, wrong(limits=lambda q: (0, 2 * q + 1))),
    "one value more below zero": (
        check_range,
        wrong(over=lambda q: q + 0.5, limits=lambda q: (-q - 1, q)),
    ),
    "dequantized without the scale": (check_half_a_step, without_the_scale),
    "dequantized without the scale, its noise": (check_noise, without_the_scale),
    "a bit too few": (
        check_range,
        lambda w, bits=8, per=True: tc.quantize(w, max(bits - 1, 2), per),
    ),
}


@pytest.mark.parametrize(("check", "quantize"), WRONG.values(), ids=WRONG)
def test_a_wrong_quantizer_is_refused(check, quantize):
    with pytest.raises(AssertionError):
        check(quantize)


@pytest.mark.parametrize("check", CHECKS)
def test_the_builder_of_wrong_quantizers_itself_is_right(check):
    check(wrong())
