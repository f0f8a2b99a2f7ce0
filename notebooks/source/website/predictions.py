"""Predictions on a page without a kernel: a choice, an answer that opens, and both side by side.

The notebook's call becomes native radio buttons, and everything up to the reasons unfolds.
What is said to each choice is there beforehand; style rules show the one that was made.
"""

from html import escape

from builder import predict
from toycore.widgets import Prediction
from words import WORDS


def parts(notebook) -> tuple[dict[str, str], dict[str, str]]:
    """HTML by cell: the choices in place of each call, and what each reveal says."""
    ballots, told, asked = {}, {}, None
    for cell in notebook.cells:
        if predict.tagged(cell, predict.TAG):
            asked = predict.read(cell)
            ballots[cell.id] = choices(cell.id, asked)
        elif predict.tagged(cell, predict.REVEAL):
            told[cell.id] = verdicts(predict.revealed(asked, cell))
    return ballots, told


def choices(name: str, asked: Prediction) -> str:
    """The choices, and the beginning of what unfolds; the cell of the reasons ends it."""
    words = WORDS[asked.language]
    radio = f'<input type="radio" name="{name}" data-about="{escape(asked.about)}"'
    labels = "".join(
        f'<label>{radio} value="{letter}"><b>{letter}</b><span>{escape(answer)}</span></label>'
        for letter, answer in asked.answers.items()
    )
    return (
        f'<div class="predict" id="{name}"><fieldset><legend>{words["choose"]}</legend>'
        f"{labels}</fieldset><details><summary>{words['see']}</summary>"
    )


def verdicts(prediction: Prediction) -> str:
    """What is said to each choice, and to none."""
    said = ((letter, prediction.said(letter)) for letter in (None, *prediction.answers))
    return "".join(
        f'<p class="said" data-said="{letter or ""}">{" ".join(map(escape, told))}</p>'
        for letter, told in said
    )
