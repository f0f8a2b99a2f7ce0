"""The glossary: each term once, in both languages, and no lesson speaks against it."""

import html
import re

import jupytext
import pytest

import toycore as tc
from course import LESSONS
from terms import misused
from toycore import glossary
from toycore.glossary import TERMS


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


# As they follow one another in a dictionary. An accent on a, i or u makes no other letter.
IN_ORDER = {
    "tr": "Agop, ağ, ağaç, ah, cam, cuma, çam, dal, göz, gül, güz, hız, Ilgaz, ırmak, ısı, İzmir, "
    "kâhin, kanal, kır, kira, KL, oran, oy, ödül, ödül modeli, ödülü kandırma, öğrenme, öz, para, "
    "softmax, su, şal, şüphe, token, Uşak, uzun, ütü, vaka, zil",
    "en": "Idea, image, IPO, iris, KL divergence, learning rate, leash, oracle, policy, PPO, "
    "reward, reward model, rewarding",
}


@pytest.mark.parametrize(("language", "words"), IN_ORDER.items())
def test_words_follow_one_another_as_in_a_dictionary(language, words):
    due = words.split(", ")
    mixed = due[::3] + due[2::3] + due[1::3]
    assert sorted(mixed, key=lambda word: glossary.order(word, language)) == due


def test_the_turkish_table_has_no_term_with_ö_among_those_with_o():
    begun = "".join(term[0] for term in tc.glossary.table("tr").index if term[0] in "oö")
    assert re.fullmatch("o+ö+", begun)


@pytest.mark.parametrize("language", ["tr", "en"])
def test_the_table_is_sorted_and_whole(language):
    table = tc.glossary.table(language)
    index = list(table.index)
    meanings = [getattr(term, f"meaning_{language}") for term in TERMS]
    for told in (repr(table), html.unescape(table._repr_html_())):  # pandas would shorten both
        assert [meaning for meaning in meanings if meaning not in told] == []
    assert sorted(index) == sorted(getattr(term, language) for term in TERMS)
    assert index == sorted(index, key=lambda term: glossary.order(term, language))


@pytest.mark.parametrize("language", ["tr", "en"])
def test_words_stand_at_the_left_in_jupyter(language):
    """Jupyter's style aligns each cell of a table at the right that does not say otherwise."""
    html = tc.glossary.table(language)._repr_html_()
    cells = re.findall(r"<t[hd]\b[^>]*>", html)
    assert len(cells) == 3 * (len(tc.glossary.TERMS) + 2)
    assert set(cells) == {cell for cell in cells if "text-align: left" in cell}
    assert "right" not in html.partition("<tbody>")[0].rpartition("<table")[2]
