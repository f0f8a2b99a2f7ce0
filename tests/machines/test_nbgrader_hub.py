"""nbgrader on a JupyterHub, by its shared folder: from the teacher's Formgrader to the feedback.

On one machine with the class's own settings, as docs/classroom.md sets it up. There each learner
is a user of the system; here, where all servers belong to one, their names stand in their homes.
"""

import asyncio
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

import classroom
import classroom_hub
from builder import graded
from course import COURSE, ROOT, long
from told import blocks

MISSING = None if find_spec("nbgrader") else "nbgrader is not installed"
if (what := classroom.missing() or MISSING) and not os.environ.get("NOTHING_IS_MISSING"):
    pytest.skip(what, allow_module_level=True)

pytestmark = long

ASSIGNMENT, FILE = "04_dpo-tr", "04_dpo.ipynb"
TEACHER, LEARNERS = "teacher", {"ayse": 1.0, "bora": 0.0}  # and the points that they earn
SPAWNED = """
c.Spawner.environment.update({{"JUPYTER_CONFIG_PATH": {shared!r}, "PATH": {path!r}}})
"""


def settings(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(text)


def prepared(folder: Path) -> str:
    """A course in the teacher's home, an exchange, everyone's name; what the Hub must know."""
    course, exchange = folder / "homes" / TEACHER / "course", folder / "exchange"
    for name, data in graded.course_folder(COURSE).items():
        path = course / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    exchange.mkdir()
    exchange.chmod(0o777)
    settings(folder / "shared", f"c.Exchange.root = {str(exchange)!r}")
    for user in LEARNERS:
        settings(folder / "homes" / user / ".jupyter", f"c.CourseDirectory.student_id = {user!r}")
    (told,) = blocks(ROOT / "docs" / "grading.md", "python")
    told = told.replace("/home/jupyter-<name>/course", str(course))
    settings(folder / "homes" / TEACHER / ".jupyter", told)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return SPAWNED.format(shared=str(folder / "shared"), path=path)


async def ask(hub, user: str, path: str, **data) -> dict:
    """A button of nbgrader's that the user presses; what it says if it fails."""
    told = (await hub.call("POST", f"user/{user}/{path}", data=data)).json()
    assert told["success"], told.get("log") or told
    return told


def answer(home: Path) -> None:
    """One exercise, by the learner's own hand."""
    notebook = nbformat.read(home / ASSIGNMENT / FILE, as_version=4)
    (cell,) = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "few_pairs"
    ]
    cell.source = 'cure = "b"'
    nbformat.write(notebook, home / ASSIGNMENT / FILE)


async def cycle(folder: Path) -> dict:
    """All that a teacher and two learners do; then each learner's points."""
    further, form = prepared(folder), f"formgrader/api/assignment/{ASSIGNMENT}"
    named = {"assignment_id": ASSIGNMENT, "course_id": "toycore"}
    async with classroom_hub.serve(folder, further) as hub:
        for user in (TEACHER, *LEARNERS):
            await hub.start_server(user)
        await ask(hub, TEACHER, f"{form}/assign")
        await ask(hub, TEACHER, f"{form}/release")
        for user in LEARNERS:
            await ask(hub, user, "assignments/fetch", **named)
        answer(hub.home("ayse"))
        for user in LEARNERS:
            await ask(hub, user, "assignments/submit", **named)
        await ask(hub, TEACHER, f"{form}/collect")
        for user in LEARNERS:
            graded_one = f"formgrader/api/submission/{ASSIGNMENT}/{user}/autograde"
            await ask(hub, TEACHER, graded_one)
        await ask(hub, TEACHER, f"{form}/generate_feedback")
        await ask(hub, TEACHER, f"{form}/release_feedback")
        for user in LEARNERS:
            await ask(hub, user, "assignments/fetch_feedback", **named)
        found = await hub.call("GET", f"user/{TEACHER}/formgrader/api/submissions/{ASSIGNMENT}")
    return {each["student"]: each["score"] for each in found.json()}


def test_a_lesson_goes_to_the_class_and_comes_back_graded(tmp_path):
    assert asyncio.run(cycle(tmp_path)) == LEARNERS
    for user in LEARNERS:
        (page,) = (tmp_path / "homes" / user / ASSIGNMENT / "feedback").rglob("*.html")
        assert "✎ Sıra sende." in page.read_text(encoding="utf-8")
