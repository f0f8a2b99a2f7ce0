"""Sliders under the figures: `slider` shows pictures made beforehand, `editor` draws as it goes."""

import base64
import html
from collections.abc import Callable, Iterable, Mapping, Sequence

import ipywidgets

from toycore.language import number, text
from toycore.plots import Picture


class Sliders(ipywidgets.VBox):
    """One SelectionSlider for each setting, above a picture.

    A saved page without widgets keeps the first picture and its text.
    """

    def __init__(self, selectors: Sequence[ipywidgets.SelectionSlider], view):
        self.selectors, self.view = tuple(selectors), view
        super().__init__([*selectors, view])

    @property
    def shown(self) -> Picture:
        """The picture of the values that the sliders stand on."""
        raise NotImplementedError

    _ipython_display_ = None  # ipywidgets 7 would display without the picture and its text

    def _repr_mimebundle_(self, **_) -> dict:
        model = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {
            "text/plain": self.shown.alt,
            "image/png": base64.b64encode(self.shown.png).decode(),
            "application/vnd.jupyter.widget-view+json": model,
        }


class Slider(Sliders):
    """One setting, and a picture made beforehand for each of its values.

    With ipywidgets 8 the pictures lie in a Stack that the front end turns by itself: no
    message to the kernel, no redraw. ipywidgets 7 (Colab) has no Stack: there a callback
    exchanges the one picture shown.
    """

    def __init__(self, name: str, labels: Sequence[str], pictures: list[Picture], start: int):
        self.pictures = pictures
        self.selector = _selector(name, labels, start)
        if hasattr(ipywidgets, "Stack"):
            images = [ipywidgets.HTML(_image(picture)) for picture in pictures]
            view = ipywidgets.Stack(images, selected_index=start)
            ipywidgets.jslink((self.selector, "index"), (view, "selected_index"))
        else:
            view = ipywidgets.HTML(_image(pictures[start]))
            self.selector.observe(self._show, "index")
        super().__init__([self.selector], view)

    def _show(self, change) -> None:
        self.view.value = _image(self.pictures[change["new"]])

    @property
    def shown(self) -> Picture:
        return self.pictures[self.selector.index]


class Editor(Sliders):
    """Several settings, and a picture drawn when they are set; drawn once, it is kept."""

    def __init__(
        self, draw: Callable[..., Picture], values: Mapping, start: Mapping, language: str
    ):
        self.draw, self.values, self.kept = draw, values, {}
        selectors = [
            _selector(
                text(f"setting.{name}", language),
                [number(value, language) for value in grid],
                grid.index(start[name]),
            )
            for name, grid in values.items()
        ]
        super().__init__(selectors, ipywidgets.HTML())
        for selector in selectors:
            selector.continuous_update = False  # a drawing takes longer than a mouse move
            selector.observe(self._show, "index")
        self._show()

    def _show(self, _=None) -> None:
        self.view.value = _image(self.shown)

    @property
    def shown(self) -> Picture:
        key = tuple(selector.index for selector in self.selectors)
        if key not in self.kept:
            chosen = {
                name: grid[index]
                for (name, grid), index in zip(self.values.items(), key, strict=True)
            }
            self.kept[key] = self.draw(**chosen)
        return self.kept[key]


def slider(
    name: str,
    values: Iterable[float],
    draw: Callable[[float], Picture],
    *,
    start: float | None = None,
    language: str = "en",
) -> Slider:
    """A slider over the values of a setting: draw(value) makes the picture of each, once.

    name   what is moved, as it stands beside the slider (kl_beta)
    start  the value it stands on at first; None: the middle one
    """
    values = _grid(name, values)
    first = len(values) // 2 if start is None else _place(name, start, values)
    labels = [number(value, language) for value in values]
    return Slider(name, labels, [draw(value) for value in values], first)


def editor(
    draw: Callable[..., Picture], values: Mapping, start: Mapping, *, language: str = "en"
) -> Editor:
    """Sliders over several settings: draw(**settings) makes the picture when they are set.

    values  the grid of each setting, by name
    start   the value that each stands on at first
    """
    values = {name: _grid(name, grid) for name, grid in values.items()}
    if set(start) != set(values):
        raise ValueError(f"start must name {', '.join(values)}; got {', '.join(start)}")
    for name, grid in values.items():
        _place(name, start[name], grid)
    return Editor(draw, values, start, language)


def _grid(name: str, values: Iterable[float]) -> list[float]:
    values = list(values)
    if not values:
        raise ValueError(f"the slider {name!r} needs at least one value; got none")
    return values


def _place(name: str, start: float, values: list[float]) -> int:
    if start not in values:
        raise ValueError(f"start of {name!r} must be one of {values}; got {start}")
    return values.index(start)


def _selector(name: str, labels: Sequence[str], start: int) -> ipywidgets.SelectionSlider:
    return ipywidgets.SelectionSlider(
        options=[(label, index) for index, label in enumerate(labels)],
        index=start,
        description=name,
        style={"description_width": "initial"},
        layout={"width": "28em"},
    )


def _image(picture: Picture) -> str:
    data = base64.b64encode(picture.png).decode()
    return (
        f'<img alt="{html.escape(picture.alt)}" style="max-width: 100%; background: white" '
        f'src="data:image/png;base64,{data}">'
    )
