"""How strongly a group of answers updates a prompt, over how often the prompt is answered right."""

import numpy as np

from toycore import exact
from toycore.engine import guards
from toycore.language import number, text
from toycore.plots.style import (
    EXACT,
    STYLES,
    Picture,
    captioned,
    color,
    finish,
    label,
    legend,
    panels,
    same_look,
)
from toycore.world import World

SHARES = np.linspace(0.01, 0.99, 99)  # p: how often the answer is right


@same_look
def group_weights(world: World, num_generations, *, highlight: int | None = None) -> Picture:
    """w_G(p), the weight of a prompt under GRPO with a division by the group's deviation.

    num_generations  several group sizes G ≥ 2, a line each
    highlight        the one in colour, the others grey; None: all

    Dashed: G without end, 1/√(p(1 − p)); dotted: without the division, where every prompt has the
    weight (G − 1)/G or, with the mean of the others, 1.
    """
    guards.instance("world", world, World)
    sizes = [guards.Rule(int, 2).check("num_generations", size) for size in num_generations]
    if highlight not in (None, *sizes):
        raise ValueError(f"highlight must be one of {sizes}; got {highlight!r}")
    language, rows = world.language, []
    figure, (axes,) = panels(1)
    for index, size in enumerate(sizes):
        shown = highlight in (None, size)
        weight = exact.group_weight(SHARES, size).numpy()
        style = {"color": color(index, shown), "linestyle": STYLES[index % len(STYLES)]}
        axes.plot(SHARES, weight, **style, lw=2.2 if shown else 1.2, zorder=2 + shown, label=label(size, language))
        if shown:
            at = exact.group_weight([0.05, 0.5], size)
            rows.append([label(size, language), *(number(float(x), language) for x in (*at, at[0] / at[1]))])
    axes.plot(SHARES, (SHARES * (1 - SHARES)) ** -0.5, **EXACT, label="∞")
    axes.axhline(1, color="black", linestyle=":", linewidth=1.6)
    axes.set_ylim(0, 6)
    finish(axes, language, text("axis.share_right", language), text("curve.group_weight", language))
    legend(axes, title="num_generations")
    heads = ["num_generations", *(text(f"head.{kind}", language) for kind in ("w_rare", "w_half", "w_ratio"))]
    return captioned(figure, text("caption.group_weights", language), "", [heads, *rows])
