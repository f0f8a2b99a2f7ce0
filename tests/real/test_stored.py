"""What lesson 8 shows without its libraries is what `tests/tools/stored_real.py` measures."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from course import copied

pytestmark = pytest.mark.long

LOST = {"method": "dpo", "seed": 0, "beta": 0.25, "rank": 8}


def test_a_run_of_lesson_8_that_is_missing_is_trained_again(tmp_path):
    """One of DPO, which samples nothing while it trains; in a copy of the repository."""
    file = copied(tmp_path) / "toycore" / "real" / "stored.json"
    before = json.loads(file.read_text(encoding="utf-8"))
    (lost,) = (one for one in before["runs"] if LOST.items() <= one.items())
    others = [one for one in before["runs"] if one is not lost]
    file.write_text(json.dumps(before | {"runs": others}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "tests/tools/stored_real.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{len(before['runs'])} {{")
    after = json.loads(file.read_text(encoding="utf-8"))
    again = after["runs"].pop()
    assert after["runs"] == others
    assert (after["starts"], after["ceilings"]) == (before["starts"], before["ceilings"])
    assert again.keys() == lost.keys()
    assert LOST.items() <= again.items()
    for made, stored in ((again, lost), (again["star"], lost["star"])):
        assert made["kl"] == pytest.approx(stored["kl"], abs=0.01)
    here, there = (np.exp(one["logp"]) for one in (again, lost))
    np.testing.assert_allclose(here, there, atol=0.02)  # another rank or seed: 0.07 and more
