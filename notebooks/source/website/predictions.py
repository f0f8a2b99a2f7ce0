"""Predictions on a page without a kernel: a choice, an answer that opens, and both side by side.

The notebook's call becomes native radio buttons, and all up to the reasons a part that unfolds.
What is said to each choice is there beforehand; style rules show the one that was made.
"""

import ast
import re
from html import escape
from typing import NamedTuple

from builder import predict
from toycore.widgets import Prediction
from words import WORDS

TRUTH = re.compile(r'data-truth="(\w)"')


class Ballot(NamedTuple):
    """A prediction's call, read: its name on the page, the prediction, the language."""

    id: str
    prediction: Prediction
    language: str


def parts(notebook) -> tuple[dict[str, str], dict[str, str]]:
    """HTML by cell: the choices in place of each call, and what each reveal says."""
    ballots, told, ballot = {}, {}, None
    for cell in notebook.cells:
        if predict.tagged(cell, predict.TAG):
            ballot = read(cell)
            ballots[cell.id] = choices(ballot)
        elif predict.tagged(cell, predict.REVEAL):
            (truth,) = TRUTH.findall(cell.outputs[-1].data["text/html"])
            told[cell.id] = verdicts(ballot, truth)
    return ballots, told


def read(cell) -> Ballot:
    """What the call of a cell asks, with no letter."""
    call = ast.parse(cell.source).body[0].value
    _, about = (ast.literal_eval(argument) for argument in call.args)
    answers = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    language = answers.pop("language")
    return Ballot(cell.id, Prediction(about, answers, None, language), language)


def choices(ballot: Ballot) -> str:
    """The choices, and the beginning of what unfolds; the cell of the reasons ends it."""
    words, prediction = WORDS[ballot.language], ballot.prediction
    radio = f'<input type="radio" name="{ballot.id}" data-about="{escape(prediction.about)}"'
    labels = "".join(
        f'<label>{radio} value="{letter}"><b>{letter}</b><span>{escape(answer)}</span></label>'
        for letter, answer in prediction.answers.items()
    )
    return (
        f'<div class="predict" id="{ballot.id}"><fieldset><legend>{words["choose"]}</legend>'
        f"{labels}</fieldset><details><summary>{words['see']}</summary>"
    )


def verdicts(ballot: Ballot, truth: str) -> str:
    """What is said to each choice, and to none."""
    prediction = ballot.prediction
    prediction.reveal(**{letter: letter == truth for letter in prediction.answers})
    said = ((letter, prediction.said(letter)) for letter in (None, *prediction.answers))
    return "".join(
        f'<p class="said" data-said="{letter or ""}">{" ".join(map(escape, told))}</p>'
        for letter, told in said
    )
