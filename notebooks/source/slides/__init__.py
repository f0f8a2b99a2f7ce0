"""Slides for a projector: each stored notebook as one HTML file with all that it needs inside.

One file, since a teacher carries it on a stick or sends it; it opens from a folder, without a
network. reveal.js shows the slides; slides.js lays the lesson out on them in the browser, where
the sizes of fonts and formulas are known, so that nothing runs off a slide on any machine.
"""

import copy
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase

import nbformat
from nbconvert import SlidesExporter

from builder.quiz import is_quiz
from toycore.widgets.quiz import parse
from website.pages import MINUTES
from website.scripts import fetch

HERE = Path(__file__).parent
SHARED = (
    "mathjax/es5/tex-svg.js",
    "mathjax/LICENSE",
    "reveal.js/dist/reveal.js",
    "reveal.js/dist/reveal.css",
    "reveal.js/LICENSE",
)
HIDDEN = {"check", "solution"}  # tags of cells that a class does not look at together
ANSWERS = re.compile(r"<details>.*?</details>", re.DOTALL)
HEADING = re.compile(r"^(?=#{1,2} )", re.MULTILINE)
ASKED = ("**Predict", "**Tahmin et", "**Choose", "**Seç")


def make(paths: list[Path], cache: Path) -> dict[str, bytes]:
    """Every file of dist/slides by its path."""
    shared = fetch(cache, SHARED)
    files = {name: data for name, data in shared.items() if name.endswith(".txt")}
    for path in paths:
        files[f"{path.parent.name}/{path.stem}.html"] = page(path, shared).encode()
    return files


def page(path: Path, shared: dict[str, bytes]) -> str:
    notebook = nbformat.read(path, as_version=4)
    style, script = (HERE / name for name in ("slides.css", "slides.js"))
    ours = script.read_text(encoding="utf-8")
    told = {
        "language": path.parent.name,
        "title": notebook.cells[0].source.partition("\n")[0].lstrip("# "),
        "style": shared["reveal.css"].decode() + style.read_text(encoding="utf-8"),
        "scripts": [ours, shared["reveal.js"].decode(), shared["tex-svg.js"].decode()],
    }
    notebook.cells = list(cells(notebook))
    exporter = SlidesExporter(
        template_name="slides", extra_template_basedirs=[str(HERE / "templates")]
    )
    notebook.metadata["language_info"] = {"name": "python"}
    html, _ = exporter.from_notebook_node(notebook, resources={"slides": told})
    return html


def cells(notebook) -> Iterator:
    """What a class looks at together, with the places where slides begin."""
    asked = False
    for cell in notebook.cells:
        if hidden(cell):
            continue
        if is_quiz(cell):
            yield from ballot(cell)
        elif cell.cell_type == "code":
            yield marked(cell, "subslide" if asked else "-", source=code(cell))
            asked = False
        else:
            for part in filter(str.strip, HEADING.split(ANSWERS.sub("", cell.source))):
                yield marked(cell, "slide" if HEADING.match(part) else "-", source=untimed(part))
                asked = any(word in part for word in ASKED)


def ballot(cell) -> Iterator:
    """The questions of a quiz, each on its slide, without the answers: the class votes."""
    for number, question in enumerate(parse(cell.source.split('"""')[1])):
        lines = [f"**{number + 1}.** {question.text}", ""]
        lines += [f"- **{ascii_uppercase[k]}** {a.text}" for k, a in enumerate(question.answers)]
        asked = nbformat.v4.new_markdown_cell(id=cell.id)
        yield marked(asked, "subslide" if number else "-", source="\n".join(lines))


def hidden(cell) -> bool:
    """The line of links, a setup that says nothing, what is for one learner, the glossary."""
    setup = cell.cell_type == "code" and not code(cell) and not cell.outputs
    for_one = HIDDEN.intersection(cell.metadata.get("tags", ()))
    return setup or bool(for_one) or cell.id.endswith("-00") or "tc.glossary." in cell.source


def code(cell) -> str:
    """Of a cell that only sets the lesson up, its output is enough."""
    return "" if "import toycore" in cell.source else cell.source


def untimed(prose: str) -> str:
    """The heading without its minutes: the teacher has a plan of his own."""
    heading, *rest = prose.split("\n", 1)
    return "\n".join([MINUTES.sub("", heading), *rest])


def marked(cell, slide_type: str, source: str):
    cell = copy.deepcopy(cell)
    cell.source = source
    cell.metadata["slideshow"] = {"slide_type": slide_type}
    cell.id = f"{cell.id}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"  # it may give two
    return cell
