"""The scripts and fonts that pages share, as package.json names and package-lock.json pins them."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from website.errors import SiteError

HERE = Path(__file__).parent
PROJECT = ("package.json", "package-lock.json", ".npmrc")
SITE = (
    "@jupyter-widgets/html-manager/dist/embed.js",  # the standard widgets and their manager
    "@jupyter-widgets/html-manager/dist/embed.js.LICENSE.txt",
    "mathjax/es5/tex-svg.js",  # TeX to SVG with the glyphs inside; no font files
    "mathjax/LICENSE",
    "@fontsource-variable/source-serif-4/files/source-serif-4-latin-wght-normal.woff2",
    "@fontsource-variable/source-serif-4/files/source-serif-4-latin-wght-italic.woff2",
    "@fontsource-variable/source-serif-4/files/source-serif-4-latin-ext-wght-normal.woff2",
    "@fontsource-variable/source-serif-4/files/source-serif-4-latin-ext-wght-italic.woff2",
    "@fontsource-variable/source-serif-4/files/source-serif-4-greek-wght-normal.woff2",
    "@fontsource-variable/source-serif-4/LICENSE",
    "@fontsource-variable/source-sans-3/files/source-sans-3-latin-wght-normal.woff2",
    "@fontsource-variable/source-sans-3/files/source-sans-3-latin-ext-wght-normal.woff2",
    "@fontsource-variable/source-sans-3/files/source-sans-3-greek-wght-normal.woff2",
    "@fontsource-variable/source-sans-3/LICENSE",
)


def fetch(cache: Path, paths: tuple[str, ...] = SITE, project: Path = HERE) -> dict[str, bytes]:
    """The files of the packages, by name; a licence carries the name of its package."""
    modules = installed(cache, project)
    return {short(path): (modules / path).read_bytes() for path in paths}


def short(path: str) -> str:
    *_, package, name = path.split("/")
    return f"{package}.LICENSE.txt" if name == "LICENSE" else name


def installed(cache: Path, project: Path) -> Path:
    """The complete folder node_modules of what the project pins; npm refuses anything else."""
    pinned = b"".join((project / name).read_bytes() for name in PROJECT)
    folder = cache / hashlib.sha256(pinned).hexdigest()[:16]
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            fresh = Path(scratch) / "project"
            fresh.mkdir()
            for name in PROJECT:
                shutil.copy(project / name, fresh)
            install(fresh)
            try:
                os.rename(fresh, folder)
            except OSError:
                if not folder.exists():  # else another build was first
                    raise
    return folder / "node_modules"


def install(project: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SiteError("npm is not installed; scripts and fonts of the pages are taken from it")
    done = subprocess.run([npm, "ci"], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SiteError(f"npm ci failed: {(done.stderr or done.stdout).strip()}")
