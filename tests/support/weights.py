"""Made-up weights, and what theory says of rounding them, computed without the package."""

import math

import numpy as np
import torch

BITS = range(2, 9)


def gauss(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def bell(rows: int = 256) -> torch.Tensor:
    """Gaussian weights (rows, rows), each row of a spread of its own, from 0.1 to 3."""
    return gauss(rows, rows) * torch.logspace(-1, 0.5, rows, dtype=torch.float64)[:, None]


def decibels(signal, approximation) -> float:
    signal, noise = np.asarray(signal), np.asarray(signal) - np.asarray(approximation)
    return 10 * math.log10((signal**2).sum() / (noise**2).sum())


def theory(weight: torch.Tensor, bits: int, per_channel: bool) -> float:
    """The power over that of an even error, Δ²/12, in decibels; row by row, without torch."""
    w = weight.double().numpy()
    amax = np.abs(w).max(1) if per_channel else np.full(len(w), np.abs(w).max())
    return 10 * math.log10((w**2).mean() / ((amax / (2 ** (bits - 1) - 1)) ** 2 / 12).mean())


def both(bits=BITS) -> list[tuple[int, bool]]:
    """Each number of bits, per channel and per tensor."""
    return [(b, per_channel) for b in bits for per_channel in (True, False)]
