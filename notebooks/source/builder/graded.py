"""A course for nbgrader: dist/nbgrader, which its commands take as it is.

    nbgrader_config.py          how it clears, restores and grades
    source/NAME-LANGUAGE/       an assignment a notebook, with answers: the teacher's own version

An exercise is an autograded answer, its check a locked test cell: the verdict is shown, and what it
is worth is the cell's value, nbgrader's way of partial credit. A prediction's letter is an answer
too. What was predicted, and what was chosen in the quiz, earn points for having been written. The
solutions beside the exercises are left out: nbgrader clears those in the answers.
"""

import copy
import json
import re
from pathlib import Path
from string import ascii_uppercase

import nbformat

from builder import predict, quiz
from builder.lesson import LessonError, read_lesson
from builder.plan import Course, plan
from builder.stored import read, stale, to_bytes
from toycore.widgets.quiz import parse
from words import WORDS

CONFIG = Path(__file__).with_name("nbgrader_config.py")
PREDICTIONS, QUIZ = 2, 1  # points, however many there are
SCHEMA = 3  # of nbgrader's metadata
SOLUTION = "{}\n### BEGIN SOLUTION\n{}\n### END SOLUTION"
CHECK = """\
verdict = {}
display(verdict)
assert verdict.credit, verdict
{} * verdict.credit"""
MADE = """\
told = {}
display(told)
{} * told.made / {}"""


def course_folder(course: Course) -> dict[str, bytes]:
    """Every file of the course folder by its path."""
    if faults := stale(course):
        raise LessonError("\n".join([*faults, "build the notebooks first: they tell the answers"]))
    files = {CONFIG.name: CONFIG.read_bytes()}
    lessons = sorted(course.lessons.glob("*.py"))
    for lesson, notebooks in zip(lessons, plan(course), strict=True):
        for path, notebook in notebooks.items():
            language, name = path.parent.name, path.stem
            made = assignment(notebook, solutions(lesson, language), truths(path), language)
            files[f"source/{name}-{language}/{name}.ipynb"] = to_bytes(made)
    return files


def solutions(lesson: Path, language: str) -> list[str]:
    """The code of each solution, in the order of the exercises."""
    _, blocks = read_lesson(lesson)
    cells = [block[language] for block in blocks]
    return [cell.source for cell in cells if predict.tagged(cell, "solution")]


def truths(path: Path) -> list[str]:
    """The right letter of each prediction, as the notebook has found it."""
    reveals = [cell for cell in read(path).cells if predict.tagged(cell, predict.REVEAL)]
    return [predict.TRUTH.search(cell.outputs[-1].data["text/html"])[1] for cell in reveals]


def assignment(notebook, solutions: list[str], truths: list[str], language: str):
    """The notebook with nbgrader's metadata, in which the teacher's answers stand."""
    made = copy.deepcopy(notebook)
    title, where, *rest = made.cells
    where.source = WORDS[language]["points"].format(predictions=PREDICTIONS, quiz=QUIZ)
    letters, told = iter(truths), iter(solutions)
    made.cells = [title, where]
    for place, cell in enumerate(rest):
        if predict.tagged(cell, predict.TAG):
            made.cells.append(prediction(cell, next(letters)))
        elif predict.tagged(cell, predict.OVERVIEW):
            made.cells.append(counted(cell, "predictions", PREDICTIONS, cell.source, len(truths)))
        elif predict.tagged(cell, "exercise"):
            made.cells += exercise(*rest[place - 1 : place + 2], next(told))
        elif predict.tagged(cell, quiz.TAG):
            made.cells += questions(cell, language)
        elif not any(predict.tagged(cell, tag) for tag in ("check", "solution")):
            made.cells.append(cell)
    marked(setup(made.cells), "exercises", locked=True)
    return made


def exercise(task, stub, check, solution: str) -> list:
    """The answer, under its stub, and its check; as many points as the task has dots."""
    name = re.match(r"tc\.checks\.(\w+)\(", check.source)[1]
    points = re.search("●+", task.source)[0].count("●")
    stub.source = SOLUTION.format(stub.source, solution)
    check.source = CHECK.format(check.source, points)
    check.metadata.tags.append("raises-exception")  # whoever runs all cells gets past it
    return [marked(stub, name), marked(check, f"{name}-check", points)]


def prediction(call, letter: str):
    name = call.source.partition(" ")[0]
    before, _, shown = call.source.rpartition("\n")
    answer = SOLUTION.format(before, f'{name}.guess = "{letter}"')
    call.source = f"{answer}\n{shown}"
    return marked(call, f"prediction-{name}")


def questions(call, language: str) -> list:
    """The quiz, the learner's letters, and what is said of them."""
    asked = parse(call.source.split('"""')[1])
    call.source = call.source.replace("tc.widgets.quiz(", "quiz = tc.widgets.quiz(") + "\nquiz"
    given, right = ["?"] * len(asked), [ascii_uppercase[question.right] for question in asked]
    stub = f"# {WORDS[language]['chosen']}\nchosen = {json.dumps(given)}"
    answer = new(call, "a", SOLUTION.format(stub, f"chosen = {json.dumps(right)}"))
    test = counted(new(call, "t", ""), "quiz", QUIZ, "quiz.answered(chosen)", len(asked))
    return [marked(call, "quiz-questions", locked=True), marked(answer, "quiz-answers"), test]


def counted(cell, name: str, points: int, made: str, due: int):
    """A test cell that asks only how many of those due were made."""
    cell.source = MADE.format(made, points, due)
    return marked(cell, name, points)


def setup(cells: list):
    """The cell that all exercises need: the last code before the first of them."""
    first = next(place for place, cell in enumerate(cells) if predict.tagged(cell, "exercise"))
    return next(cell for cell in reversed(cells[:first]) if cell.cell_type == "code")


def new(beside, end: str, source: str):
    return nbformat.v4.new_code_cell(source, id=f"{beside.id}{end}")


def marked(cell, name: str, points: int = 0, locked: bool = False):
    """The cell as nbgrader knows it: with points a test, locked only to be read, else an answer."""
    test = points > 0
    cell.metadata["nbgrader"] = {
        "schema_version": SCHEMA,
        "grade_id": name,
        "grade": test,
        "solution": not (test or locked),
        "locked": test or locked,
        "task": False,
    } | ({"points": points} if test else {})
    return cell
