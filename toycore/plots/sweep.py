"""Where training has ended, over the values of a setting: one line for each way of training."""

import numpy as np

from toycore.engine import guards
from toycore.language import number, text, word
from toycore.plots.style import (
    EXACT,
    MARKERS,
    STYLES,
    Picture,
    color,
    finish,
    label,
    legend,
    panels,
    same_look,
)
from toycore.world import World


@same_look
def against(world: World, quantity: str, exact=None, *, named="exact", **ways) -> Picture:
    """A quantity over a setting: for each way, given by keyword, mean and middle 80 % of seeds.

    quantity  what is measured (accuracy, attained, snr): the label of the axis
    exact     the value it ought to have, dashed: a number, or one for each value of the setting
    named     what the dashed line is called: exact, theory, or a word of your own
    ways      xarray.DataArrays over (setting, seed), or (setting, round) where a clock was read;
              the setting's values stand evenly spaced
    """
    guards.instance("world", world, World)
    language, told = world.language, []
    if not ways:
        raise ValueError("there must be at least one way of training, by keyword; got none")
    figure, (axes,) = panels(1)
    for index, (name, values) in enumerate(ways.items()):
        repeat, setting = _axes(name, values)
        labels = [label(value, language) for value in values[setting].values]
        values = values.transpose(setting, repeat).values
        low, high = np.quantile(values, [0.1, 0.9], axis=1)
        style = {
            "color": color(index),
            "linestyle": STYLES[index % len(STYLES)],
            "marker": MARKERS[index % len(MARKERS)],
        }
        axes.fill_between(range(len(labels)), low, high, color=color(index), alpha=0.18, lw=0)
        way = word("way", name, language)
        axes.plot(values.mean(1), **style, linewidth=2.2, markersize=8, label=way)
        ends = zip(labels, values.mean(1), strict=True)
        told.append(f"{way}: {', '.join(f'{at}: {number(end, language)}' for at, end in ends)}")
    if exact is not None:
        goal = guards.table("exact", exact).detach().double().expand(len(labels))
        axes.plot(goal, **EXACT, label=word("label", named, language))
    x, y = word("axis", setting, language), text(f"curve.{quantity}", language)
    finish(axes, language, x, y)
    axes.set_xticks(range(len(labels)), labels)
    legend(axes)
    return Picture(figure, text("alt.against", language).format(y, x, "; ".join(told)))


def _axes(name: str, values) -> tuple[str, str]:
    """The names of the two axes: over what is averaged, and the setting. Else an error."""
    dims = set(getattr(values, "dims", ()))
    repeat = dims & {"seed", "round"}
    if len(dims) != 2 or len(repeat) != 1:
        found = sorted(dims) if dims else repr(values)
        raise TypeError(f"{name} must be an xarray.DataArray over a setting and seed; got {found}")
    return *repeat, *(dims - repeat)
