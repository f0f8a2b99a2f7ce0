"""How long right and wrong answers grow, in the two-step world."""

from typing import TYPE_CHECKING

import numpy as np

from toycore.engine import guards
from toycore.errors import Phrase
from toycore.language import number, text, word
from toycore.length import LOSS_TYPES
from toycore.plots.style import (
    STYLES,
    Picture,
    captioned,
    color,
    finish,
    hold,
    legend,
    middle,
    panels,
    same_look,
)
from toycore.world import World

if TYPE_CHECKING:
    import xarray as xr

KINDS = ("long_right", "long_wrong")


@same_look
def lengths(world: World, curves: "xr.Dataset") -> Picture:
    """P(two words) after a right and after a wrong first word, a panel each, over the steps.

    curves: what train_length returned, with loss_type swept: a line for each, mean and middle
    80 % of the seeds.
    """
    guards.instance("world", world, World)
    for kind in KINDS:
        dims = getattr(getattr(curves, kind, None), "dims", ())
        if sorted(dims) != ["loss_type", "seed", "step"] or not curves[kind].size:
            got = tuple(dims) or type(curves).__name__
            raise TypeError(guards.must("curves", Phrase("of_lengths"), got))
    ways = [guards.Choice(LOSS_TYPES).check("loss_type", one) for one in curves.loss_type.values]
    language, rows = world.language, []
    figure, axes_of = panels(2, height=3.3)
    bands = {kind: _bands(curves[kind], ways) for kind in KINDS}
    heights = np.concatenate([band.ravel() for band in bands.values()])
    for axes, kind in zip(axes_of, KINDS, strict=True):
        hold(axes, heights)  # one scale for both
        for index, way in enumerate(ways):
            low, mean, high = bands[kind][:, index]
            called = word("way", way, language)
            style = {"color": color(index), "linestyle": STYLES[index % len(STYLES)]}
            axes.fill_between(curves.step, low, high, color=color(index), alpha=0.18, lw=0)
            axes.plot(curves.step, mean, **style, linewidth=2.2, label=called)
            ends = (number(mean[at], language) for at in (0, -1))
            rows.append([f"{text(f'curve.{kind}', language)}, {called}", *ends])
        finish(axes, language, text("axis.step", language), text(f"curve.{kind}", language))
    legend(axes_of[-1])
    heads = ["", text("head.at_the_start", language), text("head.at_the_end", language)]
    return captioned(figure, text("caption.lengths", language), "", [heads, *rows])


def _bands(curve: "xr.DataArray", ways: list[str]) -> np.ndarray:
    """Low, mean and high over the seeds, by loss type and step: (3, ways, steps)."""
    each = curve.sel(loss_type=ways).transpose("loss_type", "seed", "step").values
    return np.stack(middle(each, 1))
