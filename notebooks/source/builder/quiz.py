"""A lesson's quiz: prose tagged `quiz` in the source, in each notebook the call that shows it.

How its text is written: toycore/widgets/quiz.py. The place of the right answer is the same in both
languages, and not the same in all questions.
"""

import copy

import nbformat

from builder import links
from builder.lesson import LANGUAGES, LessonError
from words import WORDS

TAG = "quiz"
CALL = '''\
# @title {title} {{ display-mode: "form" }}
tc.widgets.quiz(
    r"""
{text}
""",
    language="{language}",
)'''


def is_quiz(cell) -> bool:
    return TAG in cell.metadata.get("tags", ())


def check(place: str, block: dict) -> None:
    """A LessonError, unless the block is a sound quiz in both languages, or none."""
    marked = [is_quiz(block[language]) for language in LANGUAGES]
    if not any(marked):
        return
    place = f"{place}, quiz ({block['tr'].source[:50]!r})"
    if block["tr"].cell_type != "markdown" or not all(marked):
        raise LessonError(f"{place}: the tag belongs on prose, on both of its languages")
    tr, en = (shape(f"{place}, {language}", block[language].source) for language in LANGUAGES)
    if tr != en:
        raise LessonError(f"{place}: (right answer, answers) of the questions differ: {tr}, {en}")
    if len(tr) > 1 and len({right for right, _ in tr}) == 1:
        raise LessonError(f"{place}: the right answer stands in the same place every time")


def shape(place: str, text: str) -> list[tuple[int, int]]:
    """Of each question: the place of its right answer, and how many answers it has."""
    from toycore.widgets.quiz import (
        parse,  # here: lessons without a quiz are built without the package
    )

    try:
        questions = parse(text)
    except ValueError as error:
        raise LessonError(f"{place}: {error}") from error
    if '"""' in text:
        raise LessonError(f'{place}: it becomes a Python string, so it cannot hold """')
    return [(question.right, len(question.answers)) for question in questions]


def make_cell(text: str, language: str, name: str):
    source = CALL.format(title=WORDS[language]["quiz"], text=text, language=language)
    metadata = copy.deepcopy(links.HIDDEN) | {"tags": [TAG]}
    return nbformat.v4.new_code_cell(source, id=name, metadata=metadata)
