"""Questions at the end of a lesson; a choice shows at once whether it is right, and why.

The questions are one HTML widget of native radio buttons. Style rules alone show the explanations
and count the right answers: no message to the kernel, the same in every version of ipywidgets, and
alive on a page without a kernel. A screen reader gets a group named by its question. Where there
is no widget (a saved page, GitHub), each answer opens to its explanation; on paper all stay closed.

The text is a task list in Markdown; a line that does not fit continues on the next:

    1. Question?
       - [ ] a wrong answer — why it is wrong
       - [x] the right answer — why it is right
"""

import hashlib
import re
import string
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import ipywidgets

from toycore import language as words
from toycore.engine import guards
from toycore.errors import in_its_language, say
from toycore.widgets.inline import as_html

QUESTION = re.compile(r"(\d+)\. +(\S.*)")
ANSWER = re.compile(r"\s+- \[([ x])\] +(\S.*)")

STYLE = """<style>
.tc-quiz { counter-reset: right; max-width: 44em; line-height: 1.5; white-space: normal; }
.tc-quiz fieldset { margin: 0 0 1.5em; padding: 0; border: 0; min-width: 0; }
.tc-quiz legend { margin: 0 0 .4em; padding: 0; font-weight: 600; }
.tc-quiz label { display: flex; gap: .6em; align-items: baseline; padding: .25em 0; }
.tc-quiz input { flex: none; margin: 0; transform: translateY(.1em); }
.tc-quiz [role=status] p { display: none; margin: 0 0 .4em .4em; padding: .1em 0 .1em 1.4em;
  border-left: 3px solid #d1603d; }
.tc-quiz [role=status] .right { border-color: #2e8b57; }
.tc-quiz label:has(:checked) + [role=status] p { display: block; }
.tc-quiz input[data-right]:checked { counter-increment: right; }
.tc-quiz .score span::before { content: counter(right); }
</style>"""


class Answer(NamedTuple):
    """What can be chosen, and what is said to whoever chooses it."""

    text: str
    right: bool
    why: str


class Question(NamedTuple):
    text: str
    answers: tuple[Answer, ...]

    @property
    def right(self) -> int:
        """The position of the right answer."""
        return [answer.right for answer in self.answers].index(True)


@in_its_language
def quiz(text: str, language: str = "en") -> "Quiz":
    """The questions of a Markdown task list, ready to be answered; how it is written: see above.

    A ValueError names the line that is wrong. `backticks`, *stars* and $dollars$ mark
    code, emphasis and formulas; everything else is shown as it is written.
    """
    guards.instance("text", text, str)
    return Quiz(parse(text), words.check(language))


class Quiz(ipywidgets.HTMLMath):
    """The questions as one widget; without widgets, answers that open to their explanations."""

    def __init__(self, questions: tuple[Question, ...], language: str):
        self.questions, self.language = questions, language
        super().__init__(_live(questions, language))

    _ipython_display_ = None  # ipywidgets 7 would display without the questions as text

    @in_its_language
    def answered(self, letters: Sequence[str]) -> "Answered":
        """What was chosen, in the order of the questions, "?" for nothing yet: to be handed in."""
        if not isinstance(letters, list | tuple) or len(letters) != len(self.questions):
            raise ValueError(say("quiz_letters", due=len(self.questions), got=repr(letters)))
        return Answered(
            [chosen(*pair) for pair in zip(self.questions, letters, strict=True)], self.language
        )

    def _repr_mimebundle_(self, **_) -> dict:
        model = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {
            "text/plain": _plain(self.questions),
            "text/html": _still(self.questions, self.language),
            "application/vnd.jupyter.widget-view+json": model,
        }


class Answered:
    """Answers of a quiz, None where nothing was chosen, each with what is said of it."""

    def __init__(self, answers: list[Answer | None], language: str):
        self.answers, self.language = answers, language

    @property
    def made(self) -> int:
        """How many questions were answered, rightly or wrongly."""
        return sum(answer is not None for answer in self.answers)

    @property
    def lines(self) -> list[str]:
        told = [f"{a.text} — {self._verdict(a)} {a.why}" if a else "–" for a in self.answers]
        return [f"{count}. {line}" for count, line in enumerate(told, 1)]

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        return "".join(f"<p>{as_html(line)}</p>" for line in self.lines)

    def _verdict(self, answer: Answer) -> str:
        return words.text(f"quiz.{'right' if answer.right else 'wrong'}", self.language)


def chosen(question: Question, letter: str) -> Answer | None:
    """The answer of this letter; a ValueError if the question has none."""
    answers = dict(_lettered(question.answers))
    given = letter.strip().upper() if isinstance(letter, str) else letter
    if given not in ("", "?", *answers):
        known = ", ".join(f'"{each}"' for each in answers)
        raise ValueError(say("quiz_letter", letters=known, got=repr(letter)))
    return answers.get(given)


# --- reading ------------------------------------------------------------------------------------


def parse(text: str) -> tuple[Question, ...]:
    """The questions of a task list; a ValueError names the line that is wrong."""
    questions = []
    for line, (question, *answers) in _grouped(_items(text)):
        answers = tuple(_answer(*item) for item in answers)
        if len({answer.text for answer in answers}) < max(2, len(answers)):
            raise ValueError(say("two_answers", line=line))
        if (rights := sum(answer.right for answer in answers)) != 1:
            raise ValueError(say("one_right", line=line, got=rights))
        questions.append(Question(question, answers))
    if not questions:
        raise ValueError(say("no_question"))
    return tuple(questions)


def _items(text: str) -> list:
    """Each question and answer: its line, its mark ("1" and so on, "x" or " "), and its text."""
    items: list[list] = []
    for number, line in enumerate(text.splitlines(), 1):
        if found := QUESTION.fullmatch(line) or ANSWER.fullmatch(line):
            items.append([number, *found.groups()])
        elif items and line[:1].isspace() and not line.lstrip().startswith("-"):
            items[-1][2] += f" {line.strip()}"
        elif line.strip():
            raise ValueError(say("no_item", line=number, text=repr(line)))
    return items


def _grouped(items) -> list:
    """Each question's line, and its text followed by its answers."""
    groups = []
    for line, mark, content in items:
        if mark.isdigit():
            groups.append((line, [content.strip()]))
            if int(mark) != len(groups):
                raise ValueError(say("misnumbered", line=line, count=len(groups), number=mark))
        elif groups:
            groups[-1][1].append((line, mark, content))
        else:
            raise ValueError(say("too_early", line=line, text=repr(content)))
    return groups


def _answer(line: int, mark: str, said: str) -> Answer:
    text, _, why = (part.strip() for part in said.partition(" — "))
    if not why:
        raise ValueError(say("no_why", line=line, text=repr(said)))
    return Answer(text, mark == "x", why)


# --- showing ------------------------------------------------------------------------------------


def _live(questions, language: str) -> str:
    fields = "".join(_field(count, asked, language) for count, asked in enumerate(questions, 1))
    score = words.text("quiz.score", language).format("<span></span>", len(questions))
    return f'{STYLE}<div class="tc-quiz">{fields}<p class="score">{score}</p></div>'


def _field(count: int, asked: Question, language: str) -> str:
    group = hashlib.sha256(repr(tuple(asked)).encode()).hexdigest()[:12]
    # Without the second attribute JupyterLab takes the arrow keys for its own, and leaves the cell.
    radio = f'<input type="radio" data-lm-suppress-shortcuts="true" name="{group}"'
    choices = "".join(
        f"<label>{radio}{' data-right' * answer.right}>"
        f"<b>{letter}</b><span>{as_html(answer.text)}</span></label>"
        f'<div role="status">{_told(answer, language)}</div>'
        for letter, answer in _lettered(asked.answers)
    )
    return f"<fieldset><legend>{count}. {as_html(asked.text)}</legend>{choices}</fieldset>"


def _still(questions, language: str) -> str:
    return "".join(
        f"<p><strong>{count}. {as_html(text)}</strong></p>"
        + "".join(
            f"<details><summary><b>{letter}</b> {as_html(answer.text)}</summary>"
            f"{_told(answer, language)}</details>"
            for letter, answer in _lettered(answers)
        )
        for count, (text, answers) in enumerate(questions, 1)
    )


def _told(answer: Answer, language: str) -> str:
    verdict = "right" if answer.right else "wrong"
    said = words.text(f"quiz.{verdict}", language)
    return f'<p class="{verdict}"><strong>{said}</strong> {as_html(answer.why)}</p>'


def _plain(questions) -> str:
    lines = []
    for count, (text, answers) in enumerate(questions, 1):
        lines += ["", *textwrap.wrap(f"{count}. {text}", 100, subsequent_indent="   ")]
        for letter, answer in _lettered(answers):
            said = f"   {letter}  {answer.text}"
            lines += textwrap.wrap(said, 100, subsequent_indent=" " * 6)
    return "\n".join(lines[1:])


def _lettered(answers):
    return zip(string.ascii_uppercase, answers, strict=False)
