"""Adam with a learning rate of its own for each run.

Kingma & Ba 2015, Algorithm 1; equal to `torch.optim.Adam`, which has one rate for all (a test
holds them together), and which costs 0.8 s and 80 MiB when first called.
"""

import torch
from torch import Tensor


class Adam:
    """parameters: each (R, ...); lr: (R, 1). Every operation is elementwise, so runs are apart."""

    def __init__(self, parameters, lr: Tensor, betas=(0.9, 0.999), eps: float = 1e-8):
        trained = [p for p in parameters if p.requires_grad]
        mean, square, scratch = ([torch.zeros_like(p) for p in trained] for _ in range(3))
        self.state = trained, mean, square, scratch
        self.lr, self.betas, self.eps = lr, betas, eps
        self.steps = torch.zeros_like(lr)

    @torch.no_grad()
    def step(self, decay: float = 1.0, active: Tensor | None = None) -> None:
        """One update at rate lr · decay. active: (R, 1) bool, the runs to update; None: all."""
        moves = torch.ones_like(self.lr) if active is None else active.to(self.lr)
        self.steps += moves
        beta1, beta2 = self.betas
        steps = self.steps.clamp(min=1)  # a run that has never moved divides nothing by nothing
        # The second moment's correction is moved from √v to the rate and to eps: fewer passes.
        correction = (1 - beta2**steps).sqrt()
        rate = -moves * self.lr * decay * correction / (1 - beta1**steps)
        for p, mean, square, scratch in zip(*self.state, strict=True):
            keep, eps, step = (
                x.view(-1, *[1] * (p.ndim - 1)) for x in (moves, self.eps * correction, rate)
            )
            mean.lerp_(p.grad, (1 - beta1) * keep)
            square.lerp_(p.grad.square_(), (1 - beta2) * keep)
            torch.sqrt(square, out=scratch).add_(eps)
            p.addcmul_(torch.div(mean, scratch, out=scratch), step)
            p.grad = None
