"""The check's own work, on torch and Python as they were when this was imported.

Grader and learner share one torch, and the learner goes first: what a cell has replaced or set
must not reach the numbers that an answer is compared with. Afterwards it is put back, since it is
the learner's.
"""

import builtins
import functools
import math
import operator
import sys
import warnings
from builtins import all, delattr, dict, len, map, setattr, vars, zip  # noqa: UP029 before a change
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from toycore.engine.plain_torch import plain_torch

HOLDERS = (builtins, math, np, np.linalg, torch, torch.autograd, functional, Tensor)
ORIGINALS = [dict(vars(holder)) for holder in HOLDERS]
MISSING = object()
DEPTH = 1000  # Python's own recursion limit
within = False  # whether such work is being done: inside of it nothing is left to settle


def replaced() -> list[tuple]:
    """What is not as it was: (holder, name, value then, value now).

    A new name on Tensor may hide one of its base. Elsewhere a new name replaces nothing.
    """
    found = []
    for holder, originals in zip(HOLDERS, ORIGINALS, strict=True):
        now = dict(vars(holder))
        # Quick where nothing has changed: names come in the order in which they were made.
        same = all(map(operator.is_, originals.values(), now.values()))
        if same and (holder is not Tensor or len(now) == len(originals)):
            continue
        changed = [(k, v) for k, v in originals.items() if now.get(k, MISSING) is not v]
        if holder is Tensor:
            changed += [(k, MISSING) for k in now if k not in originals]
        found += [(holder, k, v, now.get(k, MISSING)) for k, v in changed]
    return found


def settled(work: Callable) -> Callable:
    """A function that works as if nobody had touched torch, NumPy, builtins or warnings.

    No Python context manager, and at the end no Python function where nothing was
    changed, for the reason that threads.py gives.
    """
    plainly = plain_torch(work)

    @functools.wraps(work)
    def undisturbed(*args, **named):
        global within
        if within:
            return work(*args, **named)
        changed, filters = replaced(), warnings.filters
        errors, depth = np.geterr(), sys.getrecursionlimit()
        strict = not {"raise", "call"}.isdisjoint(errors.values())
        try:
            within = True
            for holder, name, value, _ in changed:
                setattr(holder, name, value) if value is not MISSING else delattr(holder, name)
            warnings.filters = [("ignore", None, Warning, None, 0)]
            sys.setrecursionlimit(max(depth, DEPTH))
            if strict:
                np.seterr(all="warn")
            return plainly(*args, **named)
        finally:
            within = False
            warnings.filters = filters
            sys.setrecursionlimit(depth)
            if strict:
                np.seterr(**errors)
            for holder, name, _, value in changed:
                setattr(holder, name, value) if value is not MISSING else delattr(holder, name)

    return undisturbed
