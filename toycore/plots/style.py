"""Picture, and the look that all figures share.

Object-oriented figures only: pyplot's global state is corrupted by slider messages, which
JupyterLab handles on a second thread. Colours are close to those of Okabe and Ito, readable for
colour-blind readers; every line has a style of its own too. The exact answer is black and dashed.
"""

import base64
import copy
import dataclasses
import functools
import html
import io
import re
import textwrap
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np
from matplotlib import rcParams, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import TransformedPatchPath
from PIL import Image

from toycore.errors import Phrase, in_its_language, say
from toycore.language import number, setting
from toycore.plots.kept import USED, Kept

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#78320A", "#9054FC", "#332288")
STYLES = ("-", (0, (6, 2)), (0, (1, 1.5)), "-.", (0, (8, 2, 1, 2, 1, 2)), (0, (3, 1)), (0, (9, 3)))
MARKERS = "os^Dv*P"
FADED = "#C4C4C4"
SLANTED = {"rotation": 25, "ha": "right", "rotation_mode": "anchor"}  # long words side by side
EXACT = {"color": "black", "linestyle": (0, (4, 3)), "linewidth": 1.6}
SPAN = {"color": "black", "alpha": 0.067, "linewidth": 0, "zorder": 0.6}  # over the grid, under all
# Matplotlib's default settings, with its own font alone. The backend is pyplot's business.
LOOK = copy.deepcopy({key: value for key, value in dict.items(rcParamsDefault) if key != "backend"})
LOOK["font.family"] = ["DejaVu Sans"]
Table = Sequence[Sequence[str]]
Line = list[tuple[float, str, dict]]  # of a caption: inches from the left, a text, its style
DRAWING = threading.RLock()  # slider messages may come on a second thread
DRAWN: ContextVar[str] = ContextVar("drawn", default="")  # the function at work


def same_look(draw: Callable) -> Callable:
    """A function that draws with our settings, whatever a learner has set; theirs stay.
    Its errors are in the language of its world.

    Some settings are read when a line or a word is made, others when it is drawn: so every
    function that does either is marked. rcParams are changed as plain dicts are: checking 300
    values known to be right would take milliseconds, and this way no interrupt can come between.
    """

    @in_its_language
    @functools.wraps(draw)
    def drawn(*args, **named):
        with DRAWING:
            theirs, before = dict(dict.items(rcParams)), DRAWN.set(draw.__name__)
            try:
                dict.update(rcParams, LOOK)
                return draw(*args, **named)
            finally:
                dict.update(rcParams, theirs)
                DRAWN.reset(before)

    return drawn


@dataclasses.dataclass(frozen=True)
class Picture:
    """A finished figure: `png` is its image, `alt` says in words what it shows."""

    figure: Figure
    alt: str
    kept: Kept | None = dataclasses.field(default=None, init=False, repr=False, compare=False)

    @functools.cached_property
    @same_look
    def png(self) -> bytes:
        """The image in 256 colours: a quarter of the size, and nothing that the eye would miss."""
        canvas = (self.kept or Kept(self.figure)).draw()
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        buffer = io.BytesIO()
        # The octree is five times as fast as Pillow's default, its files a fifth smaller.
        few = pixels.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(buffer, "PNG")
        return buffer.getvalue()

    def _repr_mimebundle_(self, **_) -> tuple[dict, dict]:
        # JupyterLab gives an image/png no text, so there the HTML is what a screen reader reads.
        shown = {"text/html": img(self.png, self.alt), "image/png": self.png}
        return shown | {"text/plain": self.alt}, {"image/png": {"alt": self.alt}}


# In JupyterLab's dark theme a figure is what it is on the website: a white card, less bright, and
# the arrow of the list beside a slider, which ipywidgets only draws in black, is light.
DARK = """<style>
[data-jp-theme-light="false"] .tc-picture {
  box-sizing: border-box; padding: .5rem; border-radius: 8px; filter: brightness(.88); }
[data-jp-theme-light="false"] .tc-sliders .widget-dropdown select { background-image: url("\
data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E\
%3Cpath fill='%23ddd' d='M5.2 5.9 9 9.7l3.8-3.8L14 7.1l-5 5-5-5z'/%3E%3C/svg%3E"); }
</style>"""


def img(png: bytes, alt: str) -> str:
    """A picture and its text, as HTML that needs no file beside it."""
    data = base64.b64encode(png).decode()
    return (
        f'<img class="tc-picture" alt="{html.escape(alt)}" '
        f'style="max-width: 100%; background: white" src="data:image/png;base64,{data}">{DARK}'
    )


# --- captions -----------------------------------------------------------------------------------

SIZE = 12  # points
PEN = RendererAgg(1, 1, 100)  # knows how wide a text is, at the resolution of all figures
LINE, MARGIN, GAP = 0.235, 0.1, 0.3  # inches: line to line, around the caption, between columns


@same_look
def captioned(figure: Figure, caption: str, more: str = "", *tables: Table) -> Picture:
    """The figure with its caption below, drawn into the image: slides and paper have it too.

    caption  what the marks are; a line break in it stays one
    more     what only the alt text adds, since the figure prints it already
    tables   the numbers: a header and rows, each beginning with its name; the alt text tells
             them column by column
    """
    lines = [line for part in caption.splitlines() for line in _wrapped(figure, part)]
    lines += [line for table in tables for line in _tabled(figure, table)]
    width, panels = figure.get_size_inches()
    strip = LINE * len(lines) + MARGIN
    _make_room(figure, strip)
    for row, pieces in enumerate(lines, 1):
        y = (strip - LINE * row + 0.06) / (strip + panels)  # the descent of its letters
        for x, said, style in pieces:
            figure.text(x / width, y, said, va="baseline", fontsize=SIZE, **style)
    told = filter(None, (" ".join(caption.split()), *map(_told, tables), more))
    picture = Picture(figure, " ".join(told))
    if figures := USED.get():
        object.__setattr__(picture, "kept", figures.keep(figure, picture))
    return picture


def _make_room(figure: Figure, strip: float) -> None:
    """A strip at the bottom, in inches: the figure grows, so that the panels keep their size."""
    panels = figure.get_figheight()
    whole = panels + strip
    figure.set_figheight(whole)
    if figure.get_layout_engine():
        figure.set_layout_engine("constrained", rect=(0, strip / whole, 1, panels / whole))
    else:
        at = figure.subplotpars
        figure.subplots_adjust(
            bottom=(at.bottom * panels + strip) / whole, top=(at.top * panels + strip) / whole
        )


def _wrapped(figure: Figure, text: str) -> Iterator[Line]:
    """A paragraph in lines as wide as the figure."""
    line, free = "", 0.0
    for word in text.split():
        free -= (needed := _wide(f" {word}"))
        if line and free < 0:
            yield [(MARGIN, line, {})]
            line = ""
        if not line:
            free = figure.get_figwidth() - 2 * MARGIN - needed
        line = f"{line} {word}".strip()
    yield [(MARGIN, line, {})]


def _tabled(figure: Figure, table: Table) -> list[Line]:
    """A table in lines. One that is too wide is turned where that takes fewer lines."""
    lines, turned = ([*_columns(figure, way)] for way in (table, [*zip(*table, strict=True)]))
    return turned if len(table) < len(lines) > len(turned) else lines


def _columns(figure: Figure, table: Table) -> Iterator[Line]:
    """A table, its head in bold; columns for which there is no room stand below the others."""
    bold = {"weight": "bold"}
    names = MARGIN + max(_wide(name, **bold) for name, *_ in table)
    column = GAP + max(_wide(cell, **bold) for _, *cells in table for cell in cells)
    fitting = max(1, int((figure.get_figwidth() - MARGIN - names) / column))
    for first in range(1, len(table[0]), fitting):
        for row in table:
            style = bold if row is table[0] else {}
            cells = enumerate(row[first : first + fitting], 1)
            places = [(names + i * column, cell, {"ha": "right"} | style) for i, cell in cells]
            yield [(MARGIN, row[0], style), *places]


def _told(table: Table) -> str:
    """A table as a sentence, column by column: kl_beta = 0.1: Expected reward 0.96, KL 0.4; …

    Where a number has a comma of its own (0,96), no other comma stands beside it.
    """
    (name, *heads), *rows = table
    commas = any(re.search(r"\d,\d", cell) for row in rows for cell in row)
    between, after = ("; ", ". ") if commas else (", ", "; ")
    columns = (
        f"{f'{name} = ' if name else ''}{head}: "
        + between.join(f"{row[0]} {row[at]}" for row in rows)
        for at, head in enumerate(heads, 1)
    )
    return f"{after.join(columns)}."


@functools.lru_cache(1024)
def _wide(text: str, **style) -> float:
    """The width of a text in a caption, in inches."""
    letters = FontProperties(size=SIZE, **style)
    return PEN.get_text_width_height_descent(text, letters, ismath=False)[0] / PEN.dpi


def readable_on(color: tuple[float, ...]) -> str:
    """Black or white, whichever stands out more from an RGB colour (0 to 1).

    Their contrasts, as WCAG 2 defines them, multiply to 21: the better one is above 4.5.
    """
    channels = np.asarray(color[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return "white" if (luminance + 0.05) ** 2 < 1.05 * 0.05 else "black"


def write_cells(axes: Axes, image, cells: Sequence[Sequence[str]], size: float) -> None:
    """A word in each cell of a heat map, readable on its colour; a cell without one is white."""
    *colors, alpha = np.moveaxis(image.to_rgba(image.get_array()), -1, 0)
    shades = np.stack([1 - alpha * (1 - channel) for channel in colors], -1)
    # One font and one clip for all words: each would make its own.
    style = {"clip_path": TransformedPatchPath(axes.patch), "clip_on": True}
    style |= {"fontproperties": FontProperties(size=size)}
    for row, column in np.ndindex(shades.shape[:2]):
        place = {"ha": "center", "va": "center_baseline", "color": readable_on(shades[row, column])}
        axes.text(column, row, cells[row][column], **style, **place)


# --- panels -------------------------------------------------------------------------------------


def panels(
    count: int, height: float = 3.9, layout: str = "constrained"
) -> tuple[Figure, list[Axes]]:
    """A white figure, 1000 pixels wide, with `count` axes side by side; ValueError for none."""
    if count < 1:
        raise ValueError(say("none_given", what=Phrase("thing")))

    def make() -> Figure:
        figure = Figure(dpi=100, facecolor="white", layout=layout)
        figure.subplots(1, count)
        return figure

    figures = USED.get()
    figure = figures.take((DRAWN.get(), count, height), make) if figures else make()
    figure.set_size_inches(10, height)
    return figure, figure.axes


def color(index: int, shown: bool = True) -> str:
    return COLORS[index % len(COLORS)] if shown else FADED


def label(value: float | str, language: str) -> str:
    """The value of a setting as it stands in a legend: a number in the language, a word as is."""
    return value if isinstance(value, str) else setting(value, language)


def finish(axes: Axes, language: str, x: str = "", y: str = "", title: str = "") -> None:
    """Labels readable from the back row, decimal signs as the language writes them, a grid."""
    axes.set_facecolor("white")
    axes.set_xlabel(x, fontsize=14)
    axes.set_ylabel(y, fontsize=14)
    axes.set_title(title, fontsize=14)
    axes.tick_params(labelsize=12)
    axes.grid(color="#DDDDDD", linewidth=0.8)
    axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        if not isinstance(axis.get_major_formatter(), FuncFormatter):
            decimals(axis, language)


def decimals(axis, language: str) -> None:
    """Tick labels with the language's decimal sign; fixed labels (words) are left alone."""
    if not axis.get_major_formatter().__class__.__name__.startswith("Fixed"):
        axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language)))


def largest(values: np.ndarray) -> int:
    """Where the largest value stands: of equals the first, whatever their last digits are."""
    return int(values.round(9).argmax())


def middle(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Low, mean and high over an axis: the ends of the middle 80%. NaN where a run has diverged."""
    with np.errstate(invalid="ignore"):  # ∞ − ∞
        low, high = np.quantile(values, [0.1, 0.9], axis=axis)
        return low, values.mean(axis), high


def hold(axes: Axes, heights: np.ndarray) -> None:
    """Limits that hold these heights too, whatever is drawn: the axes stay put under a slider."""
    finite = heights[np.isfinite(heights)]
    axes.update_datalim(np.column_stack([np.zeros_like(finite), finite]))


def bars(axes: Axes, x: np.ndarray, y: np.ndarray, **style) -> None:
    """Around a mean, over the middle 80% in both directions; x, y: low, mean and high, (3,)."""
    axes.plot([x.min(), x.max()], y[[1, 1]], linewidth=1, **style)
    axes.plot(x[[1, 1]], [y.min(), y.max()], linewidth=1, **style)


def legend(axes: Axes, title: str | None = None) -> None:
    """The lines of one panel, named to the right of all panels, where they hide nothing."""
    handles, names = axes.get_legend_handles_labels()
    names = [textwrap.fill(name, 26) for name in names]  # a long one must leave room for the panels
    lines = "\n".join([*names, title or ""]).count("\n") + 1
    figure: Any = axes.figure
    # Many names make the panels higher: none may stand in the caption.
    figure.set_figheight(max(figure.get_figheight(), 0.25 * lines + 0.1))
    figure.legend(
        handles,
        names,
        title=title,
        fontsize=12,
        title_fontsize=12,
        frameon=False,
        loc="outside right upper",
    )
