"""The build of the course, and the notebooks it has made."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("notebooks_build", ROOT / "notebooks" / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)

NOTEBOOKS = sorted(p for k in build.LANGUAGES for p in (ROOT / "notebooks" / k).glob("*.ipynb"))
