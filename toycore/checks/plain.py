"""An answer that is not a function, as plain data: numbers, words, lists, tuples, dicts of them.

The check's own code works on these alone, so that no method of a learner's class can mislead or
stop it. An object of another class is asked for its numbers in a trial, as a function is called.
"""

import numpy as np
from torch import Tensor

from toycore.checks.attempt import MOST, Unusable, kind
from toycore.checks.trial import tried

DEEPEST = 4  # lists within lists
LONGEST = 1000  # characters of a word that are read


def plain(answer, slow: str):
    """The same answer in Python's own classes; Unusable where that is impossible."""
    left = MOST

    def part(value, depth: int):
        nonlocal left
        of = type(value)
        for base in (list, tuple, dict, range):
            if issubclass(of, base):
                left -= base.__len__(value)
                if left < 0:
                    raise Unusable("too_many", most=MOST)
                if not depth:
                    raise Unusable("other", got=kind(value))
                held = dict.items(value) if base is dict else base.__iter__(value)
                parts = [part(one, depth - 1) for one in held]
                return list(parts) if base is range else base(parts)
        if value is None or value is Ellipsis or of is bool:
            return value
        if issubclass(of, str):
            return str.__getitem__(value, slice(LONGEST))
        if of in (Tensor, np.ndarray) or issubclass(of, np.generic):
            return listed(value)
        if issubclass(of, int):
            return int.__add__(value, 0)
        if issubclass(of, float):
            return float.__add__(value, 0.0)
        return tried(listed, value, slow=slow)

    return part(answer, DEEPEST)


def listed(value):
    """A tensor, an array, or what claims to be one, as a number or as lists of numbers."""
    try:
        array = value.numpy(force=True) if isinstance(value, Tensor) else np.asarray(value)
        if array.dtype.kind == "O" and not array.ndim:
            return float(value)
        if array.dtype.kind not in "fiubU":
            raise TypeError
    except MemoryError:
        raise Unusable("too_many", most=MOST) from None
    except Exception:  # whatever the learner's own class does
        raise Unusable("other", got=kind(value)) from None
    if array.size > MOST:
        raise Unusable("too_many", most=MOST)
    return array.tolist()
