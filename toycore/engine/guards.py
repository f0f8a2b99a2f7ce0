"""A function's arguments, checked before it works: errors say which, what came, what is allowed.

number   one number, within the bounds of a Rule
table    a tensor of real numbers, whatever it came as; gradients flow through it
setting  a number or one value per run; policy  a table of log-probabilities; indices  whole numbers
"""

import dataclasses
import math
import numbers
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from toycore.errors import Phrase, say

TABLE, BATCH, INDICES = Phrase("table"), Phrase("batch"), Phrase("indices")
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


Name: TypeAlias = str | Phrase  # of what is checked: a name of the code, or a few words


def must(name: Name, allowed, got) -> str:
    """The usual message: what is checked, what it may be, and what came."""
    return say("must", name=name, allowed=allowed, got=got)


@dataclasses.dataclass(frozen=True)
class Rule:
    """What a number may be: whole (kind int, of 64 bits) or any finite one, within bounds."""

    kind: type = float
    low: float = -math.inf  # at least
    above: bool = False  # the lower bound itself is not allowed
    high: float = math.inf  # beside a lower bound
    optional: bool = False  # None is allowed: the setting is off

    def __str__(self) -> str:
        text = say("whole" if self.kind is int else "finite_number")
        if self.low > -math.inf:
            bounds = say("above" if self.above else "least", low=f"{self.low:g}")
            if self.high < math.inf:
                bounds = say("most", low=bounds, high=f"{self.high:g}")
            text = say("bounded", number=text, bounds=bounds)
        return say("or_none", rule=text) if self.optional else text

    def holds(self, value) -> Any:
        """Whether a number, or each one in a tensor, is finite and within the bounds."""
        low = value > self.low if self.above else value >= self.low
        if self.kind is int:
            low &= (value % 1 == 0) & (abs(value) < 2**63)
        return low & (value <= self.high) & (abs(value) < math.inf)

    def check(self, name: Name, value):
        """The value as an int or float of this kind, or None; else TypeError or ValueError."""
        if value is None and self.optional:
            return None
        return self.kind(number(name, value, self))


@dataclasses.dataclass(frozen=True)
class Choice:
    """The words that a setting may be."""

    allowed: tuple[str, ...]

    def __str__(self) -> str:
        return say("one_of", options=", ".join(self.allowed))

    def check(self, name: Name, value) -> str:
        """The value itself; TypeError if it is not a string, ValueError if it is not allowed."""
        if not isinstance(value, str):
            raise TypeError(must(name, self, repr(value)))
        if value not in self.allowed:
            raise ValueError(must(name, self, repr(value)))
        return value


ANY, NOT_NEGATIVE, POSITIVE = Rule(), Rule(low=0), Rule(low=0, above=True)


def instance(name: Name, value, kind: type) -> None:
    """TypeError unless the value is of this kind."""
    if not isinstance(value, kind):
        known = {bool: Phrase("true_or_false"), str: Phrase("a_string")}
        told = f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
        allowed = known.get(kind, Phrase("an_instance", kind=told))
        raise TypeError(must(name, allowed, repr(value)))


def number(name: Name, value, rule: Rule = ANY) -> Any:
    """A plain int or float, from any Python, NumPy or torch number or a table without axes.

    TypeError if it is not a number of the rule's kind, ValueError if it is out of bounds.
    """
    plain: Any = value
    if getattr(value, "ndim", None) == 0 and not getattr(value, "is_meta", False):
        plain = value.item()
    kind = numbers.Integral if rule.kind is int else numbers.Real
    if isinstance(plain, bool) or not isinstance(plain, kind):
        raise TypeError(must(name, rule, repr(value)))
    try:
        plain = int(plain) if isinstance(plain, numbers.Integral) else float(plain)
        within = rule.holds(rule.kind(plain))
    except OverflowError:  # a whole number beyond the largest float
        within = False
    if not within:
        huge = isinstance(plain, int) and abs(plain) >= 2**63  # too long to be printed
        got = Phrase("huge", bits=plain.bit_length()) if huge else value
        raise ValueError(must(name, rule, got))
    return plain


def tensor(name: Name, values, meant: Phrase = TABLE) -> Tensor:
    """A dense tensor of real numbers of any type; anything else that holds numbers is copied."""
    if isinstance(values, Tensor):
        if values.layout is not torch.strided:
            raise TypeError(must(name, Phrase("dense"), values.layout))
        if values.is_meta:
            raise ValueError(say("no_numbers", name=name))
        if values.is_complex() or values.is_quantized or values.dtype == torch.bool:
            raise TypeError(must(name, meant, values.dtype))
        return values
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError):  # rows of unequal length; a class of its own
        raise TypeError(must(name, meant, repr(values))) from None
    if array.dtype.kind not in "iuf":
        raise TypeError(must(name, meant, repr(values)))
    kind = np.int64 if np.can_cast(array.dtype, np.int64) else np.float64
    # torch takes no array that is read-only, runs backwards or has its bytes swapped.
    return torch.from_numpy(np.array(array, kind, order="C"))


def table(name: Name, values, meant: Phrase = TABLE) -> Tensor:
    """The same in floating point: whole numbers, and floats of 8 bits, become float64."""
    values = tensor(name, values, meant)
    return values if values.dtype in FLOATS else values.double()


def setting(name: str, value, rule: Rule, batch: Tensor | None = None) -> float | Tensor:
    """A number, or a tensor of them, each within the rule; for a batch (R, B), a tensor (R, 1)."""
    if isinstance(value, numbers.Real):
        return rule.check(name, value)
    values = table(name, value, Phrase("or_per_run", rule=rule))
    if not bool(rule.holds(values).all()):
        raise ValueError(must(name, rule, value))
    if batch is not None and values.ndim:
        if values.shape[-1] != 1:
            raise ValueError(must(name, Phrase("per_run", shape="(R, 1)"), the_shape(values)))
        fit(1, Phrase("one_per_run", name=name), batch=batch.shape, **{name: values.shape})
    return values


def policy(name: str, values, cells: tuple[int, int]) -> Tensor:
    """Log-probabilities (..., P, V), detached, float64: the probabilities of each row sum to 1."""
    given = table(name, values).detach()
    logp = given.double()
    allowed = Phrase("log_probabilities", shape=f"(..., {cells[0]}, {cells[1]})")
    if logp.shape[-2:] != cells or not logp.numel():
        raise ValueError(must(name, allowed, the_shape(logp)))
    error = (logp.exp().sum(-1) - 1).abs().max()
    if not error < rounding(given.dtype):  # nor is NaN
        figures = {"allowed": allowed, "error": error, "largest": logp.max()}
        raise ValueError(say("not_one", name=name, **figures))
    return logp


def the_shape(tensor: Tensor) -> Phrase:
    """A shape that came, in words."""
    return Phrase("the_shape", shape=tuple(tensor.shape))


def rounding(dtype: torch.dtype) -> float:
    """How far from 1 a sum that should be 1 may be, where its terms are of this type."""
    return 1e-6 + 10 * torch.finfo(dtype).eps


def fit(dims: int, meant: Name, **shapes: tuple[int, ...]) -> None:
    """ValueError unless the shapes broadcast to `dims` or more dimensions, the last not empty."""
    first, *others = shapes.values()
    if len(first) >= dims and first[-1] and all(shape == first for shape in others):
        return
    told = ", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items())
    try:
        shape = np.broadcast_shapes(first, *others)  # torch's own loads sympy: 0.5 s
    except ValueError:
        raise ValueError(say("no_fit", meant=meant, told=told)) from None
    if len(shape) < dims or not shape[-1]:
        raise ValueError(say("shape_must", meant=meant, told=told))


def batches(**named) -> list[Tensor]:
    """Tables of real numbers that broadcast to (..., B); else TypeError or ValueError."""
    tables = {name: table(name, values, BATCH) for name, values in named.items()}
    fit(1, "(..., B)", **{name: values.shape for name, values in tables.items()})
    return list(tables.values())


def indices(name: str, value, below: int) -> Tensor:
    """Indices of a dimension of size `below`, as torch.long; else TypeError or ValueError."""
    value = tensor(name, value, INDICES)
    if value.is_floating_point():
        raise TypeError(must(name, INDICES, value.dtype))
    value = value.long()
    if value.numel() and not (value.min() >= 0 and value.max() < below):
        low, high = value.min().item(), value.max().item()
        raise ValueError(say("range", name=name, most=below - 1, low=low, high=high))
    return value
