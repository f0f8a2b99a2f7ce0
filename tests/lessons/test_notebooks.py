"""The budget of a lesson, held for every generated notebook, and what no source may do."""

import ast
import re
import statistics
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from builder import predict
from course import NOTEBOOKS, ROOT

SOURCES = sorted([*ROOT.glob("toycore/**/*.py"), *ROOT.glob("notebooks/source/lessons/*.py")])

# pyplot keeps figures in a global that slider messages spoil; a notebook never installs.
# jupytext keeps a magic command as a comment.
FORBIDDEN = re.compile(
    r"""^\s*(import|from)\s[^#\n]*\bpyplot\b | \bmatplotlib\.pyplot\b
    | ^[#\s]*[!%]pip\s+install\b | ^[#\s]*%matplotlib\b""",
    re.MULTILINE | re.VERBOSE,
)


EXERCISES = ("## Alıştırmalar", "## Exercises")
WHY = "body: what is read in one sitting; exercises: what is done after it, or not at all"
ASIDE = {"predict", "reveal", "overview"}  # cells that take a letter and a glance


def parts(notebook) -> dict[str, list]:
    """The cells of the body, and of the exercises with quiz and closing."""
    found, here = {"body": []}, "body"
    for cell in notebook.cells:
        here = "exercises" if cell.source.startswith(EXERCISES) else here
        if not ASIDE.intersection(cell.metadata.get("tags", ())):
            found.setdefault(here, []).append(cell)
    return found


def over_budget(notebook) -> list[str]:
    """What is too much or too little in a lesson, each with its figure. See WHY."""
    figures = {}
    for part, cells in parts(notebook).items():
        prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
        code = [cell.source for cell in cells if cell.cell_type == "code" and not is_quiz(cell)]
        quiz = [cell.source for cell in cells if is_quiz(cell)]
        lengths = [sum(map(bool, map(str.strip, source.splitlines()))) for source in code] or [0]
        said = sum(map(words, prose + quiz))
        if part == "body":
            figures["body: cells"] = (45, len(cells), 70)
            figures["body: prose cells"] = (len(cells) / 2, len(prose), 70)
            figures["body: lines of the median code cell"] = (0, statistics.median(lengths), 6)
        else:
            figures[f"{part}: cells"] = (0, len(cells), 28)
        most = {"body": 3000, "exercises": 1500}[part]
        figures[f"{part}: words"] = (0, said, most)
        figures[f"{part}: lines of the longest code cell"] = (0, max(lengths), 25)
    return [
        f"{what}: {figure}, not {least:g} to {most}"
        for what, (least, figure, most) in figures.items()
        if not least <= figure <= most
    ]


def is_quiz(cell) -> bool:
    """Code that is prose: the build puts the questions into a call."""
    return cell.cell_type == "code" and "quiz" in cell.metadata.get("tags", ())


def words(prose: str) -> int:
    """Table rules, list marks and the like are no words."""
    return sum(any(letter.isalnum() for letter in word) for word in prose.split())


def unspoken_pictures(notebook) -> list[str]:
    """Cells whose picture has no words for who cannot see it: an object's repr says nothing."""
    return [
        cell.id
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {}) and not says_something(output.data)
    ]


def says_something(data: dict) -> bool:
    text = data.get("text/plain", "").strip()
    return words(text) >= 5 and not re.match(r"<|[\w.]+\(", text)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def path(request) -> Path:
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def test_a_lesson_keeps_to_its_budget(notebook):
    assert over_budget(notebook) == [], WHY


def test_every_stored_picture_is_told_in_words(notebook):
    assert unspoken_pictures(notebook) == []


def test_a_stored_notebook_is_small_and_has_no_widget_state(path, notebook):
    assert path.stat().st_size <= 10**6
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_source_uses_pyplot_or_installs(source):
    assert FORBIDDEN.search(source.read_text(encoding="utf-8")) is None


SAID = {  # at the top: minutes in all, without the extra sections, of the exercises
    "tr": r"yaklaşık (\d+) dakika; \*ek\* yazan bölüm(?:ler)? bekleyebilir, on(?:suz|larsız) (\d+) "
    r"dakika\. Alıştırmalar: (\d+) dakika\.",
    "en": r"about (\d+) minutes, or (\d+) without the sections? marked \*extra\*, which can wait\. "
    r"Exercises: (\d+) minutes\.",
}
UNIT = {"tr": ("dakika", "ek"), "en": ("minutes", "extra")}
SITTING, CLASS = 60, 40  # minutes: alone, and in a class of 45


def minutes(source: str, language: str) -> tuple[int, int, int]:
    """What the headings say: of all sections, of those that are not extra, of the exercises."""
    unit, extra = UNIT[language]
    sections = re.findall(rf"^# ## .*\((\d+) {unit}(, {extra})?\)$", source, re.MULTILINE)
    exercises = re.findall(rf"^# [●○]{{3}} · (\d+) {unit}\.", source, re.MULTILINE)
    core = sum(int(took) for took, is_extra in sections if not is_extra)
    return sum(int(took) for took, _ in sections), core, sum(map(int, exercises))


@pytest.mark.parametrize("language", SAID)
@pytest.mark.parametrize(
    "source", sorted(ROOT.glob("notebooks/source/lessons/*.py")), ids=lambda path: path.stem
)
def test_a_lesson_is_one_sitting_and_says_how_long(source, language):
    text = source.read_text(encoding="utf-8")
    told = re.sub(r"\s*\n# ", " ", text)
    ((said),) = re.findall(SAID[language], told)
    taken = minutes(text, language)
    assert tuple(map(int, said)) == taken
    assert taken[0] <= SITTING
    assert taken[1] <= CLASS


def test_something_trains_by_minute_25_of_lesson_3():
    text = next(ROOT.glob("notebooks/source/lessons/03_*.py")).read_text(encoding="utf-8")
    before = text[: text.index("optimizer.step()")]
    assert minutes(before, "en")[0] <= 25


# --- predictions ----------------------------------------------------------------------------------


def asked(notebook) -> list:
    return [cell for cell in notebook.cells if predict.tagged(cell, predict.TAG)]


def test_a_lesson_has_a_few_predictions_whose_answers_lie_folded(notebook):
    names = [cell.source.partition(" =")[0] for cell in asked(notebook)]
    assert 4 <= len(names) <= 8
    assert len(set(names)) == len(names)
    (overview,) = [cell for cell in notebook.cells if predict.tagged(cell, predict.OVERVIEW)]
    told = "".join(overview.outputs[-1].data["text/plain"])
    assert all(predict.read(cell).about in told for cell in asked(notebook))
    reveals = [cell for cell in notebook.cells if predict.tagged(cell, predict.REVEAL)]
    truths = [predict.TRUTH.findall(cell.outputs[-1].data["text/html"]) for cell in reveals]
    assert all(len(truth) == 1 for truth in truths), "exactly one answer holds"
    assert len({*map(tuple, truths)}) > 1, "the right answer has the same letter every time"
    assert all(map(predict.is_folded, [*reveals, overview]))


def test_no_name_of_a_prediction_is_taken_by_other_code(notebook):
    names = {cell.source.partition(" =")[0] for cell in asked(notebook)}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not predict.tagged(cell, predict.TAG):
            taken = {
                n.id
                for n in ast.walk(ast.parse(cell.source))
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            defined = {n.name for n in ast.parse(cell.source).body if hasattr(n, "name")}
            assert not names & (taken | defined), cell.source


def test_both_languages_have_the_same_truths():
    truths = {}
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        texts = [str(cell.get("outputs")) for cell in notebook.cells]
        truths.setdefault(path.stem[:2], []).append(predict.TRUTH.findall("".join(texts)))
    assert all(tr == en != [] for tr, en in truths.values())


# --- the same checks on made-up notebooks: they do find what they look for ------------------------


def lesson(prose=30, code=30, lines=2, text="üç kelime var"):
    cells = [new_markdown_cell(text) for _ in range(prose)]
    return new_notebook(cells=cells + [new_code_cell("x\n\n" * lines) for _ in range(code)])


def with_part(heading: str, cells: int, text="üç kelime var", code="x", tags=()):
    """A lesson within its budget, and after it a part of so many cells."""
    notebook = lesson()
    notebook.cells.append(new_markdown_cell(f"{heading}\n{text}"))
    metadata = {"tags": list(tags)}
    notebook.cells += [new_code_cell(code, metadata=metadata) for _ in range(cells - 1)]
    return notebook


def test_a_lesson_within_its_budget():
    assert over_budget(lesson()) == []
    assert over_budget(lesson(23, 22, lines=6)) == []
    assert over_budget(lesson(40, 30, text="| a |\n| - |\n" + "b " * 74)) == []
    for heading, cells, count in (
        ("## Alıştırmalar", 28, 1499),
        ("## Exercises", 28, 1499),
    ):
        assert over_budget(with_part(heading, cells, "bir " * count)) == []
    assert over_budget(with_part("## Exercises", 2, "bir", "x\n" * 26, tags=["quiz"])) == []


@pytest.mark.parametrize(
    ("notebook", "figure"),
    [
        (lesson(22, 22), "body: cells: 44"),
        (lesson(36, 35), "body: cells: 71"),
        (lesson(30, 31), "body: prose cells: 30"),
        (lesson(lines=7), "body: lines of the median code cell: 7"),
        (lesson(text="bir " * 101), "body: words: 3030"),
        (with_part("## Alıştırmalar", 29), "exercises: cells: 29"),
        (with_part("## Exercises", 2, "one " * 1500), "exercises: words: 1501"),
        (with_part("## Exercises", 2, code="x " * 1500, tags=["quiz"]), "exercises: words: 1504"),
        (
            with_part("## Exercises", 2, code="x\n" * 26),
            "exercises: lines of the longest code cell: 26",
        ),
    ],
)
def test_a_lesson_over_its_budget(notebook, figure):
    (line,) = over_budget(notebook)
    assert line.startswith(figure)


def test_a_code_cell_too_long():
    notebook = lesson()
    notebook.cells[-1].source = "x\n" * 26
    assert over_budget(notebook) == ["body: lines of the longest code cell: 26, not 0 to 25"]


@pytest.mark.parametrize(
    ("text", "unspoken"),
    [
        ("The reward rises from 0.2 to 0.9 in 100 updates.", []),
        ("<Figure size 640x480 with 1 Axes drawn here>", ["c"]),
        ("VBox(children=(IntSlider(value=0), HTML(value='a b'), Label(value='c d e')))", ["c"]),
        ("a picture", ["c"]),
        (None, ["c"]),
    ],
)
def test_a_picture_needs_words(text, unspoken):
    data = {"image/png": "iVBO"} | ({"text/plain": text} if text else {})
    cell = new_code_cell(id="c", outputs=[new_output("display_data", data)])
    assert unspoken_pictures(new_notebook(cells=[cell])) == unspoken


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import matplotlib.pyplot as plt", True),
        ("    from matplotlib import pyplot", True),
        ("x = matplotlib.pyplot.figure()", True),
        ("# %matplotlib inline", True),
        ("# !pip install torch", True),
        (
            '"""Object-oriented figures, never pyplot."""\nfrom matplotlib.figure import Figure',
            False,
        ),
    ],
)
def test_what_no_source_may_do_is_found(source, found):
    assert bool(FORBIDDEN.search(source)) is found
