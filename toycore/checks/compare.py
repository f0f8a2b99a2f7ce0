"""Two outcomes compared, and a difference told in a few rounded numbers."""

import torch
from torch import Tensor

from toycore.checks.attempt import Outcome

MANY = 4  # numbers of an axis that are shown


def same_tensor(one: Tensor, two: Tensor) -> bool:
    if one.shape != two.shape:
        return False
    return torch.allclose(one.double(), two.double(), rtol=1e-6, atol=1e-9, equal_nan=True)


def same_values(one: Outcome, two: Outcome) -> bool:
    """Whether two calls gave the same numbers; two calls that both failed count as the same."""
    if one.trouble or two.trouble:
        return bool(one.trouble and two.trouble)
    return all(same_tensor(a, b) for a, b in zip(one.values, two.values, strict=True))


def same(one: Outcome, two: Outcome) -> bool:
    """The same numbers, the same gradients."""
    return same_values(one, two) and all(map(same_tensor, one.gradients, two.gradients))


def narrower(got: Outcome, due: Outcome) -> bool:
    """Whether a result lost precision: float32 where float64 is due."""
    return any(is_narrower(g.dtype, d.dtype) for g, d in zip(got.values, due.values, strict=True))


def is_narrower(got: torch.dtype, due: torch.dtype) -> bool:
    both_floats = got.is_floating_point and due.is_floating_point
    return both_floats and torch.finfo(got).eps > torch.finfo(due).eps


def difference(got: Outcome, due: Outcome, names: tuple[str, ...]) -> tuple[str, dict]:
    """The phrase that tells how two outcomes differ, and its figures."""
    for value, right in zip(got.values, due.values, strict=True):
        figures = {"got": shown(value), "due": shown(right)}
        if value.shape != right.shape:
            return "shape", {"got": f"`{tuple(value.shape)}`", "due": f"`{tuple(right.shape)}`"}
        if not bool(torch.isfinite(value).all()):
            return "not_finite", figures
        if is_narrower(value.dtype, right.dtype) and torch.allclose(
            value.double(), right.double(), rtol=1e-2, atol=1e-3
        ):
            return "dtype", {"got": f"`{value.dtype}`", "due": f"`{right.dtype}`"}
        if not same_tensor(value, right):
            return "differs", figures
    for name, value, right in zip(names, got.gradients, due.gradients, strict=True):
        if not same_tensor(value, right):
            figures = {"name": name, "got": shown(value), "due": shown(right)}
            still = {"no_gradient": value, "stray_gradient": right}
            return next((k for k, v in still.items() if not v.any()), "gradient"), figures
    raise ValueError("the outcomes do not differ")


def shown(value) -> str:
    """A value as code, short: numbers to 4 digits, the first few of each axis."""
    return f"`{_text(value)}`"


def shown_inputs(inputs: dict) -> str:
    return ", ".join(f"`{name} = {_text(value)}`" for name, value in inputs.items())


def _text(value) -> str:
    if isinstance(value, Tensor) and value.ndim:
        parts = [_text(part) for part in value[:MANY]] + ["…"] * (len(value) > MANY)
        return f"[{', '.join(parts)}]"
    number = value.item() if isinstance(value, Tensor) else value
    return f"{number:.4g}" if isinstance(number, int | float) else str(number)
