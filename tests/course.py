"""The course in the repository: its sources, and the notebooks that they gave."""

from pathlib import Path

import build
from builder.lesson import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
COURSE = build.COURSE
NOTEBOOKS = sorted(p for k in LANGUAGES for p in (ROOT / "notebooks" / k).glob("*.ipynb"))


def said(notebook) -> dict[str, list[str]]:
    """What each code cell says, by its id: printed, or as the text of what it shows.

    Without the cells whose output may differ: what a clock or the machine says.
    """
    return {
        cell.id: [
            output.text if output.output_type == "stream" else output.data.get("text/plain", "")
            for output in cell.outputs
        ]
        for cell in notebook.cells
        if cell.cell_type == "code" and "nbval-ignore-output" not in cell.metadata.get("tags", ())
    }
