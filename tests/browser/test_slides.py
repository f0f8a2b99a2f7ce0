"""The projector slides in a real browser, opened from a folder: every slide of a lesson is walked.

Without `-m long` only the first lesson is walked, in both languages.
"""

import functools
import re

import nbformat
import pytest

import slides
import website
from accessibility import findings
from builder import work
from builder.lesson import LessonError
from course import COURSE, NOTEBOOKS, ROOT, long
from site_pages import needs_npm
from slide_pages import FAULTS, walk

CHOSEN = [
    pytest.param(p, id=f"{p.parent.name}/{p.stem}", marks=[long] * (p.stem[:2] != "01"))
    for p in NOTEBOOKS
]
FIRST = NOTEBOOKS[0]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The file with the slides of a lesson, made when it is first asked for."""

    @functools.cache
    def written(path):
        folder = tmp_path_factory.mktemp("slides")
        with needs_npm():
            website.write(slides.make([path], ROOT / "dist" / "npm"), folder)
        return folder / path.parent.name / f"{path.stem}.html"

    return written


@pytest.fixture
def show(browser, written):
    """Open slides from the folder, as a teacher would; nothing may fail or ask for a network."""
    faults = []
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_navigation_timeout(120_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("request", lambda r: faults.append(r.url) if r.url.startswith("http") else None)

    def show(path, view=""):
        page.goto(written(path).as_uri() + view)
        page.wait_for_function("window.Reveal?.isReady?.()", timeout=120_000)
        return page

    yield show
    page.close()
    assert faults == []


@pytest.mark.parametrize("path", CHOSEN)
def test_nothing_runs_off_a_slide_or_is_too_small(show, path):
    page = show(path)
    faults = {number: found for number in walk(page) if (found := page.evaluate(FAULTS))}
    assert faults == {}
    assert page.locator("mjx-merror").count() == 0


@pytest.mark.parametrize("path", CHOSEN)
def test_nothing_is_lost_or_told_twice_when_a_lesson_is_laid_out(show, written, path):
    """Beside the headings, which stand again on each slide of their section."""
    page = show(path)
    shown = list(slides.cells(nbformat.read(path, as_version=4)))
    pictures = [
        output.data["text/plain"]
        for cell in shown
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert page.evaluate("[...document.images].map(image => image.alt)") == pictures
    sources = [cell.source for cell in shown if cell.cell_type == "code" and cell.source]
    told = page.evaluate("[...document.querySelectorAll('.source')].map(e => e.textContent.trim())")
    assert told == [source.strip() for source in sources]
    prose = [cell.source for cell in shown if cell.cell_type == "markdown"]
    headings = [re.match("#{1,2} (.*)", text)[1] for text in prose if re.match("#{1,2} ", text)]
    found = page.evaluate(
        "[...document.querySelectorAll('h1, h2')].map(e => [e.className, e.innerText])"
    )
    assert len([text for again, text in found if not again]) == len(headings)
    items = sum(len(re.findall(r"^(?:[*-]|\d\.) ", text, re.MULTILINE)) for text in prose)
    assert page.locator(".slides li").count() == items
    body = written(path).read_text(encoding="utf-8")
    paragraphs = body.partition("<script")[0].count("<p>")
    assert page.locator(".slides p").count() == paragraphs > 20


@pytest.mark.parametrize("path", CHOSEN)
def test_axe_finds_nothing_serious_on_a_slide(show, axe, path):
    """On all at once, as they are laid out for a printer."""
    page = show(path, "?print-pdf")
    sheets = "document.querySelectorAll('.pdf-page').length"
    page.wait_for_function(f"{sheets} > 20")
    assert findings(page, axe) == []


def test_a_prediction_is_asked_before_its_answer_is_seen(show):
    page = show(FIRST)
    asked = 0
    for _ in walk(page):
        blocks = page.evaluate(
            "[...Reveal.getCurrentSlide().children].map(e => [e.className, e.textContent])"
        )
        for place, (_, text) in enumerate(blocks):
            if re.search(r"(Predict|Tahmin et|Choose|Seç):", text):
                asked += 1
                assert not [kind for kind, _ in blocks[place + 1 :] if "output" in kind]
    assert asked >= 4


def test_what_a_class_does_not_look_at_together_is_left_out():
    tagged = {"tags": ["solution"]}
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Title", id="01-01"),
            nbformat.v4.new_markdown_cell("where to open it", id="01-00"),
            nbformat.v4.new_code_cell("import toycore as tc", id="01-02"),
            nbformat.v4.new_markdown_cell(
                "done\n\n## 2 · Next (5 minutes)\nask\n<details><summary>Hint</summary>x</details>"
            ),
            nbformat.v4.new_code_cell("tc.glossary.table()"),
            nbformat.v4.new_markdown_cell("the solution", metadata=tagged),
            nbformat.v4.new_code_cell("print(1)"),
        ]
    )
    assert [
        (cell.metadata.slideshow.slide_type, cell.source.strip()) for cell in slides.cells(notebook)
    ] == [
        ("slide", "# Title"),
        ("-", "done"),
        ("slide", "## 2 · Next\nask"),
        ("-", "print(1)"),
    ]


def test_the_class_votes_on_a_quiz_without_seeing_what_is_right():
    text = "1. Why?\n   - [ ] no — x\n   - [x] yes — x\n2. So?\n   - [x] a — x\n   - [ ] b — x"
    quiz = nbformat.v4.new_code_cell(f'quiz(r"""\n{text}\n""")', metadata={"tags": ["quiz"]})
    first, second = slides.cells(nbformat.v4.new_notebook(cells=[quiz]))
    assert first.source == "**1.** Why?\n\n- **A** no\n- **B** yes"
    assert (first.cell_type, second.metadata.slideshow.slide_type) == ("markdown", "subslide")


def test_slides_are_not_made_of_stale_notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "stale", lambda *_: ["en/01_environment.ipynb: it is not built"])
    with pytest.raises(LessonError, match="build the notebooks first"):
        work.slides(COURSE, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
