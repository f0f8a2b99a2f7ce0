"""How strongly a group of answers updates a prompt, over how often the prompt is answered right."""

from typing import Any

import numpy as np

from toycore import exact
from toycore.engine import guards
from toycore.errors import Phrase, say
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
    """w_G(p), the pull of a prompt when advantages are divided by the group's deviation.

    num_generations  group sizes G ≥ 2, a line for each
    highlight        the one in colour, the others grey; None: all

    Dashed: 1/√(p(1 − p)), which they approach as G grows. Dotted: 1, without the division and with
    the mean of the others as the baseline.
    """
    guards.instance("world", world, World)
    sizes = guards.tensor("num_generations", num_generations).flatten().tolist()
    if not sizes:
        raise ValueError(say("empty", name="num_generations", rule=guards.Rule(int, 2)))
    weights = {size: exact.group_weight(SHARES, size) for size in sizes}
    if highlight is not None and guards.number("highlight", highlight) not in sizes:
        allowed = Phrase("value_of", setting="num_generations", values=tuple(sizes))
        raise ValueError(guards.must("highlight", allowed, repr(highlight)))
    language, rows = world.language, []
    figure, (axes,) = panels(1, height=3.6)  # with its table it fits a slide
    for index, (size, weight) in enumerate(weights.items()):
        shown = highlight in (None, size)
        style: dict[str, Any] = {"color": color(index, shown), "zorder": 2 + shown}
        style |= {"linestyle": STYLES[index % len(STYLES)], "linewidth": 2.2 if shown else 1.2}
        axes.plot(SHARES, weight, **style, label=label(size, language))
        if shown:
            rare, half = exact.group_weight([0.05, 0.5], size).tolist()
            told = (number(value, language) for value in (rare, half, rare / half))
            rows.append([label(size, language), *told])
    axes.plot(SHARES, (SHARES * (1 - SHARES)) ** -0.5, **EXACT, label="∞")
    axes.axhline(1, color="black", linestyle=":", linewidth=1.6)
    axes.set_ylim(0, 6)
    x, y = text("axis.share_right", language), text("curve.group_weight", language)
    finish(axes, language, x, y)
    legend(axes, title="num_generations")
    heads = (text(f"head.{kind}", language) for kind in ("w_rare", "w_half", "w_ratio"))
    table = [["num_generations", *heads], *rows]
    kinds = ("group_weights", *["others"] * (highlight is not None))
    caption = " ".join(text(f"caption.{kind}", language) for kind in kinds)
    return captioned(figure, caption, "", table)
