"""Predictions: a letter is taken, what is true is computed, and both are told side by side."""

import html
import math
import re
import sys

import numpy as np
import pandas as pd
import pytest
import torch

import toycore as tc
from toycore.errors import ERRORS
from toycore.language import LANGUAGES, text
from toycore.widgets import predict, predictions

module = sys.modules["toycore.widgets.predictions"]  # whose name the function has taken
ANSWERS = {"a": "it rises", "b": "it falls <again> & again", "c": "it stays"}
each_language = pytest.mark.parametrize("language", LANGUAGES)


def asked(letter="?", language="en", about="a short leash"):
    return predict(letter, about, language=language, **ANSWERS)


@each_language
@pytest.mark.parametrize("letter", ["b", "B", " b "])
def test_a_wrong_letter_stands_beside_the_true_one(letter, language):
    prediction = asked(letter, language)
    assert prediction.guess == "b"
    assert repr(prediction) == text("predict.noted", language).format("b", ANSWERS["b"])
    told = repr(prediction.reveal(a=True, b=False, c=False))
    said, true = (text(f"predict.{key}", language) for key in ("said", "true"))
    assert told == f"{said.format('b', ANSWERS['b'])} {true.format('a', ANSWERS['a'])}"
    assert not prediction.right


@each_language
def test_a_right_letter_is_told_once(language):
    told = repr(asked("a", language).reveal(a=True, b=False, c=False))
    assert told.count(ANSWERS["a"]) == 1
    assert told.endswith(text("predict.right", language))


@each_language
@pytest.mark.parametrize("letter", ["?", "", " ", ...])
def test_without_a_letter_the_lesson_goes_on(letter, language):
    prediction = asked(letter, language)
    assert prediction.guess is None
    assert "a, b, c" in repr(prediction)
    told = repr(prediction.reveal(a=False, b=False, c=True))
    assert told.startswith(text("predict.silent", language))
    assert ANSWERS["c"] in told
    assert not prediction.right


@pytest.mark.parametrize("letter", ["d", "ab", "it rises", 1, None, ["a"], torch.zeros(2)])
@each_language
def test_another_letter_is_refused_in_the_lessons_language(letter, language):
    due = ERRORS["letter"][language].format(letters='"a", "b", "c"', got=repr(letter))
    with pytest.raises(ValueError, match=re.escape(due)):
        asked(letter, language)


@pytest.mark.parametrize(
    "true", [True, np.bool_(True), torch.tensor(True), np.float64(1) > 0, torch.ones(1) > 0]
)
def test_what_holds_may_come_from_any_library(true):
    assert asked("b").reveal(a=False, b=true, c=math.nan > 0).right


@pytest.mark.parametrize("holds", [(False,) * 3, (True, True, False)])
def test_a_result_that_nobody_foresaw_is_told_as_such(holds):
    prediction = asked("a").reveal(**dict(zip("abc", holds, strict=True)))
    assert prediction.truth is None
    assert not prediction.right
    assert text("predict.unclear", "en") in repr(prediction)
    assert 'data-truth=""' in prediction._repr_html_()


def test_html_is_escaped_and_holds_the_truth_for_the_website():
    prediction = asked("b")
    assert 'data-truth=""' in prediction._repr_html_()
    shown = prediction.reveal(a=True, b=False, c=False)._repr_html_()
    assert 'data-truth="a"' in shown
    assert html.escape(ANSWERS["b"]) in shown
    assert "<again>" not in shown


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"a": "one"},
        {"a": "one", "c": "two"},
        {"b": "one", "a": "two"},
        {"a": "one", "b": "one"},
    ],
)
def test_answers_have_letters_in_order_and_differ(answers):
    with pytest.raises(ValueError, match="answers must be different"):
        predict("?", "x", **answers)


@pytest.mark.parametrize("holds", [{}, {"a": True}, dict.fromkeys("abcd", False)])
def test_reveal_is_told_of_each_answer(holds):
    with pytest.raises(ValueError, match="of each answer"):
        asked().reveal(**holds)


@pytest.mark.parametrize("about", [1, None, b"x"])
def test_a_name_is_text(about):
    with pytest.raises(TypeError, match="about must be"):
        predict("?", about, a="one", b="two")


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="language must be one of"):
        asked(language="de")


# --- the overview at the end ----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def none_made(monkeypatch):
    monkeypatch.setattr(module, "MADE", {})


@each_language
def test_the_overview_counts_and_names_the_surprises(language):
    asked("a", language, "one").reveal(a=True, b=False, c=False)
    asked("?", language, "<two>")  # and then with a letter: the later one counts, in its old place
    asked("?", language, "three").reveal(a=False, b=True, c=False)
    asked("b", language, "four")
    asked("a", language, "<two>").reveal(a=False, b=True, c=False)
    asked("a", {"tr": "en", "en": "tr"}[language], "of the other language")
    overview = tc.widgets.predictions(language)
    score = text("predictions.score", language).format(1, 2)
    surprises = text("predictions.surprises", language).format("<two>")
    assert overview.sentence == f"{score} {surprises}"
    rows = overview.frame().to_numpy().tolist()
    assert [row[0] for row in rows] == ["one", "<two>", "three", "four"]
    assert [row[1] for row in rows] == [ANSWERS["a"], ANSWERS["a"], "–", ANSWERS["b"]]
    assert [row[2] for row in rows] == [ANSWERS["a"], ANSWERS["b"], ANSWERS["b"], "–"]
    assert "<two>" not in overview._repr_html_()
    assert "&lt;two&gt;" in overview._repr_html_()
    for row in rows:
        assert row[0] in repr(overview)


def test_the_overview_is_whole_however_pandas_is_set():
    predict("b", "x" * 90, a="one", b="y" * 90)
    with pd.option_context("display.max_colwidth", 10, "display.max_rows", 1):
        for shown in (repr(predictions()), predictions()._repr_html_()):
            assert "x" * 90 in shown
            assert "y" * 90 in shown


@each_language
def test_where_all_came_true_or_none_was_made(language):
    none = text("predictions.none", language)
    assert predictions(language).sentence == none
    assert none in repr(predictions(language))
    asked("?", language, "silent").reveal(a=False, b=True, c=False)
    assert predictions(language).sentence == none
    asked("a", language, "right").reveal(a=True, b=False, c=False)
    assert predictions(language).sentence == text("predictions.score", language).format(1, 1)


def test_an_overview_has_a_language():
    with pytest.raises(ValueError, match="language must be one of"):
        predictions("de")
