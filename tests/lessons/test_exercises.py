"""Every exercise of the lessons: its solution passes, its stub is told so; and all have a place.

Driven from the lessons. An exercise needs only the cell with which its section begins, so no
kernel is started: that cell is run once for each notebook, then stub, check and solution.
"""

import re

import pytest

import toycore as tc
from builder.lesson import EXERCISE, LANGUAGES
from builder.plan import plan
from course import COURSE
from toycore.checks import done
from toycore.checks.verdict import HEADS

SECTION = {"tr": "## Alıştırmalar", "en": "## Exercises"}
TITLE = {"tr": "### Alıştırma ", "en": "### Exercise "}
HINT = {"tr": "<details><summary>İpucu</summary>\n\n", "en": "<details><summary>Hint</summary>\n\n"}
EFFORT = {"tr": r"^[●○]{3} · \d+ dakika\.", "en": r"^[●○]{3} · \d+ minutes\."}
NOTEBOOKS = {path: notebook for lesson in plan(COURSE) for path, notebook in lesson.items()}


def tagged(cell) -> str:
    return next((tag for tag in cell.metadata.get("tags", ()) if tag in EXERCISE), "")


def exercises(notebook) -> list[tuple]:
    """(task, stub, check, solution) of each; the build holds them to this order."""
    cells = notebook.cells
    places = [place for place, cell in enumerate(cells) if tagged(cell) == "exercise"]
    return [tuple(cells[place - 1 : place + 3]) for place in places]


def checked(check) -> str:
    """The name of the exercise that a check cell calls."""
    return re.fullmatch(r'tc\.checks\.(\w+)\(\w+, language="(tr|en)"\)', check.source)[1]


ALL = [
    pytest.param(path, number, id=f"{path.parent.name}/{path.stem}-{number}")
    for path, notebook in NOTEBOOKS.items()
    for number, _ in enumerate(exercises(notebook), 1)
]
each_exercise = pytest.mark.parametrize(("path", "number"), ALL)
each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}"
)


def section(path) -> list:
    """The cells from the heading of the exercises on."""
    cells = NOTEBOOKS[path].cells
    heading = SECTION[path.parent.name]
    (first,) = [place for place, cell in enumerate(cells) if cell.source.startswith(heading)]
    return cells[first:]


@pytest.fixture
def names(path) -> dict:
    """What the first code cell of the section defines."""
    setup = next(cell for cell in section(path) if cell.cell_type == "code")
    assert not tagged(setup), "the section begins with what its exercises need"
    names = {}
    exec(setup.source, names)
    return names


def code(solution) -> str:
    return re.fullmatch(r"<details>.*?```python\n(.*)\n```\n\n</details>", solution.source, re.S)[1]


def judged(check, names: dict):
    return eval(check.source, names)


@each_exercise
def test_the_solution_passes(path, number, names):
    _, _, check, solution = exercises(NOTEBOOKS[path])[number - 1]
    exec(code(solution), names)
    verdict = judged(check, names)
    assert verdict.passed, verdict
    assert repr(verdict).startswith(HEADS["passed"][path.parent.name])


@each_exercise
def test_the_stub_runs_and_is_told_that_nothing_is_written(path, number, names):
    _, stub, check, _ = exercises(NOTEBOOKS[path])[number - 1]
    exec(stub.source, names)
    verdict = judged(check, names)
    assert not verdict.passed
    assert repr(verdict).startswith(HEADS["unwritten"][path.parent.name])


@each_exercise
def test_a_task_has_title_effort_and_a_folded_hint_that_does_not_give_it_away(path, number):
    task, _, _, solution = exercises(NOTEBOOKS[path])[number - 1]
    language = path.parent.name
    assert task.source.startswith(f"{TITLE[language]}{number} · ")
    assert re.search(EFFORT[language], task.source, re.MULTILINE)
    hint = task.source.partition(HINT[language])[2].partition("\n\n</details>")[0]
    assert hint
    lines = [
        line.strip() for line in code(solution).splitlines() if "return" in line or "=" in line
    ]
    assert not any(line.removeprefix("return ") in task.source for line in lines)


@each_notebook
def test_a_lesson_has_three_to_five_exercises_of_each_kind(path):
    checks = [checked(check) for _, _, check, _ in exercises(NOTEBOOKS[path])]
    assert 3 <= len(checks) <= 5
    assert len(set(checks)) == len(checks)
    kinds = {getattr(tc.checks, name).kind for name in checks}
    assert kinds == {"written", "predicted", "tried"}


@each_notebook
def test_the_exercises_stand_in_their_section(path):
    here = [cell.id for cell in section(path) if tagged(cell)]
    assert here == [cell.id for cell in NOTEBOOKS[path].cells if tagged(cell)]
    assert all(tagged(cell) != "solution" or cell.cell_type == "markdown" for cell in section(path))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_is_used_by_one_lesson(language):
    used = [
        checked(check)
        for path, notebook in NOTEBOOKS.items()
        if path.parent.name == language
        for _, _, check, _ in exercises(notebook)
    ]
    assert sorted([*used, "summary"]) == sorted(tc.checks.__all__)


@each_notebook
def test_the_summary_at_its_end_is_of_the_exercises_of_the_lesson_in_their_order(path):
    """It comes last, so that nothing which it should tell is still to be done."""
    code = [cell for cell in NOTEBOOKS[path].cells if cell.cell_type == "code"]
    (place,) = [at for at, cell in enumerate(code) if "summary" in cell.metadata.get("tags", ())]
    lesson, language = re.fullmatch(
        r'tc\.checks\.summary\("(\w+)", language="(tr|en)"\)', code[place].source
    ).groups()
    assert language == path.parent.name
    assert [*done.exercises(lesson)] == [checked(c) for _, _, c, _ in exercises(NOTEBOOKS[path])]
    assert all("tc.glossary" in cell.source for cell in code[place + 1 :])


@each_exercise
def test_the_sections_that_a_check_sends_to_are_in_its_lesson(path, number):
    _, _, check, _ = exercises(NOTEBOOKS[path])[number - 1]
    exercise = getattr(tc.checks, checked(check))
    language = path.parent.name
    word = {"tr": r"[Bb]ölüm (\d+)", "en": r"[Ss]ection (\d+)"}[language]
    texts = [getattr(words, language) for words in (exercise.right, *exercise.mistakes.values())]
    texts.append(exercises(NOTEBOOKS[path])[number - 1][0].source)
    sent = {place for text in texts for place in re.findall(word, text)}
    headings = "\n".join(c.source for c in NOTEBOOKS[path].cells if c.cell_type == "markdown")
    assert sent <= set(re.findall(r"^## (\d+) · ", headings, re.MULTILINE))


EXTRA = {"tr": "ek", "en": "extra"}
SENT = {
    "tr": r"[Bb]ölüm (\d+)(?:'\w+)?(,? \(?ek\b)?",
    "en": r"[Ss]ection (\d+)(,? \(?extra\b)?",
}


@each_notebook
def test_what_rests_on_an_extra_section_says_so(path):
    """A reader who left it out knows why a task, a question or a verdict is strange to him."""
    language, cells = path.parent.name, section(path)
    exercises_here = [getattr(tc.checks, checked(c)) for c in cells if tagged(c) == "check"]
    texts = [c.source for c in cells]
    texts += [getattr(w, language) for e in exercises_here for w in (e.right, *e.mistakes.values())]
    headings = "\n".join(c.source for c in NOTEBOOKS[path].cells if c.cell_type == "markdown")
    extra = re.findall(rf"^## (\d+) · .*, {EXTRA[language]}\)$", headings, re.MULTILINE)
    for sent in re.finditer(SENT[language], "\n".join(texts)):
        assert sent[2] or sent[1] not in extra, sent[0]
