"""Adam with a learning rate of its own for each run.

Kingma & Ba 2015, Algorithm 1; equal to `torch.optim.Adam`, which has one rate for all (a test
holds them together), and which costs 0.8 s and 80 MiB when first called.
"""

import torch
from torch import Tensor


class Adam:
    """parameters: each (R, ...); lr: (R, 1). Every operation is elementwise, so runs are apart."""

    def __init__(self, parameters, lr: Tensor, betas=(0.9, 0.999), eps: float = 1e-8):
        self.parameters = [p for p in parameters if p.requires_grad]
        self.lr, self.betas, self.eps = lr, betas, eps
        self.mean = [torch.zeros_like(p) for p in self.parameters]
        self.square = [torch.zeros_like(p) for p in self.parameters]
        self.steps = torch.zeros_like(lr)

    @torch.no_grad()
    def step(self, decay: float = 1.0, active: Tensor | None = None) -> None:
        """One update at rate lr · decay. active: (R, 1) bool, the runs to update; None: all."""
        active = torch.ones_like(self.lr) if active is None else active.to(self.lr)
        self.steps += active
        beta1, beta2 = self.betas
        rate = self.lr * decay * active / (1 - beta1**self.steps).clamp(min=1e-300)
        correction = (1 - beta2**self.steps).sqrt()
        for p, mean, square in zip(self.parameters, self.mean, self.square, strict=True):
            one_a_run = (-1, *[1] * (p.ndim - 1))
            keep = active.view(one_a_run)
            mean.lerp_(p.grad, (1 - beta1) * keep)
            square.lerp_(p.grad.square(), (1 - beta2) * keep)
            spread = square.sqrt().div_(correction.view(one_a_run)).add_(self.eps)
            p.sub_(mean.div(spread).mul_(rate.view(one_a_run)))
            p.grad = None
