"""What was measured once, with TRL: for machines without it, and to compare a new run with."""

import json
from importlib import resources
from typing import Any


def stored() -> dict[str, Any]:
    """What tests/tools/stored_real.py measured, to four decimals; in English words.

    versions  of the libraries and of Python
    starts    seed (text) → `ref_logp`, the table (6, W) of the start
    runs      a list of dicts: `method`, its settings and `seed`; where it landed (`reward`, `kl`,
              `attained`, `mass`), where its own optimum is (`own`) and π* (`star`); its `curve`

    The runs are float32: another processor gives other digits, and after some steps other samples,
    but lands near.
    """
    return json.loads(resources.files("toycore.real").joinpath("stored.json").read_text("utf-8"))
