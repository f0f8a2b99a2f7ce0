"""Every random number of the course: one generator a seed, and uniforms turned into tokens.

All noise of a training is drawn before it starts. So every setting of a sweep sees the same
noise (a paired comparison), and a run inside a sweep equals the same run alone.
"""

import numpy as np
import torch
from torch import Tensor

STREAMS = ("base", "lora", "rollouts", "preferences")


def generator(seed: int, stream: str) -> torch.Generator:
    """The generator of one seed for one purpose; the global generator is never touched."""
    words = np.random.SeedSequence((STREAMS.index(stream), seed)).generate_state(1)
    return torch.Generator().manual_seed(int(words[0]))


def uniforms(seeds: tuple[int, ...], shape: tuple[int, ...], stream: str) -> Tensor:
    """Uniform noise on [0, 1) for each seed: (S, *shape), float64."""
    return torch.stack(
        [torch.rand(shape, generator=generator(s, stream), dtype=torch.float64) for s in seeds]
    )


def pick(count: int, uniform: Tensor) -> Tensor:
    """Indices 0 … count − 1, each equally likely, from uniforms on [0, 1)."""
    return (uniform * count).long()


def inverse_cdf(cdf: Tensor, uniform: Tensor) -> Tensor:
    """Tokens from uniforms: the first token whose cumulative probability exceeds the uniform.

    cdf: (..., V) cumulative probabilities; uniform: (...), on [0, 1). Returns indices (...).
    """
    # Rounding can leave the last entry below 1; such a uniform belongs to the last token.
    return (uniform[..., None] >= cdf[..., :-1]).sum(-1)


def sample(table: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Prompts, all equally likely, and a policy's answers: one uniform draws both.

    table: (R, P, V) log-probabilities; uniform: (R, B), on [0, 1). Returns the prompt (R, B)
    and the cell prompt · V + token (R, B). Prompt x owns the stretch [x, x + 1) of a line of
    length P, which its tokens share by their probability; the uniform is a place on the line.
    """
    prompts = table.shape[-2]
    cdf = table.exp().cumsum(-1).clamp(max=1)
    cdf[..., -1] = 1
    line = (cdf + torch.arange(prompts)[:, None]).flatten(-2)
    place = uniform * prompts
    return place.long(), torch.searchsorted(line, place, right=True)
