"""The course as a static website, alive without a kernel and without the network.

    index.html            sends readers to the index of their language
    tr/ en/               an index, and for each lesson its page, its notebook and its bundle
    assets/               our style and script, the widget manager, MathJax, fonts

All addresses are relative: the site works at any address, and from a folder.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from builder.folder import replace
from website import layout, pages
from website.errors import SiteError
from website.scripts import fetch

__all__ = ["Executed", "SiteError", "fetch", "make", "write"]

LIMIT = 2_000_000  # bytes of a page, beside the shared scripts
ASSETS = Path(__file__).parent / "assets"


class Executed(NamedTuple):
    """A notebook that was run: as `live` it holds its widgets, as `stored` what the reader gets.

    The bundle is the same notebook with the package inside, for a machine that has nothing else.
    """

    language: str
    name: str
    live: object
    stored: bytes
    bundle: bytes | None = None


def make(notebooks: Iterable[Executed], cache: Path) -> dict[str, bytes]:
    """The site's files by path. Nothing is executed before the shared scripts are at hand."""
    files = {f"assets/{name}": data for name, data in fetch(cache).items()}
    files |= {f"assets/{path.name}": path.read_bytes() for path in sorted(ASSETS.iterdir())}
    lessons = []
    for done in notebooks:
        lesson = pages.read(done.live, done.language, done.name)
        files[f"{done.language}/{done.name}.ipynb"] = done.stored
        if done.bundle is not None:
            lesson = lesson._replace(bundle=f"{done.name}.standalone.ipynb")
            files[f"{done.language}/{lesson.bundle}"] = done.bundle
        lessons.append(lesson)
    files |= {path: html.encode() for path, html in layout.site(lessons).items()}
    if heavy := [
        path for path, data in files.items() if path[-5:] == ".html" and len(data) > LIMIT
    ]:
        raise SiteError(f"more than {LIMIT:,} bytes: {', '.join(heavy)}")
    return files


def write(files: dict[str, bytes], folder: Path) -> None:
    """The folder holds these files and no others."""
    replace(folder, files)
