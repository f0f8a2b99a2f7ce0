"""A slider that runs on a slide: its frames lie in the page, and slides.js shows one of them.

The state of its widget has all of it. The manager of Jupyter's widgets, which the website uses,
weighs more than all pictures of a lesson; to exchange pictures the browser's own slider will do.
"""

import re
from html import escape
from math import prod

SHOWN = re.compile(r'<img class="[^"]*" (.*?)style="[^"]*" ([^>]*>).*', re.DOTALL)


def running(name: str, view: str, state: dict) -> str:
    """Its lines above its picture; "" where a kernel would have to draw the pictures."""
    *lines, last = children(view, state)
    settings = [state[children(line, state)[0]]["state"] for line in lines]
    pictures = frames(last, state)
    if len(pictures) != prod(len(setting["_options_labels"]) for setting in settings):
        return ""
    rows = "".join(row(f"{name}-{place}", setting) for place, setting in enumerate(settings))
    hidden = "".join(SHOWN.sub(r"<img hidden \1\2", picture) for picture in pictures)
    return f'<div class="settings">{rows}</div><figure class="frames">{hidden}</figure>'


def row(name: str, setting: dict) -> str:
    """A slider, its setting and its value; the list holds its values, and marks their places."""
    values = [escape(label) for label in setting["_options_labels"]]
    places = [f'<option value="{k}" label="{said}"></option>' for k, said in enumerate(values)]
    return (
        f'<label for="{name}">{escape(setting["description"])}</label>'
        f'<input type="range" id="{name}" list="{name}-values" max="{len(values) - 1}" '
        f'value="{setting["index"]}"><output for="{name}">{values[setting["index"]]}</output>'
        f'<datalist id="{name}-values">' + "".join(places) + "</datalist>"
    )


def children(name: str, state: dict) -> list[str]:
    return [child.removeprefix("IPY_MODEL_") for child in state[name]["state"]["children"]]


def frames(name: str, state: dict) -> list[str]:
    """The pictures of a Stack and of those inside it; the last slider moves first."""
    if "children" not in state[name]["state"]:
        return [state[name]["state"]["value"]]
    return [image for child in children(name, state) for image in frames(child, state)]
