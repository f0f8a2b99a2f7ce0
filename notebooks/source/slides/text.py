"""A lesson's Markdown as HTML, in the pieces that slides are made of."""

import re
from collections.abc import Iterator
from html import escape, unescape

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from website.pages import MINUTES

# Code is matched too, so that its comments are not taken for headings.
PIECE = re.compile(
    r"^```.*?^```$|^(?P<level>#{1,3}) (?P<heading>[^\n]+)$|\$\$(?P<formula>.+?)\$\$",
    re.MULTILINE | re.DOTALL,
)
FOLD = re.compile(r"<details>\s*<summary>(.*?)</summary>")
FORMULA = re.compile(r"(\$\$?)[^$]+\1")
TAG = re.compile(r"<[^>]*>")


def pieces(source: str) -> Iterator[tuple[str, str]]:
    """Headings ("#", "##", "###"), each "formula" that has a line of its own, "prose" between."""
    end = 0
    for found in PIECE.finditer(source):
        if kind := found["level"] or (found["formula"] and "formula"):
            yield "prose", source[end : found.start()]
            yield kind, (found["heading"] or found["formula"]).strip()
            end = found.end()
    yield "prose", source[end:]


def html(markdown: str) -> str:
    """All of it, including what unfolds in the notebook."""
    open_ = FOLD.sub(r"\n\n**\1**\n\n", markdown).replace("</details>", "")
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(open_).strip()


def line(markdown: str) -> str:
    """A heading, a question or an answer, without minutes: those are for the teacher's plan."""
    return html(MINUTES.sub("", markdown)).removeprefix("<p>").removesuffix("</p>")


def formula(tex: str) -> str:
    """One below the other: side by side, as in the notebook, is too small on a wall."""
    parts = re.split(r"\\qquad\s*", tex)
    if any(part.count("{") != part.count("}") for part in parts):
        parts = [tex]
    return "".join(f"<p>$${escape(part.strip())}$$</p>" for part in parts)


def printed(text: str) -> str:
    return f"<pre>{escape(text.rstrip())}</pre>"


def words(shown: str) -> int:
    """How many words there are to read in HTML; a formula is one."""
    text = FORMULA.sub(" formula ", unescape(TAG.sub(" ", shown)))
    return sum(any(map(str.isalnum, word)) for word in text.split())
