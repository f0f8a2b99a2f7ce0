"""What the clip does: the clipped surrogate, and histograms of the ratio it acts on."""

from collections.abc import Mapping

import numpy as np

from toycore.engine import guards
from toycore.language import number, text
from toycore.plots.style import COLORS, STYLES, Picture, finish, legend, panels, same_look
from toycore.world import World


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
        axes.axvspan(1 - clip_range, 1 + clip_range, color="#EEEEEE", zorder=0)
        axes.plot(ratio, free, color=COLORS[1], linestyle=STYLES[1], linewidth=2, label="ρ Â")
        axes.plot(ratio, np.minimum(free, clipped), color=COLORS[0], linewidth=3, label="min")
        title = "Â = +1" if advantage > 0 else "Â = −1"
        finish(axes, language, text("axis.ratio", language), title=title)
    axes_of[0].set_ylabel(text("axis.surrogate", language), fontsize=14)
    legend(axes_of[0])
    return Picture(figure, text("alt.surrogate", language).format(number(clip_range, language)))


@same_look
def ratios(world: World, clip_range: float, passes: dict[int, np.ndarray]) -> Picture:
    """Histograms of the ratio ρ, a panel for each number of passes, with the clip's edges."""
    guards.instance("world", world, World)
    guards.instance("passes", passes, Mapping)
    clip_range = guards.number("clip_range", clip_range, guards.POSITIVE)
    drawn = {n: guards.table(f"the ratios of pass {n}", one).detach() for n, one in passes.items()}
    language, told = world.language, []
    figure, axes_of = panels(len(drawn))
    for axes, (count, ratio) in zip(axes_of, drawn.items(), strict=True):
        values = ratio.double().numpy().ravel()
        if not len(values):
            raise ValueError(f"the ratios of pass {count} must be at least one; got none")
        outside = float((~(np.abs(values - 1) <= clip_range)).mean())  # NaN is not inside
        title = text("title.passes", language).format(count)
        axes.hist(values[np.isfinite(values)], bins=np.linspace(0.39, 1.61, 62), color=COLORS[0])
        for edge in (1 - clip_range, 1 + clip_range):
            axes.axvline(edge, color=COLORS[1], linestyle=(0, (4, 3)), linewidth=2)
        finish(axes, language, text("axis.ratio", language), title=title)
        told.append(f"{title}: {number(outside, language)}")
    axes_of[0].set_ylabel(text("axis.count", language), fontsize=14)
    return Picture(figure, text("alt.ratios", language).format("; ".join(told)))
