"""Website, JupyterLab and slides in Firefox: what Chromium alone would not show.

The other files of this folder look closer, in Chromium, and at whole lessons: here a lesson ends
with its first slider and its quiz.
"""

import os

import nbformat
import pytest

import firefox
import lab_server
import slides
import storm
import website
from builder import predict, work
from builder.execution import run
from builder.plan import plan
from course import COURSE, ROOT, long
from site_pages import LANGUAGES, LESSON, lessons, made, needs_npm, pages, ready, served
from slide_pages import FAULTS, walk

pytestmark = long
SLIDER = "tc.widgets.slider("
SIZES = [{"width": 390, "height": 900}, {"width": 1280, "height": 900}]

# The handle that has the keyboard: what it says, how many values it has, the pictures to be seen.
TOLD = """() => {
    const handle = document.activeElement, figure = handle.closest('.live');
    const seen = [...figure.querySelectorAll('img')].filter(image => image.offsetParent);
    return [handle.ariaValueText, Number(handle.ariaValueMax) + 1, seen.map(i => [i.src, i.alt])];
}"""
UNFOLD = "[...document.querySelectorAll('.predict > details')].map(d => d.open = true)"
HANDLES = "document.querySelectorAll('.live .noUi-handle')"
FOCUS = f"place => {HANDLES}[place].focus()"
FRAME = "document.querySelector('section.present .frames img:not([hidden])').src"
FORMULAS = "['mjx-container svg', 'mjx-merror'].map(e => document.querySelectorAll(e).length)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if firefox.program() is None and not os.environ.get("CI"):
        pytest.skip("no Firefox here")
    with firefox.launch(tmp_path_factory.mktemp("firefox")) as browser:
        yield browser


@pytest.fixture
def page(browser):
    """A page that may tell no error."""
    faults, page = [], browser.new_page(viewport=SIZES[-1])
    page.on("pageerror", faults.append)
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    yield page
    page.close()
    assert faults == []


@pytest.fixture(scope="module")
def beginnings() -> dict:
    """The first lesson in each language, with all its prose, and its code as far as said above."""
    (lesson,) = plan(COURSE, [LESSON])
    for notebook in lesson.values():
        first = next(place for place, cell in enumerate(notebook.cells) if SLIDER in cell.source)
        rest = enumerate(notebook.cells[first:], first)  # the slider belongs to a prediction
        last = next(place for place, cell in rest if predict.tagged(cell, predict.ANSWER))
        notebook.cells = notebook.cells[: last + 1] + [
            cell
            for cell in notebook.cells[last + 1 :]
            if predict.tagged(cell, "quiz")
            or (cell.cell_type != "code" and not predict.tagged(cell, predict.ANSWER))
        ]
    return lesson


def turn(page, place: int) -> None:
    """Along a slider of the website: each value has one picture, its own, with its own words."""
    page.evaluate(FOCUS, place)
    page.keyboard.press("Home")
    seen = {}
    for _ in range(page.evaluate(TOLD)[1]):
        page.wait_for_function("new Promise(done => setTimeout(done, 60, true))")
        value, values, pictures = page.evaluate(TOLD)
        assert value not in seen, "the value does not move"
        (seen[value],) = map(tuple, pictures)
        page.keyboard.press("ArrowRight")
    assert len(set(seen.values())) == len({alt for _, alt in seen.values()}) == values


def test_the_website_fits_its_formulas_stand_and_its_sliders_move(page, beginnings, tmp_path):
    website.write(made(work.executed(COURSE, [beginnings])), tmp_path)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    with served(tmp_path) as address:
        for path in pages(tmp_path):
            page.goto(f"{address}/{path}")
            page.evaluate(UNFOLD)
            ready(page)
            formulas, faults = page.evaluate(FORMULAS)
            assert (formulas > 0, faults) == (path in lessons(tmp_path), 0), path
            handles = page.evaluate(f"{HANDLES}.length")
            assert handles > 0, path
            for place in range(handles):
                turn(page, place)
            for size in SIZES:
                page.set_viewport_size(size)
                assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


def test_a_slider_in_jupyterlab_shows_the_picture_of_its_value(browser, beginnings, tmp_path):
    with lab_server.serve(tmp_path) as lab:
        nbformat.write(next(iter(beginnings.values())), lab.notebooks / "lesson.ipynb")
        with lab_server.running(lab, browser, "lesson") as page:
            follow(page)


# Whether the one picture of the figure whose slider has the keyboard is this one, with its words.
SHOWS = """([source, alt]) => {
    const figure = document.activeElement.closest('.widget-vbox:has(img)');
    const seen = [...figure.querySelectorAll('img')].filter(image => image.offsetParent);
    return seen.length === 1 && seen[0].src === source && seen[0].alt === alt;
}"""


def follow(page) -> None:
    """The first slider of a lesson, by keyboard; the kernel says which picture is due."""
    slider = storm.ask(page)["sliders"][0]
    (place,), (options,), shown = slider["place"], slider["options"], set()
    page.evaluate("document.querySelector('.noUi-handle').focus()")
    for key in ("Home", "ArrowRight", "End"):
        page.keyboard.press(key)
        place = storm.after(place, [key], options)
        due = storm.ask(page)["sliders"][0]
        assert due["place"] == [place]
        page.wait_for_function(SHOWS, [f"data:image/png;base64,{due['picture']}", due["alt"]])
        shown.add(due["picture"])
    assert len(shown) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_runs_off_a_slide_or_is_too_small_and_its_slider_moves(page, tmp_path, language):
    (made,) = plan(COURSE, [LESSON])
    ((path, cells),) = ((p, c) for p, c in made.items() if p.parent.name == language)
    with needs_npm():
        website.write(slides.make({path: run(path, cells)}, ROOT / "dist" / "npm"), tmp_path)
    page.goto((tmp_path / language / f"{path.stem}.html").as_uri())
    page.wait_for_function("window.Reveal?.isReady?.()")
    faults, frames = {}, set()
    for number in walk(page):
        faults |= {number: found} if (found := page.evaluate(FAULTS)) else {}
        if page.evaluate("!!document.querySelector('section.present input')"):
            page.evaluate("document.querySelector('section.present input').focus()")
            for key in ("Home", "ArrowRight"):
                page.keyboard.press(key)
                frames.add(page.evaluate(FRAME))
    assert faults == {}
    assert len(frames) == 4
    assert page.evaluate("document.querySelectorAll('mjx-merror').length") == 0
