"""How long right and wrong answers grow, in the two-step world."""

from typing import TYPE_CHECKING

import numpy as np

from toycore.engine import guards
from toycore.language import number, text, word
from toycore.plots.style import STYLES, Picture, captioned, color, finish, legend, panels, same_look
from toycore.world import World

if TYPE_CHECKING:
    import xarray as xr


@same_look
def lengths(world: World, curves: "xr.Dataset") -> Picture:
    """P(two words) after a right and after a wrong first word, a panel each, over the steps.

    curves: what train_length returned, with loss_type swept: a line for each, mean and middle
    80 % of the seeds.
    """
    guards.instance("world", world, World)
    language, rows = world.language, []
    figure, axes_of = panels(2)
    for axes, kind in zip(axes_of, ("long_right", "long_wrong"), strict=True):
        for index, way in enumerate(curves.loss_type.values):
            curve = curves[kind].sel(loss_type=way)
            low, high = np.quantile(curve, [0.1, 0.9], axis=curve.dims.index("seed"))
            mean, called = curve.mean("seed"), word("way", str(way), language)
            style = {"color": color(index), "linestyle": STYLES[index % len(STYLES)]}
            axes.fill_between(curve.step, low, high, color=color(index), alpha=0.18, lw=0)
            axes.plot(curve.step, mean, **style, linewidth=2.2, label=called)
            ends = (number(float(mean[at]), language) for at in (0, -1))
            rows.append([f"{text(f'curve.{kind}', language)}, {called}", *ends])
        axes.set_ylim(0, 1)
        finish(axes, language, text("axis.step", language), text(f"curve.{kind}", language))
    legend(axes_of[-1])
    heads = ["", text("head.at_the_start", language), text("head.at_the_end", language)]
    return captioned(figure, text("caption.lengths", language), "", [heads, *rows])
