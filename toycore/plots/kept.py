"""One figure for all frames of a slider: what stands around its panels is laid out and drawn once.

A picture costs some 150 ms, most of it for ticks and words that are the same in every frame. So
`style.panels` asks here first: while a slider draws, the figure of its last frame comes back,
emptied. If all that stands around the panels turns out as it was, only what is inside them, the
legend and the caption are drawn, over the saved pixels of the rest; and of what is inside, not a
heat map that shows what it showed before. What is computed from the same numbers is computed once.

A figure comes back only once the picture it was made for is gone, and only as it was made: one
that somebody has changed since is drawn as any other, and is not used again.
"""

import contextlib
import weakref
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

FEW = 16  # lines that a slider remembers: more than any figure has
Purpose = tuple  # what a figure is for: it comes back for nothing else


class Kept:
    """A figure, and the pixels of what stands around its panels."""

    def __init__(self, figure: Figure):
        self.figure, self.panels = figure, figure.axes
        self.canvas = FigureCanvasAgg(figure)
        self.picture: weakref.ref | None = None  # made of it, and nobody has changed it
        self.standing: tuple = ()  # around the panels, when the picture was made
        self.around: tuple = ()  # the same, of the pixels
        self.pixels = None
        self.maps: dict[Axes, tuple] = {}  # heat maps: what they show, and their pixels

    def hold(self, picture) -> None:
        """The picture is finished: what changes from now on, others change."""
        self.picture, self.standing = weakref.ref(picture), _around(self.figure)
        self.figure.stale = False

    @property
    def free(self) -> bool:
        """Whether nobody has changed the figure, nor needs it as it is."""
        return self.picture is not None and self.picture() is None and not self.figure.stale

    def draw(self) -> FigureCanvasAgg:
        """The canvas, with the whole figure on it."""
        if self.figure.stale or self.picture is None:
            self.picture = None
            self.canvas.draw()
            return self.canvas
        if self.standing != self.around:
            self._draw_around()
        self.canvas.restore_region(self.pixels)
        for axes in self.panels:
            self._draw_inside(axes)
        for artist in (*self.figure.legends, *self.figure.texts):
            artist.draw(self.canvas.get_renderer())
        self.figure.stale = False
        return self.canvas

    def _draw_around(self) -> None:
        every = [artist for axes in self.panels for artist in _inside(axes)]
        every += [*self.figure.legends, *self.figure.texts]
        for artist in every:
            artist.set_animated(True)  # it counts in the layout, and is not drawn
        try:
            self.canvas.draw()
        finally:
            for artist in every:
                artist.set_animated(False)
        self.pixels = self.canvas.copy_from_bbox(self.figure.bbox)
        self.around = _around(self.figure)  # the layout has moved the panels, and so the ticks
        self.maps.clear()

    def _draw_inside(self, axes: Axes) -> None:
        """The contents of a panel; of a heat map that has not changed, its pixels."""
        here, (before, pixels) = _heat_map(axes), self.maps.get(axes, (None, None))
        if here and here == before:
            self.canvas.restore_region(pixels)
            return
        for artist in _inside(axes):
            artist.draw(self.canvas.get_renderer())
        if here:
            self.maps[axes] = here, self.canvas.copy_from_bbox(axes.bbox.padded(2))  # its frame


class Figures:
    """The figures of one slider. One that is being filled is not among those kept."""

    def __init__(self) -> None:
        self.kept: dict[Purpose, Kept] = {}
        self.filled: dict[Figure, tuple[Purpose, Kept]] = {}  # not yet a picture
        self.computed: dict[tuple, Any] = {}

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Within it, figures are taken from here."""
        before = USED.set(self)
        try:
            yield
        finally:
            USED.reset(before)
            self.filled.clear()

    def take(self, purpose: Purpose, make: Callable[[], Figure]) -> Figure:
        """The figure that was kept for this purpose, emptied; else a new one."""
        kept = self.kept.pop(purpose, None)
        if kept and kept.free:
            _empty(kept.figure)
        else:
            kept = Kept(make())
        self.filled[kept.figure] = purpose, kept
        return kept.figure

    def keep(self, figure: Figure, picture) -> Kept | None:
        """From now on the figure is held by its picture, unless it could not be emptied again."""
        if figure not in self.filled:
            return None
        purpose, kept = self.filled.pop(figure)
        if figure.get_suptitle() or figure.axes != kept.panels:
            return None
        kept.hold(picture)
        self.kept[purpose] = kept
        return kept


USED: ContextVar[Figures | None] = ContextVar("figures", default=None)


def once(compute: Callable, *tables: Tensor):
    """compute(*tables), within a slider once for the same numbers: most frames share a line."""
    if (figures := USED.get()) is None:
        return compute(*tables)
    key = compute, *((tuple(table.shape), table.numpy().tobytes()) for table in tables)
    if key not in figures.computed:
        if len(figures.computed) >= FEW:
            figures.computed.clear()
        figures.computed[key] = compute(*tables)
    return figures.computed[key]


def _empty(figure: Figure) -> None:
    """Panels without contents, scaled to none, with the ticks of a new one."""
    for one in (*figure.texts, *figure.legends):
        one.remove()
    for axes in figure.axes:
        for container in [*axes.containers]:
            container.remove()  # its parts too
        for one in (*axes.lines, *axes.collections, *axes.patches, *axes.images, *axes.texts):
            one.remove()
        axes.set(xscale="linear", yscale="linear")
        axes.relim()
        axes.autoscale()


def _inside(axes: Axes) -> list[Artist]:
    """What is drawn in every frame, in the order of drawing: contents and frame."""
    around = {axes.patch, axes.title, axes.xaxis, axes.yaxis}
    inside = [artist for artist in axes.get_children() if artist not in around]
    return sorted(inside, key=Artist.get_zorder)


def _heat_map(axes: Axes) -> tuple | None:
    """All that a heat map shows: 66 words take 20 ms. None if there is anything else."""
    if not axes.images or axes.lines or axes.collections or axes.patches:
        return None
    images = [
        (np.asarray(one.get_array()).tobytes(), one.get_clim(), one.get_extent())
        for one in axes.images
    ]
    return images, [(one.get_text(), one.get_position(), one.get_color()) for one in axes.texts]


def _around(figure: Figure) -> tuple:
    """All that the saved pixels and the layout depend on."""
    legends = [
        [text.get_text() for text in (*legend.get_texts(), legend.get_title())]
        for legend in figure.legends
    ]
    engine = figure.get_layout_engine()
    room = engine.get()["rect"] if engine else None
    panels = [_words(axes) for axes in figure.axes]
    return *figure.get_size_inches(), room, legends, panels


def _words(axes: Axes) -> list:
    """What stands around a panel, and the limits that its ticks stand at."""
    standing: list = [axes.get_title(), *map(_nearly, axes.viewLim.extents)]
    for axis in (axes.xaxis, axes.yaxis):
        ticks = axis.get_majorticklocs()
        standing += [axis.get_label_text(), *map(_nearly, ticks)]
        standing += axis.get_major_formatter().format_ticks(ticks)
    outside = [text for text in axes.texts if not text.get_clip_on()]
    return standing + [(text.get_position(), text.get_text()) for text in outside]


def _nearly(value: float) -> str:
    """What a pixel can tell of a number: sums in another order differ in the last digit."""
    return f"{value:.9g}"
