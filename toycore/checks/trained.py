"""Where the trainings of the checks start: the policy after SFT that the lessons start from too."""

import functools

from toycore import Run, SFTConfig, World, train_sft

SEEDS = 16


@functools.cache
def start() -> Run:
    """The default SFT of 16 seeds, trained at the first check that needs it."""
    return train_sft(World(), SFTConfig(seeds=SEEDS))
