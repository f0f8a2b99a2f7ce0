"""Version, changelog and tag of a release agree; its wheel and sdist hold what they ought to."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import PurePosixPath

import pytest

import toycore as tc
from course import ROOT, long

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


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Wheel and sdist, as the release makes them."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


PACKAGE = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "toycore").rglob("*")
    if path.suffix in (".py", ".typed")
}


@long
def test_the_wheel_holds_the_package_its_types_and_jupyterlabs_setting(built):
    names = set(zipfile.ZipFile(built[0]).namelist())
    assert "toycore/py.typed" in PACKAGE
    assert {name for name in names if name.startswith("toycore/")} == PACKAGE
    beside = {PurePosixPath(name).parts[0] for name in names} - {"toycore"}
    release = f"toycore-{tc.__version__}"
    assert beside == {f"{release}.data", f"{release}.dist-info"}
    assert any(name.endswith("labconfig/default_setting_overrides.json") for name in names)


@long
def test_the_sdist_holds_what_the_wheel_is_made_of_and_no_more(built):
    with tarfile.open(built[1]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert names >= PACKAGE | {"pyproject.toml", "README.md", "LICENSE"}
    tops = {PurePosixPath(name).parts[0] for name in names}
    assert tops <= {"toycore", "etc", *(name for name in names if "/" not in name)}
    assert not any(name.startswith((".hypothesis", "tests", "notebooks")) for name in names)
