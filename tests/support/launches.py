"""The commands of docs/machines.md, which both languages share."""

from markdown_it import MarkdownIt

from course import ROOT

PAGE = ROOT / "docs" / "machines.md"


def commands() -> list[str]:
    """Each of its command lines that trains."""
    blocks = MarkdownIt("commonmark").parse(PAGE.read_text(encoding="utf-8"))
    lines = [line for one in blocks if one.type == "fence" for line in one.content.splitlines()]
    return [line for line in lines if "-m toycore.real" in line]
