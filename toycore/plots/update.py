"""One update under a magnifying glass: what a few passes did to the answers of one prompt."""

import numpy as np

from toycore.engine import guards
from toycore.errors import Phrase, say
from toycore.language import number, signed, text
from toycore.plots.policy import probability
from toycore.plots.style import (
    COLORS,
    FADED,
    Picture,
    captioned,
    finish,
    largest,
    panels,
    same_look,
)
from toycore.world import World


@same_look
def update(world: World, prompt: str | int, old, advantage, clip_range: float, **tables) -> Picture:
    """Each token's probability before and after, a panel for each policy given by keyword.

    old         (P, V) log-probabilities of the policy that drew the samples: grey bars
    advantage   (V,) mean advantage of each token's samples at this prompt, NaN if it was not
                drawn: written under the token; a bar is blue if it is above 0, orange if below
    clip_range  ε: black edges at (1 ± ε) times the old probability
    tables      (P, V) log-probabilities after the passes
    """
    guards.instance("world", world, World)
    row, language = world.prompt(prompt), world.language
    clip_range = guards.number("clip_range", clip_range, guards.POSITIVE)
    before = probability(world, "old", old)[row]
    wanted = guards.table("advantage", advantage).detach().double().numpy()
    if wanted.shape != before.shape:
        raise ValueError(say("shape", name="advantage", shape=before.shape, got=wanted.shape))
    if not tables:
        raise ValueError(say("none_given", what=Phrase("by_keyword", example="unclipped")))
    named = [text(f"policy.{name}", language) for name in tables]
    after = [probability(world, name, table)[row] for name, table in tables.items()]
    figure, axes_of = panels(len(tables), height=4.4)
    # Room for half as much again, so that the axes stay put as a slider moves through the passes.
    top = 1.05 * max(1.5 * before.max(), *(one.max() for one in after))
    for axes, name, chance in zip(axes_of, named, after, strict=True):
        _bars(axes, before, chance, wanted, clip_range)
        axes.set_ylim(0, top)
        finish(axes, language, title=f"{world.prompts[row]} · {name}")
        signs = [signed(round(one, 2), language) for one in wanted]
        labels = [f"{token}  {sign}" for token, sign in zip(world.tokens, signs, strict=True)]
        axes.set_xticks(range(len(labels)), labels, fontsize=12, rotation=90)
    axes_of[0].set_ylabel(text("axis.probability", language), fontsize=14)
    ratios = ((name, chance / before) for name, chance in zip(named, after, strict=True))
    told = (_told(world, name, ratio, clip_range) for name, ratio in ratios)
    return captioned(figure, "\n".join((text("caption.update", language), *told)))


def _bars(axes, before, chance, wanted, clip_range: float) -> None:
    where = np.arange(len(before))
    colors = np.select([wanted > 0, wanted < 0], [COLORS[0], COLORS[1]], "white")
    axes.bar(where - 0.2, before, 0.4, color=FADED)
    axes.bar(where + 0.2, chance, 0.4, color=colors, edgecolor="#555555", linewidth=0.8)
    for edge in (1 - clip_range, 1 + clip_range):
        axes.hlines(edge * before, where - 0.4, where + 0.4, color="black", linewidth=1.6)


def _told(world: World, name: str, ratio: np.ndarray, clip_range: float) -> str:
    """The smallest and the largest ratio of a panel, and how many lie outside the clip."""
    low, high = largest(-ratio), largest(ratio)
    return text("caption.update_one", world.language).format(
        name,
        number(round(ratio[low], 2), world.language),
        world.tokens[low],
        number(round(ratio[high], 2), world.language),
        world.tokens[high],
        int((abs(ratio - 1) > clip_range + 1e-12).sum()),
    )
