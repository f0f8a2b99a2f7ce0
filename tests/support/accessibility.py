"""axe-core in a page: what it calls serious or critical."""

import pytest

import website
from site_pages import ROOT, needs_npm


@pytest.fixture(scope="session")
def axe() -> str:
    with needs_npm():
        return website.fetch(ROOT / "dist" / "npm", ("axe-core/axe.min.js",))["axe.min.js"].decode()


def findings(page, axe: str, within: str = "html") -> list[str]:
    """The rule and where it was broken, in what the selector names."""
    page.evaluate(axe)
    found = page.evaluate(f"axe.run({within!r}, {{resultTypes: ['violations']}})")["violations"]
    grave = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in grave for node in rule["nodes"]]
