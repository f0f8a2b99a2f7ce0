"""Marks within a line of Markdown as HTML; everything else is shown as it is written."""

import html
import re

# A star right after a letter does not start emphasis: π* is a name.
INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\$[^$]+\$"
    r"|\*\*(?P<strong>[^\s*][^*]*)\*\*|(?<!\w)\*(?P<em>[^\s*][^*]*)\*(?!\w)"
)


def as_html(text: str) -> str:
    """The text with code and emphasis as HTML, formulas as TeX; everything else escaped."""

    def shown(found: re.Match) -> str:
        for tag in ("code", "strong", "em"):
            if found[tag]:
                return f"<{tag}>{found[tag]}</{tag}>"
        return found[0]

    return INLINE.sub(shown, html.escape(text))
