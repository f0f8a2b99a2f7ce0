"""Where training in the checks starts: from the policy after SFT, as in the lessons."""

import functools

from toycore import Run, SFTConfig, World, train_sft
from toycore.errors import spoken

SEEDS = 16


@functools.cache
def start() -> Run:
    """The default SFT of 16 seeds, trained at the first check that needs it."""
    return train_sft(the_world(), SFTConfig(seeds=SEEDS))


def the_world(**settings) -> World:
    """A world in the language of the check that is at work: a bar while it trains says so."""
    return World(**settings, language=spoken())
