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


def misused(prose: str, language: str = "tr") -> list[str]:
    """Words that a text uses against the glossary."""
    if language == "tr":
        prose = prose.replace("I", "ı").replace("İ", "i")
    text = ASIDE.sub(" ", prose).lower()
    words = (word.lower() for term in TERMS for word in getattr(term, f"avoid_{language}"))
    return [word for word in words if re.search(rf"(?<!\w){re.escape(word)}", text)]


def test_each_term_stands_once_with_a_meaning_in_both_languages():
    for field in ("tr", "en", "meaning_tr", "meaning_en"):
        values = [getattr(term, field) for term in TERMS]
        assert all(values)
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("language", ["tr", "en"])
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_no_lesson_speaks_against_the_glossary(lesson, language):
    cells = jupytext.read(lesson).cells
    prose = [cell.source for cell in cells if cell.metadata.get("lang") == language]
    assert prose
    assert [word for text in prose for word in misused(text, language)] == []


@pytest.mark.parametrize(
    ("language", "prose", "found"),
    [
        ("tr", "Kuantizasyonun ilk adımı", ["kuantizasyon"]),
        ("tr", "öğrenme hızı büyükse", ["öğrenme hızı"]),
        ("tr", "nicemleme (kuantizasyon) ve `gradient`", []),
        ("tr", "gradyan, politika, ödül", []),
        ("en", "The KL distance to the reference", ["kl distance"]),
        ("en", "Quantisation of a finetuned model", ["finetun", "quantisation"]),
        ("en", "fine-tuning, `finetune`, the KL divergence", []),
    ],
)
def test_a_term_against_the_glossary_is_found(language, prose, found):
    assert misused(prose, language) == found


def test_no_term_is_forbidden_by_another():
    for language in ("tr", "en"):
        for term in TERMS:
            own, meaning = getattr(term, language), getattr(term, f"meaning_{language}")
            assert misused(f"{own}: {meaning}", language) == []


@pytest.mark.parametrize("language", ["tr", "en"])
def test_the_table_is_sorted_and_whole(language):
    table = tc.glossary.table(language)
    assert len(table) == len(TERMS)
    terms = [term.lower().translate(str.maketrans("çğıöşüâ", "cgiosua")) for term in table.index]
    assert terms == sorted(terms)
