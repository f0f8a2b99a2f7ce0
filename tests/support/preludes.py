"""Code put before a lesson's own: what another processor and a slow machine would do to it."""

BARS_AT_ONCE = """
from toycore import progress
progress.DELAY = 0
"""


def nudged(draw: int) -> str:
    """Every starting weight moves by some last bits, as another processor would round it.

    A number that a lesson says must not hang on them. The noise of a training stays the same.
    """
    return f"""
import torch

noise = torch.Generator().manual_seed({draw})

def rounded_otherwise(fill):
    def filled(weight, *args, **named):
        fill(weight, *args, **named)
        with torch.no_grad():
            bits = torch.randn(weight.shape, generator=noise, dtype=weight.dtype)
            return weight.mul_(1 + 4 * torch.finfo(weight.dtype).eps * bits)
    return filled

for name in ("uniform_", "normal_"):  # what fills a weight, here and in torch's own layers
    setattr(torch.Tensor, name, rounded_otherwise(getattr(torch.Tensor, name)))
"""
