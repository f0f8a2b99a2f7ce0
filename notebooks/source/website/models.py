"""The state of a notebook's widgets: with names that do not change from build to build."""

import hashlib
import json
import re

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
ID = re.compile(r"IPY_MODEL_([0-9a-f]{32})")


def views(notebook) -> list[str]:
    """The ids of the widgets shown, in the order of the page."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    shown = (output.get("data", {}).get(VIEW) for output in outputs)
    return [view["model_id"] for view in shown if view]


def state(notebook) -> dict:
    return notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})


def rename(notebook, prefix: str) -> dict[str, str]:
    """New ids by old ones: a model is named after its place in the page, not at random."""
    models = state(notebook)
    order = reachable(models, views(notebook))
    hidden = set(models) - set(order)  # links: they hold sliders, nothing holds them
    order += sorted(hidden, key=lambda i: anonymous(models[i], order))
    return {
        old: hashlib.sha256(f"{prefix}/{place}".encode()).hexdigest()[:32]
        for place, old in enumerate(order)
    }


def anonymous(model: dict, order: list[str]) -> str:
    """What a link joins, told by the places of its ends."""
    place = {name: str(index) for index, name in enumerate(order)}
    text = json.dumps(model, sort_keys=True)
    return ID.sub(lambda found: place.get(found[1], "another"), text)


def reachable(models: dict, roots: list[str]) -> list[str]:
    """The models that the roots hold, each once, in the order met."""
    order = {}
    stack = list(reversed(roots))
    while stack:
        name = stack.pop()
        if name in models and name not in order:
            order[name] = None
            stack += reversed(ID.findall(json.dumps(models[name]["state"])))
    return list(order)


def part(models: dict, root: str) -> dict:
    """The models of one widget, and the links between them."""
    held = set(reachable(models, [root]))
    links = {
        name
        for name, model in models.items()
        if name not in held and model["model_name"].endswith("LinkModel")
        if held.issuperset(ID.findall(json.dumps(model["state"])))
    }
    return {name: models[name] for name in sorted(held | links)}


def script(models: dict) -> str:
    """The state as it stands in a page: no `<` in it could end the script early."""
    bundle = {"version_major": 2, "version_minor": 0, "state": models}
    return json.dumps(bundle, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")
