"""An exercise: a learner's answer in, a verdict out. Three kinds: written, predicted, tried.

A written answer is a function. It is called on fresh random inputs, and so are the oracle and
each wrong variant of the catalogue: a mistake is named when the answer equals its variant on all
of them, in value and, where training needs it, in gradient. A prediction is compared with a run
made then and there. A trial takes the learner's own world and says how far the aim is.
"""

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

import torch
from torch import Generator

from toycore import language as words
from toycore.checks.attempt import Outcome, attempt, kind, one_line, unwritten
from toycore.checks.compare import (
    difference,
    narrower,
    same,
    same_values,
    shown,
    shown_inputs,
)
from toycore.checks.verdict import HEADS, Mistake, Verdict, fill, say
from toycore.engine.threads import one_thread


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Exercise:
    """What all kinds share. Called with an answer and a language ("tr" or "en"), it judges.

    right     the words that a right answer gets, beside a right answer itself
    mistakes  the catalogue, by name
    """

    right: Mistake
    mistakes: dict[str, Mistake]
    kind: ClassVar[str]

    def __call__(self, answer, language: str = "en") -> Verdict:
        """The verdict on an answer; ValueError for an unknown language, and for nothing else."""
        seed = int.from_bytes(os.urandom(6), "big")  # fresh inputs; no global generator moves
        return self.judge(answer, language, Generator().manual_seed(seed))

    @one_thread
    def judge(self, answer, language: str, generator: Generator) -> Verdict:
        """The same with inputs drawn from the generator given."""
        words.check(language)
        if unwritten(answer):
            return unwritten_yet(language)
        return self._judge(answer, language, generator)

    def _judge(self, answer, language: str, generator: Generator) -> Verdict:
        raise NotImplementedError

    def praise(self, language: str, figures: dict) -> Verdict:
        return Verdict(True, None, HEADS["passed"][language], fill(self.right, language, figures))

    def named(self, name: str, language: str, figures: dict) -> Verdict:
        body = fill(self.mistakes[name], language, figures)
        return Verdict(False, name, HEADS["wrong"][language], body)


def unwritten_yet(language: str) -> Verdict:
    return Verdict(False, None, HEADS["unwritten"][language], say("unwritten", language))


def wrong(key: str, language: str, **figures) -> Verdict:
    return Verdict(False, None, HEADS["wrong"][language], say(key, language, **figures))


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Written(Exercise):
    """A function to write. `right.answer` is the oracle.

    draw     generator → several inputs, each a dict in the order of the arguments; small first,
             for the first one on which an answer is wrong is shown
    trained  arguments whose gradient counts
    results  how many tensors the function returns
    """

    draw: Callable[[Generator], Iterable[dict]]
    trained: tuple[str, ...] = ()
    results: int = 1
    kind = "written"

    def _judge(self, answer, language: str, generator: Generator) -> Verdict:
        if not callable(answer):
            return wrong("no_function", language, got=kind(answer))
        inputs = list(self.draw(generator))
        got, due = self.outcomes(answer, inputs), self.outcomes(self.right.answer, inputs)
        if any(outcome.trouble == "unwritten" for outcome in got):
            return unwritten_yet(language)
        fine = [same(g, d) and not narrower(g, d) for g, d in zip(got, due, strict=True)]
        if all(fine):
            return self.praise(language, {})
        if name := self.recognise(got, due, inputs):
            return self.named(name, language, {})
        first = fine.index(False)
        return self.tell(answer, inputs[first], got[first], due[first], language)

    def outcomes(self, function: Callable, inputs: list[dict]) -> list[Outcome]:
        return [self.outcome(function, one) for one in inputs]

    def outcome(self, function: Callable, one: dict) -> Outcome:
        return attempt(function, one, self.trained, self.results)

    def recognise(self, got: list[Outcome], due: list[Outcome], inputs: list[dict]) -> str | None:
        """The name of the variant that the answer equals on all inputs, and at least once truly.

        Gradients count too; where they differ (a `.item()` at the end), a value that only one
        variant gives still names it.
        """
        if all(outcome.trouble for outcome in got):
            return None
        for alike in (same, same_values):
            for name, variant in self.variants():
                if not alike(got[0], self.outcome(variant, inputs[0])):
                    continue  # most differ on the first input already
                outcomes = self.outcomes(variant, inputs)
                told_by_value = alike is same or not all(map(same_values, outcomes, due))
                if told_by_value and all(map(alike, got, outcomes)):
                    return name
        return None

    def variants(self) -> Iterator[tuple[str, Callable]]:
        for name, mistake in self.mistakes.items():
            for variant in (mistake.answer, *mistake.also):
                yield name, variant

    def tell(self, answer, inputs: dict, got: Outcome, due: Outcome, language: str) -> Verdict:
        """An unknown mistake, by the first input on which it shows."""
        if got.trouble == "raised":
            line = got.figures.get("line")
            where = say("where", language, line=line) if line else ""
            return wrong("raised", language, where=where, error=got.figures["error"])
        key, figures = got.trouble, got.figures
        if not key:
            again = self.outcome(answer, inputs)
            if not again.trouble and not same_values(got, again):
                two = {"got": shown(got.values[0]), "again": shown(again.values[0])}
                return wrong("random", language, **two)
            key, figures = difference(got, due, self.trained)
        return wrong(key, language, inputs=shown_inputs(inputs), **figures)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Tried(Exercise):
    """An answer that is not a function to compare: it is examined, and the finding has a name.

    examine  answer, language → "right" or the name of a mistake, and the figures for its words.
             What it raises is told as an error in the answer.
    """

    examine: Callable[[object, str], tuple[str, dict]]
    kind = "tried"

    def _judge(self, answer, language: str, generator: Generator) -> Verdict:
        try:
            with torch.enable_grad():
                name, figures = self.examine(answer, language)
        except KeyboardInterrupt:
            raise
        except Unusable as refusal:
            return wrong(refusal.key, language, **refusal.figures)
        except BaseException as error:  # as in `attempt`
            return wrong("refused", language, error=one_line(error))
        if name == "unwritten":
            return unwritten_yet(language)
        if name == "right":
            return self.praise(language, figures)
        if name not in self.mistakes:  # a run that came out otherwise than wherever it was tested
            return wrong("otherwise", language)
        return self.named(name, language, figures)


class Predicted(Tried):
    """What a run will give, written down before it."""

    kind = "predicted"


class Unusable(Exception):
    """An answer of the wrong kind; `key` is the phrase that says so."""

    def __init__(self, key: str, **figures):
        super().__init__(key)
        self.key, self.figures = key, figures


def predicted_number(run: Callable[[], float], tolerance: float, mistakes: dict) -> Callable:
    """Examines a number: right within the tolerance of what the run gives, else the mistake that
    expects it, else `other`, which every such catalogue has. {due} is what the run gave."""

    def examine(answer, language: str) -> tuple[str, dict]:
        guess = number(answer)
        due = float(run())
        figures = {"due": due, "got": guess}
        if abs(guess - due) <= tolerance:
            return "right", figures
        expecting = (k for k, m in mistakes.items() if abs(guess - m.answer) <= tolerance)
        return next(expecting, "other"), figures

    return examine


def number(answer) -> float:
    if isinstance(answer, str | bool):
        raise Unusable("no_number", got=kind(answer))
    try:
        return float(answer)
    except (TypeError, ValueError, RuntimeError):
        raise Unusable("no_number", got=kind(answer)) from None


def quoted(answer) -> str:
    return f"`{answer[:20].replace('`', '')!r}`" if isinstance(answer, str) else kind(answer)


def predicted_choice(run: Callable[[], tuple[str, dict]], letters: str) -> Callable:
    """Examines one of the letters: the run says which is right, and gives the figures."""

    def examine(answer, language: str) -> tuple[str, dict]:
        chosen = answer.strip().lower() if isinstance(answer, str) else ""
        if len(chosen) != 1 or chosen not in letters:
            due = ", ".join(f'`"{letter}"`' for letter in letters)
            raise Unusable("no_choice", due=due, got=quoted(answer))
        due, figures = run()
        return ("right" if chosen == due else chosen), figures

    return examine
