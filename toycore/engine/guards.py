"""What a function is given, checked before it works: named, with what came and what is allowed.

number   one number, within the bounds of a Rule
table    a tensor of real numbers, whatever it came as; gradients flow through it
setting  a number or one value per run; policy  a table of log-probabilities; indices  whole numbers
"""

import dataclasses
import math
import numbers
from typing import Any

import numpy as np
import torch
from torch import Tensor

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclasses.dataclass(frozen=True)
class Rule:
    """What a number may be: whole (kind int, of 64 bits) or any finite one, within bounds."""

    kind: type = float
    low: float = -math.inf  # of at least
    above: bool = False  # the lower bound itself is not allowed
    high: float = math.inf
    optional: bool = False  # None is allowed: the setting is off

    def __str__(self) -> str:
        text = "a whole number" if self.kind is int else "a finite number"
        text += f" {'above' if self.above else 'of at least'} {self.low:g}" * (self.low > -math.inf)
        text += f" and at most {self.high:g}" * (self.high < math.inf)
        return text + (" (or None)" if self.optional else "")

    def holds(self, value) -> Any:
        """Whether a number, or each of a tensor, is finite and within the bounds."""
        low = value > self.low if self.above else value >= self.low
        if self.kind is int:
            low &= (value % 1 == 0) & (abs(value) < 2**63)
        return low & (value <= self.high) & (abs(value) < math.inf)

    def check(self, name: str, value):
        """The value as an int or float of this kind, or None; else TypeError or ValueError."""
        if value is None and self.optional:
            return None
        return self.kind(number(name, value, self))


@dataclasses.dataclass(frozen=True)
class Choice:
    """What a setting in words may be."""

    allowed: tuple[str, ...]

    def __str__(self) -> str:
        return f"one of {', '.join(self.allowed)}"

    def check(self, name: str, value) -> str:
        """The value itself; TypeError if it is no string, ValueError if it is not allowed."""
        if not isinstance(value, str):
            raise TypeError(f"{name} must be {self}; got {value!r}")
        if value not in self.allowed:
            raise ValueError(f"{name} must be {self}; got {value!r}")
        return value


ANY, NOT_NEGATIVE, POSITIVE = Rule(), Rule(low=0), Rule(low=0, above=True)


def instance(name: str, value, kind: type) -> None:
    """TypeError unless the value is of this kind."""
    if not isinstance(value, kind):
        allowed = f"a {kind.__module__.partition('.')[0]}.{kind.__name__}"
        allowed = {bool: "True or False", str: "a string"}.get(kind, allowed)
        raise TypeError(f"{name} must be {allowed}; got {value!r}")


def number(name: str, value, rule: Rule = ANY) -> Any:
    """A plain int or float, of any Python, NumPy or torch number or a table of no axes.

    TypeError if it is no number of the rule's kind, ValueError if it is out of the bounds.
    """
    plain: Any = value
    if getattr(value, "ndim", None) == 0 and not getattr(value, "is_meta", False):
        plain = value.item()
    kind = numbers.Integral if rule.kind is int else numbers.Real
    if isinstance(plain, bool) or not isinstance(plain, kind):
        raise TypeError(f"{name} must be {rule}; got {value!r}")
    try:
        plain = int(plain) if isinstance(plain, numbers.Integral) else float(plain)
        within = rule.holds(rule.kind(plain))
    except OverflowError:  # a whole number beyond the largest float
        within = False
    if not within:
        huge = isinstance(plain, int) and abs(plain) >= 2**63  # too long to be printed
        got = f"one of {plain.bit_length()} bits, where 63 are the most" if huge else value
        raise ValueError(f"{name} must be {rule}; got {got}")
    return plain


def tensor(name: str, values, meant: str = "a table of real numbers") -> Tensor:
    """A dense tensor of real numbers of any type; of anything else that is one, a copy."""
    if isinstance(values, Tensor):
        if values.layout is not torch.strided:
            raise TypeError(f"{name} must be a dense tensor; got {values.layout}")
        if values.is_meta:
            raise ValueError(f"{name} must have its numbers; got a tensor on the meta device")
        if values.is_complex() or values.is_quantized or values.dtype == torch.bool:
            raise TypeError(f"{name} must be {meant}; got {values.dtype}")
        return values
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError):  # rows of unequal length; a class of its own
        raise TypeError(f"{name} must be {meant}; got {values!r}") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be {meant}; got {values!r}")
    kind = np.int64 if np.can_cast(array.dtype, np.int64) else np.float64
    # torch takes no array that is read-only, runs backwards or has its bytes swapped.
    return torch.from_numpy(np.array(array, kind, order="C"))


def table(name: str, values, meant: str = "a table of real numbers") -> Tensor:
    """The same with floating-point numbers: whole numbers, and those of 8 bits, as float64."""
    values = tensor(name, values, meant)
    return values if values.dtype in FLOATS else values.double()


def setting(name: str, value, rule: Rule, batch: Tensor | None = None) -> float | Tensor:
    """A number, or a tensor of them, each within the rule; beside a batch (R, B), it is (R, 1)."""
    if isinstance(value, numbers.Real):
        return rule.check(name, value)
    values = table(name, value, f"{rule}, or one per run")
    if not bool(rule.holds(values).all()):
        raise ValueError(f"{name} must be {rule}; got {value}")
    if batch is not None and values.ndim:
        if values.shape[-1] != 1:
            allowed = f"a number or one per run, (R, 1); got the shape {tuple(values.shape)}"
            raise ValueError(f"{name} must be {allowed}")
        fit(1, f"one {name} per run", batch=batch.shape, **{name: values.shape})
    return values


def policy(name: str, values, cells: tuple[int, int]) -> Tensor:
    """Log-probabilities (..., P, V), detached, float64: the probabilities of each row sum to 1."""
    given = table(name, values).detach()
    logp = given.double()
    allowed = f"log-probabilities (..., {cells[0]}, {cells[1]})"
    if logp.shape[-2:] != cells or not logp.numel():
        raise ValueError(f"{name} must be {allowed}; got the shape {tuple(logp.shape)}")
    error = (logp.exp().sum(-1) - 1).abs().max()
    if not error < rounding(given.dtype):  # nor is NaN
        raise ValueError(
            f"{name} must be {allowed}: the exp of each row must sum to 1; "
            f"got rows that miss it by {error:.3g}, the largest number {logp.max():.3g}"
        )
    return logp


def rounding(dtype: torch.dtype) -> float:
    """By how much a sum that is to be 1 may miss it, where its terms are of this type."""
    return 1e-6 + 10 * torch.finfo(dtype).eps


def fit(dims: int, meant: str, **shapes: tuple[int, ...]) -> None:
    """ValueError unless the shapes broadcast to `dims` or more dimensions, the last not empty."""
    first, *others = shapes.values()
    if len(first) >= dims and first[-1] and all(shape == first for shape in others):
        return
    told = ", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items())
    try:
        shape = torch.broadcast_shapes(first, *others)
    except RuntimeError:
        raise ValueError(f"these shapes do not fit together as {meant}: {told}") from None
    if len(shape) < dims or not shape[-1]:
        raise ValueError(f"the shape must be {meant}; got {told}")


def batches(**named) -> list[Tensor]:
    """Tables of real numbers that broadcast to (..., B); else TypeError or ValueError."""
    tables = {
        name: table(name, values, "a batch of real numbers") for name, values in named.items()
    }
    fit(1, "(..., B)", **{name: values.shape for name, values in tables.items()})
    return list(tables.values())


def indices(name: str, value, below: int) -> Tensor:
    """Indices of a dimension of size `below`, as torch.long; else TypeError or ValueError."""
    value = tensor(name, value, "indices, whole numbers")
    if value.is_floating_point():
        raise TypeError(f"{name} must be indices, whole numbers; got {value.dtype}")
    value = value.long()
    if value.numel() and not (value.min() >= 0 and value.max() < below):
        low, high = value.min().item(), value.max().item()
        raise ValueError(f"{name} must be from 0 to {below - 1}; got {low} to {high}")
    return value
