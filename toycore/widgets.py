"""Sliders: every picture is made beforehand, moving the slider only shows. See `slider`."""

import base64
import html
from collections.abc import Callable, Iterable

import ipywidgets

from toycore.language import number
from toycore.plots import Picture


class Slider(ipywidgets.VBox):
    """A SelectionSlider above one picture for each of its values.

    With ipywidgets 8 the pictures lie in a Stack that the front end turns by itself: no
    message to the kernel, no redraw. ipywidgets 7 (Colab) has no Stack: there a callback
    exchanges the one picture shown. A saved page without widgets keeps the first picture
    and its text.
    """

    def __init__(self, name: str, labels: list[str], pictures: list[Picture], start: int):
        self.pictures = pictures
        self.selector = ipywidgets.SelectionSlider(
            options=[(label, index) for index, label in enumerate(labels)],
            index=start,
            description=name,
            style={"description_width": "initial"},
            layout={"width": "28em"},
        )
        if hasattr(ipywidgets, "Stack"):
            images = [ipywidgets.HTML(_image(picture)) for picture in pictures]
            self.view = ipywidgets.Stack(images, selected_index=start)
            ipywidgets.jslink((self.selector, "index"), (self.view, "selected_index"))
        else:
            self.view = ipywidgets.HTML(_image(pictures[start]))
            self.selector.observe(self._show, "index")
        super().__init__([self.selector, self.view])

    def _show(self, change) -> None:
        self.view.value = _image(self.pictures[change["new"]])

    @property
    def shown(self) -> Picture:
        """The picture of the value that the slider stands on."""
        return self.pictures[self.selector.index]

    _ipython_display_ = None  # ipywidgets 7 would display without the picture and its text

    def _repr_mimebundle_(self, **_) -> dict:
        model = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {
            "text/plain": self.shown.alt,
            "image/png": base64.b64encode(self.shown.png).decode(),
            "application/vnd.jupyter.widget-view+json": model,
        }


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
    values = list(values)
    if not values:
        raise ValueError(f"the slider {name!r} needs at least one value; got none")
    if start is not None and start not in values:
        raise ValueError(f"start must be one of {values}; got {start}")
    labels = [number(value, language) for value in values]
    pictures = [draw(value) for value in values]
    first = len(values) // 2 if start is None else values.index(start)
    return Slider(name, labels, pictures, first)


def _image(picture: Picture) -> str:
    data = base64.b64encode(picture.png).decode()
    return (
        f'<img alt="{html.escape(picture.alt)}" style="max-width: 100%; background: white" '
        f'src="data:image/png;base64,{data}">'
    )
