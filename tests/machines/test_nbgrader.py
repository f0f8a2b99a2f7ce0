"""A class under the real nbgrader: given out, handed in, graded, told. Needs nbgrader itself.

`.ci/run` runs it with `.venv-class/bin/pytest -m long tests/machines/test_nbgrader.py`.
"""

import copy
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

import toycore as tc
from builder import graded
from builder.lesson import LANGUAGES
from course import COURSE, long
from toycore.checks.verdict import HEADS, fill

if find_spec("nbgrader") is None and not os.environ.get("NOTHING_IS_MISSING"):
    pytest.skip("nbgrader is not installed", allow_module_level=True)
from nbgrader.api import Gradebook

pytestmark = long

NAME = "04_dpo"  # of its mistakes, one leaves the value right and spoils the gradient alone
CHECKS = {"dpo_loss": 2, "ipo_start": 1, "few_pairs": 1, "own_pairs": 2}
FULL = {f"{name}-check": points for name, points in CHECKS.items()} | {"predictions": 2, "quiz": 1}
# The points of each learner that are not full. The last three are no question of language.
EARNED = {
    "ada": {},
    "bea": {f"{name}-check": 0 for name in CHECKS},
    "can": dict.fromkeys(FULL, 0),
    "dua": {"dpo_loss-check": 1},
    "eda": {},
    "fay": {},
    "gil": {"dpo_loss-check": 0, "ipo_start-check": 0},
}
STUDENTS = {"tr": [*EARNED][:4], "en": [*EARNED]}
KERNEL = {"name": "python3", "display_name": "Python 3"}
LIMIT = 30  # seconds a cell, here: an endless loop is waited for
HALF = """\
def dpo_loss(chosen_logp, rejected_logp, ref_chosen_logp, ref_rejected_logp, beta):
    constant = rejected_logp.detach()
    margin = beta * (chosen_logp - ref_chosen_logp) - beta * (constant - ref_rejected_logp)
    return -torch.nn.functional.logsigmoid(margin).mean()
"""
ENDLESS = "def dpo_loss(*_):\n    while True:\n        pass"
DEAF = (
    "while True:\n    try:\n        import time\n        time.sleep(1)\n    except:\n        pass"
)


class Class:
    """A course folder, what nbgrader does with it, and what its gradebook says."""

    def __init__(self, folder: Path, language: str):
        self.folder, self.language, self.assignment = folder, language, f"{NAME}-{language}"
        for name, data in graded.course_folder(COURSE).items():
            path = folder / "course" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self.course = folder / "course"
        (folder / "exchange").mkdir(mode=0o777)
        (folder / "exchange").chmod(0o777)

    def nbgrader(self, *arguments, status=0) -> str:
        root = f"--Exchange.root={self.folder / 'exchange'}"
        command = [sys.executable, "-m", "nbgrader", *arguments, root]
        # It calls alembic by its name: the environment must be the active one.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            command,
            cwd=self.course,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done.stderr

    def notebook(self, step: str, student: str = ""):
        return nbformat.read(self.path(step, student), as_version=4)

    def path(self, step: str, student: str = "", ending: str = ".ipynb") -> Path:
        return self.course / step / student / self.assignment / f"{NAME}{ending}"

    def answered(self, **changed) -> dict:
        """The released notebook, every answer that of the teacher but for those changed."""
        notebook, teachers = self.notebook("release"), by_name(self.notebook("source"))
        for name, cell in by_name(notebook).items():
            if cell.metadata.nbgrader.solution:
                cell.source = changed.get(name) or as_written(cell.source, teachers[name].source)
        return notebook

    def hand_in(self, student: str, notebook) -> None:
        path = self.path("submitted", student)
        path.parent.mkdir(parents=True)
        text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
        path.write_text(text, encoding="utf-8")

    def marks(self, student: str) -> dict:
        database = f"sqlite:///{self.course / 'gradebook.db'}"
        with Gradebook(database) as gradebook:
            submission = gradebook.find_submission(self.assignment, student)
            return {grade.name: grade.auto_score for grade in submission.notebooks[0].grades}


def by_name(notebook) -> dict:
    return {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}


def as_written(released: str, teachers: str) -> str:
    """As a learner writes what the teacher knows: a letter in its place, or code in the stub's."""
    _, _, solution = teachers.partition("### BEGIN SOLUTION\n")
    solution, _, _ = solution.partition("\n### END SOLUTION")
    _, is_letter, letter = solution.partition(".guess = ")
    return released.replace('"?"', letter) if is_letter else solution


def shown(cell, kind: str) -> str:
    """What a test cell displays before it is counted; a slow machine's bar leaves nothing."""
    displayed = [o.data for o in cell.outputs if o.output_type == "display_data" and o.data]
    (data,) = displayed
    return data[kind]


def mistaken(name: str) -> tuple[str, str]:
    """A mistake of the catalogue, as code that makes it."""
    mistake = next(iter(getattr(tc.checks, name).mistakes))
    return mistake, f"tc.checks.{name}.mistakes[{mistake!r}].answer"


def from_colab(notebook) -> str:
    """As Colab saves a notebook: no ids of cells, no locks, metadata of its own."""
    plain = json.loads(nbformat.writes(notebook))
    plain["nbformat_minor"] = 0
    plain["metadata"] = {"colab": {"provenance": []}, "kernelspec": KERNEL}
    for cell in plain["cells"]:
        cell["metadata"]["id"] = cell.pop("id")
        for lock in ("deletable", "editable"):
            cell["metadata"].pop(lock, None)
    return json.dumps(plain)


def answers(made: Class) -> dict:
    """What each learner hands in: all of it right, mistaken, nothing, half right; without a check,
    from Colab, endless."""
    asked = by_name(made.notebook("release"))
    wrong = {}
    for name in CHECKS:
        variable = asked[f"{name}-check"].source.partition(f"{name}(")[2].partition(",")[0]
        wrong[name] = f"{variable} = {mistaken(name)[1]}"
    deleted = made.answered()
    deleted.cells.remove(by_name(deleted)["dpo_loss-check"])
    return {
        "ada": made.answered(),
        "bea": made.answered(**wrong),
        "can": made.notebook("release"),
        "dua": made.answered(dpo_loss=HALF),
        "eda": deleted,
        "fay": from_colab(made.answered()),
        "gil": made.answered(dpo_loss=ENDLESS, ipo_start="while True:\n    pass"),
    }


@pytest.fixture(scope="module", params=LANGUAGES)
def graded_class(request, tmp_path_factory):
    made = Class(tmp_path_factory.mktemp(f"class-{request.param}"), request.param)
    made.nbgrader("generate_assignment", made.assignment)
    made.nbgrader("release_assignment", made.assignment)
    for student in STUDENTS[request.param]:
        made.hand_in(student, answers(made)[student])
    made.nbgrader("autograde", made.assignment, f"--Execute.timeout={LIMIT}")
    made.nbgrader("generate_feedback", made.assignment)
    return made


only_english = pytest.mark.parametrize("graded_class", ["en"], indirect=True)


def test_what_is_given_out_holds_no_solution_and_each_stub_as_the_lesson_has_it(graded_class):
    lesson = nbformat.read(COURSE.output / graded_class.language / f"{NAME}.ipynb", as_version=4)
    stubs = [c.source for c in lesson.cells if "exercise" in c.metadata.get("tags", ())]
    released = graded_class.notebook("release")
    answers = [by_name(released)[name] for name in CHECKS]
    assert [cell.source.rstrip("\n") for cell in answers] == stubs
    told = "\n".join(cell.source for cell in released.cells)
    assert "SOLUTION" not in told
    assert ".guess" not in told
    assert not [c for c in released.cells if "solution" in c.metadata.get("tags", ())]
    given_out = graded_class.folder / "exchange" / "toycore" / "outbound"
    assert [path.name for path in given_out.iterdir()] == [graded_class.assignment]


def test_everyone_gets_the_marks_that_they_earned(graded_class):
    students = STUDENTS[graded_class.language]
    due = {student: FULL | EARNED[student] for student in students}
    assert {student: graded_class.marks(student) for student in students} == due


def test_the_feedback_names_the_mistakes_in_the_learners_language(graded_class):
    language = graded_class.language
    cells = by_name(graded_class.notebook("autograded", "bea"))
    page = graded_class.path("feedback", "bea", ".html").read_text(encoding="utf-8")
    for name in CHECKS:
        assert shown(cells[f"{name}-check"], "text/plain").startswith(HEADS["wrong"][language])
        (failed,) = [o for o in cells[f"{name}-check"].outputs if o.output_type == "error"]
        assert failed.ename == "AssertionError"
        assert failed.evalue == shown(cells[f"{name}-check"], "text/plain")  # as Validate shows it
        assert page.count(f"Grade cell: <code>{name}-check</code>") == 1
    key, _ = mistaken("dpo_loss")
    words = fill(tc.checks.dpo_loss.mistakes[key], language, {})
    assert words in shown(cells["dpo_loss-check"], "text/plain")
    assert words.partition(".")[0] in page


@only_english
def test_an_endless_loop_is_told_and_costs_its_exercise_alone(graded_class):
    cells = by_name(graded_class.notebook("autograded", "gil"))
    assert "`while`" in shown(cells["dpo_loss-check"], "text/plain")
    (stopped,) = [o for o in cells["ipo_start"].outputs if o.get("ename") == "CellTimeoutError"]
    assert stopped


def test_what_was_predicted_and_chosen_is_in_what_was_handed_in(graded_class):
    cells = by_name(graded_class.notebook("autograded", "ada"))
    assert shown(cells["predictions"], "text/html").count("<tr>") == 5
    assert "–</td>" not in shown(cells["predictions"], "text/html")
    assert shown(cells["quiz"], "text/html").count("<p>") == 5
    assert "–</p>" not in shown(cells["quiz"], "text/html")
    nothing = by_name(graded_class.notebook("autograded", "can"))
    assert shown(nothing["quiz"], "text/html").count("–</p>") == 5


def test_what_was_handed_in_stays_as_it_was(graded_class):
    """Of the graded copy too only outputs and nbgrader's own metadata are new."""
    for student in {*STUDENTS[graded_class.language]} - {"eda"}:  # whose check came back
        before = graded_class.notebook("submitted", student).cells
        after = graded_class.notebook("autograded", student).cells
        assert [c.source for c in before] == [c.source for c in after]
    assert graded_class.answered() == copy.deepcopy(graded_class.notebook("submitted", "ada"))


def test_the_gradebook_is_exported(graded_class):
    made = graded_class
    made.nbgrader("export")
    header, *rows = (made.course / "grades.csv").read_text().splitlines()
    columns = header.split(",")
    told = {row.split(",")[columns.index("student_id")]: row.split(",") for row in rows}
    assert float(told["ada"][columns.index("score")]) == sum(FULL.values())
    assert float(told["dua"][columns.index("score")]) == sum(FULL.values()) - 1


@only_english
def test_a_kernel_that_hears_nothing_is_ended_and_its_owner_named(graded_class):
    """After the others: nbgrader goes on with them, and the learner is left for the teacher."""
    graded_class.hand_in("hal", graded_class.answered(few_pairs=DEAF))
    limits = (f"--Execute.timeout={LIMIT}", "--Execute.iopub_timeout=5")
    arguments = ("autograde", graded_class.assignment, "--student=hal", *limits)
    said = graded_class.nbgrader(*arguments, status=1)
    assert "for student 'hal'" in said
    assert set(graded_class.marks("hal").values()) == {None}
