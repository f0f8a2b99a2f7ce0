"""The Turkish of the course: a word has one meaning, and a decimal comma stands by itself.

Looked at is all that a learner or a teacher reads: prose, verdicts, figures, pages.
"""

import html
import re

import jupytext
import pytest

from builder.work import COURSE
from course import LESSONS, NOTEBOOKS, ROOT
from terms import crowded, doubled, misused
from toycore.checks import done
from toycore.checks.exercise import Exercise
from toycore.checks.verdict import HEADS, PHRASES
from toycore.glossary import TERMS
from toycore.language import TEXT
from words import WORDS

Texts = dict[str, str]  # by the place where each stands


def prose(source) -> Texts:
    cells = enumerate(jupytext.read(source).cells)
    return {f"{n}": cell.source for n, cell in cells if cell.metadata.get("lang") == "tr"}


def verdicts(exercise: Exercise) -> Texts:
    return {"right": exercise.right.tr} | {k: one.tr for k, one in exercise.mistakes.items()}


def pages() -> Texts:
    found = [ROOT / "README.tr.md", *sorted(ROOT.glob("docs/tr/*.md"))]
    return {page.name: page.read_text(encoding="utf-8") for page in found}


PLACES: dict[str, Texts] = {
    **{path.stem: prose(path) for path in LESSONS},
    "teaching": prose(COURSE.lessons.parent / "teaching.py"),
    **{name: verdicts(one) for key in done.LESSONS for name, one in done.exercises(key).items()},
    "every check": {k: v["tr"] for k, v in (PHRASES | HEADS).items()},
    "figures": {key: one["tr"] for key, one in TEXT.items()},
    "glossary": {term.tr: f"{term.tr}: {term.meaning_tr}" for term in TERMS},
    "words": WORDS["tr"],
    "pages": pages(),
}
each_place = pytest.mark.parametrize("texts", PLACES.values(), ids=PLACES)


def filled(text: str) -> str:
    """A template as it may come out: each of its figures has decimals."""
    return re.sub(r"\{\w*\}", "0,25", text)


def found(texts: Texts, *faults) -> list[str]:
    return [f"{at}: {one}" for at, text in texts.items() for fault in faults for one in fault(text)]


@each_place
def test_a_turkish_word_has_one_meaning(texts):
    assert texts
    assert found(texts, doubled, misused) == []


@each_place
def test_no_decimal_comma_stands_beside_another_comma(texts):
    assert found({at: filled(text) for at, text in texts.items()}, crowded) == []


ALT = re.compile(r'alt=\\"(.*?)\\"|"alt": "(.*?)"')


@pytest.mark.parametrize(
    "notebook", [p for p in NOTEBOOKS if p.parent.name == "tr"], ids=lambda path: path.stem
)
def test_no_picture_is_told_with_a_decimal_comma_beside_another_comma(notebook):
    """Sliders included: the stored notebook holds what each of their pictures says."""
    told = {"".join(one) for one in ALT.findall(notebook.read_text(encoding="utf-8"))}
    assert told
    assert found({"alt": " ".join(map(html.unescape, sorted(told)))}, crowded) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Logaritmanın tabanı 2; **taban\nçizgisi**dir, `taban`", 0),
        ("Örnekler gürültülüdür, taban gürültüyü azaltır", 1),
        ("Standart sapmanın 0,1 fazlası", 0),
        ("(ağırlıkları $W$, sapması $b$)", 1),
        ("anlamlı basamak, ondalık basamağa", 0),
        ("Hata yarım basamağı aşıyor", 1),
        ("Yalnızca **sınır** (frontier) üstünde; adımı sınırlamaz, sınırlı; üst sınırı yok", 0),
        ("KL, sınırın 2 katı", 1),
        ("kısa cevap isteminde yanıt", 0),
        ("İstemin cevabı", 1),
        ("Tur 0'a baktırın", 0),
        ("Adım 0'a baktırın", 1),
    ],
)
def test_a_word_in_another_meaning_is_found(text, words):
    assert len(doubled(text)) == words


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Olasılığı 0, 0,9 eksik.", 1),
        ("0,6092, 0,44, 0,84", 2),
        ("Ret 0,44 iken 0,0176, 0,9324 eksik", 1),
        ("Entropi 0,5, `attained` 0,9", 1),
        ("Olasılığı 0; 0,9 eksik. 10.000, sonra 5, sonra 0,1'de, 0,2'de; (0,3), evet, 0,4", 0),
        ("`[0,1, 0,2]` ve $0,1, 2$", 0),
    ],
)
def test_a_comma_beside_a_decimal_comma_is_found(text, places):
    assert len(crowded(text)) == places


def test_the_decimals_of_a_template_are_filled_in():
    assert crowded(filled("Olasılığı {short}, {missed} eksik."))
    assert crowded(filled("{}, tohumların ortalaması"))
