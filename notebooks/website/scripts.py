"""The scripts and fonts that all pages share: taken from npm once, checked, kept in a cache."""

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

from website.errors import SiteError


class Package(NamedTuple):
    name: str
    version: str
    integrity: str  # as a package-lock.json states it
    files: tuple[str, ...]


PACKAGES = (
    Package(  # embed.js: the standard widgets and their manager, in one file
        "@jupyter-widgets/html-manager",
        "1.0.15",
        "sha512-5thBIV6ymNgmPVOHvzx+gGy8ZSKmSazhtGw4/c4xJDVzRhG9PTeQsRjF3FUTopvFi//SABeNz1yp47bCrJ3CQA==",
        ("dist/embed.js", "dist/embed.js.LICENSE.txt"),
    ),
    Package(  # tex-svg.js: TeX to SVG with the glyphs inside; no font files
        "mathjax",
        "3.2.2",
        "sha512-Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
        ("es5/tex-svg.js", "LICENSE"),
    ),
    Package(
        "@fontsource-variable/source-serif-4",
        "5.3.1",
        "sha512-4Rtay22SC4lMvw11r/+9kxANB6P3M0X8s1NudBC2v0J1KU2y3DcMoNcT3lBoZ/CqLirzf+StlO6UlJilyrvaUg==",
        (
            "files/source-serif-4-latin-wght-normal.woff2",
            "files/source-serif-4-latin-wght-italic.woff2",
            "files/source-serif-4-latin-ext-wght-normal.woff2",
            "files/source-serif-4-latin-ext-wght-italic.woff2",
            "files/source-serif-4-greek-wght-normal.woff2",
            "LICENSE",
        ),
    ),
    Package(
        "@fontsource-variable/source-sans-3",
        "5.3.1",
        "sha512-u0p5Z/PM2e1uxYOMiodLM6NVzxHwULcB6Oi7QSr2WU/sdoLBFP/BeOZ3YYHeJ6rHsjPZA1nZweZVaV7sf2MAyQ==",
        (
            "files/source-sans-3-latin-wght-normal.woff2",
            "files/source-sans-3-latin-ext-wght-normal.woff2",
            "files/source-sans-3-greek-wght-normal.woff2",
            "LICENSE",
        ),
    ),
)


def fetch(cache: Path, packages: tuple[Package, ...] = PACKAGES) -> dict[str, bytes]:
    """The files of the packages, by name; a licence bears the name of its package."""
    files = {}
    for package in packages:
        data = tarball(package, cache)
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for path in package.files:
                short = Path(package.name).name
                name = f"{short}.LICENSE.txt" if path == "LICENSE" else Path(path).name
                files[name] = archive.extractfile(f"package/{path}").read()
    return files


def tarball(package: Package, cache: Path) -> bytes:
    """The package as npm serves it; one that is not what its pin says is never used."""
    path = cache / f"{package.name.strip('@').replace('/', '-')}-{package.version}.tgz"
    if not path.exists():
        download(package, cache)
    data = path.read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    if found != package.integrity:
        path.unlink()
        raise SiteError(f"{path.name} is {found}, not {package.integrity}; it was deleted")
    return data


def download(package: Package, cache: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SiteError(f"npm is not installed; {package.name} is taken from it")
    cache.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", "--silent", f"{package.name}@{package.version}"]
    done = subprocess.run(command, cwd=cache, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip()
        raise SiteError(f"npm could not get {package.name} {package.version}: {reason}")
