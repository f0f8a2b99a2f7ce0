"""The glossary: each term once, in both languages, and no lesson speaks against it."""

import re
from pathlib import Path

import jupytext
import pytest

import toycore as tc
from toycore.glossary import TERMS

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted(ROOT.glob("notebooks/lessons/*.py"))
# What is not the lesson's own prose: code, formulas, and the foreign word in parentheses.
ASIDE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\([^)]*\)", re.DOTALL)


def misused(prose: str) -> list[str]:
    """Words that a Turkish text uses against the glossary."""
    text = ASIDE.sub(" ", prose.replace("I", "ı").replace("İ", "i")).lower()
    words = (word.lower() for term in TERMS for word in term.avoid)
    return [word for word in words if re.search(rf"(?<!\w){re.escape(word)}", text)]


def test_each_term_stands_once_with_a_meaning_in_both_languages():
    for field in ("tr", "en", "meaning_tr", "meaning_en"):
        values = [getattr(term, field) for term in TERMS]
        assert all(values)
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_no_lesson_speaks_against_the_glossary(lesson):
    cells = jupytext.read(lesson).cells
    prose = [cell.source for cell in cells if cell.metadata.get("lang") == "tr"]
    assert prose
    assert [word for text in prose for word in misused(text)] == []


@pytest.mark.parametrize(
    ("prose", "found"),
    [
        ("Kuantizasyonun ilk adımı", ["kuantizasyon"]),
        ("öğrenme hızı büyükse", ["öğrenme hızı"]),
        ("nicemleme (kuantizasyon) ve `gradient`", []),
        ("gradyan, politika, ödül", []),
    ],
)
def test_a_term_against_the_glossary_is_found(prose, found):
    assert misused(prose) == found


@pytest.mark.parametrize("language", ["tr", "en"])
def test_the_table_is_sorted_and_whole(language):
    table = tc.glossary.table(language)
    assert len(table) == len(TERMS)
    terms = [term.lower().translate(str.maketrans("çğıöşü", "cgiosu")) for term in table.index]
    assert terms == sorted(terms)
