"""The summary at a lesson's end: what it counts, what it keeps to itself, how it is read."""

import html
import json
import re
from html.parser import HTMLParser

import pytest

import toycore as tc
from toycore.checks import done
from toycore.checks.verdict import HEADS, Verdict
from toycore.widgets.predictions import MADE

LANGUAGES = ("tr", "en")
RIGHT, WRONG = tc.checks.ipo_start.right.answer, tc.checks.ipo_start.mistakes["sigmoid"].answer


@pytest.fixture(autouse=True)
def nothing_done():
    every = [e for lesson in done.LESSONS for e in done.exercises(lesson).values()]
    before = [list(exercise.verdicts) for exercise in every]
    for exercise in every:
        exercise.verdicts.clear()
    MADE.clear()
    yield
    for exercise, verdicts in zip(every, before, strict=True):
        exercise.verdicts[:] = verdicts
    MADE.clear()


def data(lesson="dpo", language="en") -> dict:
    """As it is read from a notebook's output."""
    shown = tc.checks.summary(lesson, language)._repr_html_()
    return json.loads(html.unescape(re.search(r'data-summary="([^"]*)"', shown)[1]))


def exercise(name: str, **where) -> dict:
    return next(each for each in data(**where)["exercises"] if each["name"] == name)


@pytest.mark.parametrize("lesson", done.LESSONS)
def test_at_first_nothing_is_written(lesson):
    found = data(lesson)
    assert [each.pop("name") for each in found["exercises"]] == [*done.exercises(lesson)]
    assert found["exercises"] == [{"state": "unwritten", "tries": 0, "met": []}] * len(
        found["exercises"]
    )
    assert found["predictions"] == []
    assert found["lesson"] == lesson
    assert found["toycore"] == tc.__version__


def test_a_stub_that_is_checked_is_no_try():
    tc.checks.ipo_start(...)
    assert exercise("ipo_start")["tries"] == 0


def test_tries_and_mistakes_are_counted_and_what_was_said_is_kept():
    for answer in (WRONG, WRONG, "what", RIGHT, WRONG):
        verdict = tc.checks.ipo_start(answer, language="tr")
    found = exercise("ipo_start", language="tr")
    assert (found["state"], found["tries"]) == ("passed", 5)
    assert [(met["name"], met["times"]) for met in found["met"]] == [
        ("sigmoid", 3),
        ("no_number", 1),
    ]
    assert found["met"][0]["said"] == verdict.body
    assert exercise("dpo_loss")["state"] == "unwritten"


@pytest.mark.parametrize("trouble", sorted(done.NO_TRY))
def test_what_says_nothing_about_the_answer_is_no_try(monkeypatch, trouble):
    said = Verdict(0, None, trouble, HEADS["wrong"]["en"], "words")
    monkeypatch.setattr(type(tc.checks.ipo_start), "judge", lambda *_: said)
    tc.checks.ipo_start(WRONG)
    assert exercise("ipo_start") == {
        "name": "ipo_start",
        "state": "unwritten",
        "tries": 0,
        "met": [],
    }


def test_each_key_of_no_try_is_said_by_the_checks():
    from toycore.checks.verdict import PHRASES

    assert set(PHRASES) >= done.NO_TRY


def test_a_summary_is_of_the_moment_at_which_it_was_made():
    before = tc.checks.summary("dpo")
    tc.checks.ipo_start(RIGHT)
    assert before.data()["exercises"] == data("dpo")["exercises"][:0] + [
        {"name": name, "state": "unwritten", "tries": 0, "met": []}
        for name in done.exercises("dpo")
    ]


def test_predictions_are_told_without_a_truth_that_was_not_seen():
    for about, letter in (("one", "a"), ("two", "b"), ("three", "?"), ("four", "a")):
        tc.widgets.predict(letter, about, a="it rises", b="it falls")
    tc.widgets.predict("a", "another language", a="artar", b="düşer", language="tr")
    for about in ("one", "two", "three"):
        MADE["en", about].reveal(a=True, b=False)
    assert data()["predictions"] == [
        {"about": "one", "said": "a", "right": True},
        {"about": "two", "said": "b", "right": False},
        {"about": "three", "said": None, "right": None},
        {"about": "four", "said": "a", "right": None},
    ]
    assert [p["about"] for p in data(language="tr")["predictions"]] == ["another language"]


@pytest.mark.parametrize(
    ("language", "nothing", "solved", "state"),
    [
        ("en", "No exercise has been tried yet.", "Exercises solved: 1 of 4.", "✓ right"),
        ("tr", "Henüz hiçbir alıştırma denenmedi.", "Çözülen alıştırma: 1 / 4.", "✓ doğru"),
    ],
)
def test_it_reads_in_the_learners_language(language, nothing, solved, state):
    assert nothing in repr(tc.checks.summary("dpo", language))
    tc.checks.ipo_start(WRONG, language)
    tc.checks.ipo_start(RIGHT, language)
    text = repr(tc.checks.summary("dpo", language))
    assert solved in text
    assert re.search(rf" 2 +{state} +2\n", text)
    assert "- 2: ln 2" in text
    assert "×" not in text  # met once


class Text(HTMLParser):
    """What a reader of the page sees; every tag is closed."""

    def __init__(self, page: str):
        super().__init__()
        self.seen, self.open = "", []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.seen += data


def test_what_a_learner_wrote_cannot_become_html():
    def dpo_loss(*_):
        raise ValueError('"><script>alert(1)</script>')

    tc.checks.dpo_loss(dpo_loss)
    shown = tc.checks.summary("dpo")._repr_html_()
    assert "<script>" not in shown
    assert '"><script>alert(1)</script>' in Text(shown).seen
    assert '"><script>alert(1)</script>' in exercise("dpo_loss")["met"][0]["said"]


def test_words_are_shown_with_code_and_emphasis():
    tc.checks.ipo_start(WRONG)
    shown = tc.checks.summary("dpo")._repr_html_()
    assert "<li>2: ln 2 is where the <strong>sigmoid</strong> loss" in shown


@pytest.mark.parametrize("lesson", ["04_dpo", "", None, 4])
def test_a_lesson_that_is_none_is_refused_by_name(lesson):
    with pytest.raises(ValueError, match=r"a lesson is named as the file of its checks: env.*dpo"):
        tc.checks.summary(lesson)
    with pytest.raises(ValueError, match="ders, denetimlerinin dosyasıyla anılır"):
        tc.checks.summary(lesson, language="tr")
    with pytest.raises(ValueError, match="language must be one of"):
        tc.checks.summary("dpo", language="de")
