"""The version, the changelog and the tag of a release agree."""

import os
import re

import pytest

import toycore as tc
from course import ROOT

RELEASE = re.compile(
    r"^## (\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)\n+(.*?)(?=^## |\Z)", re.M | re.S
)


def releases() -> list[tuple[str, str, str]]:
    """Version, date and text of each, the newest first."""
    return RELEASE.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))


def test_the_changelogs_newest_release_is_the_version():
    assert releases()[0][0] == tc.__version__


def test_every_release_says_whether_its_numbers_are_comparable():
    headings = re.findall(
        r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(headings) == len(releases())
    for version, _, text in releases():
        assert text.startswith("Numbers: "), version


@pytest.mark.skipif(os.environ.get("GITHUB_REF_TYPE") != "tag", reason="not on a tag")
def test_the_tag_is_the_version_and_has_its_date():
    version, date, _ = releases()[0]
    assert os.environ["GITHUB_REF_NAME"] == f"v{version}"
    assert date != "unreleased"
