"""An exercise: a learner's answer in, a verdict out. Three kinds: written, predicted, tried.

A written answer is a function. The oracle and each wrong variant of the catalogue are called on
fresh random inputs, and then the answer is: a mistake is named when the answer equals its variant
on all of them, in value and, where training needs it, in gradient. A prediction is compared with
a run made then and there. A trial takes the learner's own world and says how far off the aim is.
"""

import dataclasses
import os
from collections.abc import Callable, Iterable
from typing import ClassVar

from torch import Generator

from toycore import language as words
from toycore.checks.attempt import (
    Outcome,
    Unusable,
    attempts,
    in_order,
    kind,
    one_line,
    unwritten,
)
from toycore.checks.compare import (
    difference,
    narrower,
    same,
    same_values,
    shown,
    shown_inputs,
)
from toycore.checks.plain import plain
from toycore.checks.settled import settled
from toycore.checks.trial import tried
from toycore.checks.verdict import HEADS, Mistake, Verdict, fill, say
from toycore.engine.threads import one_thread
from toycore.errors import in_its_language


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Exercise:
    """What all kinds share. Called with an answer and a language ("tr" or "en"), it judges.

    right     the words that a right answer gets, beside a right answer itself
    mistakes  the catalogue, by name
    verdicts  what was said in this kernel, for the summary at the lesson's end
    """

    right: Mistake
    mistakes: dict[str, Mistake]
    verdicts: list[Verdict] = dataclasses.field(default_factory=list, init=False, repr=False)
    kind: ClassVar[str]

    def __call__(self, answer, language: str = "en") -> Verdict:
        """The verdict on an answer; ValueError for an unknown language, and for nothing else."""
        seed = int.from_bytes(os.urandom(6), "big")  # fresh inputs; no global generator moves
        verdict = self.judge(answer, language, Generator().manual_seed(seed))
        self.verdicts.append(verdict)
        return verdict

    @in_its_language
    @one_thread
    def judge(self, answer, language: str, generator: Generator) -> Verdict:
        """The same with inputs drawn from the generator given."""
        words.check(language)
        if unwritten(answer):
            return unwritten_yet(language)
        try:
            return self._judge(answer, language, generator)
        except Unusable as refusal:
            return told(refusal.key, language, **refusal.figures)

    def _judge(self, answer, language: str, generator: Generator) -> Verdict:
        """What a kind does; Unusable where the answer cannot be judged at all."""
        raise NotImplementedError

    def praise(self, language: str, figures: dict) -> Verdict:
        return Verdict(1, None, "", HEADS["passed"][language], fill(self.right, language, figures))

    def named(self, name: str, language: str, figures: dict) -> Verdict:
        body = fill(self.mistakes[name], language, figures)
        return Verdict(0, name, "", HEADS["wrong"][language], body)


def unwritten_yet(language: str) -> Verdict:
    return Verdict(0, None, "unwritten", HEADS["unwritten"][language], say("unwritten", language))


def wrong(key: str, language: str, **figures) -> Verdict:
    return Verdict(0, None, key, HEADS["wrong"][language], say(key, language, **figures))


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Written(Exercise):
    """A function to write. `right.answer` is the oracle.

    draw     generator → several inputs, each a dict in the order of the arguments; small first,
             since the first one on which an answer is wrong is shown
    trained  arguments whose gradient counts
    results  how many tensors the function returns
    ask      function, inputs → what the function returns: how it is called
    """

    draw: Callable[[Generator], Iterable[dict]]
    trained: tuple[str, ...] = ()
    results: int = 1
    ask: Callable = in_order
    kind = "written"

    def _judge(self, answer, language: str, generator: Generator) -> Verdict:
        inputs, due, known = self.expected(generator)  # before any code of the learner's runs
        calls = [*inputs, inputs[0]]  # the first once more, for a result that changes
        *got, again = called(answer, calls, self.trained, self.results, language, self.ask)
        return self.compare(inputs, got, again, due, known, language)

    @settled
    def expected(self, generator: Generator) -> tuple[list[dict], list[Outcome], list[tuple]]:
        """Inputs; what is expected; each variant's name with what it gives."""
        inputs = list(self.draw(generator))
        known = [
            (name, attempts(variant, inputs, self.trained, self.results, self.ask))
            for name, mistake in self.mistakes.items()
            for variant in (mistake.answer, *mistake.also)
        ]
        due = attempts(self.right.answer, inputs, self.trained, self.results, self.ask)
        return inputs, due, known

    @settled
    def compare(self, inputs, got, again, due, known, language: str) -> Verdict:
        if any(outcome.trouble == "unwritten" for outcome in got):
            return unwritten_yet(language)
        fine = [same(g, d) and not narrower(g, d) for g, d in zip(got, due, strict=True)]
        if all(fine):
            return self.praise(language, {})
        verdict = self.fault(inputs, got, again, due, known, fine.index(False), language)
        # What the function is for is there; training by it would go astray.
        only_gradient = all(map(same_values, got, due)) and not any(map(narrower, got, due))
        return dataclasses.replace(verdict, credit=0.5) if only_gradient else verdict

    def fault(self, inputs, got, again, due, known, first: int, language: str) -> Verdict:
        """What is wrong with an answer; the first of the inputs that show it is told."""
        if name := recognise(got, due, known):
            return self.named(name, language, {})
        key, figures = got[first].trouble, got[first].figures
        if not key and not same_values(got[0], again):
            one, two = (shown(outcome.values[0]) for outcome in (got[0], again))
            return wrong("random", language, got=one, again=two)
        if not key:
            key, figures = difference(got[first], due[first], self.trained)
        return told(key, language, inputs=shown_inputs(inputs[first]), **figures)


def called(
    function, inputs, trained: tuple[str, ...], results: int, language: str, ask=in_order
) -> list[Outcome]:
    """What a learner's function gives for each of the inputs, in a trial."""
    if not callable(function):
        raise Unusable("no_function", got=kind(function))
    return tried(attempts, function, inputs, trained, results, ask, slow=say("slow", language))


def recognise(got: list[Outcome], due: list[Outcome], known: list[tuple]) -> str | None:
    """The name of the variant that the answer equals on all inputs, at least once without failing.

    Gradients count too; where they differ (a `.item()` at the end), a value that only one
    variant gives still names it.
    """
    if all(outcome.trouble for outcome in got):
        return None
    for alike in (same, same_values):
        for name, variant in known:
            told_by_value = alike is same or not all(map(same_values, variant, due))
            if told_by_value and all(map(alike, got, variant)):
                return name
    return None


def told(key: str, language: str, line: str = "", **figures) -> Verdict:
    """A trouble in words, with its place in the learner's code where that is known."""
    if key == "unwritten":
        return unwritten_yet(language)
    where = say("where", language, line=line) if line else ""
    return wrong(key, language, where=where, **figures)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Tried(Exercise):
    """An answer that is not compared with an oracle but examined; what is found has a name.

    examine  answer, language → "right" or the name of a mistake, and the figures for its words.
             The answer is plain data. What its values make it raise is told as an error in it.
    calls    inputs with which the answer, here a function, is called: the tuples of Numbers
             that it gives, one for each, are what is examined
    results  how many tensors such a function returns
    """

    examine: Callable[..., tuple[str, dict]]  # of the answer and the language
    calls: tuple[dict, ...] = ()
    results: int = 1
    kind = "tried"

    def _judge(self, answer, language: str, generator: Generator) -> Verdict:
        if self.calls:
            got = called(answer, self.calls, (), self.results, language)
            for one, outcome in zip(self.calls, got, strict=True):
                if outcome.trouble:
                    inputs = shown_inputs(one)
                    return told(outcome.trouble, language, inputs=inputs, **outcome.figures)
            answer = [outcome.values for outcome in got]
        else:
            answer = plain(answer, say("slow", language))
        return self.verdict(answer, language)

    @settled
    def verdict(self, answer, language: str) -> Verdict:
        try:
            name, figures = self.examine(answer, language)
        except (KeyboardInterrupt, Unusable):
            raise
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            return wrong("refused", language, error=one_line(error))
        except Exception as error:
            return wrong("own_failure", language, error=one_line(error))
        if name == "right":
            return self.praise(language, figures)
        if name not in self.mistakes:  # the run came out as on no machine it was tested on
            return wrong("otherwise", language)
        return self.named(name, language, figures)


class Predicted(Tried):
    """What a run will give, written down before it."""

    kind = "predicted"


def predicted_number(run: Callable[[], float], tolerance: float, mistakes: dict) -> Callable:
    """Examines a number: right within the tolerance of what the run gives, else the mistake that
    expects it, else `too_low` or `too_high`, which every such catalogue has. {due} is what the
    run gave: only the words for the right answer may use it."""

    def examine(answer, language: str) -> tuple[str, dict]:
        guess = number(answer)
        due = float(run())
        figures = {"due": due, "got": guess}
        if abs(guess - due) <= tolerance:
            return "right", figures
        expected = ((k, one) for k, m in mistakes.items() for one in (m.answer, *m.also))
        expecting = (k for k, one in expected if abs(guess - one) <= tolerance)
        return next(expecting, "too_low" if guess < due else "too_high"), figures

    return examine


def number(answer) -> float:
    if isinstance(answer, str | bool):
        raise Unusable("no_number", got=kind(answer))
    try:
        return float(answer)
    except (TypeError, ValueError, OverflowError):
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
