"""What the lessons cite: each name with a year has a link, each link is in the list, and is used.

Offline: no address is opened. Addresses of another form than those of FORM are written down here.
"""

import re
from collections import Counter

import pytest

from builder import cite, lesson
from builder.plan import make_cell
from course import COURSE, LESSONS, ROOT
from one_lesson import GOOD, make_course
from sources import SOURCES, Code, Paper
from website.pages import wrap

FORM = re.compile(
    r"https://arxiv\.org/abs/(?:(?:0\d|1[0-4])\d\d\.\d{4}|\d{4}\.\d{5})"  # four digits until 2014
    r"|https://doi\.org/10\.\d{4,5}/[\w.]+"
    r"|https://github\.com/[\w-]+/[\w.-]+/"
    r"(?:(?:blob|tree|commit)/(?:[0-9a-f]{40}|v\d+\.\d+\.\d+)(?:/[^?#]+(?:#L\d+(?:-L\d+)?)?)?"
    r"|(?:issues|pull)/\d+)"
)
ELSEWHERE = {
    "gpt2": "https://cdn.openai.com/better-language-models/"
    "language_models_are_unsupervised_multitask_learners.pdf",
    "kl": "https://joschu.net/blog/kl-approx.html",
}
LINK = re.compile(r"\[([^][]+)\]\(([^)\s]+)[^)]*\)")
NAME = r"[A-ZÇĞİÖŞÜ][\w-]+"
NAMED = re.compile(
    rf"{NAME}(?:,? (?:et al\.|ve ark\.|and {NAME}|ve {NAME}))?,? \(?(?:18|19|20)\d\d"
)
PUBLIC = [ROOT / "README.md", ROOT / "README.tr.md", *sorted((ROOT / "docs").rglob("*.md"))]
GUIDES = sorted((ROOT / "notebooks").glob("teaching.*.md"))


def prose(path) -> list[tuple[str, str]]:
    """Each text of a source, with its language; as the source has it, without links."""
    cells = lesson.jupytext.reads(lesson.text_of(path), fmt="py:percent").cells
    found = [(cell.metadata.get("lang"), cell.source) for cell in cells]
    return [(language, source) for language, source in found if language]


TEXTS = [text for path in [*LESSONS, COURSE.lessons.parent / "teaching.py"] for text in prose(path)]
CITED = [
    (language, found["words"], found["key"])
    for language, source in TEXTS
    for found in cite.CITED.finditer(source)
    if found["key"]
]


def bare(markdown: str) -> str:
    """Without links, those of the source and those of the page; without code."""
    return LINK.sub(" ", cite.CITED.sub(" ", markdown))


def name(paper: Paper, language: str) -> str:
    """As a text in this language cites it."""
    both, others = {"en": ("and", "et al."), "tr": ("ve", "ve ark.")}[language]
    first, *rest = paper.authors
    more = f" {others}" if rest[1:] else f" {both} {rest[0]}" if rest else ""
    return f"{first}{more}, {paper.year}"


@pytest.mark.parametrize("key", SOURCES)
def test_an_address_has_a_form_that_lasts(key):
    source = SOURCES[key]
    assert FORM.fullmatch(source.address) or ELSEWHERE[key] == source.address
    assert re.fullmatch(r"[a-z]\w+", key)
    assert not set('"[]()\n') & set(source.title)  # it stands in a link
    assert not set("() ") & set(source.address)
    assert isinstance(source, Paper) != source.address.startswith("https://github.com/")


def test_a_branch_or_another_host_is_no_such_form():
    lasting = "https://github.com/a/b/blob/v1.2.3/c.py#L1-L2"
    assert FORM.fullmatch(lasting)
    for wrong in (
        lasting.replace("v1.2.3", "main"),
        lasting.replace("v1.2.3", "8313b38"),
        lasting.replace("https", "http"),
        "https://github.com/a/b",
        "https://arxiv.org/pdf/2305.18290",
        "https://arxiv.org/abs/2305.1829",
        "https://example.org/2305.18290",
    ):
        assert not FORM.fullmatch(wrong), wrong


def test_no_two_keys_are_the_same_source():
    for field in ("address", "title"):
        counted = Counter(getattr(source, field) for source in SOURCES.values())
        assert max(counted.values()) == 1


def test_every_source_is_cited_in_both_languages():
    for language in lesson.LANGUAGES:
        assert {key for tongue, _, key in CITED if tongue == language} == set(SOURCES)


def test_a_paper_is_cited_by_its_authors_and_year():
    for language, words, key in CITED:
        source = SOURCES[key]
        if isinstance(source, Paper):
            assert words in (name(source, language), str(source.year)), (language, words, key)
        else:
            assert not re.search(r"\d{4}", words)


def test_a_name_with_a_year_has_a_link():
    for language, source in TEXTS:
        assert not NAMED.findall(bare(source)), (language, source[:60])
    for path in [*PUBLIC, *GUIDES]:
        assert not NAMED.findall(bare(path.read_text("utf-8"))), path.name


@pytest.mark.parametrize(
    "words",
    [
        "Hu et al., 2021",
        "Hu ve ark. (2021)",
        "Kingma and Ba, 2015",
        "Eckart ve Young, 1936",
        "Kalajdzievski, 2023",
        "Bradley and Terry (1952)",
    ],
)
def test_a_name_with_a_year_is_seen(words):
    assert NAMED.search(bare(f"as in ({words})."))
    assert not NAMED.search(bare(f"as in ([{words}][key])."))


def test_a_text_writes_no_address_of_its_own():
    """Else nobody would know what it cites."""
    for _, source in TEXTS:
        assert "http" not in source
        assert "arXiv" not in source


def test_what_github_shows_cites_the_list():
    """The READMEs, the docs and the guides link to papers and code only as the list does."""
    known = {source.address for source in SOURCES.values()}
    for path in [*PUBLIC, *GUIDES]:
        for _, address in LINK.findall(path.read_text("utf-8")):
            if re.search(r"arxiv|doi\.org|github\.com/[\w-]+/[\w.-]+/", address):
                assert address in known, f"{path.name}: {address}"


SENTENCE = "([Hu et al., 2021][lora]) and `table[x][y]`, [PEFT][peft_start]"
GIVEN = (
    '([Hu et al., 2021](https://arxiv.org/abs/2106.09685 "LoRA: Low-Rank Adaptation of Large '
    'Language Models")) and `table[x][y]`, '
    f'[PEFT]({SOURCES["peft_start"].address} "{SOURCES["peft_start"].title}")'
)


def test_a_citation_becomes_a_link_and_code_does_not():
    assert cite.linked(SENTENCE) == GIVEN
    fence = "```python\nx = table[a][b]\n```"
    assert cite.linked(fence) == fence


def test_the_notebook_has_the_link(tmp_path):
    course = make_course(tmp_path, GOOD.replace("# reward", "# [LoRA][lora]: reward"))
    path = next(course.lessons.glob("*.py"))
    _, blocks = lesson.read_lesson(path)
    told = "\n".join(make_cell(block["en"], "en", "x").source for block in blocks)
    assert SOURCES["lora"].address in told


def test_a_citation_of_nothing_is_refused(tmp_path):
    course = make_course(tmp_path, GOOD + CITES_NOTHING)
    with pytest.raises(lesson.LessonError, match=r"sources\.py has no 'nobody'"):
        lesson.read_lesson(next(course.lessons.glob("*.py")))


CITES_NOTHING = """
# %% [markdown] lang="tr"
# [Hiç kimse][nobody]

# %% [markdown] lang="en"
# [Nobody][nobody]
"""


def test_on_the_site_only_a_lesson_becomes_a_page():
    mine = '<a href="../en/03_ppo.ipynb">lesson 3</a>'
    theirs = f'<a href="{SOURCES["reasoning"].address}" title="x">a book</a>'
    assert theirs.count('.ipynb"') == 1
    assert wrap(mine + theirs) == mine.replace("ipynb", "html") + theirs


def test_a_paper_or_code_is_one_or_the_other():
    assert {type(source) for source in SOURCES.values()} == {Paper, Code}
