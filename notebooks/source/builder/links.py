"""The line under a notebook's title: where to open it, or how to upload it.

Links are made from the repository's own address: GITHUB_REPOSITORY, or the git remote. Colab and
Kaggle open the bundle, which runs alone; the workflow bundles.yml keeps it on the branch BRANCH.
Binder installs the repository. Without an address there is no link: a sentence says what to do.
"""

import os
import re
import subprocess
from pathlib import Path

from words import WORDS

BRANCH = "bundles"
# JupyterLab, Colab and Kaggle each hide the input of a cell in a way of their own.
HIDDEN = {"jupyter": {"source_hidden": True}, "cellView": "form", "_kg_hide-input": True}
GITHUB = re.compile(r"(?:https://|git@|ssh://git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def repository(folder: Path) -> str | None:
    """owner/name on GitHub of the clone in `folder`, or None."""
    if name := os.environ.get("GITHUB_REPOSITORY"):
        return name
    command = ["git", "-C", str(folder), "remote", "get-url", "origin"]
    try:
        remote = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:  # no git
        return None
    found = GITHUB.fullmatch(remote.strip())
    return found[1] if found else None


def line(language: str, name: str, address: str | None, bundled: bool) -> str:
    """Markdown: links where there is an address; for the notebook, or for its bundle."""
    words, file = WORDS[language], f"{language}/{name}.ipynb"
    if address is None:
        return words["alone"] if bundled else words["upload"].format(f"dist/{file}")
    bundle = f"{address}/blob/{BRANCH}/{file}"
    links = {
        "Colab": f"https://colab.research.google.com/github/{bundle}",
        "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://github.com/{bundle}",
        "Binder": f"https://mybinder.org/v2/gh/{address}/HEAD?labpath=notebooks/{file}",
    }
    told = " · ".join(f"[{words['open'].format(place)}]({to})" for place, to in links.items())
    return f"{told}\n\n{words['alone']}" if bundled else told
