"""The build of the notebooks, on made-up lessons; and the course's own notebooks are current."""

import json
import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import jupytext
import nbformat
import pytest

import build
from builder import lesson, stored, work
from builder.plan import code, plan
from course import COURSE, ROOT
from one_lesson import GOOD, HEADER, NAMES, contents, make_course
from toycore import widgets
from toycore.widgets.quiz import quiz

EXERCISE = """
# %% [markdown] lang="tr"
# Yaz

# %% [markdown] lang="en"
# Write

# %% tags=["exercise"]
answer = ...

# %% tags=["check"]
answer is ... and "unwritten:" + dict(language="en")["language"]

# %% tags=["solution"]
answer = dict(language="en")
"""

PICTURE = (
    HEADER
    + """\
# %%
import base64
import ipywidgets

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="
)


class Picture(ipywidgets.VBox):
    def _repr_mimebundle_(self, **kwargs):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {
            "text/html": "<img alt='the curve rises from 0 to 1'>",
            "text/plain": "the curve rises from 0 to 1",
            "image/png": base64.b64encode(PNG).decode(),
            "application/vnd.jupyter.widget-view+json": view,
        }


Picture([ipywidgets.IntSlider()])
# tr: <img alt='the curve rises from 0 to 1'> → <img alt='the curve rises from 0 to 1'>
# tr: the curve rises from 0 to 1 → the curve rises from 0 to 1

# %%
print("reward", 0.25)
"""
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The bytes of the good lesson's notebooks, by path: one build serves many tests."""
    course = make_course(tmp_path_factory.mktemp("good"))
    work.build(course)
    return contents(course)


@pytest.fixture
def built(files, tmp_path):
    """The good course with its notebooks, to be spoiled."""
    course = make_course(tmp_path)
    for name, data in files.items():
        path = course.output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return course


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new).encode())


# --- what a build makes -----------------------------------------------------------------------


def test_a_lesson_becomes_two_executed_notebooks(files):
    assert set(files) == set(NAMES)
    for name, prose in zip(NAMES, ("# Şekil\n%60", "# Figure\n"), strict=True):
        language = name[:2]
        notebook = nbformat.reads(files[name].decode("utf-8"), as_version=4)
        title, where, setup, last = notebook.cells
        assert [cell.id for cell in notebook.cells] == ["01-01", "01-00", "01-02", "01-03"]
        assert f"{language}/{Path(name).name}" in where.source
        assert title.source.startswith(prose)
        assert setup.metadata == {"tags": ["setup"]}
        assert title.metadata == last.metadata == {}
        assert [output.text for output in setup.outputs] == [f"{language}\n1\n"]
        assert last.source == f'dict(language="{language}")'
        assert last.outputs[0].data["text/plain"] == f"{{'language': '{language}'}}"
        assert set(notebook.metadata) == {"kernelspec", "language_info", "toycore"}
        assert notebook.metadata.toycore.language == language


def test_two_builds_are_the_same_to_the_byte(files, tmp_path):
    course = make_course(tmp_path)
    lesson = course.lessons / "01.py"
    lesson.write_bytes(lesson.read_bytes().replace(b"\n", b"\r\n"))  # as git may on Windows
    work.build(course)
    assert contents(course) == files
    for data in files.values():
        assert data.endswith(b"}\n")
        assert b"\r" not in data


def test_a_current_course_passes_the_check(built, capsys):
    before = contents(built)
    assert stored.stale(built) == []
    assert build.main(["--check"], built) == 0
    assert build.main(["01", "--check"], built) == 0
    assert contents(built) == before
    assert capsys.readouterr().err == ""


def test_the_courses_own_notebooks_are_current():
    assert stored.stale(COURSE) == []


def test_a_build_says_what_to_open_and_nothing_else(tmp_path, capfd, monkeypatch):
    """Not even a kernel, which writes into the same terminal, has anything to add."""
    course = make_course(tmp_path)
    monkeypatch.chdir(tmp_path / "package")
    assert build.main([], course) == 0
    said, warned = capfd.readouterr()
    assert warned == ""
    assert said == f"done: open {Path('..', 'notebooks')}\n"
    assert (Path("..") / "notebooks" / "en" / "01_lesson.ipynb").exists()


# --- in the environment of one who learns, without the libraries of the build --------------------

BUILD = "notebooks/source/build.py"
WORKS = ([], ["--check"], ["--site"], ["--slides"], ["--standalone"])
BARE = """\
import sys


class Bare:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, *where):
        if name.partition(".")[0] not in {missing}:
            return self.finder.find_spec(name, *where)


sys.meta_path[:] = map(Bare, sys.meta_path)
"""


@pytest.fixture
def bare(tmp_path):
    """Python run where no finder finds some libraries."""

    def bare(*arguments: str, missing=("jupytext", "nbclient")) -> subprocess.CompletedProcess:
        (tmp_path / "sitecustomize.py").write_text(BARE.format(missing=missing), encoding="utf-8")
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return bare


def test_help_needs_no_library_of_the_build(bare):
    done = bare(BUILD, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(option in done.stdout for (option,) in WORKS[1:])


def test_a_wrong_argument_is_told_without_a_library_of_the_build(bare):
    done = bare(BUILD, "--sight")
    assert done.returncode == 2
    assert "unrecognized arguments: --sight" in done.stderr
    assert "Traceback" not in done.stderr


EACH = f"""\
import contextlib
import io
import json
import runpy
import sys

sys.path[0] = "notebooks/source"  # as of a script that lies there
for arguments in {WORKS}:
    sys.argv[1:], ended = arguments, None
    said, refused = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in "ab")
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(refused):
        try:
            runpy.run_path({BUILD!r}, run_name="__main__")
        except SystemExit as end:
            ended = end.code
    print(json.dumps([ended, *(one.buffer.getvalue().decode() for one in (said, refused))]))
"""


@pytest.mark.parametrize("pip", [True, False], ids=["pip", "uv"])
def test_a_library_that_is_missing_is_one_sentence_with_the_command(bare, pip):
    missing = ("jupytext", "nbclient") if pip else ("jupytext", "nbclient", "pip")
    done = bare("-c", EACH, missing=missing)
    assert (done.returncode, done.stderr) == (0, "")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    python = os.path.relpath(sys.executable, ROOT)
    requirements = Path("tests", "requirements.txt")
    assert (ROOT / requirements).exists()
    due = f"{python} -m pip install -r {requirements}"
    if not pip:
        due = f"uv pip install --python {python} --torch-backend=cpu -r {requirements}"
    for arguments, (ended, said, refused) in zip(WORKS, told, strict=True):
        assert (ended, said) == (1, ""), arguments
        (line,) = refused.splitlines()
        library, _, command = line.partition(" is not installed: ")
        assert (library in missing, command) == (True, due), arguments


@pytest.mark.parametrize("library", ["nbconvert", "jinja2"])
def test_what_only_the_site_needs_is_told_as_well(bare, library):
    done = bare(BUILD, "--site", missing=(library,))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{library} is not installed: ")


def test_a_module_of_our_own_that_is_missing_is_no_library(monkeypatch):
    def missing(*_):
        raise ModuleNotFoundError("No module named 'builder.guide'", name="builder.guide")

    monkeypatch.setattr(build, "carried_out", missing)
    with pytest.raises(ModuleNotFoundError, match=r"builder\.guide"):
        build.main([])


# --- what the prose must fulfil ---------------------------------------------------------------

FIGURE = "# # Figure\n# reward 0.05 and $x^2 + 1$, 60%\n"
BAD = {
    "no English": (f'# %% [markdown] lang="en"\n{FIGURE}', "", 'its "en" is not .*code'),
    "no Turkish": ('[markdown] lang="tr"', '[markdown] lang="en"', 'its "tr" is not .*en'),
    "a third prose cell": ("# %% tags", '# %% [markdown] lang="tr"\n# x\n\n# %% tags', 'its "en"'),
    "no twin at the end": (
        'dict(language="en")',
        '1\n\n# %% [markdown] lang="tr"\n# son',
        "cell 5 .*'son'.*None",
    ),
    "unmarked prose": ('[markdown] lang="en"', "[markdown]", 'its "en" is not .*None'),
    "an unknown language": ('[markdown] lang="en"', '[markdown] lang="de"', 'its "en" is not .*de'),
    "a formula": ("# reward 0.05 and $x^2 + 1$", "# reward 0.05 and $x^3 + 1$", "formulas differ"),
    "a number": ("reward 0.05", "reward 0.06", r"numbers differ.*\[0.05\].*\[0.06\]"),
    "a number too few": (", 60%", "", r"numbers differ.*\[60\].*\[\]"),
    "a misspelt option": ('tags=["setup"]', 'tags=["setup"', "option"),
    "tags that are no list": ('tags=["setup"]', 'tags="setup"', "not of type 'array'"),
    "an option of prose": ('lang="en"\n', 'lang="en" tag="x"\n', "option"),
    "a twin of code": ('[markdown] lang="en"', 'lang="en"', 'its "en" is not .*code'),
    "an unknown option": ("# %% tags", "# %% tag", "option"),
    "a language at code": ('tags=["setup"]', 'lang="en"', "option"),
    "an empty cell": ('dict(language="en")', "", "empty"),
    "a raw cell": ("# %% tags", "# %% [raw] tags", "raw"),
    "no name": ("#     tr: 01_ders\n", "", "header"),
    "no header": (HEADER, "", "header"),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_a_bad_lesson_is_refused_before_anything_runs(old, new, message, built, monkeypatch):
    change(built.lessons / "01.py", old, new)
    before = contents(built)
    monkeypatch.setattr(work, "execute", lambda *_: pytest.fail("a bad lesson was executed"))
    with pytest.raises(lesson.LessonError, match=rf"^01\.py.*{message}"):
        work.build(built)
    assert build.main(["--check"], built) == 1
    assert contents(built) == before


QUIZ = """\
# %% [markdown] lang="tr" tags=["quiz"]
# 1. $\\beta$ kaç?
#    - [x] 0,05 — "öyle".
#    - [ ] 1 — değil.
# 2. Ya bu?
#    - [ ] 2 — değil.
#    - [x] 3 — öyle.

# %% [markdown] lang="en" tags=["quiz"]
# 1. How much is $\\beta$?
#    - [x] 0.05 — "so it is".
#    - [ ] 1 — it is not.
# 2. And this?
#    - [ ] 2 — it is not.
#    - [x] 3 — so it is.

"""
BAD_QUIZZES = {
    "its twin is none": ('lang="en" tags=["quiz"]', 'lang="en"', "on both"),
    "its twin alone": ('lang="tr" tags=["quiz"]', 'lang="tr"', "on both"),
    "code": ("# %%\ndict", '# %% tags=["quiz"]\ndict', "on prose"),
    "another right answer": (
        '[x] 0.05 — "so it is".\n#    - [ ] 1',
        '[ ] 0.05 — "so it is".\n#    - [x] 1',
        r"differ: \[\(0, 2\), \(1, 2\)\], \[\(1, 2\), \(1, 2\)\]",
    ),
    "an answer too few": ("3 — so it is.", "3 — so it is.\n#    - [ ] three — no.", "differ"),
    "no explanation": (" — öyle.", "", "tr: line 6: .*why"),
    "always the first": ("[ ] 2 — {}.\n#    - [x] 3", "[x] 2 — {}.\n#    - [ ] 3", "same place"),
    "another number": ("0,05", "0,06", "numbers differ"),
    "another formula": ("is $\\beta$", "is $\\alpha$", "formulas differ"),
    "a string's end": ('"so it is"', '"""so it is"""', "cannot hold"),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD_QUIZZES.values(), ids=BAD_QUIZZES)
def test_a_bad_quiz_is_refused_before_anything_runs(old, new, message, built, monkeypatch):
    path = built.lessons / "01.py"
    change(path, "# %%\ndict", QUIZ + "# %%\ndict")
    for denial in ("değil", "it is not") if "{}" in old else ("",):
        change(path, old.format(denial), new.format(denial))
    monkeypatch.setattr(work, "execute", lambda *_: pytest.fail("a bad lesson was executed"))
    with pytest.raises(lesson.LessonError, match=rf"^01\.py.*{message}"):
        work.build(built)


def test_a_quiz_becomes_a_hidden_call_that_shows_it(built):
    change(built.lessons / "01.py", "# %%\ndict", QUIZ + "# %%\ndict")
    (notebooks,) = plan(built)
    for language, notebook in zip(lesson.LANGUAGES, notebooks.values(), strict=True):
        cell = notebook.cells[-2]
        assert (cell.cell_type, cell.id) == ("code", "01-03")
        assert cell.metadata == {
            "tags": ["quiz"],
            "jupyter": {"source_hidden": True},
            "cellView": "form",
            "_kg_hide-input": True,
        }
        (asked,) = shown(cell.source)
        assert asked.language == language
        assert [question.right for question in asked.questions] == [0, 1]
        assert "$\\beta$" in asked.questions[0].text


def shown(source: str) -> list:
    """The quizzes that a cell's code makes."""
    made, tc = [], types.SimpleNamespace(widgets=types.SimpleNamespace())
    tc.widgets.quiz = lambda *given, **named: made.append(quiz(*given, **named))
    exec(source, {"tc": tc})
    return made


# --- predictions ------------------------------------------------------------------------------

PREDICTION = """\
# %% [markdown] lang="tr" predict="leash"
# **Tahmin et · kısa tasma.** $\\beta$ 0,5 olursa
# ne olur?
#
# - iner
# - çıkar,
#   "hep"

# %% [markdown] lang="en" predict="leash"
# **Predict · a short leash.** With a $\\beta$ of 0.5
# what happens?
#
# - it falls
# - it rises,
#   "always"

# %%
found = 1 + 1

# %% tags=["reveal"]
low = found < 2
leash.reveal(a=low, b=found == 2)

# %% [markdown] lang="tr" tags=["answer"]
# Çünkü öyle.

# %% [markdown] lang="en" tags=["answer"]
# Because it is so.

# %% tags=["overview"]
tc.widgets.predictions(language="en")

"""
BAD_PREDICTIONS = {
    "a twin without it": ('lang="tr" predict="leash"', 'lang="tr"', "due on both"),
    "a twin with another": ('lang="tr" predict="leash"', 'lang="tr" predict="b"', "due on both"),
    "no title": ("**Predict · a short leash.**", "**Predict.**", r"en: it begins \*\*Predict"),
    "the other's word": ("**Tahmin et ·", "**Predict ·", r"tr: it begins \*\*Tahmin et"),
    "one answer": ("# - it falls\n", "", "two or more"),
    "no answers": ('# - it falls\n# - it rises,\n#   "always"', "# Well?", "two or more"),
    "the same twice": ("# - it falls", '# - it rises, "always"', "two or more"),
    "a formula in one": ("# - it falls", "# - it falls $", "plain text"),
    "code in one": ("# - it falls", "# - `it` falls", "plain text"),
    "a third in one": ("# - it falls\n", "# - it falls\n# - it stays\n", "different numbers"),
    "another number": ("of 0.5", "of 0.6", "numbers differ"),
    "no reveal": ("leash.reveal(", "leash.show(", "reveals no question .*leash"),
    "another's reveal": ("leash.reveal(", "chain.reveal(", "reveals no question"),
    "a reveal alone": (' predict="leash"', "", "open is: None"),
    "no reasons": (' tags=["answer"]', "", "after a reveal comes prose"),
    "reasons in one": ('lang="en" tags=["answer"]', 'lang="en"', "after a reveal comes prose"),
    "reasons alone": ('# %% tags=["reveal"]\nlow', "# %%\nlow", "an answer stands after"),
    "never revealed": (PREDICTION.partition("# %%\nfound")[2], "\n", "not revealed"),
}


def with_prediction(course):
    path = course.lessons / "01.py"
    change(path, "# %%\ndict", PREDICTION + "# %%\ndict")
    return path


@pytest.mark.parametrize(("old", "new", "message"), BAD_PREDICTIONS.values(), ids=BAD_PREDICTIONS)
def test_a_bad_prediction_is_refused_before_anything_runs(old, new, message, built, monkeypatch):
    path = with_prediction(built)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(work, "execute", lambda *_: pytest.fail("a bad lesson was executed"))
    with pytest.raises(lesson.LessonError, match=rf"(?s)^01\.py.*{message}"):
        work.build(built)


def test_a_prediction_becomes_a_question_a_call_and_folded_outputs(built):
    with_prediction(built)
    (notebooks,) = plan(built)
    for language, notebook in zip(lesson.LANGUAGES, notebooks.values(), strict=True):
        place = next(k for k, cell in enumerate(notebook.cells) if cell.id == "01-03p")
        question, call, found, reveal, why, overview = notebook.cells[place - 1 : place + 5]
        assert question.source.endswith({"tr": "ne olur?", "en": "what happens?"}[language])
        assert question.cell_type == why.cell_type == "markdown"
        assert call.metadata == {"tags": ["predict"]}
        assert why.source.startswith("<details><summary>")
        for cell, tags in ((found, None), (reveal, ["reveal"]), (overview, ["overview"])):
            assert cell.metadata.pop("jupyter") == {"outputs_hidden": True}
            assert cell.metadata.get("tags") == tags
        space = {"tc": types.SimpleNamespace(widgets=widgets)}
        for cell in (call, found, reveal, overview):
            exec(cell.source, space)
        leash = space["leash"]
        assert (leash.language, leash.guess, leash.truth) == (language, None, "b")
        assert leash.answers["b"] == {"tr": 'çıkar, "hep"', "en": 'it rises, "always"'}[language]
        exec(call.source.replace('"?"', '"b"') + "\n" + reveal.source, space)
        assert space["leash"].right


# --- exercises --------------------------------------------------------------------------------


def test_an_exercise_becomes_stub_check_and_folded_solution(tmp_path):
    course = make_course(tmp_path, GOOD + EXERCISE)
    (built,) = work.plan(course)
    for path, notebook in built.items():
        task, stub, check, solution = notebook.cells[-4:]
        language = path.parent.name
        summary = {"tr": "Çözüm", "en": "Solution"}[language]
        assert task.source == {"tr": "Yaz", "en": "Write"}[language]
        assert (stub.cell_type, stub.source) == ("code", "answer = ...")
        assert check.cell_type == "code"
        assert solution.cell_type == "markdown"
        assert solution.source == (
            f"<details><summary>{summary}</summary>\n\n"
            f'```python\nanswer = dict(language="{language}")\n```\n\n</details>'
        )
        tags = [cell.metadata.get("tags") for cell in (task, stub, check, solution)]
        assert tags == [None, ["exercise"], ["check"], ["solution"]]
        assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_restart_and_run_all_ends_with_the_stubs_unfinished(tmp_path):
    course = make_course(tmp_path, GOOD + EXERCISE)
    work.build(course)
    assert stored.stale(course) == []
    check = nbformat.read(tmp_path / EN, as_version=4).cells[-2]
    assert check.outputs[0].data["text/plain"] == "'unwritten:en'"


def disordered(*order: int) -> str:
    """The exercise with its cells in another order, or some of them missing."""
    tr, en, *code = EXERCISE.split("\n\n# %%")
    return "\n\n# %%".join([tr, en, *(code[place] for place in order)])


STRAYS = {
    "no check": disordered(0, 2),
    "no solution": disordered(0, 1),
    "no stub": disordered(1, 2),
    "only a stub": disordered(0),
    "only a solution": disordered(2),
    "another order": disordered(0, 2, 1),
    "two solutions": disordered(0, 1, 2, 2),
    "two stubs": disordered(0, 0, 1, 2),
    "no task": EXERCISE[EXERCISE.index("# %% tags") :],
    "code between": EXERCISE.replace('# %% tags=["check"]', '# %%\n1\n\n# %% tags=["check"]'),
    "two tags": EXERCISE.replace('["check"]', '["check", "solution"]'),
}


@pytest.mark.parametrize("exercise", STRAYS.values(), ids=STRAYS)
def test_an_exercise_out_of_order_is_refused(exercise, tmp_path):
    course = make_course(tmp_path, GOOD + exercise)
    with pytest.raises(lesson.LessonError, match=r"^01\.py.*prose, exercise, check, solution"):
        work.plan(course)


def test_an_exercise_in_order_is_accepted(tmp_path):
    assert disordered(0, 1, 2) == EXERCISE
    work.plan(make_course(tmp_path, GOOD + EXERCISE + EXERCISE))


SAME = [
    ("0,05 ve −0,3", "-0.3 and 0.05"),
    ("10.000 çift", "10,000 pairs"),
    ("1.234.567,8", "1,234,567.8"),
    ("10000 çift", "10,000 pairs"),
    ("%60, %2,5 ve −%5", "60%, 2.5% and -5%"),
    ("%10–%20 ya da 10-20", "10–20 or 10%-20%"),
    ("1e-3'ten az, 16'lık.", "below 0.001, of 16."),
    ("Sürüm 2.13.0, INT8 ve k1, INT8", "Version 2.13.0, INT8 (k1)"),
    ("`kl_beta=0.05`, `sözlük`", "`kl_beta=0.05`, `dictionary`"),
    ("```python\na = 0.5  # ödül\n```", "```python\na = 0.5  # reward\n```"),
    ("[ders 2](../tr/02_x3.ipynb)", "[lesson 2](../en/02_y4_5.ipynb)"),
    ("(arXiv:1707.06347, https://a.b/1)", "(arXiv:1707.06347, https://a.b/2)"),
    ("1. bir\n2. iki", "1. one\n2. two"),
    ("$a = 1$ sonra $$b\n= 2$$", "$$b = 2$$ then $a = 1$"),
    ("$a = 0.05$", "$a = 0.05$"),
    (r"5 \$ ve 6 \$", r"\$5 and \$6"),
    ("`$x` ve `$y`", "`$y` and `$z`"),
]
DIFFERENT = [
    ("numbers", "0.05", "0.05"),  # a decimal point is not Turkish
    ("numbers", "0,05", "0,05"),
    ("numbers", "10,000 çift", "10,000 pairs"),
    ("numbers", "0,3", "-0.3"),
    ("numbers", "1 ve 1", "1"),
    ("numbers", "`kl_beta=0.05`", "`kl_beta=0.5`"),
    ("numbers", "`kl_beta=0,05`", "`kl_beta=0.05`"),
    ("numbers", "`0.05`", "`-0.05`"),
    ("numbers", "_5_ kez", "_6_ times"),
    ("numbers", "1e-3", "1e-4"),
    ("numbers", "arXiv:1707.06347 ve 3", "arXiv:1707.06347"),
    ("formulas", "$a$ ve $a$", "$a$"),
    ("formulas", "$$a_1$$", "$a_1$"),
    ("formulas", "$$a = 1$$", "$$a = 2$$"),
    ("formulas", r"\begin{align}a&=1\end{align}", r"\begin{align}a&=2\end{align}"),
]


def counts(count, tr: str, en: str) -> tuple:
    return count(tr, "tr"), count(en, "en")


@pytest.mark.parametrize(("tr", "en"), SAME)
def test_the_same_said_in_both_languages(tr, en):
    for count in (lesson.numbers, lesson.formulas):
        in_tr, in_en = counts(count, tr, en)
        assert in_tr == in_en


@pytest.mark.parametrize(("what", "tr", "en"), DIFFERENT)
def test_not_the_same_said_in_both_languages(what, tr, en):
    in_tr, in_en = counts(getattr(lesson, what), tr, en)
    assert in_tr != in_en


def test_two_lessons_cannot_make_the_same_notebook(built):
    (built.lessons / "02.py").write_text(GOOD, encoding="utf-8")
    with pytest.raises(lesson.LessonError, match=r"01_ders\.ipynb"):
        plan(built)
    assert "two lessons name the same notebook: " in stored.stale(built)[0]


ENCODINGS = {"a Turkish Windows": "cp1254", "an old Notepad": "utf-16"}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_a_lesson_in_another_encoding_is_one_line_beside_the_other_faults(encoding, built, capsys):
    (built.lessons / "00.py").write_text(GOOD, encoding=encoding)
    change(built.output / "en" / "01_lesson.ipynb", "import pathlib", "import  pathlib")
    assert build.main(["--check"], built) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("00.py: it is not in UTF-8")
    assert second.startswith("en/01_lesson.ipynb: ")
    assert build.main([], built) == 1
    assert capsys.readouterr().err.startswith("00.py: it is not in UTF-8")


def test_each_bad_lesson_is_told(built, capsys):
    for name in ("02.py", "03.py"):
        (built.lessons / name).write_text("# %%\n1\n", encoding="utf-8")
    assert build.main(["--check"], built) == 1
    assert [line[:6] for line in capsys.readouterr().err.splitlines()] == ["02.py:", "03.py:"]


def test_a_lesson_with_a_mark_of_its_encoding_is_read(built):
    (built.lessons / "01.py").write_text(GOOD, encoding="utf-8-sig")
    assert stored.stale(built) == []


def test_an_unknown_lesson_is_named(built, capsys):
    assert build.main(["9_nine"], built) == 1
    assert "9_nine" in capsys.readouterr().err


# --- what the check of the stored notebooks finds -------------------------------------------------

EN = Path("notebooks/en/01_lesson.ipynb")
SPOILED = {
    "a changed lesson": (Path("lessons/01.py"), "import pathlib\n", "import pathlib  # KL\n"),
    "a changed comment": (Path("lessons/01.py"), "#   toycore:", "#   # new\n#   toycore:"),
    "a changed package": (Path("package/module.py"), "ONE = 1", "ONE = 2"),
    "an edited cell": (EN, "import pathlib", "import  pathlib"),
    "a lost tag": (EN, '"setup"', '"step"'),
    "another id": (EN, '"01-02"', '"01-2"'),
    "an unexecuted cell": (EN, '"execution_count": 2', '"execution_count": null'),
    "another order": (EN, '"execution_count": 2', '"execution_count": 3'),
    "widget state": (EN, '"language_info": {', '"widgets": {},\n  "language_info": {'),
    "another kernel": (EN, "Python 3 (ipykernel)", "toycore"),
    "no JSON": (EN, '"cells"', "<<<<<<< HEAD"),
}


@pytest.mark.parametrize(("path", "old", "new"), SPOILED.values(), ids=SPOILED)
def test_the_check_finds(path, old, new, built, tmp_path, capsys):
    change(tmp_path / path, old, new)
    assert any(line.startswith("en/01_lesson.ipynb: ") for line in stored.stale(built))
    assert build.main(["--check"], built) == 1
    assert "en/01_lesson.ipynb: " in capsys.readouterr().err


MODULE = '''\
"""What it is for."""

WORDS = {"reward": "ödül"}  # shown


class Scale:
    """One scale."""

    def of(self, bits=8, **more):
        """Its size."""
        return {**more, "text": f"{2**bits - 1:>{bits}} levels", "none": None}
'''
HARMLESS = {
    "the module's docstring": ("What it is for.", "What it does."),
    "a class's docstring": ("One scale.", "A scale."),
    "a function's docstring": ('        """Its size."""\n', ""),
    "a comment": ("  # shown", "  # shown to the learner"),
    "the layout": ("WORDS = {", "WORDS = {\n    "),
}
HARMFUL = {
    "a word": ("ödül", "odul"),
    "a number": ("bits=8", "bits=4"),
    "a format": (":>{bits}", ":<{bits}"),
    "a name": ("Scale", "Scales"),
    "a string that is no docstring": ('"none"', '"nothing"'),
    "an empty string": ("**more, ", "**more, '': '', "),
    "a line": ("        return", "        bits = 3\n        return"),
}


@pytest.mark.parametrize(("old", "new"), HARMLESS.values(), ids=HARMLESS)
def test_what_no_lesson_shows_makes_no_notebook_stale(old, new, built):
    module = built.package / "module.py"
    module.write_text(MODULE, encoding="utf-8")
    (before,) = plan(built)
    change(module, old, new)
    assert plan(built) == [before]


@pytest.mark.parametrize(("old", "new"), HARMFUL.values(), ids=HARMFUL)
def test_what_runs_makes_the_notebooks_stale(old, new, built):
    module = built.package / "module.py"
    module.write_text(MODULE, encoding="utf-8")
    (before,) = plan(built)
    change(module, old, new)
    (after,) = plan(built)
    assert [n.metadata.toycore.sources for n in after.values()] != [
        n.metadata.toycore.sources for n in before.values()
    ]


def test_a_module_is_told_alike_in_every_version_of_python():
    assert code("def f(x: int = None, *a):\n    return [f'{x!r:.2}', ...]") == (
        "Module(body=[FunctionDef(name='f', args=arguments(args=[arg(arg='x', "
        "annotation=Name(id='int', ctx=Load()))], vararg=arg(arg='a'), defaults=[Constant()]), "
        "body=[Return(value=List(elts=[JoinedStr(values=[FormattedValue(value=Name(id='x', "
        "ctx=Load()), conversion=114, format_spec=JoinedStr(values=[Constant(value='.2')]))]), "
        "Constant(value=Ellipsis)], ctx=Load()))])])"
    )


def test_no_lesson_and_no_part_of_the_package_shows_docstrings_or_sources():
    """What the digest leaves out may not reach a notebook; the help of a command may show it."""
    read = r"\bhelp\(|(?<!description=main\.)(?<!examples = \()__doc__|\bgetdoc\b|^[\w.]+\?"
    read += r"|(?<!import )\binspect\b(?!\.signature)"  # a signature is in what runs
    for path in [*COURSE.lessons.glob("*.py"), *COURSE.package.rglob("*.py")]:
        cells = jupytext.read(path, fmt="py:percent").cells  # a module is one cell
        sources = [cell.source for cell in cells if cell.cell_type == "code"]
        assert sources
        assert not [s for s in sources if re.search(read, s, re.MULTILINE)], path


NO_NOTEBOOKS = ("[]", "3", "null", "{}", '{"nbformat": 4, "nbformat_minor": 5}', "<<<<", "\x00")


@pytest.mark.parametrize("text", NO_NOTEBOOKS)
def test_a_file_that_is_no_notebook_is_one_line_beside_the_other_faults(text, built, capsys):
    (built.output / "en" / "01_lesson.ipynb").write_text(text, encoding="utf-8")
    (built.output / "tr" / "01_ders.ipynb").unlink()
    assert build.main(["--check"], built) == 1
    assert sorted(capsys.readouterr().err.splitlines()) == [
        "en/01_lesson.ipynb: it is not a notebook",
        "tr/01_ders.ipynb: it is not built",
    ]


def test_the_check_finds_a_stored_error(built, tmp_path):
    path = tmp_path / EN
    notebook = nbformat.read(path, as_version=4)
    error = nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])
    notebook.cells[-1].outputs.append(error)
    nbformat.write(notebook, path)
    assert stored.stale(built) == [
        "en/01_lesson.ipynb: its cells were not executed in order, without an error"
    ]


def test_the_check_finds_a_notebook_not_built(built, tmp_path):
    (tmp_path / EN).unlink()
    assert stored.stale(built) == ["en/01_lesson.ipynb: it is not built"]


def test_the_check_finds_a_notebook_that_no_lesson_makes(built, tmp_path):
    (tmp_path / EN).with_name("09_old.ipynb").write_text("{}", encoding="utf-8")
    assert stored.stale(built) == ["en/09_old.ipynb: no lesson makes it"]
    assert stored.stale(built, ["01"]) == []


# --- a build that fails leaves what was there ---------------------------------------------------


def test_an_error_in_a_cell_replaces_nothing(built, capsys):
    """The Turkish notebook, executed first, would be fine; raises-exception is no excuse."""
    fails_in_english = 'dict(language="en")["language"].index("t")'
    change(built.lessons / "01.py", 'dict(language="en")', fails_in_english)
    change(built.lessons / "01.py", "# %%\n", '# %% tags=["raises-exception"]\n')
    before = contents(built)
    assert build.main([], built) == 1
    assert contents(built) == before
    message = capsys.readouterr().err
    assert "en/01_lesson.ipynb" in message
    assert "ValueError" in message
    assert "substring not found" in message


def test_a_build_stopped_while_writing_leaves_the_old_file(built, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    before = contents(built)
    monkeypatch.setattr(stored.os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        stored.write(tmp_path / EN, nbformat.v4.new_notebook())
    assert contents(built) == before


# --- nbval, which replays the stored notebooks ----------------------------------------------------


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("picture"), PICTURE)
    work.build(course)
    return course.output / "en" / "01_lesson.ipynb"


CHANGED = {"printed": ("reward 0.25", "reward 0.26"), "picture": ("0 to 1", "0 to 2")}


@pytest.fixture(scope="module")
def replayed(picture, tmp_path_factory) -> str:
    """What nbval says of the notebook as it was built, and with a number of an output changed: in
    a process of its own, and away from this project's pytest settings."""
    folder, text = tmp_path_factory.mktemp("replayed"), picture.read_text(encoding="utf-8")
    (folder / "stored.ipynb").write_text(text, encoding="utf-8")
    for name, (old, new) in CHANGED.items():
        printed = text.rindex(old)  # the last occurrence is in the output
        changed = text[:printed] + new + text[printed + len(old) :]
        (folder / f"{name}.ipynb").write_text(changed, encoding="utf-8")
    settings = folder / "pytest.ini"
    settings.write_text("[pytest]\n", encoding="utf-8")
    shutil.copy(ROOT / "conftest.py", folder)
    options = ["--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "-c", str(settings)]
    command = [sys.executable, "-m", "pytest", *options, "-rA", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.stdout


def outcomes(said: str, name: str) -> list[str]:
    """Of the cells of a notebook, in pytest's words."""
    return re.findall(rf"^(PASSED|FAILED|ERROR) (?:\S*/)?{name}\.ipynb", said, re.MULTILINE)


def test_a_stored_picture_stands_once_and_without_its_live_view(picture):
    shown = nbformat.read(picture, as_version=4).cells[0].outputs[0].data
    assert set(shown) == {"text/plain", "image/png"}


def test_nbval_accepts_the_picture_without_its_live_view(replayed):
    assert outcomes(replayed, "stored") == ["PASSED", "PASSED"]


@pytest.mark.parametrize("name", CHANGED)
def test_nbval_rejects_a_changed_number(name, replayed):
    assert sorted(outcomes(replayed, name)) == ["FAILED", "PASSED"]
