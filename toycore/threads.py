"""Tiny tensors run on one thread: with busy neighbours, more threads are many times slower."""

import contextlib

import torch


@contextlib.contextmanager
def one_thread():
    """One torch thread inside, the number that it was afterwards. Also a decorator."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)
