"""The words of code cells in both languages: the format, and the course's own notebooks."""

import re

import nbformat
import pytest

from both_languages import english_left, numbers, printed
from builder.wording import WordingError, both, skeleton
from course import ROOT

STEMS = sorted(path.stem for path in (ROOT / "notebooks" / "en").glob("*.ipynb"))


def pair(stem: str) -> list[tuple]:
    """The cells of a lesson's two notebooks, Turkish and English, by their ids."""
    (turkish,) = (ROOT / "notebooks" / "tr").glob(f"{stem[:2]}_*.ipynb")
    tr, en = (
        nbformat.read(path, as_version=4)
        for path in (turkish, ROOT / "notebooks" / "en" / f"{stem}.ipynb")
    )
    assert [cell.id for cell in tr.cells] == [cell.id for cell in en.cells]
    return list(zip(tr.cells, en.cells, strict=True))


def code(stem: str) -> list[tuple]:
    return [cells for cells in pair(stem) if cells[0].cell_type == "code"]


# --- the course -----------------------------------------------------------------------------------


@pytest.mark.parametrize("stem", STEMS)
def test_both_notebooks_hold_the_same_code_but_for_its_words(stem):
    for turkish, english in code(stem):
        assert skeleton(turkish.source) == skeleton(english.source), english.source


@pytest.mark.parametrize("stem", STEMS)
def test_both_notebooks_print_the_same_numbers(stem):
    for turkish, english in code(stem):
        if "nbval-ignore-output" not in english.metadata.get("tags", ()):  # what a clock says
            assert numbers(printed(turkish)) == numbers(printed(english)), english.source


@pytest.mark.parametrize("stem", STEMS)
def test_no_english_word_is_left_in_the_turkish_notebook(stem):
    # The glossary shows both languages, beside each other.
    cells = [cells for cells in pair(stem) if "glossary.table" not in cells[0].source]
    left = {
        turkish.id: sorted(words)
        for turkish, english in cells
        if (words := english_left(turkish, english))
    }
    assert not left


# --- the count itself -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "left"),
    [
        ({"output_type": "stream", "name": "stdout", "text": "reward 0.9, KL 0.1"}, {"reward"}),
        ({"output_type": "stream", "name": "stdout", "text": "kl_beta=0.1: DPO"}, set()),
        ({"text/plain": "<Picture>", "text/html": "<img alt='steep curve'>"}, {"steep", "curve"}),
        ({"text/html": "<style>flex</style><th>attained</th><td>likely</td>"}, {"likely"}),
        ({"text/markdown": "**Right.** `the code` $the formula$"}, {"Right"}),
        ({"text/plain": "unseen", "text/html": "<b>değer</b>"}, {"değer"}),
    ],
)
def test_what_both_notebooks_say_is_found(output, left):
    if "text" not in output:
        output = {"output_type": "display_data", "metadata": {}, "data": output}
    cell = nbformat.v4.new_code_cell("x = 1", outputs=[nbformat.from_dict(output)])
    assert english_left(cell, cell) == left


def test_words_of_prose_and_code_are_found_too():
    cell = nbformat.v4.new_markdown_cell("The **ödül** (reward), `code` and [a paper](address)")
    assert english_left(cell, cell) == {"The", "ödül", "and"}
    cell = nbformat.v4.new_code_cell('print(f"{n} samples", "seed")  # one pass')
    assert english_left(cell, cell) == {"samples", "one", "pass"}


# --- the format -----------------------------------------------------------------------------------

GOOD = """\
print(f"rollout {n:3}: {100 * x:.1f}% of {y!r}", end=" ")  # of all samples
print("sum", "seed")
# tr: rollout {}: {}% of {} → tur {0}: {2} içinde %{1}
# tr: of all samples → bütün örneklerden
# tr: sum → toplam"""


def test_a_cell_says_its_words_in_both_languages():
    assert both(GOOD) == {
        "en": 'print(f"rollout {n:3}: {100 * x:.1f}% of {y!r}", end=" ")  # of all samples\n'
        'print("sum", "seed")',
        "tr": 'print(f"tur {n:3}: {y!r} içinde %{100 * x:.1f}", end=" ")  # bütün örneklerden\n'
        'print("toplam", "seed")',
    }


def test_a_text_of_several_lines_and_a_field_in_a_field():
    code = '"""Says how.\n\nAnd why."""\nf"{x:{width}} pairs, {d[0]:,}"\n'
    lines = "# tr: {} pairs, {} → {} çift, {}"
    with pytest.raises(WordingError, match="no Turkish for 'Says how"):
        both(code + lines)
    code = code.replace("\n\nAnd why.", "") + lines + "\n# tr: Says how. → Nasıl olduğunu söyler."
    assert both(code)["tr"] == '"""Nasıl olduğunu söyler."""\nf"{x:{width}} çift, {d[0]:,}"'


def test_a_language_is_the_notebooks_own():
    assert both('tc.World(language="en")') == {
        "en": 'tc.World(language="en")',
        "tr": 'tc.World(language="tr")',
    }


@pytest.mark.parametrize(
    ("line", "without", "message"),
    [
        (r"# tr: sum .*", "", None),  # one name may be the code's own
        (r"\n# tr: of all.*", "", "no Turkish for 'of all samples'"),
        (r"\n# tr: rollout.*", "", "no Turkish for 'rollout {}: {}% of {}'"),
        ("of all samples →", "of all →", "no string or comment says 'of all'"),
        (r"\{0\}: \{2\}", "{0}: {0}", "not the English but for its words"),
        (r"\{0\}: \{2\}", "{}: {2}", "does not hold the 3 fields"),
        (r"\{0\}: \{2\}", "{0}: {3}", "does not hold the 3 fields"),
        ("toplam", 'top"lam', "not Python"),
        ("# tr: sum", "# tr: sum → tümü\n# tr: sum", "the same words have two lines"),
    ],
)
def test_words_that_do_not_fit_are_refused(line, without, message):
    changed = re.sub(line, without, GOOD)
    assert changed != GOOD
    if message is None:
        assert both(changed)["tr"].endswith('print("sum", "seed")')
        return
    with pytest.raises(WordingError, match=re.escape(message)):
        both(changed)


@pytest.mark.parametrize("other", ["f(1)", "f(x, 1)", "g(x)", 'f("a", x)', "f(x);f(x)"])
def test_other_code_has_another_skeleton(other):
    assert skeleton("f(x)  # one") == skeleton("f( x )  # bir")
    assert skeleton("f(x)") != skeleton(other)
    assert skeleton('f"{x} {y:.1f}"') == skeleton('f"{y:.1f} y, {x}"') != skeleton('f"{x} {y}"')
