"""Numbers on a grid: what rounding to a few bits does to a weight, and how much noise it adds.

    scale    Δ = amax / qmax,   qmax = 2^(bits−1) − 1          symmetric: zero stays zero
    values   q = round(w / Δ), whole numbers from −qmax to qmax;   w ≈ Δ q

Rounding errs by at most Δ/2. Where weights span many steps the error is spread evenly, so its
power is Δ²/12 (Bennett 1948), and one more bit gains 20 log10((2^(b+1) − 2) / (2^b − 2)) dB:
7.36 from 3 bits to 4, 6.09 from 7 to 8, and 6.02 in the limit.
"""

import dataclasses
import math

import torch
from torch import Tensor

from toycore.engine import guards
from toycore.engine.guards import Rule
from toycore.errors import say


@dataclasses.dataclass(frozen=True, eq=False)
class Quantized:
    """A weight on its grid. Every value takes a byte, even where fewer bits would do.

    values  (..., out, in) int8, from −qmax to qmax
    scale   (..., out, 1) per channel, (..., 1, 1) per tensor: the step of the grid, in units of
            the weight; float32, or float64 for a float64 weight
    dtype   of the weight
    """

    values: Tensor
    scale: Tensor
    dtype: torch.dtype

    def dequantize(self) -> Tensor:
        """scale · values, in the dtype of the weight: within scale/2 of it, apart from rounding."""
        return (self.values * self.scale).to(self.dtype)


def quantize(weight: Tensor, bits: int = 8, per_channel: bool = True) -> Quantized:
    """The weight rounded to 2^bits − 1 evenly spaced values, symmetric about zero.

    weight       (..., out, in), float16, bfloat16, float32 or float64; each matrix of the leading
                 axes (runs) is quantized on its own. One row is given as `row[None]`: a single
                 axis does not say whether it is one channel or many.
    bits         2 to 8
    per_channel  one scale per output channel (a row of the matrix); else one per matrix

    A row of zeros has scale 1 and values 0; so has one whose step would be below the normal
    numbers of the scale's dtype (1.2e-38 in float32). TypeError or ValueError on other input.
    """
    qmax, weight = _qmax(bits), _weight(weight)
    scale = _amax(weight, per_channel) / qmax
    scale = torch.where(scale < torch.finfo(scale.dtype).tiny, 1.0, scale)
    values = (weight / scale).round().to(torch.int8)  # |w| ≤ amax: none is beyond qmax
    return Quantized(values, scale, weight.dtype)


def snr_db(signal: Tensor, approximation: Tensor) -> Tensor:
    """Signal-to-noise ratio, 10 log10(power / power of the error), in decibels, float64.

    Two tensors of the same shape: (..., N, M) → (...), one number per matrix; (M,) → one number.
    Infinite where the two are equal. ValueError if the shapes differ, even if they broadcast.
    """
    signal = _numbers("signal", signal)
    approximation = _numbers("approximation", approximation)
    if signal.shape != approximation.shape:
        one, two = tuple(signal.shape), tuple(approximation.shape)
        raise ValueError(say("same_shape", one=one, two=two))
    signal, axes = signal.double(), tuple(range(-min(2, signal.ndim), 0))
    noise = signal - approximation.double()
    return _decibels(signal.square().mean(axes), noise.square().mean(axes))


def predicted_snr_db(weight: Tensor, bits: int = 8, per_channel: bool = True) -> Tensor:
    """What `snr_db(weight, quantize(weight, ...).dequantize())` ought to be, by Δ²/12: (...).

    It is right to a few hundredths of a dB where the weights span many steps. With 2 bits, or
    with outliers far away, most weights round to zero and lose less than Δ²/12: then the true
    ratio is better than predicted.
    """
    qmax, weight = _qmax(bits), _weight(weight)
    amax = _amax(weight, per_channel)
    noise = (amax.double() / qmax).square() / 12
    return _decibels(weight.double().square().mean((-2, -1)), noise.mean((-2, -1)))


def _decibels(power: Tensor, noise: Tensor) -> Tensor:
    return torch.where(noise == 0, math.inf, 10 * torch.log10(power / noise))


def _qmax(bits: int) -> int:
    return 2 ** (Rule(int, 2, high=8).check("bits", bits) - 1) - 1


def _amax(weight: Tensor, per_channel: bool) -> Tensor:
    """The largest magnitude in each row, (..., out, 1), or in each matrix, (..., 1, 1)."""
    guards.instance("per_channel", per_channel, bool)
    amax = weight.abs().amax(-1 if per_channel else (-2, -1), keepdim=True)
    if not bool(torch.isfinite(amax).all()):
        raise ValueError(say("not_finite", name="weight"))
    return amax.to(torch.promote_types(weight.dtype, torch.float32))


def _weight(weight) -> Tensor:
    weight = _numbers("weight", weight)
    if weight.ndim < 2:
        raise ValueError(say("two_axes", shape=tuple(weight.shape)))
    return weight


def _numbers(name: str, values) -> Tensor:
    """Real numbers, at least one, detached; else TypeError or ValueError."""
    tensor = guards.table(name, values).detach()
    if tensor.numel() == 0:
        raise ValueError(say("no_number", name=name, shape=tuple(tensor.shape)))
    return tensor
