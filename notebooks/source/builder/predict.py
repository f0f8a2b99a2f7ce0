"""A lesson's predictions: a question to commit to, what finds the answer, the answer, and why.

In the source, a question is prose with `predict="name"`, in both languages; `name` is the variable
that will hold the prediction:

    # %% [markdown] lang="en" predict="leash"
    # **Predict · a short leash.** When $\\beta$ grows, where does the best policy move?
    #
    # - towards the reference
    # - towards the reward

After it come the cells that find the answer, a code cell tagged `reveal` that calls
`leash.reveal(a=..., b=...)`, and prose tagged `answer`, which says why. In the notebook the
question is followed by a call with the letters, the outputs up to the reveal lie folded until
they are run, and the reasons unfold. The overview at a lesson's end (tag `overview`) is folded too.
"""

import ast
import json
import re
from string import ascii_lowercase
from typing import TYPE_CHECKING, NamedTuple

import nbformat

from builder.lesson import LANGUAGES, LessonError
from words import WORDS

if TYPE_CHECKING:
    from toycore.widgets import Prediction

OPTION = "predict"  # of the question's cell in the source; its value is the variable's name
TAG, REVEAL, ANSWER, OVERVIEW = "predict", "reveal", "answer", "overview"
TRUTH = re.compile(r'data-truth="(\w)"')
HEAD = re.compile(r"\*\*(?P<word>[^·*]+) · (?P<about>[^*]+?)(?:\.|(?<=[?!]))\*\* \S")
CALL = """\
{name} = tc.widgets.predict(
    "?",  # {hint}
    {about},
{answers}
    language="{language}",
)
{name}"""


class Asked(NamedTuple):
    """A question as it is shown, what it is about, and its answers in plain text."""

    question: str
    about: str
    answers: tuple[str, ...]


def is_question(cell) -> bool:
    return OPTION in cell.metadata


def tagged(cell, tag: str) -> bool:
    return tag in cell.metadata.get("tags", ())


def parse(place: str, text: str, language: str) -> Asked:
    question, _, listed = text.partition("\n\n- ")
    head = HEAD.match(question)
    if not head or head["word"] != WORDS[language]["predict"]:
        raise LessonError(f"{place}: it begins **{WORDS[language]['predict']} · title.** question")
    answers = tuple(" ".join(answer.split()) for answer in listed.split("\n- "))
    if len(set(answers)) < max(2, len(answers)) or re.search(r"[$`*]|\n\n", listed):
        raise LessonError(f"{place}: it ends in a list of two or more answers in plain text")
    return Asked(question, head["about"], answers)


def check(place: str, blocks: list[dict]) -> None:
    """A LessonError, unless each question is parsed, revealed by its own name, and explained."""
    name, last = None, None  # of the question that is open; the tag before
    for block in blocks:
        cell = block["en"]
        where = f"{place} ({cell.source[:50]!r})"
        if last == REVEAL and not tagged(cell, ANSWER):
            raise LessonError(f'{where}: after a reveal comes prose with tags=["answer"]')
        if is_question(cell):
            check_question(where, block, name)
            name, last = cell.metadata[OPTION], TAG
        elif tagged(cell, REVEAL):
            if name is None or not re.search(rf"^{name}\.reveal\(", cell.source, re.MULTILINE):
                raise LessonError(f"{where}: it reveals no question before it; open is: {name}")
            name, last = None, REVEAL
        elif tagged(cell, ANSWER):
            if last != REVEAL or not all(tagged(block[k], ANSWER) for k in LANGUAGES):
                raise LessonError(f"{where}: an answer stands after a reveal, in both languages")
            last = ANSWER
        else:
            last = None
    if name is not None or last == REVEAL:
        raise LessonError(f"{place}: the last prediction is not revealed and explained: {name}")


def check_question(where: str, block: dict, name: str | None) -> None:
    if name is not None:
        raise LessonError(f"{where}: {name} is not revealed yet")
    if block["tr"].metadata.get(OPTION) != block["en"].metadata[OPTION]:
        raise LessonError(f'{where}: predict="{block["en"].metadata[OPTION]}" is due on both')
    asked = [parse(f"{where}, {k}", block[k].source, k) for k in LANGUAGES]
    if len({len(one.answers) for one in asked}) > 1:
        raise LessonError(f"{where}: the languages have different numbers of answers")


def make_cells(cell, language: str, name: str) -> list:
    """The question, and the call that waits for a letter."""
    asked = parse(name, cell.source, language)
    answers = [
        f"    {letter}={json.dumps(answer, ensure_ascii=False)},"
        for letter, answer in zip(ascii_lowercase, asked.answers, strict=False)
    ]
    source = CALL.format(
        name=cell.metadata[OPTION],
        hint=WORDS[language]["letter"],
        about=json.dumps(asked.about, ensure_ascii=False),
        answers="\n".join(answers),
        language=language,
    )
    return [
        nbformat.v4.new_markdown_cell(asked.question, id=name),
        nbformat.v4.new_code_cell(source, id=f"{name}p", metadata={"tags": [TAG]}),
    ]


def fold(cells: list) -> list:
    """The cells, those that would give an answer away with their outputs folded."""
    inside = False
    for cell in cells:
        if (inside and cell.cell_type == "code") or tagged(cell, OVERVIEW):
            cell.metadata["jupyter"] = {"outputs_hidden": True}
        inside = tagged(cell, TAG) or (inside and not tagged(cell, REVEAL))
    return cells


def is_folded(cell) -> bool:
    return cell.metadata.get("jupyter", {}).get("outputs_hidden", False)


def read(call) -> "Prediction":
    """What the call in a notebook asks, with no letter."""
    from toycore.widgets import Prediction  # here: the build of a lesson does without the package

    asked = ast.parse(call.source).body[0].value
    _, about = (ast.literal_eval(argument) for argument in asked.args)
    answers = {keyword.arg: ast.literal_eval(keyword.value) for keyword in asked.keywords}
    language = answers.pop("language")
    return Prediction(about, answers, None, language)


def revealed(prediction: "Prediction", reveal) -> "Prediction":
    """The same with what is true, as the notebook has found it."""
    (truth,) = TRUTH.findall(reveal.outputs[-1].data["text/html"])
    return prediction.reveal(**{letter: letter == truth for letter in prediction.answers})
