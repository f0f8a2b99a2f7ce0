"""Sliders under the figures, one way for every lesson: `slider` for one setting, `editor` for more.

The pictures are drawn beforehand, one for each value, and lie in a Stack that the front end
switches by itself: no message to the kernel, no redraw, and on a saved page no kernel at all.
ipywidgets 7 (Colab) has no Stack: there a callback replaces the one picture shown. Where there are
more combinations than FRAMES, a picture is drawn when it is first asked for.

Beside each slider is a Dropdown, linked to it. It gives the name and the value to a screen reader,
which ipywidgets' sliders do not.
"""

import asyncio
import base64
import contextlib
import itertools
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import ipywidgets

from toycore.engine import guards
from toycore.errors import Phrase, in_its_language, say
from toycore.language import setting, word
from toycore.plots import Picture
from toycore.plots.kept import Figures
from toycore.plots.style import img

FRAMES = 60  # the most pictures drawn beforehand: some seconds, and a megabyte in a saved page
PATIENCE = 0.15  # seconds; a redraw that takes longer waits until the slider is let go

Position = tuple[int, ...]  # where each slider stands


class Shown(NamedTuple):
    """What a slider keeps of a Picture: all that a page shows, without the figure's megabytes."""

    png: bytes
    alt: str


class Sliders(ipywidgets.VBox):
    """One slider for each setting, above a picture; `names` and `selectors` are in the same order.

    A saved page without widgets keeps the first picture and its text.
    """

    def __init__(self, labels: Mapping[str, Sequence[str]], start: Position):
        self.names, positions = tuple(labels), zip(labels.items(), start, strict=True)
        pairs = [_selector(name, values, position) for (name, values), position in positions]
        self.selectors = tuple(selector for _, selector in pairs)
        self.view = self._view()
        super().__init__([*(ipywidgets.HBox(pair) for pair in pairs), self.view])
        self.add_class("tc-sliders")  # for the look of the list in a dark theme

    @property
    def position(self) -> Position:
        """Where the sliders stand: the index of each one's value."""
        return tuple(selector.index for selector in self.selectors)

    def picture(self, position: Position) -> Shown:
        """The picture that belongs to a position of the sliders."""
        raise NotImplementedError

    def _view(self):
        """What shows the picture: here one image, replaced by a callback."""
        image = ipywidgets.HTML(img(*self.picture(self.position)))

        def show(_) -> None:
            try:
                image.value = img(*self.picture(self.position))
            except BaseException:  # even the stop button
                image.value = ""  # nothing, rather than the picture of another value
                raise

        for selector in self.selectors:
            selector.observe(show, "index")
        return image

    _ipython_display_ = None  # ipywidgets 7 would display without the picture and its text

    def _repr_mimebundle_(self, **_) -> tuple[dict, dict]:
        shown = self.picture(self.position)
        model = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        data = {
            "text/plain": shown.alt,
            "image/png": base64.b64encode(shown.png).decode(),
            "application/vnd.jupyter.widget-view+json": model,
        }
        return data, {"image/png": {"alt": shown.alt}}


class Framed(Sliders):
    """Pictures made beforehand, for every position: shown by the front end alone where it can."""

    def __init__(self, labels, start: Position, pictures: dict[Position, Shown]):
        self.pictures = pictures
        super().__init__(labels, start)

    def picture(self, position: Position) -> Shown:
        return self.pictures[position]

    def _view(self):
        return self._stack(()) if hasattr(ipywidgets, "Stack") else super()._view()

    def _stack(self, position: Position):
        """With the first sliders at a position: a Stack over the next one, or the image."""
        if len(position) == len(self.selectors):
            return ipywidgets.HTML(img(*self.pictures[position]))
        selector = self.selectors[len(position)]
        children = [self._stack((*position, index)) for index in range(len(selector.options))]
        stack = ipywidgets.Stack(children, selected_index=selector.index)
        ipywidgets.jslink((selector, "index"), (stack, "selected_index"))
        return stack


class Live(Sliders):
    """Pictures drawn when they are first asked for, and kept; the neighbours while nobody waits."""

    def __init__(self, labels, start: Position, draw: Callable[[Position], Shown]):
        self.draw = draw
        self.kept: dict[Position, Shown] = {}
        begun = time.perf_counter()
        self.picture(start)
        slow = time.perf_counter() - begun > PATIENCE
        super().__init__(labels, start)
        for selector in self.selectors:
            selector.continuous_update = not slow

    def picture(self, position: Position) -> Shown:
        if position not in self.kept:
            self.kept[position] = self.draw(position)
        return self.kept[position]

    def _view(self):
        image = super()._view()
        for axis, selector in enumerate(self.selectors):
            selector.observe(lambda move, axis=axis: self._look_ahead(axis, move), "index")
        return image

    def _look_ahead(self, axis: int, move) -> None:
        """Once the kernel is idle: the position after this one, and then the one before it."""
        with contextlib.suppress(RuntimeError):  # no event loop: only a program moves it
            loop, here = asyncio.get_running_loop(), self.position
            for step in (move.new - move.old, move.old - move.new):
                position = (*here[:axis], here[axis] + (step > 0) - (step < 0), *here[axis + 1 :])
                if 0 <= position[axis] < len(self.selectors[axis].options):
                    loop.call_soon(self._draw_if_still, here, position)

    def _draw_if_still(self, here: Position, position: Position) -> None:
        if self.position == here:
            self.picture(position)


@in_its_language
def slider(
    name: str,
    values: Iterable[float],
    draw: Callable[[float], Picture],
    *,
    start: float | None = None,
    language: str = "en",
) -> Sliders:
    """A slider over the values of a setting: draw(value) makes the picture for each.

    name   what is moved (kl_beta); it stands beside the slider, in the language where it has a word
    start  the value it stands on at first; None: the middle one
    """
    values = list(values)
    middle = values[len(values) // 2] if values and start is None else start

    def draw_one(**setting) -> Picture:
        return draw(setting[name])

    return _sliders(draw_one, {name: values}, {name: middle}, language)


@in_its_language
def editor(
    draw: Callable[..., Picture], values: Mapping, start: Mapping, *, language: str = "en"
) -> Sliders:
    """Sliders over several settings: draw(**settings) makes the picture for each combination.

    values  the grid of each setting, by name
    start   the value that each stands on at first
    """
    guards.instance("values", values, Mapping)
    guards.instance("start", start, Mapping)
    if set(start) != set(values):
        raise ValueError(say("start_names", names=", ".join(values), got=", ".join(start)))
    return _sliders(draw, values, start, language)


def _sliders(draw, values: Mapping, start: Mapping, language: str) -> Sliders:
    """Framed or Live; a ValueError, before anything is drawn, unless start is on the grids."""
    grids = {
        name: [guards.number(Phrase("a_value", name=repr(name)), value) for value in grid]
        for name, grid in values.items()
    }
    position = tuple(_position(name, start[name], grid) for name, grid in grids.items())
    figures = Figures()

    def at(position: Position) -> Shown:
        chosen = zip(grids.items(), position, strict=True)
        with figures.used():
            picture = draw(**{name: grid[index] for (name, grid), index in chosen})
        guards.instance(Phrase("drawn"), picture, Picture)
        return Shown(picture.png, picture.alt)

    written = ([setting(value, language) for value in grid] for grid in grids.values())
    names = [word("setting", name, language) for name in values]
    labels = dict(zip(names, written, strict=True))
    if math.prod(map(len, grids.values())) > FRAMES:
        return Live(labels, position, at)
    positions = itertools.product(*(range(len(grid)) for grid in grids.values()))
    return Framed(labels, position, {position: at(position) for position in positions})


def _position(name: str, start: float, values: list[float]) -> int:
    if not values:
        raise ValueError(say("no_value", name=repr(name)))
    named = Phrase("start_of", name=repr(name))
    if guards.number(named, start) not in values:
        allowed = Phrase("one_of", options=", ".join(map(str, values)))
        raise ValueError(guards.must(named, allowed, start))
    return values.index(start)


def _selector(
    name: str, labels: Sequence[str], start: int
) -> tuple[ipywidgets.Dropdown, ipywidgets.SelectionSlider]:
    """A slider, and the Dropdown that names it and shows its value; the front end joins them."""
    options = [(label, index) for index, label in enumerate(labels)]
    wide = {"description_width": "7em"}  # several sliders stand in one column
    named = ipywidgets.Dropdown(
        options=options, index=start, description=name, style=wide, layout={"width": "13em"}
    )
    moved = ipywidgets.SelectionSlider(
        options=options, index=start, readout=False, layout={"width": "24em"}
    )
    ipywidgets.jslink((moved, "index"), (named, "index"))
    return named, moved
