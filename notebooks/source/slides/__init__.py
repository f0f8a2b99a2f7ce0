"""Slides for a projector: each lesson as one HTML file with all that it needs inside.

One file, since a teacher carries it on a stick or sends it; it opens from a folder, without a
network. What goes on a slide, and what into its notes: deck.py. reveal.js shows the slides, and
the notes in a window of the speaker's own (the key S).
"""

from pathlib import Path

import jinja2

from slides.deck import deck
from website.errors import SiteError
from website.scripts import fetch

HERE = Path(__file__).parent
MOST = 40  # slides of a lesson
SHARED = (
    "mathjax/es5/tex-svg.js",
    "mathjax/LICENSE",
    "reveal.js/dist/reveal.js",
    "reveal.js/dist/reveal.css",
    "reveal.js/dist/plugin/notes.js",
    "reveal.js/LICENSE",
)
ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def make(notebooks: dict, cache: Path) -> dict[str, bytes]:
    """Every file of dist/slides by its path, of notebooks that were run (by their paths)."""
    shared = fetch(cache, SHARED)
    files = {name: data for name, data in shared.items() if name.endswith(".txt")}
    for path, notebook in notebooks.items():
        files[f"{path.parent.name}/{path.stem}.html"] = page(path, notebook, shared).encode()
    return files


def page(path: Path, notebook, shared: dict[str, bytes]) -> str:
    slides = deck(notebook, MOST)
    if len(slides) > MOST:
        raise SiteError(f"{path.parent.name}/{path.name}: {len(slides)} slides; at most {MOST}")
    style, script = (HERE.joinpath(name).read_text("utf-8") for name in ("slides.css", "slides.js"))
    scripts = ("reveal.js", "notes.js", "tex-svg.js")
    return ENVIRONMENT.get_template("page.html.j2").render(
        language=path.parent.name,
        title=notebook.cells[0].source.partition("\n")[0].lstrip("# "),
        style=shared["reveal.css"].decode() + style,
        scripts=[script, *(inline(shared[name].decode()) for name in scripts)],
        slides=slides,
    )


def inline(script: str) -> str:
    """A script as it may stand in a page: nothing in it begins a comment or ends the script."""
    return script.replace("<!--", "\\x3c!--").replace("</script", "\\x3c/script")
