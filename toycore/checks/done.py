"""What was done in a lesson: the exercises and the predictions of this kernel, to be handed in.

The summary stands near the notebook's end, as text and, for `python -m toycore.classroom`,
as JSON in the attribute `data-summary` of its HTML. Nothing is sent anywhere.
"""

import html
import importlib
import json
from collections import Counter

from toycore import language as words
from toycore.checks.exercise import Exercise
from toycore.errors import in_its_language, say

LESSONS = ("environment", "lora", "ppo", "dpo", "quantization", "lab", "frontier", "real")
# Troubles that say nothing about the answer: they are neither a try nor a mistake.
NO_TRY = {"unwritten", "busy", "own_failure", "otherwise"}


def exercises(lesson: str) -> dict[str, Exercise]:
    """The exercises of a lesson by their names in `tc.checks`, in the lesson's order."""
    module = importlib.import_module(f"toycore.checks.{lesson}")
    return {name: made for name, made in vars(module).items() if isinstance(made, Exercise)}


@in_its_language
def summary(lesson: str, language: str = "en") -> "Summary":
    """What was done in this kernel of a lesson, named as its file in `toycore/checks`: "dpo".

    An exercise counts as solved once its check has said so, whatever was tried afterwards.
    """
    words.check(language)
    if lesson not in LESSONS:
        raise ValueError(say("no_lesson", known=", ".join(LESSONS), got=repr(lesson)))
    return Summary(lesson, language)


class Summary:
    """The exercises of a lesson and how they went, its predictions and how they went."""

    def __init__(self, lesson: str, language: str):
        from toycore.widgets import predictions  # ipywidgets is slow to import, checks are not

        self.lesson, self.language = lesson, language
        self.verdicts = {
            name: [v for v in exercise.verdicts if v.trouble not in NO_TRY]
            for name, exercise in exercises(lesson).items()
        }
        self.overview = predictions(language)

    def data(self) -> dict:
        """All of it, as plain as JSON. No truth is told that the learner may not have seen yet."""
        from toycore import __version__

        return {
            "toycore": __version__,
            "lesson": self.lesson,
            "language": self.language,
            "exercises": [
                {"name": name, "state": state(tries), "tries": len(tries), "met": met(tries)}
                for name, tries in self.verdicts.items()
            ],
            "predictions": [
                {
                    "about": p.about,
                    "said": p.guess,
                    "right": p.right if p.guess and p.truth else None,
                }
                for p in self.overview.predictions
            ],
        }

    @property
    def sentences(self) -> list[str]:
        """How many were solved; how the predictions went."""
        if not any(self.verdicts.values()):
            return [self._text("nothing"), self.overview.sentence]
        solved = sum(state(tries) == "passed" for tries in self.verdicts.values())
        return [self._text("solved").format(solved, len(self.verdicts)), self.overview.sentence]

    def frame(self):
        """A pandas.DataFrame: a row for each exercise, its state and the number of tries."""
        import pandas as pd  # slow to import, and not needed before

        rows = [
            (count, self._text(state(tries)), len(tries))
            for count, tries in enumerate(self.verdicts.values(), 1)
        ]
        return pd.DataFrame(rows, columns=[self._text(k) for k in ("exercise", "state", "tries")])

    @property
    def mistakes(self) -> list[str]:
        """What was said of the mistakes, each once, in Markdown, after the number of its exercise."""
        return [
            f"{count}: {each['said']}" + (f" ×{each['times']}" if each["times"] > 1 else "")
            for count, tries in enumerate(self.verdicts.values(), 1)
            for each in met(tries)
        ]

    def __repr__(self) -> str:
        from toycore.widgets.predictions import whole

        table = whole(self.frame().to_string, index=False)
        told = [f"{self._text('met')}:", *(f"- {said}" for said in self.mistakes)]
        return "\n".join([*self.sentences, table, *(told if self.mistakes else [])])

    def _repr_html_(self) -> str:
        from toycore.widgets.inline import as_html
        from toycore.widgets.predictions import whole

        data = html.escape(json.dumps(self.data(), ensure_ascii=False))
        told = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self.sentences)
        table = whole(self.frame().to_html, index=False, border=0)
        listed = "".join(f"<li>{as_html(said)}</li>" for said in self.mistakes)
        listed = f"<p>{self._text('met')}:</p><ul>{listed}</ul>" if listed else ""
        return f'<div class="tc-summary" data-summary="{data}">{told}{table}{listed}</div>'

    def _text(self, key: str) -> str:
        return words.text(f"summary.{key}", self.language)


def state(tries: list) -> str:
    """ "passed", "tried" or "unwritten"."""
    if any(verdict.passed for verdict in tries):
        return "passed"
    return "tried" if tries else "unwritten"


def met(tries: list) -> list[dict]:
    """The mistakes of these verdicts, each once: its name, what was said last, how many times."""
    wrong = [verdict for verdict in tries if not verdict.passed]
    times = Counter(verdict.mistake or verdict.trouble for verdict in wrong)
    said = {verdict.mistake or verdict.trouble: verdict.body for verdict in wrong}
    return [{"name": name, "said": said[name], "times": count} for name, count in times.items()]
