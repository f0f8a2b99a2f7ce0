"""The projector slides in a real browser, opened from a folder: every slide of a lesson is walked.

Without `-m long` only the first lesson is walked, in both languages. Which slides there are, and
what their notes say: tests/lessons/test_deck.py.
"""

import base64
import functools
import io
from pathlib import Path

import nbformat
import pytest
from pypdf import PdfReader

import slides
import toycore as tc
import website
from accessibility import findings
from builder import work
from builder.lesson import LessonError
from course import COURSE, NOTEBOOKS, ROOT, long
from made_up import drawn, markdown, notebook, prediction
from site_pages import needs_npm
from slide_pages import FAULTS, walk
from slides.deck import VOTE, WORDS

CHOSEN = [
    pytest.param(p, id=f"{p.parent.name}/{p.stem}", marks=[long] * (p.stem[:2] != "01"))
    for p in NOTEBOOKS
]
FIRST = NOTEBOOKS[0]

# Of every slide: its kind and how many words one reads; a formula is one.
READ = """() => [...document.querySelectorAll('.slides > section')].map(slide => {
    const copy = slide.cloneNode(true);
    copy.querySelectorAll('.notes, datalist').forEach(hidden => hidden.remove());
    copy.querySelectorAll('mjx-container').forEach(formula => formula.replaceWith(' formula '));
    copy.querySelectorAll('*').forEach(part => part.append(' '));
    return [slide.className.split(' ')[0], copy.textContent.match(/\\S*[\\p{L}\\d]\\S*/gu).length];
})"""
NOTES = "[...Reveal.getCurrentSlide().querySelectorAll('.notes > *')].map(note => note.innerText)"
SHOWN = """() => {
    const slide = Reveal.getCurrentSlide();
    const frames = [...slide.querySelectorAll('.frames img')];
    const seen = frames.filter(frame => frame.getBoundingClientRect().width > 300);
    const inputs = [...slide.querySelectorAll('input')];
    return {
        seen: seen.map(frame => frames.indexOf(frame)),
        values: inputs.map(input => Number(input.value)),
        counts: inputs.map(input => Number(input.max) + 1),
        told: [...slide.querySelectorAll('output')].map(output => output.value),
        said: inputs.map(input => input.ariaValueText),
        due: inputs.map(input => input.list.options[input.value].label),
    };
}"""


@pytest.fixture(scope="module")
def written(tmp_path_factory, live):
    """The file with the slides of a lesson, made when it is first asked for."""

    @functools.cache
    def written(path):
        folder = tmp_path_factory.mktemp("slides")
        with needs_npm():
            website.write(slides.make({path: live(path)}, ROOT / "dist" / "npm"), folder)
        return folder / path.parent.name / f"{path.stem}.html"

    return written


@pytest.fixture
def show(browser, written):
    """Open slides from the folder, as a teacher would; nothing may fail or ask for a network."""
    faults = []
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_navigation_timeout(120_000)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on(
        "console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None
    )
    context.on("request", lambda r: faults.append(r.url) if r.url.startswith("http") else None)

    def show(path, view=""):
        page = context.new_page()
        page.goto(written(path).as_uri() + view)
        page.wait_for_function("window.Reveal?.isReady?.()", timeout=120_000)
        return page

    yield show
    context.close()
    assert faults == []


@pytest.mark.parametrize("path", CHOSEN)
def test_nothing_runs_off_a_slide_or_is_too_small(show, path):
    page = show(path)
    faults = {number: found for number in walk(page) if (found := page.evaluate(FAULTS))}
    assert faults == {}
    assert page.locator("mjx-merror").count() == 0


@pytest.mark.parametrize("path", CHOSEN)
def test_a_lesson_has_few_slides_of_few_words(show, path):
    read = show(path).evaluate(READ)
    assert len(read) <= 40
    assert [slide for slide in read if slide[1] > (VOTE if slide[0] == "vote" else WORDS)] == []
    assert sum(count for _, count in read) > 200


@pytest.mark.parametrize("path", CHOSEN)
def test_each_slider_of_a_lesson_runs_on_its_slide(show, path):
    """With all of its pictures, the one of its place to be seen, by keyboard and by mouse."""
    page, found = show(path), 0
    for _ in walk(page):
        if page.locator("section.present input").count():
            found += 1
            slide = page.evaluate("Reveal.getState().indexh")
            moved(page)
            assert page.evaluate("Reveal.getState().indexh") == slide
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    calls = ("tc.widgets.slider(", "tc.widgets.editor(")
    assert found == sum(call in source for source in code for call in calls) > 0


def moved(page) -> None:
    for number, line in enumerate(page.locator("section.present input").all()):
        seen = [page.evaluate(SHOWN)]
        line.focus()
        for key in ("Home", "ArrowRight", "ArrowRight", "ArrowLeft"):
            page.keyboard.press(key)
            seen.append(page.evaluate(SHOWN))
        assert [shown["values"][number] for shown in seen[1:]] == [0, 1, 2, 1]
        box = line.bounding_box()
        page.mouse.click(box["x"] + box["width"] - 5, box["y"] + box["height"] / 2)
        seen.append(page.evaluate(SHOWN))
        assert seen[-1]["values"][number] == seen[-1]["counts"][number] - 1
        for shown in seen:
            place = 0
            for value, count in zip(shown["values"], shown["counts"], strict=True):
                place = place * count + value
            assert shown["seen"] == [place]
            assert shown["told"] == shown["said"] == shown["due"]


def test_arrow_keys_turn_pages_unless_a_slider_has_the_keyboard(show):
    page = show(FIRST)
    here = "Reveal.getState().indexh"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(here) == 1
    while not page.locator("section.present input").count():
        page.keyboard.press("ArrowRight")
    slide = page.evaluate(here)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"[document.activeElement.type, {here}]") == ["range", slide]
    page.keyboard.press("PageDown")  # a presenter's remote
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"[document.activeElement.tagName, {here}]") == ["BODY", slide + 2]


def test_the_speaker_reads_the_notes_in_a_window_that_follows(show):
    page = show(FIRST)
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    speaker = opened.value
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        notes = page.evaluate(NOTES.replace("innerText", "textContent"))
        assert len(notes) > 0
        text = " ".join(" ".join(notes).split())
        speaker.wait_for_function(
            "text => document.querySelector('.speaker-controls-notes .value')"
            ".textContent.split(/\\s+/).join(' ').trim() === text",
            arg=text,
        )
    frames = [frame for frame in speaker.frames if frame.url.startswith("file:")]
    assert len(frames) == 2
    for frame in frames:
        frame.wait_for_function("window.Reveal?.isReady?.()", timeout=120_000)


def test_a_class_votes_before_the_slide_that_shows_the_answer(browser, tmp_path):
    png = base64.b64encode(tc.plots.rewards(tc.World()).png).decode()
    lesson = notebook(markdown("## Leash"), *prediction(drawn("a curve", png=png)))
    with needs_npm():
        website.write(slides.make({Path("en/made.ipynb"): lesson}, ROOT / "dist" / "npm"), tmp_path)
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto((tmp_path / "en" / "made.html").as_uri())
    page.wait_for_function("window.Reveal?.isReady?.()", timeout=120_000)
    told, pictures = [], []
    for _ in walk(page):
        assert page.evaluate(FAULTS) == []
        told.append(" ".join(page.locator("section.present").inner_text().split()))
        pictures.append(page.locator("section.present img").count())
    page.close()
    assert told[1] == "Leash Predict · a short leash. Where to? a where 0.5 < 1 b towards the 𝑟"
    assert told[2] == "Leash The answer is a: where 0.5 < 1."
    assert pictures == [0, 0, 1]


@pytest.mark.parametrize("path", CHOSEN)
def test_axe_finds_nothing_serious_on_a_slide(show, axe, path):
    """One by one: laid out for a printer, slides are hidden from screen readers, and from axe."""
    page = show(path)
    assert page.evaluate("document.documentElement.lang") == path.parent.name
    assert {n: bad for n in walk(page) if (bad := findings(page, axe, "section.present"))} == {}


def test_a_printer_gets_a_sheet_of_each_slide(show):
    slides = show(FIRST).evaluate("Reveal.getTotalSlides()")
    page = show(FIRST, "?print-pdf")
    page.wait_for_function("document.querySelectorAll('.pdf-page').length > 0")
    sheets = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    assert len(sheets) == slides
    assert all(sheet.extract_text().strip() for sheet in sheets)
    widths = "[...document.images].filter(i => !i.hidden).map(i => i.clientWidth)"
    assert all(width > 1000 for width in page.evaluate(widths))


def test_slides_are_not_made_of_stale_notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "stale", lambda *_: ["en/01_environment.ipynb: it is not built"])
    with pytest.raises(LessonError, match="build the notebooks first"):
        work.slides(COURSE, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
