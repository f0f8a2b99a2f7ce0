"""A folder on disk, replaced as a whole: whoever stops the work finds the old one or the new."""

import os
import shutil
from pathlib import Path


def replace(folder: Path, files: dict[str, bytes]) -> None:
    """The folder holds these files and no others."""
    fresh, old = (folder.with_name(folder.name + end) for end in (".new", ".old"))
    try:
        # Left behind by a power cut.
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        for name, data in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if folder.exists():
            os.replace(folder, old)
        os.replace(fresh, folder)
    finally:
        if old.exists() and not folder.exists():
            os.replace(old, folder)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
