"""The website in a real browser, with the network blocked: every page, every slider, both themes.

With SITE=dist/site the tests read a site that is built already, all lessons; else they build one.
"""

import functools
import http.server
import json
import os
import re
import shutil
import threading
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import build
import website
from builder.lesson import LANGUAGES
from builder.plan import folded, plan
from course import COURSE, LESSONS, ROOT, gist, quizzes
from website import pages as pages_of_lessons
from website import scripts

LESSON = "01_environment"
STATE = re.compile(r'<script type="application/vnd.jupyter.widget-state\+json">(.*?)</script>')


def made(notebooks) -> dict[str, bytes]:
    try:
        return website.make(notebooks, ROOT / "dist" / "npm")
    except website.SiteError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site."""
    if built := os.environ.get("SITE"):
        return ROOT / built
    folder = tmp_path_factory.mktemp("site")
    website.write(made(build.executed(plan(COURSE, [LESSON]))), folder)
    return folder


def pages(site: Path) -> list[Path]:
    return sorted(path for language in LANGUAGES for path in site.glob(f"{language}/*.html"))


def test_verdicts_and_folded_solutions_are_part_of_a_page():
    """Both are Markdown, one as the output of a cell and one as a cell."""
    verdict = new_output("execute_result", {"text/markdown": "**✗ Not yet.** `beta` is missing."})
    solution = folded("x = 1\n\ny = 2", "en")
    cells = [
        new_markdown_cell("# Lesson 1 · Title\n\nLead.", id="01-01"),
        new_code_cell("check(x)", id="01-02", outputs=[verdict]),
        new_markdown_cell(solution, id="01-03"),
    ]
    html = pages_of_lessons.read(new_notebook(cells=cells), "en", "01").body
    assert "<strong>✗ Not yet.</strong> <code>beta</code> is missing." in html
    details = re.search(r"<details><summary>Solution</summary>(.*?)</details>", html, re.DOTALL)[1]
    assert "```" not in details
    code = re.sub(r"<[^>]+>", "", details).strip()
    assert code == "x = 1\n\ny = 2"
    assert "highlight" in details


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(site):
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=site)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
        except api.Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Chromium here: {error}")
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address):
    """Open a page of the site and wait for its widgets; nothing may fail or leave the machine."""
    faults, contexts = [], []

    def check(route):
        if route.request.url.startswith((address, "data:")):
            route.continue_()
        else:
            faults.append(route.request.url)
            route.abort()

    def visit(path: str, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.route("**/*", check)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.goto(f"{address}/{path}")
        if options.get("java_script_enabled", True):
            page.wait_for_function("MathJax.Hub", timeout=60_000)  # page.js sets it at the start
            page.evaluate("MathJax.startup.promise")  # all formulas stand
            views = "document.querySelectorAll('.live .noUi-handle').length"
            figures = "document.querySelectorAll('.live').length"
            page.wait_for_function(f"{views} >= {figures}", timeout=60_000)
            ready = "[...document.querySelectorAll('.quiz')].every(q => q.querySelector('input'))"
            page.wait_for_function(ready, timeout=60_000)
            page.evaluate("MathJax.startup.promise")  # the quiz has formulas of its own
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == []


def relative(site: Path) -> list[str]:
    return [path.relative_to(site).as_posix() for path in pages(site)]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_opens_and_fits(visit, site, width, scheme):
    for path in relative(site):
        page = visit(path, viewport={"width": width, "height": 900}, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(253, 253, 251)", "dark": "rgb(21, 23, 26)"}[scheme]
        assert page.locator("mjx-merror").count() == 0
        if not path.endswith("index.html"):
            assert page.locator("mjx-container svg").count() > 0, path
            assert "$" not in page.evaluate(
                "[...document.querySelectorAll('.prose p, .prose li')].map(e => e.innerText).join()"
            )
        page.context.close()


def alive(figure) -> bool:
    """A slider without a link asks the kernel, which is not here."""
    return figure.evaluate(
        """figure => {
            const read = (from, what) =>
                JSON.parse(from.querySelector(`script[type$="widget-${what}+json"]`).text);
            const state = read(document, 'state'), view = read(figure, 'view');
            const held = new Set(), walk = id => {
                if (held.has(id)) return;
                held.add(id);
                const text = JSON.stringify(state.state[id].state);
                for (const found of text.matchAll(/IPY_MODEL_([0-9a-f]{32})/g)) walk(found[1]);
            };
            walk(view.model_id);
            return Object.values(state.state).some(model => model.model_name.endsWith('LinkModel')
                && held.has(model.state.source[0].slice(10)));
        }"""
    )


PICTURE = "f => [...f.querySelectorAll('img')].filter(i => i.offsetParent).map(i => [i.src, i.alt])"


def turn(page, figure, handle) -> None:
    """Along the whole slider and back: each value has a picture of its own, with its words."""

    def shown() -> tuple:
        pictures = figure.evaluate(PICTURE)
        assert len(pictures) == 1
        return tuple(pictures[0])

    values = int(float(handle.get_attribute("aria-valuemax"))) + 1
    handle.focus()
    page.keyboard.press("Home")
    seen = {}
    for _ in range(values):
        page.wait_for_timeout(60)
        value = handle.get_attribute("aria-valuetext")
        assert value not in seen, "the value does not move"
        seen[value] = shown()
        page.keyboard.press("ArrowRight")
    assert len(set(seen.values())) == len({alt for _, alt in seen.values()}) == values
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(60)
    assert shown() == list(seen.values())[-2]
    page.keyboard.press("End")
    page.wait_for_timeout(60)
    assert shown() == list(seen.values())[-1]


def test_every_slider_moves_by_keyboard(visit, site):
    moved, dead = 0, []
    for path in relative(site):
        page = visit(path, viewport={"width": 1280, "height": 900})
        for figure in page.locator(".live").all():
            if not alive(figure):
                dead.append(path)
                continue
            for handle in figure.locator(".noUi-handle").all():
                assert handle.get_attribute("aria-label")
                turn(page, figure, handle)
                moved += 1
        page.context.close()
    assert moved > 0
    if dead:
        pytest.skip(f"{moved} sliders moved; these wait for a kernel: {', '.join(dead)}")


def test_every_quiz_answers_without_a_kernel(visit, site):
    for path in relative(site):
        if path.endswith("index.html"):
            continue
        language, name = path.split("/")
        (lesson,) = (lesson for lesson in LESSONS if lesson.stem[:2] == name[:2])
        (questions,) = quizzes(lesson)[language]
        page = visit(path, viewport={"width": 390, "height": 900})
        quiz = page.locator(".quiz")
        assert page.locator(".code", has=quiz).locator(".source").count() == 0  # its call is hidden
        assert "$" not in quiz.inner_text()
        told = quiz.locator("[role=status] p:visible")
        assert told.count() == quiz.locator(":checked").count() == 0
        for number, question in enumerate(questions, 1):
            group = quiz.get_by_role("group", name=re.compile(rf"^{number}\. "))
            group.get_by_role("radio").first.focus()
            page.keyboard.press("Space")
            for place, answer in enumerate(question.answers):
                if place:
                    page.keyboard.press("ArrowDown")
                said = group.locator("[role=status] p:visible").inner_text()
                assert said.startswith("✓" if answer.right else "✗")
                assert gist(answer.why) in said
                assert told.count() == number
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.context.close()


def test_the_language_switch_stays_at_the_section(visit, site):
    path = next(path for path in relative(site) if path.startswith("en/01"))
    page = visit(path, viewport={"width": 1280, "height": 900})
    place = page.locator("h2").nth(4).get_attribute("id")
    page.evaluate("id => document.getElementById(id).scrollIntoView()", place)
    page.locator("a.language").dispatch_event("click")  # Playwright's own click scrolls first
    page.wait_for_url("**/tr/**")
    assert page.url.rpartition("#")[2] == place
    assert page.locator("html").get_attribute("lang") == "tr"


def test_the_theme_is_remembered(visit, site):
    page = visit("en/index.html", color_scheme="light")
    page.locator("button.theme").click()
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_without_scripts_the_still_picture_stands(visit, site):
    path = next(path for path in relative(site) if path.startswith("en/01"))
    page = visit(path, java_script_enabled=False)
    figures = page.locator("figure.live").all()
    assert figures
    for figure in figures:
        assert figure.locator("img:visible").get_attribute("alt")
    answer = page.locator(".quiz details").first
    assert not answer.locator("p").is_visible()
    answer.locator("summary").click()
    assert answer.locator("p").inner_text()[0] in "✓✗"


def test_pages_are_light_and_load_nothing_from_elsewhere(site):
    for path in pages(site):
        html = path.read_text(encoding="utf-8")
        assert len(html.encode()) <= 2_000_000
        loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="([^"]+)"', html)
        assert not [link[:80] for link in loaded if re.match(r"(https?:)?//", link)]
        assert f'<html lang="{path.parent.name}">' in html
        assert not re.search(r"<img(?![^>]*\balt=\"[^\"]+\")", STATE.sub("", html))
        for link in re.findall(r'href="([^"#:]+)"', html):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_two_builds_are_the_same_to_the_byte(site):
    (notebooks,) = plan(COURSE, [LESSON])
    found = made(build.executed([notebooks]))
    name = "en/01_environment.html"
    due = (site / name).read_text(encoding="utf-8")
    again = found[name].decode()
    if os.environ.get("SITE"):  # there, a next lesson is linked
        due, again = (text.partition('<nav class="around">')[0] for text in (due, again))
    assert due == again
    assert json.loads(STATE.search(found[name].decode())[1])["state"]


def test_a_package_that_is_not_its_pin_is_refused(tmp_path):
    path = tmp_path / "mathjax-3.2.2.tgz"
    path.write_bytes(b"another")
    with pytest.raises(website.SiteError, match=r"mathjax-3\.2\.2\.tgz is sha512-"):
        scripts.tarball(scripts.PACKAGES[1], tmp_path)
    assert not path.exists()


def test_without_npm_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(scripts.shutil, "which", lambda _: None)
    with pytest.raises(website.SiteError, match="npm is not installed"):
        scripts.fetch(tmp_path)
