"""The course folder for nbgrader: what a learner gets, what it is worth, what is not overwritten.

The real nbgrader does the rest: tests/machines/test_nbgrader.py.
"""

import re
import shutil

import nbformat
import pytest

import toycore as tc
from builder import graded, predict, work
from builder.lesson import LessonError
from course import COURSE, NOTEBOOKS
from one_lesson import make_course
from toycore.checks.done import exercises
from toycore.widgets.predictions import MADE
from words import WORDS

SOLUTION = re.compile(r"### BEGIN SOLUTION\n.*?\n### END SOLUTION", re.DOTALL)


@pytest.fixture(scope="module")
def files():
    return graded.course_folder(COURSE)


def names(path):
    return f"{path.parent.name}/{path.stem}"


each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=names)


@pytest.fixture
def cells(files, path) -> list:
    name = f"source/{path.stem}-{path.parent.name}/{path.stem}.ipynb"
    return nbformat.reads(files[name].decode(), as_version=4).cells


@pytest.fixture
def lesson(path) -> list:
    return nbformat.read(path, as_version=4).cells


def kind(cell) -> str:
    """What nbgrader calls it: an autograded answer, autograder tests, read-only; or nothing."""
    if "nbgrader" not in cell.metadata:
        return ""
    it = cell.metadata.nbgrader
    assert it.schema_version == 3
    assert not it.task
    known = {(False, True, False): "answer", (True, False, True): "test"}
    return known.get((it.grade, it.solution, it.locked)) or "read-only"


def of_kind(cells, wanted: str) -> dict:
    return {c.metadata.nbgrader.grade_id: c for c in cells if kind(c) == wanted}


def test_there_is_an_assignment_for_each_notebook_beside_the_settings(files):
    due = {f"source/{p.stem}-{p.parent.name}/{p.stem}.ipynb" for p in NOTEBOOKS}
    assert set(files) == due | {"nbgrader_config.py"}


@each_notebook
def test_an_exercise_earns_its_dots_and_its_check_follows_its_answer(cells, lesson):
    tests, points = of_kind(cells, "test"), {}
    for task, check in zip(lesson, lesson[2:], strict=False):
        if predict.tagged(check, "check"):
            name = re.match(r"tc\.checks\.(\w+)", check.source)[1]
            points[f"{name}-check"] = re.search(r"●[●○]{2}", task.source)[0].count("●")
    found = {name: cell.metadata.nbgrader.points for name, cell in tests.items()}
    assert found == points | {"predictions": graded.PREDICTIONS, "quiz": graded.QUIZ}
    places = [cell.metadata.nbgrader.grade_id for cell in cells if kind(cell)]
    assert len(set(places)) == len(places)
    for name in points:
        assert places.index(name) == places.index(name.removesuffix("-check")) + 1
    assert [*points] == [name for name in places if name in points]
    passable = {
        n for n, cell in tests.items() if "raises-exception" in cell.metadata.get("tags", ())
    }
    assert passable == set(points)  # else all that comes after an unsolved one would not be run


@each_notebook
def test_a_learner_gets_the_lesson_without_its_solutions(cells, lesson):
    """Once nbgrader has taken out what stands between its marks, and put its empty stub there."""
    released = {cell.id: SOLUTION.sub("", cell.source) for cell in cells}
    for cell in lesson:
        if predict.tagged(cell, "solution"):
            assert cell.id not in released
        elif any(predict.tagged(cell, t) for t in ("exercise", predict.TAG, "summary")):
            assert released[cell.id].replace("\n\n", "\n").rstrip("\n") == cell.source
        elif cell.id.endswith("-00"):
            assert released[cell.id].count("●") == 1
        elif not kind(next(c for c in cells if c.id == cell.id)):
            assert released[cell.id] == cell.source
    assert not any(cell.get("outputs") for cell in cells)
    assert not any(cell.get("execution_count") for cell in cells)


@pytest.fixture(autouse=True)
def left_as_it_was():
    """Of the kernel in which the cells would run: its predictions and its language."""
    MADE.clear()
    yield
    MADE.clear()
    tc.set_language("en")


class Shown(list):
    """What a cell displays."""

    __call__ = list.append


def value(source: str, names: dict):
    *lines, last = source.split("\n")
    exec("\n".join(lines), names)
    return eval(last, names)


@each_notebook
def test_the_teachers_own_version_earns_every_point(cells, path, capfd):
    """And the released one none. The exercises need the cell before them alone. A word on stderr,
    and nbgrader would give nothing for a right answer."""
    for clear in (False, True):
        MADE.clear()
        names = {"display": Shown(), "tc": tc}
        for cell in filter(kind, cells):
            source = SOLUTION.sub("", cell.source) if clear else cell.source
            if kind(cell) != "test":
                exec(source, names)
                continue
            due = 0 if clear else cell.metadata.nbgrader.points
            try:
                earned = value(source, names)
            except AssertionError:
                earned = 0
            assert earned == due, cell.metadata.nbgrader.grade_id
        answers = names["display"][-1].answers  # to the quiz, which is told last
        assert [bool(one and one.right) for one in answers] == [not clear] * 5
        assert capfd.readouterr().err == ""


@each_notebook
def test_what_only_has_to_be_written_earns_its_share_whatever_it_says(cells, path):
    names, answers = {"display": Shown(), "tc": tc}, of_kind(cells, "answer")
    asked = {k: c for k, c in answers.items() if k.startswith("prediction-")}
    for count, cell in enumerate(asked.values(), 1):
        source = SOLUTION.sub("", cell.source).replace('"?"', '"a"')
        exec(source, names)
        test = of_kind(cells, "test")["predictions"].source
        assert value(test, names) == pytest.approx(graded.PREDICTIONS * count / len(asked))
    exec(of_kind(cells, "read-only")["quiz-questions"].source, names)
    names["chosen"] = ["A", "?", "B", "", "a"]
    assert value(of_kind(cells, "test")["quiz"].source, names) == pytest.approx(3 / 5)


@each_notebook
def test_what_the_exercises_rest_on_is_only_to_be_read(cells, path):
    (setup,) = [c for k, c in of_kind(cells, "read-only").items() if k == "exercises"]
    assert "import toycore as tc" in setup.source
    assert WORDS[path.parent.name]["chosen"] in of_kind(cells, "answer")["quiz-answers"].source
    lessons = {e for key in tc.checks.done.LESSONS for e in exercises(key)}
    assert {name for name in of_kind(cells, "answer") if name in lessons}


# --- the folder -----------------------------------------------------------------------------------


def contents(folder) -> dict:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def folder(files, tmp_path, monkeypatch):
    monkeypatch.setattr(graded, "course_folder", lambda course: files)
    return work.nbgrader(COURSE, folder=tmp_path / "nbgrader")


def test_it_is_written_whole_and_a_second_time_if_nothing_has_changed(folder, files):
    assert contents(folder) == files
    assert work.nbgrader(COURSE, folder=folder) == folder
    assert contents(folder) == files


@pytest.mark.parametrize(
    "name", ["gradebook.db", "submitted/ada/04_dpo-en/04_dpo.ipynb", "nbgrader_config.py"]
)
def test_what_a_teacher_or_a_learner_made_there_is_not_touched(folder, files, name):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("mine")
    with pytest.raises(LessonError, match="holds a course that is no longer as made"):
        work.nbgrader(COURSE, folder=folder)
    assert contents(folder) == files | {name: b"mine"}
    shutil.rmtree(folder)
    work.nbgrader(COURSE, folder=folder)
    assert contents(folder) == files


def test_it_is_made_of_current_notebooks_and_of_all(tmp_path):
    with pytest.raises(LessonError, match="build the notebooks first"):
        work.nbgrader(make_course(tmp_path / "course"), folder=tmp_path / "nbgrader")
    with pytest.raises(LessonError, match="all assignments or none"):
        work.nbgrader(COURSE, ["04_dpo"], tmp_path / "nbgrader")
    assert not (tmp_path / "nbgrader").exists()
