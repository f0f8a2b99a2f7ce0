"""Torch as an import leaves it: what a learner has switched on or off changes no number of ours."""

import functools
from collections.abc import Callable

import torch


def plain_torch(work: Callable) -> Callable:
    """A function that runs with gradients on, with tensors in float32 and on the CPU unless it
    says otherwise, and with no mode of torch's on; afterwards everything is as it was.

    Not for what a learner differentiates (a loss, a layer's forward): there gradients are theirs.
    No Python context manager where nothing was changed, for the reason that threads.py gives.
    DisableTorchFunction, written in C, switches a default device off, and any other such mode.
    """

    @functools.wraps(work)
    def undisturbed(*args, **named):
        gradients, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
        try:
            torch.set_grad_enabled(True)
            if dtype != torch.float32:
                torch.set_default_dtype(torch.float32)
            with torch._C.DisableTorchFunction():
                if not torch.is_inference_mode_enabled():
                    return work(*args, **named)
                with torch.inference_mode(False):
                    return work(*args, **named)
        finally:
            torch.set_grad_enabled(gradients)
            if dtype != torch.float32:
                torch.set_default_dtype(dtype)

    return undisturbed
