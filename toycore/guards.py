"""What a function is given, checked before it works: named, with what came and what is allowed."""

import math

import numpy as np
import torch
from torch import Tensor


def instance(name: str, value, kind: type) -> None:
    """TypeError unless the value is of this kind."""
    if not isinstance(value, kind):
        kind_name = f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
        raise TypeError(f"{name} must be a {kind_name}; got {value!r}")


def number(name: str, value) -> float | int:
    """A finite number; TypeError if it is none, ValueError if it is not finite."""
    if isinstance(value, np.ndarray | Tensor) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} must be a number; got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite; got {value}")
    return value


def real(name: str, values) -> Tensor:
    """A tensor of real numbers: of a tensor, an array, a list or a number; else a TypeError."""
    tensor = values if isinstance(values, Tensor) else torch.as_tensor(np.asarray(values))
    if tensor.dtype == torch.bool or tensor.is_complex():
        raise TypeError(f"{name} must hold real numbers; got {tensor.dtype}")
    return tensor if tensor.is_floating_point() else tensor.double()


def fit(dims: int, meant: str, **named: Tensor) -> None:
    """ValueError unless the tensors broadcast to `dims` or more dimensions, the last not empty."""
    told = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in named.items())
    try:
        shape = torch.broadcast_shapes(*(tensor.shape for tensor in named.values()))
    except RuntimeError:
        raise ValueError(f"these shapes do not fit together as {meant}: {told}") from None
    if len(shape) < dims or not shape[-1]:
        raise ValueError(f"the shape must be {meant}; got {told}")


def batches(**named: Tensor) -> None:
    """An error unless all are tensors of real numbers that broadcast to (..., B)."""
    for name, value in named.items():
        instance(name, value, Tensor)
        if not value.is_floating_point():
            raise TypeError(f"{name} must hold floating-point numbers; got {value.dtype}")
    fit(1, "(..., B)", **named)


def indices(name: str, value: Tensor, below: int) -> None:
    """An error unless these are indices of a dimension of size `below`."""
    instance(name, value, Tensor)
    if value.dtype != torch.long:
        raise TypeError(f"{name} must hold indices (torch.long); got {value.dtype}")
    if value.numel() and not (value.min() >= 0 and value.max() < below):
        low, high = value.min().item(), value.max().item()
        raise ValueError(f"{name} must be from 0 to {below - 1}; got {low} to {high}")
