"""What install asks for fits together: with the oldest torch that we allow, and with PEFT."""

import os
import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from course import ROOT
from toycore.real import installation, libraries

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", libraries.PINNED)
def test_none_of_them_asks_for_a_newer_torch_than_colab_or_kaggle_has(name):
    assert metadata.version(name) == libraries.PINNED[name]
    for one in map(Requirement, metadata.requires(name) or ()):
        if one.name == "torch" and (one.marker is None or one.marker.evaluate({"extra": ""})):
            assert one.specifier.contains("2.10.0")


@pytest.mark.parametrize(("version", "runs"), [("0.10.0", False), (installation.TORCHAO, True)])
def test_the_guard_beside_a_real_torchao(version, runs, tmp_path):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    done = subprocess.run(
        [*pip, str(tmp_path), f"torchao=={version}"], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    code = "from toycore import real; print(real.installation.wanted()[-1]); print(real.guard())"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        check=True,
    )
    asked, said = told.stdout.splitlines()
    assert asked.startswith("torchao==") != runs
    assert said == "None" if runs else "ImportError" in said and "torchao" in said
