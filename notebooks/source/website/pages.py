"""A notebook becomes the body of its page: cells as HTML, a table of contents, its widgets."""

import base64
import copy
import json
import re
import struct
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from builder.lesson import EXERCISE
from builder.predict import tagged
from website import models, predictions
from words import WORDS

TEMPLATES = Path(__file__).parent / "templates"
LESSON = re.compile(r'(href="[^":]+)\.ipynb(?=")')  # another lesson; elsewhere a notebook stays one
CHECK, SUMMARY = EXERCISE[1], "summary"
MINUTES = re.compile(r"\s*\((\d+) \w+(?:, \w+)?\)\s*$")  # an extra section says so


class Heading(NamedTuple):
    id: str
    level: int
    html: str
    minutes: int


class Still(NamedTuple):
    """What is shown in a slider's place until it is ready, and for good where no script runs."""

    png: str
    alt: str
    sliders: int

    @property
    def html(self) -> str:
        """It takes up the room of the sliders as well, so that nothing moves when they appear."""
        picture = f"data:image/png;base64,{self.png}"
        return (
            f'<div class="still" style="--sliders: {self.sliders}"><img class="picture" '
            f'src="{picture}" alt="{escape(self.alt)}" {size(self.png)}></div>'
        )


class Lesson(NamedTuple):
    """What the layout needs of a notebook."""

    language: str
    name: str
    number: str  # the same in both languages, as the lesson's file begins: 03_ppo
    headings: list[Heading]
    lead: str
    body: str
    models: dict
    views: list[str]
    stills: dict[str, Still]  # by view
    bundle: str | None = None  # its file, beside the page

    @property
    def minutes(self) -> int:
        return sum(heading.minutes for heading in self.headings)

    @property
    def kicker(self) -> str:
        return self.headings[0].html.partition(" · ")[0]

    @property
    def title(self) -> str:
        return self.headings[0].html.partition(" · ")[2] or self.headings[0].html


class Prose(IPythonRenderer):
    """Markdown with headings that are named after their cell, so alike in both languages."""

    def __init__(self, cell: str):
        super().__init__(escape=False)
        self.cell, self.headings = cell, []

    def heading(self, text: str, level: int, **_) -> str:
        found = MINUTES.search(text)
        html, minutes = MINUTES.sub("", text), int(found[1]) if found else 0
        name = f"{self.cell}-{len(self.headings) + 1}"
        self.headings.append(Heading(name, level, html, minutes))
        note = f' <small class="minutes">{found[0].strip()[1:-1]}</small>' if found else ""
        if level == 1:  # the lesson's number stands above its title
            html = html.partition(" · ")[2] or html
        return f'<h{level} id="{name}">{html}{note}</h{level}>\n'


def read(live, language: str, name: str) -> Lesson:
    notebook, renamed = copy.deepcopy(live), models.rename(live, f"{language}/{name}")
    notebook.cells = shown(notebook.cells)
    prose, headings = {}, []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            renderer = Prose(cell.id)
            prose[cell.id] = page_text(cell.source, renderer, WORDS[language], name)
            headings += renderer.headings
    for output in (o for c in notebook.cells for o in c.get("outputs", ())):
        if view := output.get("data", {}).get(models.VIEW):
            view["model_id"] = renamed[view["model_id"]]
    kept = models.state(live)
    text = models.ID.sub(lambda m: f"IPY_MODEL_{renamed[m[1]]}", json.dumps(kept))
    state = {renamed[old]: model for old, model in json.loads(text).items()}
    notebook.metadata = {"widgets": {models.STATE: {"state": state}}}
    first = prose[notebook.cells[0].id]
    return Lesson(
        language=language,
        name=name,
        number=notebook.cells[0].id.rpartition("-")[0],
        headings=headings,
        lead=re.search(r"<p>(.*?)</p>", first, re.DOTALL)[1],
        body=body(notebook, prose, language),
        models=state,
        views=models.views(notebook),
        stills=stills(notebook),
    )


def shown(cells: list) -> list:
    """Not the first line, whose links the page has itself; and since there is no kernel, neither
    the checks nor the summary of what was done, with the prose that asks for it."""
    asks = (cell for cell, following in pairwise(cells) if tagged(following, SUMMARY))
    left = {cell.id for cell in asks}
    left |= {cell.id for cell in cells if tagged(cell, CHECK) or tagged(cell, SUMMARY)}
    return [cell for cell in cells if not cell.id.endswith("-00") and cell.id not in left]


def page_text(source: str, renderer: Prose, words: dict[str, str], name: str) -> str:
    """Its HTML. Where exercises begin, it says where their cells can be run: not on the page."""
    begins = source.startswith(f"## {words['exercises']}\n")
    shown = source.partition("\n")[0] if begins else source
    html = wrap(MarkdownWithMath(renderer=renderer).render(shown))
    return html + words["elsewhere"].format(f"{name}.ipynb") if begins else html


def wrap(html: str) -> str:
    """A table too wide for a phone scrolls in a box of its own; a lesson links to its page."""
    html = html.replace("<table", '<div class="scroll"><table')
    html = html.replace("</table>", "</table></div>")
    return LESSON.sub(r"\1.html", html)


def stills(notebook) -> dict[str, Still]:
    """A slider is a box of its lines, the picture last."""
    data = (o.get("data", {}) for c in notebook.cells for o in c.get("outputs", ()))
    shown = {d[models.VIEW]["model_id"]: d for d in data if models.VIEW in d and "image/png" in d}
    state = models.state(notebook)
    return {
        view: Still(
            d["image/png"].strip(), d["text/plain"], len(state[view]["state"]["children"]) - 1
        )
        for view, d in shown.items()
    }


def size(png: str) -> str:
    """Width and height, so that the page does not jump when pictures arrive."""
    width, height = struct.unpack(">II", base64.b64decode(png[:44])[16:24])
    return f'width="{width}" height="{height}"'


def body(notebook, prose: dict[str, str], language: str) -> str:
    exporter = HTMLExporter(template_name="cells", extra_template_basedirs=[str(TEMPLATES)])
    exporter.register_filter("size", size)
    exporter.register_filter("wrap", wrap)
    exporter.register_filter("still", lambda view, found=stills(notebook): found[view].html)
    notebook.metadata["language_info"] = {"name": "python"}
    ballots, told = predictions.parts(notebook)
    words = WORDS[language]
    enlarge = (
        f'<button class="enlarge" type="button" aria-pressed="false">{words["enlarge"]}</button>'
    )
    resources = {"prose": prose, "ballots": ballots, "told": told, "see": words["see"]}
    resources["enlarge"] = enlarge
    html, _ = exporter.from_notebook_node(notebook, resources=resources)
    return html
