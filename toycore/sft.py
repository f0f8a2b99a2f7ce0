"""Supervised fine-tuning (SFT) of the LoRA adapters: lesson 2.

    L(θ) = −(1/B) Σ log π_θ(y_i|x_i)          negative log-likelihood of the target, in nats
    W_eff = W + (α/r) B A                     only A and B move       (Hu et al. 2021, eq. 3)

What a one-step world leaves out: a target is one token, so no sum over a sequence and no mask;
prompts can be enumerated, so a batch is always all six and SFT has no sampling noise.
"""

import numpy as np
import torch
from torch import Tensor

from toycore import exact
from toycore.engine import guards
from toycore.engine.optim import Adam
from toycore.engine.settings import Numbers, Settings, Wholes, config, setting
from toycore.errors import Phrase, in_its_language, say
from toycore.model import ToyLM
from toycore.progress import progress
from toycore.run import History, Run, check, run_sweep
from toycore.world import World


@config
class SFTConfig(Settings):
    """Settings of `train_sft`. Any number may be a sequence: the run covers every combination."""

    per_loop = ("steps",)

    # r, the number of directions in which W can move; W itself has 11
    lora_rank: Wholes = setting(default=8, low=1, high=11)
    # ΔW is scaled by lora_alpha / lora_rank
    lora_alpha: Numbers = setting(default=8.0, low=0, above=True)
    # updates, each on all six prompts; more: more certain of the target
    steps: Wholes = setting(default=38, low=1)
    # Adam's learning rate, constant
    lr: Numbers = setting(default=1e-2, low=0, above=True)
    # a count, or the seed numbers themselves
    seeds: Wholes = 1


def sft_loss(logp: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Mean negative log-likelihood of the targets, in nats.

    logp    (..., B, V) log-probabilities
    target  (..., B) token indices

    Returns the loss (...) and info: `accuracy`, the share of B whose likeliest token is the target.
    """
    (logp,) = guards.batches(logp=logp)
    target = guards.indices("target", target, below=logp.shape[-1])
    batch = logp.shape[:-1]
    guards.fit(1, Phrase("for_logp"), target=target.shape, batch=batch)
    if np.broadcast_shapes(target.shape, batch) != batch:
        raise ValueError(say("target", target=tuple(target.shape), logp=tuple(logp.shape)))
    return _sft_loss(logp, target.expand(batch))


def _sft_loss(logp: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The same for arguments that are known to be right: (..., B, V) and (..., B)."""
    loss = -logp.gather(-1, target[..., None]).squeeze(-1).mean(-1)
    return loss, {"accuracy": (logp.argmax(-1) == target).double().mean(-1)}


@in_its_language
def train_sft(world: World, config: SFTConfig = SFTConfig()) -> Run:
    """Teach each prompt its target by example. The reference is the untrained base policy.

    History: `loss` (nats), `accuracy`, `entropy` (nats, exact), `trainable_fraction`.
    """
    check(world, config, SFTConfig)
    return run_sweep(_train, world, config)


def _train(world: World, config) -> tuple[ToyLM, Tensor, History]:
    seeds = config.per_run(torch.tensor(config.seeds))
    sizes = {"prompts": len(world.prompts), "tokens": len(world.tokens)}
    model = ToyLM(seeds.tolist(), config.column("lora_rank"), config.column("lora_alpha"), **sizes)
    base = model.base_logits()
    ref_logp = model.logp(base).detach()
    target = world.sft_targets.expand(config.runs, -1)
    optimizer = Adam(model.parameters(), lr=config.shared("lr"))
    history = History(config.runs, config.steps)
    fraction = model.trainable_fraction()

    for step in progress(range(config.steps + 1), "progress.sft", world.language):
        logp = model.logp(base)
        loss, info = _sft_loss(logp, target)
        with torch.no_grad():
            info |= exact.averages(logp, entropy=-logp)
        history.record(step, loss=loss, trainable_fraction=fraction, **info)
        if step < config.steps:
            loss.sum().backward()
            optimizer.step()
    return model, ref_logp, history
