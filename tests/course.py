"""The course in the repository: its sources, and the notebooks that they gave."""

from pathlib import Path

import build
from builder.lesson import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
COURSE = build.COURSE
NOTEBOOKS = sorted(p for k in LANGUAGES for p in (ROOT / "notebooks" / k).glob("*.ipynb"))
