"""Numbers and the grids they are written on: where a grid ends, and where its zero lies."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from toycore.engine import guards
from toycore.errors import Phrase
from toycore.language import number, setting, text, word
from toycore.plots.style import (
    COLORS,
    EXACT,
    FADED,
    SPAN,
    STYLES,
    Picture,
    captioned,
    finish,
    legend,
    panels,
    same_look,
)
from toycore.quantization.grid import Grid, finite
from toycore.quantization.rounding import snr_db
from toycore.world import World

SQUARED = guards.Rule(low=1e-100, high=1e100)  # whose square is a float, neither 0 nor infinite
SHARES = np.linspace(0.05, 1, 96)  # thresholds to try, as shares of the largest weight


@same_look
def grids(world: World, x: Tensor, **named: Grid) -> Picture:
    """A histogram of numbers over each grid, by keyword: values that none is rounded to are grey.

    The keywords symmetric and affine are translated; others are shown as they are.
    """
    guards.instance("world", world, World)
    figure, axes_of = panels(len(named))
    language, told = world.language, []
    x = finite("x", x)
    for name, grid in named.items():
        guards.instance(name, grid, Grid)
    ends = _ends(x, *named.values())
    for axes, (name, grid) in zip(axes_of, named.items(), strict=True):
        written, name = grid.fake_quantize(x), word("grid", name, language)
        used = _numbers_over(axes, x, grid, ends)
        finish(axes, language, text("axis.value", language), title=name)
        figures = len(grid.levels), used, grid.scale, float(snr_db(x.ravel(), written.ravel()))
        told.append(
            text("alt.grid", language).format(name, *(number(one, language) for one in figures))
        )
    axes_of[0].set_ylabel(text("axis.numbers", language), fontsize=14)
    return captioned(figure, " ".join(told))


@same_look
def thresholds(world: World, weight: Tensor, bits: int, share: float | None = None) -> Picture:
    """Clipping and rounding error of a symmetric grid that ends at a share of the largest weight.

    Left: the weights over the grid. Right: the mean square errors over the share, from 0.05 to 1;
    the star is the smallest sum, the circle on the vertical line the share given (None: the best).
    """
    guards.instance("world", world, World)
    weight, language = finite("weight", weight), world.language
    largest = guards.number(Phrase("largest_weight"), weight.abs().max(), SQUARED)
    errors = np.array([Grid.symmetric(at * largest, bits).errors(weight) for at in SHARES])
    total = errors.sum(1)
    best = int(total.argmin())
    share = float(SHARES[best]) if share is None else guards.number("share", share, guards.POSITIVE)
    grid = Grid.symmetric(share * largest, bits)
    here = grid.errors(weight)
    figure, (left, right) = panels(2)
    _numbers_over(left, weight, grid, _ends(weight, grid))
    finish(left, language, text("axis.weight", language), text("axis.numbers", language))
    _errors_over(right, errors, (SHARES * largest / grid.quant_max) ** 2 / 12, language)
    right.plot(SHARES[best], total[best], "*", color="black", markersize=15)
    right.axvline(share, color=COLORS[2], linewidth=1.2)
    right.plot(share, sum(here), "o", color=COLORS[2], markersize=11, fillstyle="none", mew=2.5)
    legend(right)
    cut = int(grid.outside(weight).sum())
    counts = [number(count, language) for count in (bits, share, cut, weight.numel())]
    sums = [*here, sum(here), SHARES[best], total[best], total[-1]]
    told = [setting(float(f"{one:.3g}"), language) for one in sums]
    return captioned(figure, text("alt.thresholds", language).format(*counts, *told))


def _errors_over(axes: Axes, errors: np.ndarray, even: np.ndarray, language: str) -> None:
    """Both errors, (share, 2), their sum, and what an even spread would give, dashed."""
    drawn = {"clipping": errors[:, 0], "rounding": errors[:, 1], "sum": errors.sum(1)}
    for index, (name, values) in enumerate(drawn.items()):
        style = {"color": COLORS[index], "linestyle": STYLES[(index + 1) % 3], "linewidth": 2.4}
        axes.plot(SHARES, values, **style, label=text(f"clip.{name}", language))
    axes.plot(SHARES, even, **EXACT, label="Δ²/12")
    axes.set_ylim(0, 2.2 * errors[-1].sum() or errors.max())  # 0: all weights lie on the grid
    finish(axes, language, text("axis.threshold", language), text("axis.squared_error", language))


def _numbers_over(axes: Axes, x: Tensor, grid: Grid, ends: tuple[float, float]) -> int:
    """A histogram, the grid's values below it, grey beyond its ends; how many values are in use."""
    levels = grid.levels.numpy()
    written = grid.fake_quantize(x.double()).flatten()
    used = (grid.levels - written[:, None]).abs().amin(0).numpy() < grid.scale / 2
    counts, edges = np.histogram(x.double().numpy(), np.linspace(*ends, 61))
    axes.stairs(counts, edges, fill=True, color=COLORS[0])
    tallest = counts.max()
    for some, shade in ((levels[used], COLORS[1]), (levels[~used], FADED)):
        axes.vlines(some, -0.16 * tallest, -0.04 * tallest, color=shade, linewidth=1.6)
    for beyond in ((ends[0], levels[0]), (levels[-1], ends[1])):
        axes.axvspan(*beyond, **SPAN)
    axes.set(xlim=ends, ylim=(-0.2 * tallest, 1.05 * tallest))
    ticks = MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]).tick_values(0, tallest)
    axes.set_yticks(ticks[ticks <= tallest])  # none below 0, where the grid is
    return int(used.sum())


def _ends(x: Tensor, *made: Grid) -> tuple[float, float]:
    """What an axis must span to show the numbers and every grid, with some room."""
    low = min(float(x.min()), *(float(grid.levels[0]) for grid in made))
    high = max(float(x.max()), *(float(grid.levels[-1]) for grid in made))
    return low - 0.03 * (high - low), high + 0.03 * (high - low)
