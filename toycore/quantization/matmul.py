"""The product of two INT8 matrices, summed exactly in 32-bit integers, on any torch.

Two ways lead to the same numbers:

torch._int_mm   the INT8 instructions of the CPU. The function is private. Older versions gave wrong
                sums on CPUs without those instructions (pytorch/pytorch#136746), where it is slow
                to this day; so it is probed before it is used. It also silently gives garbage
                for strides that an axis of length 1 may have (pytorch/pytorch#195066).
by floats       float32 holds every whole number up to 2^24, so sums of up to 1,024 products
                of INT8 numbers are exact in it, in any order; longer sums are cut into such parts
"""

import functools
import time

import torch
from torch import Tensor

from toycore.engine.plain_torch import plain_torch
from toycore.errors import say

EXACT_TERMS = 2**24 // 128**2
MOST_TERMS = (2**31 - 1) // 128**2  # more could overflow 32 bits


def int8_matmul(a: Tensor, b: Tensor) -> Tensor:
    """a bᵀ: int8 (N, K), (M, K) → int32 (N, M), exact. ValueError if K is above 131,071."""
    terms = a.shape[1]
    if terms > MOST_TERMS:
        raise ValueError(say("terms", most=MOST_TERMS, got=terms))
    plain = terms > 1 and a.stride() == b.stride() == (terms, 1)
    if plain and a.device.type == "cpu" and not why_not_int_mm():
        return torch._int_mm(a, b.mT)
    return by_floats(a, b)


def by_floats(a: Tensor, b: Tensor) -> Tensor:
    """The same product from float32 matrix products of whole numbers."""
    parts = zip(a.split(EXACT_TERMS, dim=1), b.split(EXACT_TERMS, dim=1), strict=True)
    return sum((x.float() @ y.float().mT).int() for x, y in parts)


@functools.cache
@plain_torch
def why_not_int_mm() -> str:
    """Why torch._int_mm is not used on this CPU, in one line; empty if it is.

    Probed once, at the first product, in 10 to 30 milliseconds.
    """
    if not hasattr(torch, "_int_mm"):
        return "this torch has no _int_mm"
    try:
        if not _is_exact():
            return "torch._int_mm gives wrong sums on this CPU"
        if not _is_faster():
            return "torch._int_mm is slower on this CPU than float32"
    except Exception as error:  # a private function may change in any way
        return f"torch._int_mm fails: {error!r}".splitlines()[0]
    return ""


def _is_exact() -> bool:
    """Against float64, on random numbers and on the largest, where wrong sums have been seen."""
    rng = torch.Generator().manual_seed(0)
    for n, k, m in ((1, 64, 64), (5, 37, 11), (32, 1024, 64)):
        a = torch.randint(-127, 128, (n, k), generator=rng, dtype=torch.int8)
        b = torch.randint(-127, 128, (m, k), generator=rng, dtype=torch.int8)
        most = torch.full_like(b, 127)
        for x, y in ((a, b), (most[:n], most)):
            if not torch.equal(torch._int_mm(x, y.mT).double(), x.double() @ y.double().mT):
                return False
    return True


def _is_faster() -> bool:
    """By the fastest of five tries each, in turn, on a layer of 256 × 256 and 32 tokens."""
    b = torch.ones(256, 256, dtype=torch.int8)
    roads = {"int": lambda: torch._int_mm(b[:32], b.mT), "float": lambda: by_floats(b[:32], b)}
    fastest = dict.fromkeys(roads, float("inf"))
    for _ in range(6):  # the first is cold, and never the fastest
        for name, road in roads.items():
            start = time.perf_counter()
            road()
            fastest[name] = min(fastest[name], time.perf_counter() - start)
    return fastest["int"] < fastest["float"]
