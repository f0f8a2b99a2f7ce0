"""Which slides a lesson gives, and what its speaker reads: no browser, no kernel."""

import base64
import itertools
import re
from collections import Counter
from html import unescape

import nbformat
import pytest
from ipywidgets.embed import dependency_state

import slides
import toycore as tc
from course import NOTEBOOKS
from made_up import code, drawn, markdown, notebook, prediction, printed
from slides.deck import VOTE, WORDS, deck
from slides.running import running
from slides.text import words
from website import models

EACH = [pytest.param(p, id=f"{p.parent.name}/{p.stem}") for p in NOTEBOOKS]


def told(made) -> list[tuple]:
    """Of each slide its kind, its heading, what it shows and what its notes say, without tags."""

    def plain(parts) -> str:
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", " ".join(parts))).split())

    return [(s.kind, plain([s.heading]), plain(s.body), plain(s.notes)) for s in made]


# --- every lesson -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EACH)
def test_a_lesson_has_few_slides_of_few_words(path):
    made = deck(nbformat.read(path, as_version=4), slides.MOST)
    assert len(made) <= 40
    assert {s.heading: s.words for s in made if s.kind != "vote" and s.words > WORDS} == {}
    assert {s.heading: s.words for s in made if s.kind == "vote" and s.words > VOTE} == {}
    assert (WORDS, VOTE) == (25, 70)


# Formulas of a line, tags, minutes of a heading, addresses, languages of code.
APART = re.compile(
    r"(?s:\$\$.*?\$\$)|</?\w+>|\(\d+ \w+(?:, \w+)?\)$|\]\([^)]*\)|^```\w+$", re.MULTILINE
)


def counted(text: str) -> Counter:
    return Counter(re.findall(r"[^\W\d_]{2,}", re.sub(r"\$[^$]*\$", " ", text)))


@pytest.mark.parametrize("path", EACH)
def test_all_prose_is_on_a_slide_or_in_its_notes(path):
    lesson = nbformat.read(path, as_version=4)
    prose = [c.source for c in lesson.cells if c.cell_type == "markdown" and c.id[-3:] != "-00"]
    said = re.sub("[*`]", "", APART.sub(" ", "\n".join(prose)))
    made = deck(lesson, slides.MOST)
    heard = [part for s in made for part in (s.heading, *s.body, *s.notes) if part[:5] != "<pre>"]
    text = unescape(re.sub(r"<[^>]*>", "", " ".join(heard)))
    assert counted(said) - counted(text) == Counter()
    assert counted(said).total() > 500


@pytest.mark.parametrize("path", EACH)
def test_every_picture_of_a_lesson_stands_on_a_slide(path):
    lesson = nbformat.read(path, as_version=4)
    outputs = [output for cell in lesson.cells for output in cell.get("outputs", ())]
    alts = [o.data["text/plain"] for o in outputs if "image/png" in o.get("data", {})]
    body = " ".join(part for s in deck(lesson, slides.MOST) for part in s.body)
    assert [unescape(alt) for alt in re.findall(r'alt="([^"]*)"', body)] == alts
    assert len(alts) > 4


# --- what stands where --------------------------------------------------------------------------


def test_prose_and_code_are_notes_of_the_slide_before_or_of_the_one_that_a_heading_opens():
    lesson = notebook(
        markdown("where to open it", id="09-00"),
        markdown("## 1 · First (5 minutes)\n\nbegins\n\n$$a$$\n\nafter\n\n$$b$$\n\n$$c$$"),
        drawn("a curve"),
        printed("3.14"),
        markdown(
            "## Second\n\nonly prose\n\n### Part\n\nhas no slide\n\n```python\n# no heading\n```"
        ),
        markdown("## Third\n\nlead\n\n### Case 1\n\nask"),
        drawn("a bar"),
        code("tc.glossary.table()"),
    )
    first, ab, c, curve, second, bar = told(deck(lesson, 40))
    assert first == ("title", "", "Lesson 9 Title", "the lead")
    assert ab == ("formula", "1 · First", "$$a$$ $$b$$", "begins after")
    assert c == ("formula", "1 · First", "$$c$$", "draw()")
    assert curve == ("picture", "1 · First", "", "measure() 3.14")
    assert second == ("section", "Second", "", "only prose Part has no slide # no heading")
    assert bar == ("picture", "Third Case 1", "", "lead ask draw()")


def test_the_lines_of_a_long_formula_stand_below_each_other_and_alone():
    lesson = notebook(
        markdown("## S\n\n$$a, \\qquad b, \\qquad c$$\n\n$$d$$\n\n$$\\frac{e \\qquad f}{g}$$")
    )
    _, long, short = told(deck(lesson, 40))
    assert long[2] == "$$a,$$ $$b,$$ $$c$$"
    assert short[2] == r"$$d$$ $$\frac{e \qquad f}{g}$$"


def test_exercises_are_titles_and_their_tasks_are_notes():
    hint = "<details><summary>Hint</summary>\n\nhelp\n\n</details>"
    ask = "### Exercise {0} · Name {0}\n\ntask\n" + hint
    exercises = [
        (
            markdown(ask.format(number)),
            code("x = ...", metadata={"tags": ["exercise"]}),
            code("tc.checks.x(x)", metadata={"tags": ["check"]}),
            markdown("the solution", metadata={"tags": ["solution"]}),
        )
        for number in (1, 2)
    ]
    _, made = told(
        deck(notebook(markdown("## Exercises\n\nyours"), *itertools.chain(*exercises)), 40)
    )
    assert made[:3] == ("exercises", "Exercises", "Name 1 Name 2")
    each = "Exercise {0} · Name {0} task Hint help x = ... the solution"
    assert made[3] == f"yours {each.format(1)} {each.format(2)}"


def test_the_class_votes_on_a_quiz_and_only_the_notes_say_what_is_right():
    text = "1. Why?\n   - [ ] no — x\n   - [x] `yes` — y\n2. So?\n   - [x] a — z\n   - [ ] b — w"
    quiz = code(f'quiz(r"""\n{text}\n""")', metadata={"tags": ["quiz"]})
    _, first, second = told(deck(notebook(markdown("## Quiz"), quiz), 40))
    assert first == ("vote", "Quiz", "1. Why? A no B yes", "✗ A x ✓ B y")
    assert second == ("vote", "Quiz", "2. So? A a B b", "✓ A z ✗ B w")


# --- predictions --------------------------------------------------------------------------------

ASKED = "Predict · a short leash. Where to? a where 0.5 < 1 b towards the $r$"


def test_the_class_votes_on_a_prediction_before_it_sees_what_the_run_says():
    slider = drawn("a slider", "tc.widgets.slider()")
    cells = prediction(printed("kl 0.1"), drawn("a curve"), slider)
    _, vote, curve, slider = told(deck(notebook(markdown("## S"), *cells), 40))
    assert vote == ("vote", "S", ASKED, "before measure() kl 0.1 draw()")
    assert curve == ("picture", "S", "", "tc.widgets.slider()")
    assert slider == ("slider", "S", "The answer is a: where 0.5 < 1.", "Why? since")


@pytest.mark.parametrize(("measured", "shown"), [("kl 0.1", "kl 0.1"), ("kl 0.1 " * 10, "")])
def test_an_answer_without_a_picture_shows_what_was_printed_if_that_is_short(measured, shown):
    cells = [*prediction(printed(measured)), *prediction(printed("later"))]
    _, vote, answer, _, later = told(deck(notebook(markdown("## S"), *cells), 40))
    assert vote[3] == f"before measure() {measured.strip()}"
    assert answer == (
        "answer",
        "S",
        f"The answer is a: where 0.5 < 1. {shown}".strip(),
        "Why? since before",
    )
    assert later[2] == "The answer is a: where 0.5 < 1. later"


def test_of_too_many_slides_those_give_way_that_a_class_misses_least():
    lesson = notebook(
        markdown("## Votes"),
        *prediction(printed("0.1")),
        drawn("a still"),
        drawn("a slider", "tc.widgets.slider()"),
        markdown("## Prose\n\nonly"),
        markdown("## Exercises\n\n### Exercise 1 · Name"),
        code("x = ...", metadata={"tags": ["exercise"]}),
    )
    kinds = ["title", "vote", "answer", "picture", "slider", "section", "exercises"]
    for most, gone in ((7, None), (6, "answer"), (5, "picture"), (4, "section"), (3, "exercises")):
        kinds = [kind for kind in kinds if kind != gone]
        made = told(deck(lesson, most))
        assert [kind for kind, *_ in made] == kinds
    assert "The answer is a: where 0.5 < 1. 0.1 Why? since" in made[1][3]
    assert "a still" in made[1][3]
    assert made[2][3].endswith("Prose only Exercises Name Exercise 1 · Name x = ...")


# --- sliders ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slider():
    """Two settings of two and three values."""

    def draw(**rewards):
        return tc.plots.rewards(tc.World(**rewards))

    values = {"helpful": [0.0, 1.0], "harmful": [-2.0, -1.0, 0.0]}
    return tc.widgets.editor(draw, values, {"helpful": 1.0, "harmful": -2.0}, language="tr")


def test_a_running_slider_has_every_frame_in_the_order_of_its_places(slider):
    made = running("s", slider.model_id, dependency_state(slider))
    shown = re.findall(r'<img hidden alt="([^"]*)" src="data:image/png;base64,([^"]*)">', made)
    due = [slider.pictures[place] for place in itertools.product(range(2), range(3))]
    assert [(unescape(alt), base64.b64decode(png)) for alt, png in shown] == [
        (p.alt, p.png) for p in due
    ]
    places = re.findall(
        r'<input type="range" id="s-(\d)" list="s-\1-values" max="(\d)" value="(\d)">', made
    )
    assert places == [("0", "1", "1"), ("1", "2", "0")]
    assert re.findall(r'label="([^"]*)"', made) == ["0", "1", "−2", "−1", "0"]


def test_a_slider_whose_pictures_a_kernel_draws_stands_still(slider, monkeypatch):
    monkeypatch.setattr(tc.widgets.sliders, "FRAMES", 0)
    live = tc.widgets.slider("helpful", [0.0, 1.0], lambda value: tc.plots.rewards(tc.World()))
    state = dependency_state(live)
    assert running("s", live.model_id, state) == ""
    cell = drawn("a still", "tc.widgets.slider()")
    cell.outputs[0].data[models.VIEW] = {"model_id": live.model_id}
    lesson = notebook(cell)
    lesson.metadata["widgets"] = {models.STATE: {"state": state}}
    assert 'alt="a still"' in deck(lesson, 40)[1].body[0]


# --- words --------------------------------------------------------------------------------------


def test_a_formula_is_one_word_and_a_sign_is_none():
    assert words("<b>A</b> the $a + b$ · of 0.5 <small>— <code>x</code></small> $$c d$$") == 7
