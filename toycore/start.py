"""Where PPO and DPO start: from a trained policy, which is also the frozen reference."""

import torch

from toycore.engine.guards import must
from toycore.engine.settings import Settings
from toycore.errors import Phrase, say
from toycore.model import ToyLM
from toycore.run import Run
from toycore.sft import SFTConfig, train_sft
from toycore.world import World


def starting_run(world: World, config: Settings, start: Run | None) -> Run:
    """The start if it has the config's seeds, else an error; None: the default SFT."""
    if start is None:
        return train_sft(world, SFTConfig(seeds=config.seeds))
    if not isinstance(start, Run):
        raise TypeError(must("start", Phrase("run_or_none"), repr(start)))
    if start.config.swept:
        raise ValueError(say("start_sweeps", names=", ".join(start.config.swept)))
    if start.config.seeds != config.seeds:
        raise ValueError(say("start_seeds", due=config.seeds, got=start.config.seeds))
    return start


def starting_policy(start: Run, config: Settings) -> ToyLM:
    """The policy of the start, adapters included, once for every run of the config."""
    return start.model.select(config.per_run(torch.arange(len(config.seeds))))
