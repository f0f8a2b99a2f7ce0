"""A grid that is fixed first and used later: it has two ends, and zero may lie anywhere on it.

    values  q = clamp(round(x / Δ) + z, quant_min, quant_max);   x ≈ Δ (q − z)

`quantize` (rounding.py) fits its grid to the largest of the weights that it rounds. Here the
grid is chosen beforehand: by a threshold that cuts the largest off, or from sample data
(calibration). Names and rules are those of torch.fake_quantize_per_tensor_affine and torch.ao's
MinMaxObserver.
"""

import dataclasses

import torch
from torch import Tensor

from toycore.engine import guards
from toycore.engine.guards import Rule
from toycore.errors import say

BITS = Rule(int, 2, high=8)


@dataclasses.dataclass(frozen=True)
class Grid:
    """Evenly spaced values, scale · (q − zero_point) for q from quant_min to quant_max.

    scale       Δ, the step, in units of what is rounded
    zero_point  the whole number z that stands for 0, which lies on every grid
    """

    scale: float
    zero_point: int
    quant_min: int
    quant_max: int

    @classmethod
    def symmetric(cls, threshold: float, bits: int = 8) -> "Grid":
        """2^bits − 1 values from −threshold (above 0) to threshold, 2 to 8 bits."""
        threshold = guards.number("threshold", threshold, guards.POSITIVE)
        quant_max = 2 ** (BITS.check("bits", bits) - 1) - 1
        return cls(threshold / quant_max, 0, -quant_max, quant_max)

    @classmethod
    def affine(cls, min_val: float, max_val: float, bits: int = 8) -> "Grid":
        """2^bits values from min_val to max_val, widened to hold 0, 2 to 8 bits.

        The zero point is a whole number, so the ends may lie up to half a step off the two.
        ValueError if min_val is above max_val, or if both are 0.
        """
        low, high = guards.number("min_val", min_val), guards.number("max_val", max_val)
        if low > high or low == high == 0:
            raise ValueError(say("ends", low=low, high=high))
        low, high, quant_max = min(low, 0), max(high, 0), 2 ** BITS.check("bits", bits) - 1
        scale = (high - low) / quant_max
        return cls(scale, round(-low / scale), 0, quant_max)

    @property
    def levels(self) -> Tensor:
        """All values of the grid, from one end to the other, float64."""
        whole = torch.arange(self.quant_min, self.quant_max + 1, dtype=torch.float64, device="cpu")
        return self.scale * (whole - self.zero_point)

    def fake_quantize(self, x: Tensor) -> Tensor:
        """The nearest value of the grid to each number of x, in the shape and dtype of x.

        What lies beyond an end becomes that end. TypeError or ValueError unless x is finite.
        """
        x = finite("x", x)
        q = (x.double() / self.scale).round() + self.zero_point
        q = q.clamp(self.quant_min, self.quant_max)
        return (self.scale * (q - self.zero_point)).to(x.dtype)

    def outside(self, x: Tensor) -> Tensor:
        """True where a number of x lies beyond an end of the grid."""
        steps = finite("x", x).double() / self.scale + self.zero_point
        slack = 1e-9  # so that rounding does not put the number an end was made from outside
        return (steps < self.quant_min - slack) | (steps > self.quant_max + slack)

    def errors(self, x: Tensor) -> tuple[float, float]:
        """(clipping, rounding): their sum is the mean square error of all numbers of x.

        Clipping is the part due to numbers beyond the ends, rounding the part due to all others.
        """
        x = finite("x", x).double()
        error, outside = (x - self.fake_quantize(x)).square(), self.outside(x)
        return (error * outside).mean().item(), (error * ~outside).mean().item()


def finite(name: str, values) -> Tensor:
    """A table of one finite number or more, detached; else TypeError or ValueError."""
    table = guards.table(name, values).detach()
    if not table.numel():
        raise ValueError(say("no_number", name=name, shape=tuple(table.shape)))
    if not bool(torch.isfinite(table).all()):
        raise ValueError(say("not_finite", name=name))
    return table
