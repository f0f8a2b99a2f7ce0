"""What README, docs/ and CONTRIBUTING tell a person to run: the lines of their blocks, by kind."""

import re
from pathlib import Path

from markdown_it import MarkdownIt

from course import ROOT

BOTH = {ROOT / "README.md": ROOT / "README.tr.md"}
BOTH |= {page: page.parent / "tr" / page.name for page in sorted(ROOT.glob("docs/*.md"))}
PAGES = [*BOTH, *BOTH.values(), ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]


def tokens(page: Path) -> list:
    """What the page's Markdown is made of, inline parts after their block."""
    blocks = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    return [one for block in blocks for one in (block, *(block.children or ()))]


def blocks(page: Path, language: str) -> list[str]:
    return [one.content for one in tokens(page) if one.type == "fence" and one.info == language]


# How a line of a bash block is tested, by what it is; the first pattern that fits.
KINDS = {
    "server": r"(cd \S+ && )?sudo .*",
    "tests": r".* && \.venv/bin/pytest",  # .ci/run takes it from the README and runs it
    "set-up": r".* -r requirements\.txt && \.venv/bin/jupyter lab notebooks/\w+/\w+\.ipynb",
    "open": r"\.venv/bin/jupyter lab notebooks/\w+/\w+\.ipynb",
    "extra": r"(\.venv/bin/|uv )pip install -e .*",
    "pinned": r"(\.venv/bin/|uv )pip install (--torch-backend=cpu )?-r tests/versions/\w+\.txt",
    "tool": r"\.venv/bin/pip install [a-z-]+|\.venv/bin/pre-commit install",
    "grader": r"\.venv/bin/pip install nbgrader==[\d.]+",
    "grading": r"nbgrader \w+( 04_dpo-en)?",
    # tests/lessons/test_machines.py
    "launch": r"(srun .* )?\.venv/bin/(torchrun|accelerate launch) .*-m toycore\.real .*",
    "script": r"\.venv(-real)?/bin/python (-m [\w.]+|\S+\.py)( .*)?",
    "pytest": r"\.venv/bin/pytest .*",
}
LINES = {
    (page, line) for page in PAGES for block in blocks(page, "bash") for line in block.splitlines()
}


def kind(line: str) -> str:
    return next((name for name, is_like in KINDS.items() if re.fullmatch(is_like, line)), "unknown")


def of_kind(*names: str) -> list:
    lines = sorted({line for _, line in LINES if kind(line) in names})
    assert lines, names
    return lines
