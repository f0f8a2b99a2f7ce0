"""Two outcomes compared, and a difference told in a few rounded numbers. All in plain Python."""

import math

import torch
from torch import Tensor

from toycore.checks.attempt import Numbers, Outcome, numbers

MANY = 4  # numbers of an axis that are shown


def close(one: float, two: float, rel_tol: float = 1e-6, abs_tol: float = 1e-9) -> bool:
    both_nan = one != one and two != two
    return both_nan or math.isclose(one, two, rel_tol=rel_tol, abs_tol=abs_tol)


def same_numbers(one: Numbers, two: Numbers) -> bool:
    return one.shape == two.shape and all(map(close, one.flat, two.flat))


def same_values(one: Outcome, two: Outcome) -> bool:
    """Whether two calls gave the same numbers; two calls that both failed count as the same."""
    if one.trouble or two.trouble:
        return bool(one.trouble and two.trouble)
    return all(map(same_numbers, one.values, two.values))


def same(one: Outcome, two: Outcome) -> bool:
    """The same numbers, the same gradients."""
    return same_values(one, two) and all(map(same_numbers, one.gradients, two.gradients))


def narrower(got: Outcome, due: Outcome) -> bool:
    """Whether a result lost precision: float32 where float64 is expected."""
    return any(map(is_narrower, got.values, due.values))


def is_narrower(got: Numbers, due: Numbers) -> bool:
    spread = [
        torch.finfo(kind).eps
        for kind in (got.dtype, due.dtype)
        if kind is not None and kind.is_floating_point
    ]
    return len(spread) == 2 and spread[0] > spread[1]


def difference(got: Outcome, due: Outcome, names: tuple[str, ...]) -> tuple[str, dict]:
    """The phrase that tells how two outcomes differ, and its figures."""
    for value, right in zip(got.values, due.values, strict=True):
        figures = {"got": shown(value), "due": shown(right)}
        if value.shape != right.shape:
            return "shape", {"got": f"`{value.shape}`", "due": f"`{right.shape}`"}
        if not all(map(math.isfinite, value.flat)):
            return "not_finite", figures
        nearly = all(close(a, b, 1e-2, 1e-3) for a, b in zip(value.flat, right.flat, strict=True))
        if is_narrower(value, right) and nearly:
            return "dtype", {"got": f"`{value.dtype}`", "due": f"`{right.dtype}`"}
        if not same_numbers(value, right):
            return "differs", figures
    for name, value, right in zip(names, got.gradients, due.gradients, strict=True):
        if not same_numbers(value, right):
            figures = {"name": name, "got": shown(value), "due": shown(right)}
            still = {"no_gradient": value, "stray_gradient": right}
            return next((k for k, v in still.items() if not any(v.flat)), "gradient"), figures
    raise AssertionError  # nothing differs, and nobody asks then


def shown(value) -> str:
    """A value as code, short: numbers to 4 digits, the first few of each axis."""
    return f"`{_text(value)}`"


def shown_inputs(inputs: dict) -> str:
    return ", ".join(f"`{name} = {_text(value)}`" for name, value in inputs.items())


def _text(value) -> str:
    if isinstance(value, Tensor):
        value = numbers(value)
    if isinstance(value, Numbers) and value.shape:
        if len(value.flat) != math.prod(value.shape):  # too many to be held
            return "[…]"
        parts = [_text(part) for part in value.rows(MANY)] + ["…"] * (value.shape[0] > MANY)
        return f"[{', '.join(parts)}]"
    if isinstance(value, list):
        parts = [_text(part) for part in value[:MANY]] + ["…"] * (len(value) > MANY)
        return f"[{', '.join(parts)}]"
    if isinstance(value, str):
        return repr(value)
    number = value.flat[0] if isinstance(value, Numbers) else value
    return f"{number:.4g}" if isinstance(number, int | float) else str(number)
