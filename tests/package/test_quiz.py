"""The quiz: read from Markdown, shown with and without widgets; and those of the lessons."""

import html.parser
import re

import nbformat
import pytest

import toycore as tc
from course import LESSONS, NOTEBOOKS, quizzes
from toycore.widgets.quiz import Answer, Question, parse

TEXT = r"""
1. Where does $\beta$
   lead the *optimum*?
   - [ ] To `reward < 1` — no: $\beta$ is
     a leash — a short one.
   - [x] To the reference, π* and π* — the KL falls.

2. <script>alert(1)</script> & so on?
   - [x] Yes — it is <b>so</b>.
   - [ ] No — it is not.
   - [ ] "Perhaps" — who knows?
"""


class Elements(html.parser.HTMLParser):
    """What the HTML holds: start tags with their attributes, and the text inside each kind."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.open, self.said = [], [], {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.said.setdefault(tag, []).append("")
        if tag != "input":
            self.open.append((tag, len(self.said[tag]) - 1))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag, f"{tag} closes another"

    def handle_data(self, data):
        for tag, place in self.open:
            self.said[tag][place] += data

    def of(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


# --- reading ------------------------------------------------------------------------------------


def test_a_task_list_becomes_questions_with_answers_each_explained():
    first, second = parse(TEXT)
    assert first == Question(
        r"Where does $\beta$ lead the *optimum*?",
        (
            Answer("To `reward < 1`", False, r"no: $\beta$ is a leash — a short one."),
            Answer("To the reference, π* and π*", True, "the KL falls."),
        ),
    )
    assert (first.right, second.right) == (1, 0)
    assert [answer.text for answer in second.answers] == ["Yes", "No", '"Perhaps"']


ONE = "1. A?\n   - [x] yes — so\n   - [ ] no — not so\n"
BAD = {
    "nothing": ("", "at least one question"),
    "prose": ("Five questions.\n" + ONE, "line 1 is neither"),
    "an answer first": ("   - [x] yes — so\n" + ONE, "line 1: an answer before"),
    "no right answer": (ONE.replace("[x]", "[ ]"), "line 1: .*exactly one right.*got 0"),
    "two right answers": (ONE.replace("[ ]", "[x]"), "line 1: .*exactly one right.*got 2"),
    "one answer": ("1. A?\n   - [x] yes — so\n", "line 1: .*two or more"),
    "no answer": (ONE + "2. B?\n", "line 4: .*two or more"),
    "the same answer twice": (ONE.replace("no", "yes", 1), "line 1: .*all different"),
    "no explanation": (ONE.replace(" — not so", ""), "line 3: .*and why"),
    "an empty explanation": (ONE.replace(" — not so", " — "), "line 3: .*and why"),
    "a hyphen for a dash": (ONE.replace(" — not so", " - not so"), "line 3: .*and why"),
    "another mark": (ONE.replace("[x]", "[*]"), r"line 2 is neither.*\[\*\]"),
    "no mark": (ONE.replace("- [x] ", "- "), "line 2 is neither"),
    "no indent": (ONE.replace("   - [ ]", "- [ ]"), "line 3 is neither"),
    "a wrong number": (ONE + ONE.replace("1.", "3."), "line 4: question 2 has the number 3"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_quiz_that_cannot_be_names_the_line(text, message):
    with pytest.raises(ValueError, match=message):
        tc.widgets.quiz(text)


def test_a_language_that_the_course_does_not_speak_is_an_error():
    with pytest.raises(ValueError, match="language"):
        tc.widgets.quiz(ONE, language="de")


# --- showing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "right", "wrong"), [("tr", "Doğru", "Yanlış"), ("en", "Right", "Wrong")]
)
def test_every_answer_has_its_feedback_beside_it(language, right, wrong):
    questions = parse(TEXT)
    shown = Elements(tc.widgets.quiz(TEXT, language=language).value)
    assert [said[:2] for said in shown.said["legend"]] == ["1.", "2."]
    answers = [answer for question in questions for answer in question.answers]
    for answer, radio, label, status in zip(
        answers, shown.of("input"), shown.said["label"], shown.said["div"][1:], strict=True
    ):
        assert ("data-right" in radio) == answer.right
        assert re.sub("[`*]", "", answer.text) in re.sub("[`*]", "", label)
        assert answer.why[-9:] in status
        assert (right in status, wrong in status) == (answer.right, not answer.right)
        assert status.startswith("✓" if answer.right else "✗")


def test_nothing_is_chosen_and_the_answers_of_a_question_exclude_one_another():
    shown = Elements(tc.widgets.quiz(TEXT).value)
    groups = [radio["name"] for radio in shown.of("input")]
    assert len(set(groups[:2])) == len(set(groups[2:])) == 1
    assert groups[0] != groups[2]
    assert not any("checked" in radio for radio in shown.of("input"))
    assert {radio["type"] for radio in shown.of("input")} == {"radio"}


def test_text_is_shown_as_written_only_code_and_emphasis_become_elements():
    quiz = tc.widgets.quiz(TEXT)
    for view in (quiz.value, quiz._repr_mimebundle_()["text/html"]):
        shown = Elements(view)
        assert not shown.of("script")
        assert "it is <b>so</b>." in "".join(shown.said["p"])
        assert shown.said["code"] == ["reward < 1"]
        assert shown.said["em"] == ["optimum"]
        asked = shown.said.get("legend") or shown.said["p"]
        assert "2. <script>alert(1)</script> & so on?" in asked
        assert r"Where does $\beta$ lead the" in view


def test_a_page_without_widgets_hides_each_explanation_until_its_answer_is_opened():
    bundle = tc.widgets.quiz(TEXT, language="tr")._repr_mimebundle_()
    shown = Elements(bundle["text/html"])
    assert all("open" not in details for details in shown.of("details"))
    summaries, details = shown.said["summary"], shown.said["details"]
    answers = [answer for question in parse(TEXT) for answer in question.answers]
    for answer, summary, whole in zip(answers, summaries, details, strict=True):
        assert "Doğru" not in summary
        assert "Yanlış" not in summary
        assert answer.why[-9:] in whole.removeprefix(summary)


def test_the_text_has_questions_and_answers_and_does_not_tell_which_is_right():
    quiz = tc.widgets.quiz(TEXT)
    bundle = quiz._repr_mimebundle_()
    assert bundle["text/plain"] == (
        "1. Where does $\\beta$ lead the *optimum*?\n"
        "   A  To `reward < 1`\n"
        "   B  To the reference, π* and π*\n"
        "\n"
        "2. <script>alert(1)</script> & so on?\n"
        "   A  Yes\n"
        "   B  No\n"
        '   C  "Perhaps"'
    )
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == quiz.model_id
    assert quiz._ipython_display_ is None  # else ipywidgets 7 would show another bundle


# --- in the lessons -----------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_asks_five_questions_alike_in_both_languages(lesson):
    (tr,), (en,) = quizzes(lesson).values()
    assert len(tr) == len(en) == 5
    assert [question.right for question in tr] == [question.right for question in en]
    assert len({question.right for question in tr}) >= 3
    for questions in (tr, en):
        for question in questions:
            assert 3 <= len(question.answers) <= 5
            for answer in question.answers:
                assert len(answer.why.split()) >= 4, answer


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_stored_notebook_keeps_the_questions_without_a_widget(path):
    cells = nbformat.read(path, as_version=4).cells
    (cell,) = (cell for cell in cells if "quiz" in cell.metadata.get("tags", ()))
    (output,) = cell.outputs
    assert set(output.data) == {"text/plain", "text/html"}
    assert output.data["text/html"].count("<details>") >= 15
    assert cells.index(cell) >= len(cells) - 6  # after it: the summary, the last words


# --- the letters that are handed in ---------------------------------------------------------------


ASKED = """
1. One?
   - [ ] no — `x`
   - [x] yes — so
2. Two?
   - [x] *up* — so
   - [ ] down — no
"""


@pytest.mark.parametrize(
    ("letters", "made", "lines"),
    [
        (["?", ""], 0, ["1. –", "2. –"]),
        (["b", "?"], 1, ["1. yes — ✓ Right: so", "2. –"]),
        ((" A", "B"), 2, ["1. no — ✗ Wrong: `x`", "2. down — ✗ Wrong: no"]),
    ],
)
def test_what_was_chosen_is_counted_and_told(letters, made, lines):
    told = tc.widgets.quiz(ASKED).answered(letters)
    assert told.made == made
    assert repr(told) == "\n".join(lines)
    assert told._repr_html_().count("<p>") == 2
    assert "<code>x</code>" in tc.widgets.quiz(ASKED).answered(["A", "A"])._repr_html_()


@pytest.mark.parametrize(
    ("letters", "message"),
    [
        (["C", "?"], 'an answer is one of these letters, in quotes: "A", "B"; got \'C\''),
        ([1, "?"], "got 1"),
        ([..., "?"], "got Ellipsis"),
        (["A"], r"a list of 2 letters for 2 questions; got \['A'\]"),
        ("AB", "got 'AB'"),
        (None, "got None"),
    ],
)
def test_letters_that_cannot_be_are_refused_by_name(letters, message):
    with pytest.raises(ValueError, match=message):
        tc.widgets.quiz(ASKED).answered(letters)
    with pytest.raises(ValueError, match=r"gelen|yazılan"):
        tc.widgets.quiz(ASKED, "tr").answered(letters)
