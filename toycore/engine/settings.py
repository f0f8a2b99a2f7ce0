"""Settings of a training: checked before any work starts; a sequence means a sweep.

A config is a frozen dataclass whose fields are made by `setting(...)`. Each field takes one
value or a sequence of values; a run covers the product of all sequences × seeds.
"""

import dataclasses
import difflib
import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, dataclass_transform

import numpy as np
import torch
from torch import Tensor

from toycore.engine.guards import Choice, Rule, must
from toycore.errors import Phrase, say

# A number or a word; or a sweep, a sequence, array or tensor of them, which is kept as a tuple.
Numbers: TypeAlias = Any
Wholes: TypeAlias = Any
Words: TypeAlias = Any


def setting(*, default, low: float, **rule) -> Any:
    """A field that takes one number or a sweep of them; the default's type is the kind."""
    kind = float if default is None else type(default)
    return dataclasses.field(default=default, metadata={"rule": Rule(kind, low, **rule)})


def choice(*, default: str, allowed: Sequence[str]) -> Any:
    """A field that takes one of the allowed words, or several of them."""
    return dataclasses.field(default=default, metadata={"rule": Choice(tuple(allowed))})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(setting, choice))
def config(cls):
    """A frozen dataclass of settings; for an unknown name its error suggests the nearest one."""
    cls = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
    plain_init, names = cls.__init__, [field.name for field in dataclasses.fields(cls)]

    @functools.wraps(plain_init)
    def checked_init(self, **values):
        for name in values:
            if name not in names:
                near = difflib.get_close_matches(name, names)
                told = {"config": cls.__name__, "name": repr(name), "names": ", ".join(names)}
                meant = Phrase("near", name=near[0]) if near else ""
                raise TypeError(say("no_setting", near=meant, **told))
        plain_init(self, **values)

    cls.__init__ = checked_init
    return cls


class Settings:
    """Base of every config: checking, and the layout of its runs."""

    # Settings that shape the training loop: a sweep runs one loop for each of their values.
    per_loop: tuple[str, ...] = ()
    seeds: Any  # checked, a tuple of seed numbers

    @classmethod
    def _fields(cls) -> tuple[dataclasses.Field, ...]:
        return dataclasses.fields(cls)  # type: ignore[arg-type]  # every subclass is a dataclass

    def __post_init__(self):
        for field in self._fields():
            value = getattr(self, field.name)
            if field.name == "seeds":
                value = _seeds(value)
            elif isinstance(field.default, bool) and not isinstance(value, bool):
                raise TypeError(must(field.name, Phrase("true_or_false"), repr(value)))
            elif "rule" in field.metadata:
                value = _checked(field.name, value, field.metadata["rule"])
            object.__setattr__(self, field.name, value)

    @property
    def swept(self) -> dict[str, tuple]:
        """The swept settings and their values, outermost first; the innermost, seeds, left out."""
        names = [field.name for field in self._fields() if field.name != "seeds"]
        names.sort(key=lambda name: name not in self.per_loop)
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if isinstance(value, tuple)}

    @property
    def runs(self) -> int:
        """How many trainings this config asks for."""
        return math.prod(map(len, self.swept.values())) * len(self.seeds)

    def loops(self) -> Iterator["Settings"]:
        """One config for each combination of the swept `per_loop` settings, ordered as `swept`."""
        swept = {name: values for name, values in self.swept.items() if name in self.per_loop}
        for values in itertools.product(*swept.values()):
            yield self.replaced(**dict(zip(swept, values, strict=True)))

    def replaced(self, **values) -> "Settings":
        """The same config except for these settings."""
        return dataclasses.replace(self, **values)  # type: ignore[type-var]

    def per_run(self, per_seed: Tensor) -> Tensor:
        """One value per seed, (S, ...), repeated for every run: (R, ...), seeds innermost."""
        return per_seed.repeat(self.runs // len(self.seeds), *[1] * (per_seed.ndim - 1))

    def column(self, name: str) -> Tensor:
        """One setting's value in each run: (R, 1) float64, runs ordered as in `swept` × seeds."""
        axes = [*self.swept, "seeds"]
        values = torch.tensor(getattr(self, name), dtype=torch.float64)
        shape = [len(self.swept.get(axis, self.seeds)) for axis in axes]
        if name in axes:
            values = values.view([-1 if axis == name else 1 for axis in axes])
        return values.expand(shape).reshape(-1, 1)

    def shared(self, name: str) -> float | Tensor:
        """The number itself where all runs share it (cheaper), else its column."""
        return self.column(name) if name in self.swept else getattr(self, name)


def _checked(name: str, value, rule: Rule | Choice):
    if isinstance(value, np.ndarray | Tensor) and value.ndim == 1:
        value = value.tolist()
    if not isinstance(value, Sequence) or isinstance(value, str):
        return rule.check(name, value)
    if len(value) == 0:
        raise ValueError(say("empty", name=name, rule=rule))
    values = tuple(rule.check(name, one) for one in value)
    if None in values:
        raise TypeError(say("none_inside", name=name, got=repr(value)))
    if len(set(values)) < len(values):
        raise ValueError(say("distinct", name=name, got=repr(value)))
    return values


def _seeds(value) -> tuple[int, ...]:
    count = Rule(int, 1, high=100_000)  # a mistyped count must not fill the memory
    if isinstance(value, np.ndarray | Tensor | Sequence) and not isinstance(value, str):
        seeds = _checked("seeds", value, Rule(int, 0))
        return seeds if isinstance(seeds, tuple) else tuple(range(count.check("seeds", seeds)))
    return tuple(range(count.check("seeds", value)))
