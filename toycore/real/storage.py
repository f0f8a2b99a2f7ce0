"""What was measured once, with TRL: for machines without it, and to compare a new run with."""

import json
from importlib import resources
from typing import Any


def stored() -> dict[str, Any]:
    """`versions`, `starts` (a dict for each seed) and `runs`, each with its settings and landing.

    Made by tests/tools/stored_real.py. The runs are float32: another processor gives other digits,
    and after some steps other samples, but lands near.
    """
    return json.loads(resources.files("toycore.real").joinpath("stored.json").read_text("utf-8"))
