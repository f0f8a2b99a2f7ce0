"""What the clip does: the clipped surrogate, and histograms of the ratio it acts on."""

from collections.abc import Mapping

import numpy as np

from toycore.engine import guards
from toycore.errors import Phrase, say
from toycore.language import number, text
from toycore.plots.style import (
    COLORS,
    SPAN,
    STYLES,
    Picture,
    captioned,
    finish,
    legend,
    panels,
    same_look,
)
from toycore.world import World

FURTHEST = 3.0  # the largest ratio on a histogram's axis, so that a runaway one hides no others


@same_look
def surrogate(world: World, clip_range: float) -> Picture:
    """min(ρ Â, clip(ρ) Â) over the ratio ρ, for an advantage of +1 and of −1."""
    guards.instance("world", world, World)
    clip_range = guards.number("clip_range", clip_range, guards.POSITIVE)
    language, ratio = world.language, np.linspace(0.4, 1.6, 241)
    figure, axes_of = panels(2)
    for axes, advantage in zip(axes_of, (1, -1), strict=True):
        free = ratio * advantage
        clipped = np.clip(ratio, 1 - clip_range, 1 + clip_range) * advantage
        axes.axvspan(1 - clip_range, 1 + clip_range, **SPAN)
        axes.plot(ratio, free, color=COLORS[1], linestyle=STYLES[1], linewidth=2, label="ρ Â")
        axes.plot(ratio, np.minimum(free, clipped), color=COLORS[0], linewidth=3, label="min")
        title = "Â = +1" if advantage > 0 else "Â = −1"
        finish(axes, language, text("axis.ratio", language), title=title)
    axes_of[0].set_ylabel(text("axis.surrogate", language), fontsize=14)
    legend(axes_of[0])
    edges = (number(edge, language) for edge in (1 - clip_range, 1 + clip_range))
    return captioned(figure, text("caption.surrogate", language).format(*edges))


@same_look
def ratios(world: World, clip_range: float, passes: dict[int, np.ndarray]) -> Picture:
    """Histograms of the ratio ρ, a panel for each number of passes, with the clip's edges.

    All panels have the same bins, as far as the ratios go, but not beyond FURTHEST.
    """
    guards.instance("world", world, World)
    guards.instance("passes", passes, Mapping)
    clip_range = guards.number("clip_range", clip_range, guards.POSITIVE)
    named = {count: Phrase("ratios_of", count=count) for count in passes}
    drawn = {n: guards.table(named[n], ratio).detach() for n, ratio in passes.items()}
    language = world.language
    samples = {count: ratio.double().numpy().ravel() for count, ratio in drawn.items()}
    if empty := [count for count, values in samples.items() if not len(values)]:
        raise ValueError(say("at_least_one", name=named[empty[0]]))
    figure, axes_of = panels(len(samples))
    bins = _bins(np.concatenate(list(samples.values())))
    titles = [text("title.passes", language).format(count) for count in samples]
    for axes, values, title in zip(axes_of, samples.values(), titles, strict=True):
        axes.hist(values[np.isfinite(values)], bins=bins, color=COLORS[0])
        for edge in (1 - clip_range, 1 + clip_range):
            axes.axvline(edge, color=COLORS[1], linestyle=(0, (4, 3)), linewidth=2)
        finish(axes, language, text("axis.ratio", language), title=title)
    axes_of[0].set_ylabel(text("axis.count", language), fontsize=14)
    # A NaN ratio is neither inside the clip range nor on the axis.
    inside = [np.abs(values - 1) <= clip_range for values in samples.values()]
    seen = [(values >= bins[0]) & (values <= bins[-1]) for values in samples.values()]
    table = [("", *titles), _shares("row.outside", inside, language)]
    if not all(there.all() for there in seen):
        table.append(_shares("row.unseen", seen, language))
    edges = (number(edge, language) for edge in (1 - clip_range, 1 + clip_range))
    return captioned(figure, text("caption.ratios", language).format(*edges), "", table)


def _bins(ratios: np.ndarray) -> np.ndarray:
    """Edges of bins 0.02 wide, one of them around 1, over all ratios that the axis can hold."""
    held = np.append(ratios[(ratios >= 0) & (ratios <= FURTHEST)], (0.4, 1.6))
    return 0.01 + 0.02 * np.arange(np.floor(held.min() * 50 - 1), held.max() * 50 + 1)


def _shares(row: str, held: list[np.ndarray], language: str) -> tuple[str, ...]:
    """A row of the table: for each pass, the share of samples for which it does not hold."""
    return text(row, language), *(number(float((~one).mean()), language) for one in held)
