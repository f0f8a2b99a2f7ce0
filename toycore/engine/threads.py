"""Tiny tensors run on one thread: with busy neighbours, more threads are many times slower."""

import functools
from collections.abc import Callable

import torch


def one_thread(work: Callable) -> Callable:
    """A function that runs on one torch thread; afterwards the number is what it was before.

    So is whether torch records gradients. An interrupt may come at any moment, even just as a
    `with` begins or ends, and an `__exit__` written in Python then never runs: so `torch.no_grad`
    may have left gradients off, and no context manager is used here.
    """

    @functools.wraps(work)
    def alone(*args, **named):
        threads, gradients = torch.get_num_threads(), torch.is_grad_enabled()
        try:
            torch.set_num_threads(1)
            return work(*args, **named)
        finally:
            torch.set_num_threads(threads)
            torch.set_grad_enabled(gradients)

    return alone
