"""Random inputs of the exercises, float64, all from the generator given."""

import torch
from torch import Generator, Tensor


def normal(generator: Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def between(generator: Generator, low: float, high: float, *shape: int) -> Tensor:
    """Uniform from low to high."""
    return low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64)


def setting(generator: Generator, low: float, high: float) -> float:
    return round(between(generator, low, high).item(), 3)


def policy(generator: Generator, *shape: int) -> Tensor:
    """Log-probabilities over the last axis."""
    return normal(generator, *shape).log_softmax(-1)


def whole(generator: Generator, below: int, *shape: int) -> Tensor:
    return torch.randint(below, shape, generator=generator)
