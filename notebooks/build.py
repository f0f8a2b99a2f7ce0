"""Makes two notebooks, Turkish and English, of each lesson: checked, executed, outputs stored.

    python notebooks/build.py [lesson ...]            writes tr/*.ipynb and en/*.ipynb
    python notebooks/build.py [lesson ...] --check    executes nothing; names each file out of date
    python notebooks/build.py [lesson ...] --site     makes the website of the course: dist/site

A lesson is a Python file in jupytext's percent format; its YAML header names the two notebooks
under `jupyter:`, as in `toycore: {tr: 01_ortam, en: 01_environment}`. Prose stands in both
languages, `# %% [markdown] lang="tr"` directly followed by `# %% [markdown] lang="en"`, with the
same formulas and numbers: 0,05 and 10.000 and %60 in Turkish are 0.05 and 10,000 and 60% in
English. What must look alike in both (a version, say) goes into backticks. Code is the same; only
`language="en"` becomes `language="tr"` in the Turkish notebook.
"""

import argparse
import copy
import hashlib
import os
import re
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

SEPARATORS = {"tr": (".", ","), "en": (",", ".")}  # of thousands, of decimals
LANGUAGES = tuple(SEPARATORS)
KEPT = {"tags", "jupyter"}  # the cell options that reach the notebook
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
    "language_info": {"name": "python"},
}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
TIMEOUT = 120  # seconds a cell: ends a hang, not a slow machine's work

CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)  # spans and fences alike
FORMULA = re.compile(
    r"(?<!\\)(\$\$?)(?!\$).+?(?<!\\)\1|\\begin\{(\w+\*?)\}.+?\\end\{\2\}", re.DOTALL
)
ADDRESS = re.compile(r"\]\([^)\s]*|https?://[^\s)>]+|arXiv:[\d.]+", re.IGNORECASE)
# A digit glued to a letter is part of a name (INT8, k1); a dash glued to a digit joins (1-3).
NUMBER = re.compile(r"(?<![^\W_])-?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?")


class LessonError(Exception):
    """A lesson cannot become two notebooks; the message says where and why."""


class Course(NamedTuple):
    """The folders: the lessons, the package they use, and where tr/ and en/ go."""

    lessons: Path
    package: Path
    output: Path


HERE = Path(__file__).resolve().parent
COURSE = Course(HERE / "lessons", HERE.parent / "toycore", HERE)
DIST = HERE.parent / "dist"


# --- a lesson, and what must hold before anything is executed ---------------------------------


def read_lesson(path: Path) -> tuple[dict, list[dict]]:
    """The notebooks' names by language; then each block of the lesson, its cell by language."""
    try:
        source = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    except nbformat.ValidationError as error:  # such as tags that are no list
        raise LessonError(f"{path.name}: {error}") from error
    names = source.metadata.get("toycore") or {}
    if set(names) != set(LANGUAGES) or not all(isinstance(n, str) for n in names.values()):
        raise LessonError(f"{path.name}: the header lacks toycore: {{tr: name, en: name}}")
    return names, list(blocks(path, source.cells))


def blocks(path: Path, cells: list):
    cells = iter(enumerate(cells, 1))
    for number, cell in cells:
        place = f"{path.name}, cell {number} ({cell.source[:50]!r})"
        if cell.cell_type == "code":
            check_cell(place, cell, KEPT)
            yield dict.fromkeys(LANGUAGES, cell)
            continue
        block = dict(zip(LANGUAGES, (cell, next(cells, (0, None))[1]), strict=True))
        for language, prose in block.items():
            check_language(place, prose, language)
            check_cell(place, prose, KEPT | {"lang"})
        for count in (formulas, numbers):
            check_same(place, count.__name__, *(count(block[k].source, k) for k in LANGUAGES))
        yield block


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


# --- the notebooks ----------------------------------------------------------------------------


def plan(course: Course, chosen=()) -> list[dict]:
    """For each lesson chosen (none: all), every one sound: its notebooks, not executed, by path."""
    paths = {path.stem: path for path in sorted(course.lessons.glob("*.py"))}
    if unknown := ", ".join(set(chosen) - set(paths)):
        raise LessonError(f"no such lesson: {unknown}; there are: {', '.join(paths)}")
    lessons = [make_notebooks(course, paths[name]) for name in chosen or paths]
    made = Counter(path for notebooks in lessons for path in notebooks)
    if twice := [path.name for path, times in made.items() if times > 1]:
        raise LessonError(f"two lessons name the same notebook: {', '.join(twice)}")
    return lessons


def make_notebooks(course: Course, lesson: Path) -> dict:
    names, cells = read_lesson(lesson)
    sources = digest([lesson, *sorted(course.package.rglob("*.py"))])
    notebooks = {}
    for language, name in names.items():
        notebooks[course.output / language / f"{name}.ipynb"] = nbformat.v4.new_notebook(
            metadata=METADATA | {"toycore": {"language": language, "sources": sources}},
            cells=[
                make_cell(cell[language], language, f"{lesson.stem}-{index:02}")
                for index, cell in enumerate(cells, 1)
            ],
        )
    return notebooks


def digest(paths: list[Path]) -> str:
    """Of names and texts; reading as text makes all newlines the same."""
    texts = (f"{path.name}\0{path.read_text(encoding='utf-8')}\0" for path in paths)
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def make_cell(cell, language: str, name: str):
    metadata = {key: cell.metadata[key] for key in sorted(KEPT & cell.metadata.keys())}
    if cell.cell_type == "markdown":
        return nbformat.v4.new_markdown_cell(cell.source, id=name, metadata=metadata)
    source = cell.source.replace('language="en"', f'language="{language}"')
    return nbformat.v4.new_code_cell(source, id=name, metadata=metadata)


def execute(path: Path, notebook):
    """The notebook with its outputs, and with nothing in it that another run would not give."""
    return stored(run(path, notebook), notebook)


def run(path: Path, notebook):
    """The notebook with its outputs, its widgets' state and their views."""
    done = copy.deepcopy(notebook)
    client = NotebookClient(
        done,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        force_raise_errors=True,
        record_timing=False,
    )
    try:
        client.execute(env=os.environ | {"TQDM_DISABLE": "1"})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise LessonError(f"{path.parent.name}/{path.name}: {error}") from error
    return done


def stored(live, notebook):
    done = copy.deepcopy(live)
    done.metadata = notebook.metadata  # without the kernel's version and the widgets' state
    for output in outputs(done):
        if len(output.get("data", {})) > 1:
            # The live view is gone with its kernel, and would hide the picture beside it.
            output.data.pop(WIDGET_VIEW, None)
    return done


def outputs(notebook) -> list:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def build(course: Course = COURSE, chosen=()) -> None:
    """Nothing runs before all lessons are sound; a lesson's files change when all have run."""
    for notebooks in plan(course, chosen):
        for path in notebooks:
            path.parent.mkdir(parents=True, exist_ok=True)
        done = {path: execute(path, notebook) for path, notebook in notebooks.items()}
        for path, notebook in done.items():
            write(path, notebook)


def write(path: Path, notebook) -> None:
    """The whole file or nothing of it."""
    scratch = path.with_name(path.name + ".new")
    try:
        scratch.write_bytes(to_bytes(notebook))
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def to_bytes(notebook) -> bytes:
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


# --- the website ------------------------------------------------------------------------------


def site(course: Course, chosen=(), folder: Path = DIST / "site") -> None:
    """The notebooks in the repository stay as they are: the site runs its own."""
    import website  # here, since the notebooks do not need what the site needs

    lessons = plan(course, chosen)
    try:
        website.write(website.make(executed(lessons), DIST / "npm"), folder)
    except website.SiteError as error:
        raise LessonError(str(error)) from error


def executed(lessons: list[dict]):
    import website

    for path, notebook in (pair for notebooks in lessons for pair in notebooks.items()):
        live = run(path, notebook)
        data = to_bytes(stored(live, notebook))
        yield website.Executed(path.parent.name, path.stem, live, data)


# --- are the notebooks what the sources give? -------------------------------------------------


def stale(course: Course = COURSE, chosen=()) -> list[str]:
    """One line for each notebook out of date, missing, or made by no lesson."""
    expected = {path: new for notebooks in plan(course, chosen) for path, new in notebooks.items()}
    faults = {path: fault(path, notebook) for path, notebook in expected.items()}
    if not chosen:
        stored = {path for k in LANGUAGES for path in (course.output / k).glob("*.ipynb")}
        faults |= dict.fromkeys(sorted(stored - set(expected)), "no lesson makes it")
    return [f"{p.parent.name}/{p.name}: {reason}" for p, reason in faults.items() if reason]


def fault(path: Path, expected) -> str | None:
    """Why the stored notebook is not the expected one, executed."""
    if not path.exists():
        return "it is not built"
    try:
        stored = nbformat.read(path, as_version=4)
    except ValueError:
        return "it is not a notebook"
    failed = any(output.output_type == "error" for output in outputs(stored))
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    in_order = [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        cell.update(outputs=[], execution_count=None)
    if stored != expected:
        return "it is not what its lesson and toycore give"
    if failed or not in_order:
        return "its cells were not executed in order, without an error"
    return None


def main(arguments=None, course: Course = COURSE) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lessons", nargs="*", help="such as 03_ppo; none: all")
    parser.add_argument("--check", action="store_true", help="execute nothing, compare")
    parser.add_argument("--site", action="store_true", help="make dist/site, the website")
    options = parser.parse_args(arguments)
    chosen = [Path(name).stem for name in options.lessons]
    try:
        work = stale if options.check else site if options.site else build
        faults = work(course, chosen)
    except LessonError as error:
        faults = [error]
    for line in faults or ():
        print(line, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
