"""Where training ended, over the values of a setting (lines) or of two (heat maps)."""

import numpy as np

from toycore.engine import guards
from toycore.errors import Phrase, say
from toycore.language import fixed, number, text, word
from toycore.plots.style import (
    EXACT,
    MARKERS,
    STYLES,
    Picture,
    captioned,
    color,
    finish,
    label,
    legend,
    middle,
    panels,
    same_look,
    write_cells,
)
from toycore.world import World


@same_look
def against(world: World, quantity: str, exact=None, *, named="exact", **ways) -> Picture:
    """A quantity over a setting: for each way, given by keyword, mean and middle 80% of seeds.

    quantity  what is measured (accuracy, attained, snr): the label of the axis
    exact     the value it ought to have, dashed: a number, or one for each value of the setting
    named     what the dashed line is called: exact, theory, or a word of your own
    ways      xarray.DataArrays over (setting, seed), or (setting, round) for timings; the setting's
              values are evenly spaced
    """
    guards.instance("world", world, World)
    language, rows = world.language, []
    if not ways:
        raise ValueError(say("none_given", what=Phrase("way")))
    figure, (axes,) = panels(1)
    for index, (name, values) in enumerate(ways.items()):
        repeat, setting = _axes(name, values)
        labels = [label(value, language) for value in values[setting].values]
        values = values.transpose(setting, repeat).values
        low, mean, high = middle(values, 1)
        style = {
            "color": color(index),
            "linestyle": STYLES[index % len(STYLES)],
            "marker": MARKERS[index % len(MARKERS)],
        }
        axes.fill_between(range(len(labels)), low, high, color=color(index), alpha=0.18, lw=0)
        way = word("way", name, language)
        axes.plot(mean, **style, linewidth=2.2, markersize=8, label=way)
        rows.append((way, *(number(value, language) for value in mean)))
    caption = text("caption.against", language)
    if exact is not None:
        goal = guards.table("exact", exact).detach().double().expand(len(labels))
        axes.plot(goal, **EXACT, label=word("label", named, language))
        caption += text("caption.dashed", language).format(word("label", named, language))
        rows.append((word("label", named, language), *(number(x, language) for x in goal)))
    x, y = word("axis", setting, language), text(f"curve.{quantity}", language)
    finish(axes, language, x, y)
    axes.set_xticks(range(len(labels)), labels)
    legend(axes)
    return captioned(figure, caption, "", [(x, *labels), *rows])


@same_look
def heat_map(world: World, quantity: str, top: float | None = None, **ways) -> Picture:
    """A quantity over two settings: for each way, given by keyword, a heat map of its numbers.

    quantity  what is measured (loss, attained)
    top       where the colour scale, which starts at 0, ends; None: at the largest number shown
    ways      xarray.DataArrays over (setting, setting, seed): rows, columns, what is averaged; all
              over the same values of the same settings
    """
    guards.instance("world", world, World)
    language, what = world.language, text(f"curve.{quantity}", world.language)
    if not ways:
        raise ValueError(say("none_given", what=Phrase("way")))
    seeds = {name: _axes(name, values, 2)[0] for name, values in ways.items()}
    means = {name: values.mean(seeds[name]) for name, values in ways.items()}
    first = next(iter(means.values()))
    if not all(
        first.dims == mean.dims and _values(first) == _values(mean) for mean in means.values()
    ):
        raise ValueError(say("same_settings", names=", ".join(ways)))
    if top is None:
        top = max(float(mean.where(np.isfinite(mean)).max()) for mean in means.values())
    rows, columns = ([label(v, language) for v in values] for values in _values(first))
    figure, panel = panels(len(means), height=1.2 + 0.5 * len(rows))
    read, told = [], []
    for axes, (name, mean) in zip(panel, means.items(), strict=True):
        cells = [[fixed(value, language) for value in row] for row in mean.values.tolist()]
        image = axes.imshow(mean.values, cmap="cividis", vmin=0, vmax=top, aspect="auto")
        write_cells(axes, image, cells, size=14)
        axes.set_title(way := word("way", name, language), fontsize=14)
        axes.set_xlabel(first.dims[1], fontsize=14)
        axes.set_xticks(range(len(columns)), columns, fontsize=12)
        axes.set_yticks(range(len(rows)), rows, fontsize=12)
        read.append(f"{way}: {'; '.join(row[len(row) // 2] for row in cells)}")
        told.append(f"{way}: {' / '.join(map('; '.join, cells))}.")
    panel[0].set_ylabel(first.dims[0], fontsize=14)
    named = what, *first.dims, columns[len(columns) // 2], ". ".join(read)
    return captioned(figure, text("caption.heat_map", language).format(*named), " ".join(told))


def _values(means) -> list[list]:
    """The values of each setting of a table."""
    return [means[name].values.tolist() for name in means.dims]


def _axes(name: str, values, settings: int = 1) -> list[str]:
    """The names of the axes: the one averaged over, then the settings. Else an error."""
    dims = list(getattr(values, "dims", ()))
    repeat = [dim for dim in dims if dim in ("seed", "round")]
    if len(dims) != 1 + settings or len(repeat) != 1:
        allowed = Phrase(("over_one", "over_two")[settings - 1])
        raise TypeError(guards.must(name, allowed, dims or repr(values)))
    return repeat + [dim for dim in dims if dim not in repeat]
