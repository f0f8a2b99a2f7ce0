"""What a learner's summary says: read strictly, for anybody may have written it.

The summary at a lesson's end is an HTML element whose attribute data-summary holds JSON. What has
not the promised shape is refused as a whole: half a summary would make a table that is half true.
"""

import html
import json
import re
from types import NoneType
from typing import Any, NamedTuple

from toycore.checks.done import exercises
from toycore.classroom import lessons
from toycore.classroom.names import plain
from toycore.errors import LANGUAGES

BEGINNING = '<div class="tc-summary"'
ATTRIBUTE = re.compile(rf'{BEGINNING}\s+data-summary="([^"]*)"')
STATES = ("passed", "tried", "unwritten")
MOST = 1_000_000  # of anything that is counted
MANY = 100  # mistakes of one exercise, predictions of one lesson: more than any has
LONG = 600  # letters of what a check said


class Unreadable(Exception):
    """This is no summary."""


class Met(NamedTuple):
    name: str
    said: str
    times: int


class Exercise(NamedTuple):
    state: str
    tries: int
    met: tuple[Met, ...]


class Prediction(NamedTuple):
    """right: None where nothing was said, or nothing revealed."""

    about: str
    made: bool
    right: bool | None


class Summary(NamedTuple):
    """exercises: all that the lesson has, by name, in its order."""

    lesson: str
    language: str
    exercises: dict[str, Exercise]
    predictions: tuple[Prediction, ...]

    @property
    def touched(self) -> bool:
        """Whether the learner has done anything at all."""
        states = {one.state for one in self.exercises.values()}
        return states != {"unwritten"} or any(one.made for one in self.predictions)


def parse(output: str) -> Summary:
    """The summary that an output (HTML) holds; Unreadable if it holds none."""
    found = ATTRIBUTE.match(output)
    try:
        return _summary(json.loads(html.unescape(found[1]) if found else ""))
    except (ValueError, RecursionError):  # no JSON, or nested without end
        raise Unreadable from None


def _summary(told: Any) -> Summary:
    lesson = _one_of(lessons.NOTEBOOKS, _field(told, "lesson", str))
    language = _one_of(LANGUAGES, _field(told, "language", str))
    done = _fields(told, "exercises", MANY)
    found = {_field(one, "name", str): _exercise(one) for one in done}
    names = exercises(lesson)
    if len(done) != len(names) or set(found) != set(names):
        raise Unreadable
    predictions = tuple(map(_prediction, _fields(told, "predictions", MANY)))
    return Summary(lesson, language, {name: found[name] for name in names}, predictions)


def _exercise(told: Any) -> Exercise:
    met = tuple(map(_met, _fields(told, "met", MANY)))
    return Exercise(_one_of(STATES, _field(told, "state", str)), _count(told, "tries"), met)


def _met(told: Any) -> Met:
    name, said = _field(told, "name", str), _field(told, "said", str)
    return Met(plain(name), plain(said, LONG), _count(told, "times"))


def _prediction(told: Any) -> Prediction:
    said, right = _field(told, "said", str, NoneType), _field(told, "right", bool, NoneType)
    return Prediction(plain(_field(told, "about", str), LONG), bool(said), right)


def _field(told: Any, name: str, *kinds: type) -> Any:
    """What stands under a name; of exactly these kinds, since True is no number."""
    if type(told) is not dict or name not in told or type(told[name]) not in kinds:
        raise Unreadable
    return told[name]


def _fields(told: Any, name: str, most: int) -> list:
    found = _field(told, name, list)
    if len(found) > most:
        raise Unreadable
    return found


def _count(told: Any, name: str) -> int:
    number = _field(told, name, int)
    if not 0 <= number <= MOST:
        raise Unreadable
    return number


def _one_of(options, value: str) -> str:
    if value not in options:
        raise Unreadable
    return value
