"""Picture, and the look that all figures share.

Object-oriented figures only: pyplot's global state is spoiled by slider messages, which
JupyterLab handles on a second thread. Colours are close to those of Okabe and Ito, readable for
colour-blind eyes; every line has a style of its own too. The exact answer is black and dashed.
"""

import base64
import copy
import dataclasses
import functools
import html
import io
import textwrap
import threading
from collections.abc import Callable

import numpy as np
from matplotlib import rcParams, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from PIL import Image

from toycore.language import number, setting

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#78320A", "#9054FC", "#332288")
STYLES = ("-", (0, (6, 2)), (0, (1, 1.5)), "-.", (0, (8, 2, 1, 2, 1, 2)), (0, (3, 1)), (0, (9, 3)))
MARKERS = "os^Dv*P"
FADED = "#C4C4C4"
EXACT = {"color": "black", "linestyle": (0, (4, 3)), "linewidth": 1.6}
# Settings as Matplotlib brings them, with its own font alone. The backend is pyplot's affair.
LOOK = copy.deepcopy({key: value for key, value in dict.items(rcParamsDefault) if key != "backend"})
LOOK["font.family"] = ["DejaVu Sans"]
DRAWING = threading.RLock()  # slider messages may come on a second thread


def same_look(draw: Callable) -> Callable:
    """A function that draws by our settings, whatever a learner has set; those stay as they were.

    Some settings are read when a line or a word is made, others when it is drawn: so all that
    does either is marked. rcParams are changed as plain dicts are: a check of 300 values that are
    known to be right takes milliseconds, and no interrupt can come between.
    """

    @functools.wraps(draw)
    def drawn(*args, **named):
        with DRAWING:
            theirs = dict(dict.items(rcParams))
            try:
                dict.update(rcParams, LOOK)
                return draw(*args, **named)
            finally:
                dict.update(rcParams, theirs)

    return drawn


@dataclasses.dataclass(frozen=True)
class Picture:
    """A figure, finished: `png` is its image, `alt` says in words what it shows."""

    figure: Figure
    alt: str

    @functools.cached_property
    @same_look
    def png(self) -> bytes:
        """The image in 256 colours: a quarter of the size, and nothing that the eye would miss."""
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
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


def img(png: bytes, alt: str) -> str:
    """A picture and its text, as HTML that needs no file beside it."""
    data = base64.b64encode(png).decode()
    return (
        f'<img alt="{html.escape(alt)}" style="max-width: 100%; background: white" '
        f'src="data:image/png;base64,{data}">'
    )


def captioned(figure: Figure, caption: str, more: str = "") -> Picture:
    """The figure with its caption below: what to see, in numbers. `more` is for the alt text alone.

    Drawn into the image, so that a slide, a printed page and every front end has it.
    """
    lines = textwrap.wrap(caption, 108)
    figure.set_figheight(figure.get_figheight() + 0.22 * len(lines))  # the panels keep their size
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=12)
    return Picture(figure, f"{caption} {more}".strip())


def panels(count: int, height: float = 3.9) -> tuple[Figure, list[Axes]]:
    """A white figure, 1000 pixels wide, with `count` axes side by side; ValueError for none."""
    if count < 1:
        raise ValueError("there must be at least one thing to draw; got none")
    figure = Figure(figsize=(10, height), dpi=100, facecolor="white", layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def color(index: int, shown: bool = True) -> str:
    return COLORS[index % len(COLORS)] if shown else FADED


def label(value: float | str, language: str) -> str:
    """The value of a setting as it stands in a legend: a number in the language, a word as is."""
    return value if isinstance(value, str) else setting(value, language)


def finish(axes: Axes, language: str, x: str = "", y: str = "", title: str = "") -> None:
    """Labels that the last row can read, decimal signs as the language writes them, a grid."""
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


def legend(axes: Axes, title: str | None = None) -> None:
    """The lines of one panel, named to the right of all panels, where they hide nothing."""
    axes.figure.legend(
        *axes.get_legend_handles_labels(),
        title=title,
        fontsize=12,
        title_fontsize=12,
        frameon=False,
        loc="outside right upper",
    )
