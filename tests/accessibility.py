"""axe-core in a page: what it calls serious or critical."""

import pytest

import website
from site_pages import ROOT, needs_npm

AXE = website.Package(
    "axe-core",
    "4.14.1",
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    ("axe.min.js",),
)


@pytest.fixture(scope="session")
def axe() -> str:
    with needs_npm():
        return website.fetch(ROOT / "dist" / "npm", (AXE,))["axe.min.js"].decode()


def findings(page, axe: str, within: str = "html") -> list[str]:
    """The rule and where it was broken, in what the selector names."""
    page.evaluate(axe)
    found = page.evaluate(f"axe.run({within!r}, {{resultTypes: ['violations']}})")["violations"]
    grave = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in grave for node in rule["nodes"]]
