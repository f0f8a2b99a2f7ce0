"""What rounding to a few bits does: weights on a number line, and how the error is spread."""

import numpy as np
from torch import Tensor

from toycore.engine import guards
from toycore.errors import Phrase
from toycore.language import number, text
from toycore.plots.style import (
    COLORS,
    EXACT,
    Picture,
    captioned,
    finish,
    legend,
    panels,
    same_look,
)
from toycore.quantization.rounding import quantize
from toycore.world import World

SHOWN = 12  # weights on the number line: as many as the eye can follow


@same_look
def rounding(world: World, weight: Tensor, bits: int) -> Picture:
    """One row of weights, (1, N), on its grid of 2^bits − 1 values.

    Left: the grid, and the first weights, each with a line to the value that it is rounded to.
    Right: the error of all weights in steps of the grid, and the even spread that Δ²/12 assumes.
    """
    guards.instance("world", world, World)
    bits = guards.Rule(int, 2, high=8).check("bits", bits)
    weight = guards.table("weight", weight).detach()
    language, q = world.language, quantize(weight, bits)
    if weight.ndim != 2 or len(weight) != 1:
        raise ValueError(guards.must("weight", Phrase("one_row"), guards.the_shape(weight)))
    step, rounded = float(q.scale), q.dequantize().flatten().double().numpy()
    weight = weight.flatten().double().numpy()
    error = (rounded - weight) / step
    figure, (line, spread) = panels(2)
    levels = step * np.arange(-(2 ** (bits - 1)) + 1, 2 ** (bits - 1))
    line.vlines(levels, -0.45, -0.25, color="black", linewidth=1)
    before, after = weight[:SHOWN], rounded[:SHOWN]
    for x, y in zip(before, after, strict=True):
        line.plot([x, y], [1, 0], color=COLORS[0], linewidth=1)
    for x, y, name, marker in ((before, 1, "before", "o"), (after, 0, "after", "s")):
        label = text(f"rounding.{name}", language)
        style = {"color": COLORS[1 - y], "marker": marker, "ls": "none", "label": label}
        line.plot(x, np.full(len(x), y), **style, markersize=8)
    room = 1.05 * (abs(weight).max() or 1.0)
    line.set(xlim=(-room, room), ylim=(-0.6, 1.4))
    finish(line, language, text("axis.weight", language))
    line.set_yticks([])
    density, edges = np.histogram(error, np.linspace(-0.5, 0.5, 26), density=True)
    spread.stairs(density, edges, fill=True, color=COLORS[0])
    spread.axhline(1, **EXACT)
    # The axes stay put as a slider moves through the bits, unless the errors are very uneven.
    spread.set_ylim(0, max(2, 1.05 * density.max()))
    line.plot([], [], **EXACT, label=text("rounding.even", language))  # one legend names both
    finish(spread, language, text("axis.error", language), text("axis.density", language))
    legend(line)
    figures = (len(before), bits, 2**bits - 1, step, abs(error).max(), 12 * np.square(error).mean())
    written = (number(value, language) for value in figures)
    return captioned(figure, text("caption.rounding", language).format(*written))
