"""What Binder and repo2docker read: binder/ agrees with the rest of the repository."""

import os
import re
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from course import ROOT

BINDER = ROOT / "binder"
CI = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


def python() -> str:
    """repo2docker reads python-x.y, and nothing finer."""
    return re.fullmatch(r"python-(3\.\d+)\n", (BINDER / "runtime.txt").read_text())[1]


def requirements(name: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [line for line in lines if line]


def test_the_python_of_binder_is_one_that_the_course_takes_and_that_is_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert python() in SpecifierSet(project["requires-python"])
    assert f'"{python()}"' in re.search(r"python: \[(.*)\]", CI)[1]


def test_binder_installs_the_course_with_the_uv_of_the_tests():
    (installer,) = requirements("binder/requirements.txt")
    assert Requirement(installer).name == "uv"
    assert f"pip install {installer}\n" in CI
    post_build = (BINDER / "postBuild").read_text()
    assert "uv pip install " in post_build
    assert "--torch-backend=cpu -r requirements.txt\n" in post_build
    assert "-e ." in requirements("requirements.txt")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no executable bit")
def test_post_build_can_be_executed():
    assert os.access(BINDER / "postBuild", os.X_OK)


def test_only_one_folder_of_settings_counts():
    """repo2docker refuses two, and then ignores what stands beside the one it takes."""
    assert not (ROOT / ".binder").exists()
    names = ("runtime.txt", "environment.yml", "apt.txt", "postBuild", "start", "Dockerfile")
    assert [name for name in names if (ROOT / name).exists()] == []
