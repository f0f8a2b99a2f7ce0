"""Adam with a learning rate of its own for each run.

Kingma & Ba 2015, Algorithm 1; equal to `torch.optim.Adam`, which has one rate for all (a test
checks that they agree), and which costs 0.8 s and 80 MiB when first called.
"""

import torch
from torch import Tensor


class Adam:
    """parameters: each (R, ...); lr: a number, or one per run, (R, 1).

    Every operation is elementwise, so no run touches another.
    """

    def __init__(self, parameters, lr: float | Tensor, betas=(0.9, 0.999), eps: float = 1e-8):
        trained = [p for p in parameters if p.requires_grad]
        mean, square, scratch = ([torch.zeros_like(p) for p in trained] for _ in range(3))
        self.state = trained, mean, square, scratch
        self.lr, self.betas, self.eps = lr, betas, eps
        self.steps: float | Tensor = 0.0  # a number as long as all runs have moved alike

    @torch.no_grad()
    def step(self, decay: float = 1.0, active: Tensor | None = None) -> None:
        """One update at rate lr · decay. active: (R, 1) bool, the runs to update; None: all."""
        moves = 1.0 if active is None else active.double()
        self.steps = self.steps + moves
        steps = self.steps + (self.steps == 0)  # avoids 0 / 0 in a run that never moved
        beta1, beta2 = self.betas
        # The second moment's correction is moved from √v to the rate and to eps: fewer passes.
        correction = (1 - beta2**steps) ** 0.5
        rate = moves * self.lr * decay * correction / (1 - beta1**steps)
        for p, mean, square, scratch in zip(*self.state, strict=True):
            if active is not None:  # a resting run's gradient counts for nothing, even if infinite
                p.grad.masked_fill_(_along(p, ~active), 0.0)
            keep, eps, step = (_along(p, x) for x in (moves, self.eps * correction, rate))
            mean.lerp_(p.grad, (1 - beta1) * keep)
            square.lerp_(p.grad.square_(), (1 - beta2) * keep)
            torch.sqrt(square, out=scratch).add_(eps).mul_(1 / step)  # at rest: a step of 0
            p.addcdiv_(mean, scratch, value=-1)
            p.grad = None


def _along(p: Tensor, value: float | Tensor) -> float | Tensor:
    """One value per run, (R, 1), shaped to fit a parameter (R, ...); a number as it is."""
    return value.view(-1, *[1] * (p.ndim - 1)) if isinstance(value, Tensor) else value
