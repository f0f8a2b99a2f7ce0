"""A lesson's citations, `[words][key]`, as Markdown links: keys and addresses in sources.py.

Links are in the text itself. Definitions at the end of a cell would be lost where the slides
take a cell apart, and where a reason unfolds.
"""

import re

from sources import SOURCES

# Code first: what looks like a citation in it is not one, as in `table[x][y]`.
CITED = re.compile(r"(?P<tick>`+).+?(?P=tick)|\[(?P<words>[^][]+)\]\[(?P<key>[^][]*)\]", re.DOTALL)


def linked(prose: str) -> str:
    """KeyError where there is no such source."""
    return CITED.sub(link, prose)


def link(found: re.Match) -> str:
    if found["tick"]:
        return found[0]
    source = SOURCES[found["key"]]
    return f'[{found["words"]}]({source.address} "{source.title}")'
