"""Tiny tensors run on one thread: with busy neighbours, more threads are many times slower."""

import functools
from collections.abc import Callable

import torch


def one_thread(work: Callable) -> Callable:
    """A function that works on one torch thread; the number is afterwards what it was before.

    So is whether torch records gradients. An interrupt may come at any moment, also at the very
    first or last of a `with`; its `__exit__`, when written in Python, is then never run. Hence
    no context manager here, and gradients that `torch.no_grad` may have left switched off.
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
