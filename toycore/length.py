"""What it teaches to divide by an answer's length: the two-step world of lesson 7.

An answer o is a first word a, and then its end or one more word: one word or two. It is worth 1
where a is what the prompt asks for (its SFT target) and else 0, whatever follows. Length is worth
nothing.

    GRPO        L = −mean 1/|o| Σ_t Â log π(o_t|x, o_<t)      (Shao et al. 2024, eq. 3, at ρ = 1)
    Dr. GRPO    L = −mean  1/c  Σ_t Â log π(o_t|x, o_<t)      c: the same for all (Liu et al. 2025)

What follows a word a is pushed by π(a) A(a) Σ_b π(b|a) w(o) ∇ log π(b|a). With the same weight w
for every length that is 0, since Σ_b π ∇ log π is. With w = 1/|o|, short answers get more of A(a):
a right word (A > 0) learns to stop, a wrong one (A < 0) to go on.

Nothing is sampled: 132 answers to a prompt can be counted, and Â is its mean, A = r − E[r]. Groups
of G answers have (G − 1)/G of it, and a division by their standard deviation keeps its sign.
"""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from toycore.engine import guards
from toycore.engine.noise import generator
from toycore.engine.plain_torch import plain_torch
from toycore.engine.settings import Numbers, Settings, Wholes, Words, choice, config, setting
from toycore.engine.threads import one_thread
from toycore.errors import in_its_language
from toycore.progress import progress
from toycore.run import Run, check
from toycore.start import starting_run
from toycore.world import World

if TYPE_CHECKING:
    import xarray as xr


LOSS_TYPES = ("grpo", "dr_grpo")


@config
class LengthConfig(Settings):
    """Settings of `train_length`. Any number or word may be a sequence: the product is covered."""

    per_loop = ("steps", "loss_type")

    # grpo: an answer's sum is divided by its length; dr_grpo: by 1 (TRL's names)
    loss_type: Words = choice(default="grpo", allowed=LOSS_TYPES)
    # rate of plain gradient steps on the tables of logits
    lr: Numbers = setting(default=1.0, low=0, above=True)
    # updates, each on all answers
    steps: Wholes = setting(default=400, low=1)
    # a count, or the seed numbers themselves
    seeds: Wholes = 1


def length_loss(first: Tensor, second: Tensor, advantage: Tensor, weight: Tensor) -> Tensor:
    """−E[w Â Σ_t log π(o_t)] over all answers, whose gradient is the expected update: (...).

    first      (..., P, V) log-probabilities of the first word; gradients flow
    second     (..., P, V, 1 + V) of what follows it: the end, or which word; gradients flow
    advantage  (..., P, V) of each first word
    weight     (1 + V,) of an answer by what follows: 1/|o|, or the same number for all
    """
    first, second, advantage, weight = (
        guards.table(name, values)
        for name, values in (
            ("first", first),
            ("second", second),
            ("advantage", advantage),
            ("weight", weight),
        )
    )
    guards.fit(2, "(..., P, V)", first=first.shape, advantage=advantage.shape)
    ends = {"first": (*first.shape, 1), "second": second.shape, "weight": weight.shape}
    guards.fit(3, "(..., P, V, 1 + V), and first (..., P, V)", **ends)
    answer = first[..., None] + second
    pull = answer.detach().exp() * advantage[..., None] * weight
    return -(pull * answer).sum((-1, -2)).mean(-1)


@in_its_language
def train_length(
    world: World, config: LengthConfig = LengthConfig(), start: Run | None = None
) -> "xr.Dataset":
    """Train first words and lengths by expected updates; the first words start as in `start`.

    start: as of train_grpo; its policy is that of the first word. What follows one is drawn by
    the seed, the end with about ½. Returned, at the start (step 0) and after each update:

    long        (settings..., seed, step, prompt, token) P(two words | first word a)
    right       (settings..., seed, step) P(a is right)
    long_right  (settings..., seed, step) of the right first word, the mean over prompts
    long_wrong  (settings..., seed, step) of the wrong ones, a mean weighted by their chances at
                the start: with those of the moment the mix of words alone would move it
    """
    check(world, config, LengthConfig)
    return _sweep(world, config, starting_run(world, config, start))


@one_thread
@plain_torch
def _sweep(world: World, config: LengthConfig, start: Run) -> "xr.Dataset":
    import xarray as xr

    right = torch.zeros_like(world.reward)
    right[torch.arange(len(world.prompts)), world.sft_targets] = 1.0
    curves = [_train(world, one, start, right) for one in config.loops()]
    most = max(len(first) for first, _ in curves)  # a shorter run rests where it has ended
    index = [torch.arange(most).clamp(max=len(first) - 1) for first, _ in curves]
    first, long = (
        torch.cat([pair[i][at] for pair, at in zip(curves, index, strict=True)], 1).movedim(0, 1)
        for i in (0, 1)
    )
    wrong = first[:, :1] * (1 - right)
    curve = {
        "right": (first * right).sum(-1).mean(-1),
        "long_right": (long * right).sum(-1).mean(-1),
        "long_wrong": ((long * wrong).sum(-1) / wrong.sum(-1)).mean(-1),
    }
    runs = {name: list(values) for name, values in {**config.swept, "seed": config.seeds}.items()}
    cells = {"step": range(most), "prompt": list(world.prompts), "token": list(world.tokens)}
    shape = [len(axis) for axis in runs.values()]

    def label(values: Tensor, *axes: str) -> tuple[list[str], object]:
        return [*runs, *axes], values.reshape(*shape, *values.shape[1:]).numpy()

    data = {name: label(values, "step") for name, values in curve.items()}
    return xr.Dataset({"long": label(long, *cells), **data}, coords={**runs, **cells})


def _train(world: World, config, start: Run, right: Tensor) -> tuple[Tensor, Tensor]:
    """P(first word) and P(two words | first word) at each step: (steps + 1, R, P, V) both."""
    first = config.per_run(torch.as_tensor(start.logp.values)).clone().requires_grad_()
    second = config.per_run(torch.stack([_second(seed, right) for seed in config.seeds]))
    second.requires_grad_()
    length = 1.0 + (torch.arange(second.shape[-1]) > 0)  # the end does not count
    weight = 1 / length if config.loss_type == "grpo" else torch.ones_like(length)
    rate = config.column("lr")[..., None]
    curves: tuple[list, list] = ([], [])

    for step in progress(range(config.steps + 1), "progress.length", world.language):
        # log_softmax, which torch computes more slowly where rows are as short as these
        words, follows = (z - z.logsumexp(-1, keepdim=True) for z in (first, second))
        for curve, value in zip(curves, (words, 1 - follows[..., 0].exp()), strict=True):
            curve.append(value.detach())
        if step < config.steps:
            chance = words.detach().exp()
            advantage = right - (chance * right).sum(-1, keepdim=True)
            loss = length_loss(words, follows, advantage, weight)
            pulls = torch.autograd.grad(loss.sum() * len(right), (first, second))
            with torch.no_grad():
                first -= rate * pulls[0]
                second -= rate[..., None] * pulls[1]
    return torch.stack(curves[0]).exp(), torch.stack(curves[1])


def _second(seed: int, right: Tensor) -> Tensor:
    """Logits of what follows each first word, (P, V, 1 + V): the end has about ½."""
    words = right.shape[-1]
    shape = (*right.shape, 1 + words)
    noise = torch.randn(shape, generator=generator(seed, "second_word"), dtype=torch.float64)
    logits = noise / 2
    logits[..., 0] += math.log(words)
    return logits
