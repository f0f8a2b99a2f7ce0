"""Every random number of the course: one generator per seed, and uniforms turned into tokens.

All noise of a training is drawn before it starts. So every setting of a sweep sees the same
noise (a paired comparison), and a run inside a sweep equals the same run alone.
"""

import numpy as np
import torch
from torch import Tensor

from toycore.engine.guards import Choice

STREAMS = ("base", "lora", "rollouts", "preferences", "second_word")


def generator(seed: int, stream: str) -> torch.Generator:
    """The generator of one seed for one purpose; the global generator is never touched."""
    Choice(STREAMS).check("stream", stream)
    words = np.random.SeedSequence((STREAMS.index(stream), seed)).generate_state(1)
    return torch.Generator().manual_seed(int(words[0]))


def uniforms(seeds: tuple[int, ...], shape: tuple[int, ...], stream: str) -> Tensor:
    """Uniform noise on [0, 1) for each seed: (S, *shape), float64."""

    def one(seed: int) -> Tensor:
        rng = generator(seed, stream)
        return torch.rand(shape, generator=rng, dtype=torch.float64, device="cpu")

    return torch.stack([one(seed) for seed in seeds])


def sample_index(count: int, uniform: Tensor) -> Tensor:
    """Indices 0 … count − 1, each equally likely, from uniforms on [0, 1)."""
    return (uniform * count).long()


def sample_token(table: Tensor, row: Tensor, uniform: Tensor) -> Tensor:
    """Tokens from uniforms, by the inverse CDF of each one's row: (..., B).

    table: (..., N, V) log-probabilities; row: (..., B) indices; uniform: (..., B), on [0, 1).
    """
    end = (row + 1).double()
    # A uniform close to 1 can round up to the next row; it belongs at the very end of its own.
    point = torch.minimum(row + uniform, torch.nextafter(end, end - 1))
    return torch.searchsorted(_line(table), point, right=True) - row * table.shape[-1]


def sample_answer(table: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Prompts, all equally likely, and a policy's answers: one uniform draws both.

    table: (..., P, V) log-probabilities; uniform: (..., B), on [0, 1). Returns the prompt and
    the token, (..., B) each.
    """
    point = uniform * table.shape[-2]
    prompt = point.long()
    return prompt, torch.searchsorted(_line(table), point, right=True) - prompt * table.shape[-1]


def sorted_points(uniform: Tensor, rows: int) -> Tensor:
    """Where uniforms (..., B) fall on a line of `rows` rows, in rising order: for count_answers."""
    return torch.from_numpy(np.sort((uniform * rows).numpy(), axis=-1))  # torch's is slower


def count_answers(table: Tensor, points: Tensor) -> Tensor:
    """How often `sample_answer` draws each token at each prompt: (R, P, V) → (R, P · V) counts.

    points: (S, B), sorted, one row per seed; the R runs are settings × seeds. A token is drawn by
    the points on its share of the line: those below its end, less those below the one before.
    So the cost hardly depends on B.
    """
    seeds, count = len(points), table[0].numel()
    ends = _line(table).view(-1, seeds, count).transpose(0, 1).reshape(seeds, -1)
    below = torch.searchsorted(points.contiguous(), ends)
    below = below.view(seeds, -1, count).transpose(0, 1).reshape(-1, count)
    return below.diff(prepend=below.new_zeros(len(below), 1))


def _line(table: Tensor) -> Tensor:
    """Row x owns the stretch [x, x + 1) of a line, divided among its tokens by probability.

    (..., N, V) log-probabilities → (..., N · V), where each token's share ends. The last possible
    token ends at exactly x + 1, however the sum was rounded, so none beyond it is drawn.
    """
    cdf = table.exp().cumsum(-1)
    cdf = cdf / cdf[..., -1:]
    cdf[..., -1] = 1
    cdf.nan_to_num_(1.0)  # where a policy has diverged: it draws its first token, none beyond
    return (cdf + torch.arange(table.shape[-2], device="cpu")[:, None]).flatten(-2)
