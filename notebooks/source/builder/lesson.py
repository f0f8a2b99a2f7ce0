"""A lesson's source, read and checked: what must hold before anything is executed.

A lesson is a Python file in jupytext's percent format; its YAML header names the two notebooks
under `jupyter:`, as in `toycore: {tr: 01_ortam, en: 01_environment}`. Prose stands in both
languages, `# %% [markdown] lang="tr"` directly followed by `# %% [markdown] lang="en"`, with the
same formulas and numbers: 0,05 and 10.000 and %60 in Turkish are 0.05 and 10,000 and 60% in
English. What must look alike in both (a version, say) goes into backticks. Code is the same but
for its words, see wording.py, and `language="en"`, which becomes `language="tr"`.

A code cell may have a name, `# %% margins`, by which the teacher's guide asks for what it shows.

A citation is `[words][key]`, as in `[Hu et al., 2021][lora]`: the link is made from sources.py.

A prediction is a question in prose, the cells that find the answer, and the answer: see
predict.py.

An exercise is four cells: its task in prose, then code tagged `exercise` (a stub: it runs as it
is), `check` and `solution`. The solution is code here, so that it is linted and tested; in the
notebooks it is prose that unfolds.
"""

import re
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import jupytext
import nbformat

from builder.cite import linked
from builder.wording import WordingError, both

SEPARATORS = {"tr": (".", ","), "en": (",", ".")}  # of thousands, of decimals
LANGUAGES = tuple(SEPARATORS)
KEPT = {"tags", "jupyter"}  # the cell options that reach the notebook
NAME = "title"  # jupytext's word for a cell's name; it stays in the source
EXERCISE = ("exercise", "check", "solution")  # the tags of its code cells, in their order

CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)  # spans and fences alike
FORMULA = re.compile(
    r"(?<!\\)(\$\$?)(?!\$).+?(?<!\\)\1|\\begin\{(\w+\*?)\}.+?\\end\{\2\}", re.DOTALL
)
ADDRESS = re.compile(r"\]\([^)\s]*|https?://[^\s)>]+|arXiv:[\d.]+", re.IGNORECASE)
# A digit glued to a letter is part of a name (INT8, k1); a dash glued to a digit joins (1-3).
NUMBER = re.compile(r"(?<![^\W_])-?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?")


class LessonError(Exception):
    """A lesson cannot become two notebooks; the message says where and why."""


def files_of(package: Path) -> list[Path]:
    """What of the package a notebook hangs on and a bundle holds: its code, its stored numbers.

    Not the teacher's table, which no lesson needs.
    """
    found = (path for path in package.rglob("*") if path.suffix in (".py", ".json"))
    return sorted(path for path in found if path.parent.name != "classroom")


def text_of(path: Path) -> str:
    """What a source says, even where an editor has put a byte order mark before it."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LessonError(f"{path.name}: it is not in UTF-8: {error.reason}") from error


def read_lesson(path: Path) -> tuple[dict, list[dict]]:
    """The notebooks' names by language; then each block of the lesson, its cell by language."""
    try:
        source = jupytext.reads(text_of(path), fmt="py:percent")
    except nbformat.ValidationError as error:  # such as tags that are no list
        raise LessonError(f"{path.name}: {error}") from error
    names = source.metadata.get("toycore") or {}
    if set(names) != set(LANGUAGES) or not all(isinstance(n, str) for n in names.values()):
        raise LessonError(f"{path.name}: the header lacks toycore: {{tr: name, en: name}}")
    check_exercises(path, source.cells)
    check_names(path, source.cells)
    return names, list(blocks(path, source.cells))


def blocks(path: Path, cells: list):
    cells = iter(enumerate(cells, 1))
    for number, cell in cells:
        here = place(path, number, cell)
        if cell.cell_type == "code":
            check_cell(here, cell, KEPT | {NAME})
            yield in_both(here, cell)
            continue
        block = dict(zip(LANGUAGES, (cell, next(cells, (0, None))[1]), strict=True))
        for language, prose in block.items():
            check_language(here, prose, language)
            check_cell(here, prose, KEPT | {"lang", "predict"})
        for count in (formulas, numbers):
            check_same(here, count.__name__, *(count(block[k].source, k) for k in LANGUAGES))
        for prose in block.values():
            prose.source = cited(here, prose.source)
        yield block


def in_both(place: str, cell) -> dict:
    """A code cell in each language."""
    try:
        sources = both(cell.source)
    except WordingError as error:
        raise LessonError(f"{place}: {error}") from error
    return {k: nbformat.from_dict({**cell, "source": sources[k]}) for k in LANGUAGES}


def cited(place: str, prose: str) -> str:
    try:
        return linked(prose)
    except KeyError as error:
        raise LessonError(f"{place}: sources.py has no {error}") from None


def check_exercises(path: Path, cells: list) -> None:
    """A stub without its check, or a solution out of place, would be seen by learners first."""
    parts = [part(cell) for cell in cells]
    for number, (last, found) in enumerate(pairwise(["", *parts, ""])):
        concerned = last in EXERCISE[:-1] or any(tag in found for tag in EXERCISE)
        if concerned and (last, found) not in pairwise(("prose", *EXERCISE)):
            here = place(path, number, cells[number - 1]) if number else path.name
            raise LessonError(f"{here}: prose, exercise, check, solution; not {last!r}, {found!r}")


def check_names(path: Path, cells: list) -> None:
    """A name is one word, and belongs to one cell."""
    names = [cell.metadata.get(NAME) for cell in cells]
    times = Counter(filter(None, names))
    for number, (name, cell) in enumerate(zip(names, cells, strict=True), 1):
        if name is None:
            continue
        if times[name] > 1 or not name.isidentifier():
            wrong = "two cells have the name" if times[name] > 1 else "a name is one word, not"
            raise LessonError(f"{place(path, number, cell)}: {wrong} {name!r}")


def part(cell) -> str:
    """Which part of an exercise a cell may be: any prose may be its task."""
    tags = [tag for tag in cell.metadata.get("tags", ()) if tag in EXERCISE]
    return " and ".join(tags) or ("prose" if cell.cell_type == "markdown" else "code")


def place(path: Path, number: int, cell) -> str:
    return f"{path.name}, cell {number} ({cell.source[:50]!r})"


def check_cell(place: str, cell, options: set) -> None:
    """jupytext is silent about an option that it cannot read; we are not."""
    options = options | {"lines_to_next_cell"}  # jupytext's own, where no blank line is between
    if unknown := {k: v for k, v in cell.metadata.items() if k not in options}:
        raise LessonError(f"{place}: no such option here: {unknown}")
    if not cell.source.strip():
        raise LessonError(f"{place}: an empty cell")


def check_language(place: str, cell, language: str) -> None:
    found = (cell.cell_type, cell.metadata.get("lang")) if cell else None
    if found != ("markdown", language):
        is_not = f'its "{language}" is not a markdown cell with lang="{language}"'
        raise LessonError(f"{place}: {is_not}, but {found}")


def check_same(place: str, what: str, tr: Counter, en: Counter) -> None:
    if tr != en:
        only_tr, only_en = (", ".join(map(str, c.elements())) for c in (tr - en, en - tr))
        raise LessonError(f"{place}: {what} differ: only tr has [{only_tr}], only en [{only_en}]")


def formulas(prose: str, language: str) -> Counter:
    found = FORMULA.finditer(CODE.sub(" ", prose))
    return Counter(" ".join(formula[0].split()) for formula in found)


def numbers(prose: str, language: str) -> Counter:
    """By value in the text (60% and %60 are 60), as written in code."""
    prose = prose.replace("−", "-")
    code = "\n".join(span[0] for span in CODE.finditer(prose))
    text = ADDRESS.sub(" ", FORMULA.sub(" ", CODE.sub(" ", prose))).replace("%", "")
    by_value = (value(number, language) for number in NUMBER.findall(text))
    return Counter(by_value) + Counter(NUMBER.findall(code))


def value(number: str, language: str) -> Decimal | str:
    """What the number is worth; itself where the language does not write numbers so (2.13.0)."""
    thousands, point = SEPARATORS[language]
    digits = rf"-?(\d+|\d{{1,3}}([{thousands}]\d{{3}})+)([{point}]\d+)?([eE][-+]?\d+)?"
    if not re.fullmatch(digits, number):
        return number
    return Decimal(number.replace(thousands, "").replace(point, "."))
