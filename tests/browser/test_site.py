"""The website: its files, every page in a browser, and what a printer makes of it.

One file, so that whoever shares the tests out builds the site once.
"""

import base64
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import website
from accessibility import findings
from builder import work
from builder.plan import folded, plan
from course import LESSONS, NOTEBOOKS, ROOT, gist, quizzes
from one_lesson import HEADER, make_course
from site_pages import (
    bare,
    decoded,
    lessons,
    made,
    pages,
    printed,
    shown,
    unfold,
)
from toycore.language import text
from website import pages as pages_of_lessons
from website import scripts
from words import WORDS

STATE = re.compile(r'<script type="application/vnd.jupyter.widget-state\+json">(.*?)</script>')
SETTINGS = "all => all.map(e => e.ariaLabel + e.ariaValueText)"
BEGINNINGS = "all => all.map(e => e.firstChild.textContent)"  # up to a formula, which is a drawing


def test_pages_are_light_and_load_nothing_from_elsewhere(site):
    for path in (site / name for name in pages(site)):
        html = path.read_text(encoding="utf-8")
        assert len(html.encode()) <= 2_000_000
        loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="([^"]+)"', html)
        assert not [link[:80] for link in loaded if re.match(r"(https?:)?//", link)]
        assert f'<html lang="{path.parent.name}">' in html
        assert not re.search(r"<img(?![^>]*\balt=\"[^\"]+\")", STATE.sub("", html))
        for link in re.findall(r'href="([^"#:]+)"', html):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_no_page_asks_for_what_only_a_kernel_can_do(site):
    """Neither a check nor the summary of what was done, nor the prose that asks to run it."""
    asks = {"en": "What you did in this lesson", "tr": "Bu derste yaptıkların"}
    for path in (site / name for name in pages(site)):
        html = path.read_text(encoding="utf-8")
        assert not [words for words in ("checks", *asks.values()) if f"{words}<" in html], path
    for path in NOTEBOOKS:  # where it does stand
        prose = [cell.source for cell in nbformat.read(path, as_version=4).cells]
        assert sum(asks[path.parent.name] in source for source in prose) == 1


def test_every_font_is_there(site):
    style = (site / "assets" / "fonts.css").read_text(encoding="utf-8")
    named = re.findall(r"url\(([^)]+)\)", style)
    assert sorted(named) == sorted(path.name for path in site.glob("assets/*.woff2"))


LESSON = """\
# %% [markdown] lang="tr"
# # Ders 1 · Ad
# Özet.

# %% [markdown] lang="en"
# # Lesson 1 · Title
# Lead.

# %%
import ipywidgets


class Moved(ipywidgets.VBox):
    def _repr_mimebundle_(self, **_):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"text/plain": "words", "application/vnd.jupyter.widget-view+json": view}


slider = ipywidgets.SelectionSlider(options=[("one", 0), ("two", 1)])
stack = ipywidgets.Stack([ipywidgets.HTML("1"), ipywidgets.HTML("2")], selected_index=0)
ipywidgets.jslink((slider, "index"), (stack, "selected_index"))
Moved([slider, stack])
"""


def test_two_builds_are_the_same_to_the_byte(tmp_path):
    """The models of widgets get other names each time they are made."""
    course = make_course(tmp_path, HEADER + LESSON)
    (course.package / "__init__.py").write_text('__version__ = "1"\n', encoding="utf-8")
    for language in WORDS:
        (course.output / language).mkdir(parents=True)
    files, again = (made(work.executed(course, plan(course))) for _ in range(2))
    assert files == again
    assert json.loads(STATE.search(files["en/01_lesson.html"].decode())[1])["state"]


def small(language: str, **more):
    """A lesson of two lines, executed."""
    text = "# Lesson 1 · Title\n\nLead."
    cells = [nbformat.v4.new_markdown_cell(text, id="01_small-01", metadata={})]
    notebook = nbformat.v4.new_notebook(cells=cells)
    return website.Executed(language, f"small_{language}", notebook, b"{}", **more)


def test_a_bundle_is_linked_where_there_is_one():
    files = made([small("en", bundle=b"bundle"), small("tr")])
    assert files["en/small_en.standalone.ipynb"] == b"bundle"
    link = '<a href="small_en.standalone.ipynb" download>Upload to Colab or Kaggle: one file</a>'
    assert link in files["en/small_en.html"].decode()
    assert [name for name in files if "standalone" in name] == ["en/small_en.standalone.ipynb"]
    assert "standalone" not in files["tr/small_tr.html"].decode()


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


@pytest.fixture
def pinned(tmp_path) -> Path:
    """A project whose one package lies beside it: npm asks nobody for it."""
    if shutil.which("npm") is None and not os.environ.get("CI"):
        pytest.skip("npm is not installed")
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(scripts.HERE / ".npmrc", project)
    manifest = json.dumps({"name": "small", "version": "1.0.0"}).encode()
    with tarfile.open(project / "small.tgz", "w:gz") as archive:
        for name, data in (("package.json", manifest), ("LICENSE", b"free"), ("a.js", b"1")):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    data = (project / "small.tgz").read_bytes()
    pin = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    address = f"file:{(project / 'small.tgz').as_posix()}"
    wanted = {"dependencies": {"small": address}}
    entry = {"version": "1.0.0", "resolved": address, "integrity": pin}
    packages = {"": wanted, "node_modules/small": entry}
    lock = {"lockfileVersion": 3, "requires": True, "packages": packages}
    (project / "package.json").write_text(json.dumps(wanted))
    (project / "package-lock.json").write_text(json.dumps(lock))
    return project


FILES = ("small/a.js", "small/LICENSE")


def test_a_package_is_taken_once_by_its_pin(pinned, tmp_path, monkeypatch):
    found = scripts.fetch(tmp_path / "cache", FILES, pinned)
    assert found == {"a.js": b"1", "small.LICENSE.txt": b"free"}
    monkeypatch.setattr(scripts, "install", lambda _: pytest.fail("it was installed twice"))
    assert scripts.fetch(tmp_path / "cache", FILES, pinned) == found


def test_a_package_that_is_not_its_pin_is_refused(pinned, tmp_path):
    lock = pinned / "package-lock.json"
    lock.write_text(re.sub('"sha512-..', '"sha512-AA', lock.read_text()))
    for _ in range(2):  # nothing of the first try is taken for installed by the second
        with pytest.raises(website.SiteError, match="EINTEGRITY"):
            scripts.fetch(tmp_path / "cache", FILES, pinned)
    assert list((tmp_path / "cache").iterdir()) == []


def test_two_builds_that_install_at_once_both_have_the_files(pinned, tmp_path, monkeypatch):
    """While one installs, the other one finishes: the first keeps what it finds."""
    install = scripts.install

    def overtaken(project):
        monkeypatch.setattr(scripts, "install", install)
        scripts.fetch(tmp_path / "cache", FILES, pinned)
        install(project)

    monkeypatch.setattr(scripts, "install", overtaken)
    assert scripts.fetch(tmp_path / "cache", FILES, pinned)["a.js"] == b"1"
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.parametrize("project", [scripts.HERE, ROOT / "tests" / "npm"], ids=["pages", "tests"])
def test_every_package_is_pinned_and_no_host_is_named(project):
    lock = (project / "package-lock.json").read_text(encoding="utf-8")
    pins = json.loads(lock)["packages"]
    asked = json.loads((project / "package.json").read_text(encoding="utf-8"))
    own = ("name", "dependencies", "devDependencies")
    assert pins.pop("") == {key: asked[key] for key in own if key in asked}
    assert all(pin["integrity"].startswith("sha512-") for pin in pins.values())
    assert not [name for name, pin in pins.items() if "resolved" in pin]


def test_without_npm_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(scripts.shutil, "which", lambda _: None)
    with pytest.raises(website.SiteError, match="npm is not installed"):
        scripts.fetch(tmp_path)


def formulas_stand(page) -> bool:
    text = "[...document.querySelectorAll('.prose :is(p, li)')].map(e => e.innerText).join()"
    formulas, faults = (page.locator(f"mjx-{kind}").count() for kind in ("container svg", "merror"))
    return formulas > 0 and faults == 0 and "$" not in page.evaluate(text)


def turn(page, figure, handle) -> None:
    """Along the whole slider and back: each value has a picture of its own, with its words."""
    values = int(float(handle.get_attribute("aria-valuemax"))) + 1
    handle.focus()
    page.keyboard.press("Home")
    seen = {}
    for _ in range(values):
        page.wait_for_timeout(60)
        value = handle.get_attribute("aria-valuetext")
        assert value not in seen, "the value does not move"
        seen[value] = shown(figure)
        page.keyboard.press("ArrowRight")
    assert len(set(seen.values())) == len({alt for _, alt in seen.values()}) == values
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(60)
    assert shown(figure) == list(seen.values())[-2]
    page.keyboard.press("End")
    page.wait_for_timeout(60)
    assert shown(figure) == list(seen.values())[-1]


@pytest.mark.parametrize("server", [True, False], ids=["server", "folder"])
def test_formulas_stand_and_every_slider_moves_by_keyboard(visit, site, server):
    """From a server, and from the folder alone, as an unpacked archive is opened."""
    moved = 0
    for path in pages(site) if server else lessons(site)[:1]:
        page = visit(path, server, viewport={"width": 1280, "height": 900})
        assert path not in lessons(site) or formulas_stand(page), path
        for figure in page.locator(".live").all():
            for handle in figure.locator(".noUi-handle").all():
                assert handle.get_attribute("aria-label")
                turn(page, figure, handle)
                moved += 1
        page.context.close()
    assert moved > 0


def test_every_quiz_answers_without_a_kernel(visit, site):
    for path in lessons(site):
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


SIDE_BY_SIDE = {"tr": ("Sen {} dedin", "Doğrusu"), "en": ("You said {}", "The answer is")}


def test_every_prediction_is_committed_to_before_its_answer_is_seen(visit, site):
    """Wrongly, rightly, and not at all; the overview and the browser keep what was chosen."""
    for path in lessons(site):
        said, true = SIDE_BY_SIDE[path[:2]]
        page = visit(path, folded=True, viewport={"width": 1280, "height": 900})
        rows = page.locator(".tc-predictions tbody tr")
        asked = page.locator(".predict:has(fieldset)").all()
        assert len(asked) == rows.count() > 3
        for number, prediction in enumerate(asked):
            details, told = prediction.locator("> details"), prediction.locator(".said:visible")
            hidden = details.locator("img, pre, .said, details")
            assert not any(part.is_visible() for part in hidden.all()), "the answer can be seen"
            radios = prediction.get_by_role("group").get_by_role("radio")
            if number == 0:  # not at all
                details.locator("> summary").click()
                (nothing,) = told.all_inner_texts()
                assert said.partition("{}")[0] not in nothing.partition(true)[0]
                assert true in nothing
            radios.first.focus()
            page.keyboard.press("Space")
            details.evaluate("d => d.open = true")
            found = set()
            for place, letter in enumerate("abcd"[: radios.count()]):
                if place:
                    page.keyboard.press("ArrowDown")
                answer = radios.nth(place).locator("xpath=following-sibling::span").inner_text()
                (verdict,) = told.all_inner_texts()
                assert f"{said.format(letter)}: {answer}" in verdict
                found.add(true in verdict.removeprefix(f"{said.format(letter)}: {answer}."))
                chosen = rows.nth(number).locator("td").nth(1)
                assert chosen.evaluate("cell => cell.textContent") == answer
            assert found == {True, False}, "one letter is right, the others are told what is"
            assert page.locator(".live:visible:not(.ready)").count() == 0
        last = rows.nth(0).locator("td").nth(1).evaluate("cell => cell.textContent")
        page.reload()
        page.wait_for_function("MathJax.Hub", timeout=60_000)
        kept = page.locator(".tc-predictions tbody tr").nth(0).locator("td").nth(1)
        assert kept.evaluate("cell => cell.textContent") == last
        page.context.close()


def test_the_folder_brings_its_own_letters(visit, site):
    page = visit(lessons(site)[0], server=False)
    faces = "[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family)"
    assert {"Source Serif 4", "Source Sans 3"} <= set(page.evaluate(faces))


GROUND = {"light": "rgb(253, 253, 251)", "dark": "rgb(21, 23, 26)"}


def test_every_page_fits_and_axe_finds_nothing_serious(visit, site, axe):
    for path in pages(site):
        page = visit(path, viewport={"width": 390, "height": 900})
        for width in (390, 1280):
            for scheme in GROUND:
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=scheme)
                page.wait_for_timeout(100)  # boxes that scroll now become stops of the keyboard
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path
                ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
                assert ground == GROUND[scheme]
                assert findings(page, axe) == [], f"{path}, {width} px, {scheme}"
        page.context.close()


def test_axe_sees_a_fault(visit, axe):
    page = visit("en/index.html")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'data:,'}))")
    page.evaluate("document.querySelector('h1').style.color = '#bbb'")
    assert {line.split(":")[0] for line in findings(page, axe)} == {"image-alt", "color-contrast"}


def test_the_language_switch_stays_at_the_section(visit, site):
    page = visit(lessons(site)[0], viewport={"width": 1280, "height": 900})
    place = page.locator("h2").nth(4).get_attribute("id")
    page.evaluate("id => document.getElementById(id).scrollIntoView()", place)
    page.locator("a.language").dispatch_event("click")  # Playwright's own click scrolls first
    page.wait_for_url("**/tr/**")
    assert page.url.rpartition("#")[2] == place
    assert page.locator("html").get_attribute("lang") == "tr"


PHONE = {"width": 390, "height": 850}
BEYOND = """all => all.map(box => [
    box.scrollWidth > box.clientWidth + 1, box.tabIndex == 0, box.dataset.more,
    getComputedStyle(box).maskImage != 'none'])"""
WIDE = "main :is(.source, .prose .highlight, pre.output, .scroll, .frame, .still)"


def test_on_a_phone_a_picture_stands_whole_and_is_enlarged_when_asked(visit, site):
    for path in lessons(site):
        page = visit(path, viewport=PHONE)
        edges = "all => all.filter(i => i.offsetParent).map(i => i.getBoundingClientRect().right)"
        drawn = page.locator(".frame img, .live img").evaluate_all(edges)
        assert len(drawn) > 3
        assert max(drawn) <= PHONE["width"]
        figure = page.locator("figure:has(> .frame)").first
        button, frame = figure.locator(".enlarge"), figure.locator(".frame")
        assert button.inner_text() == WORDS[path[:2]]["enlarge"]
        button.click()
        page.wait_for_timeout(100)
        assert frame.locator("img").bounding_box()["width"] > 1.3 * PHONE["width"]
        assert frame.get_attribute("data-more") == "right"
        frame.evaluate("box => box.scrollTo(9999, 0)")
        page.wait_for_timeout(100)
        assert frame.get_attribute("data-more") == "left"
        button.click()
        assert frame.locator("img").bounding_box()["width"] <= PHONE["width"]
        page.set_viewport_size({"width": 1280, "height": 850})
        assert page.locator(".enlarge:visible").count() == 0
        page.context.close()


def test_what_goes_on_beyond_the_edge_shows_it_and_nothing_else_does(visit, site):
    for path in lessons(site):
        page = visit(path, viewport=PHONE)
        page.locator("details").evaluate_all("all => all.forEach(d => d.open = true)")
        page.wait_for_timeout(200)
        found = page.locator(WIDE).evaluate_all(BEYOND)
        assert {beyond for beyond, *_ in found} == {True, False}
        for beyond, *cue in found:
            assert cue == ([True, "right", True] if beyond else [False, "", False])
        page.context.close()


def test_the_contents_follow_what_is_read(visit, site):
    for path in lessons(site):
        page = visit(path, viewport={"width": 1280, "height": 850})
        links, current = page.locator(".contents.wide a"), ".contents.wide a[aria-current]"
        for link in links.all():
            link.click()
            page.wait_for_timeout(60)
            assert page.locator(current).all_inner_texts() == [link.inner_text()]
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(60)
        assert page.locator(current).all_inner_texts() == [links.last.inner_text()]
        page.context.close()


ASKED = {"en": "that cell|this one|run the check", "tr": "o hücreyi|denetim hücresi|sonra bunu"}


def test_no_page_asks_to_run_what_it_cannot(visit, site):
    for path in lessons(site):
        page, language = visit(path), path[:2]
        assert not re.findall(ASKED[language], page.locator("main").inner_text())
        title = page.locator("h2", has_text=re.compile(f"^{WORDS[language]['exercises']}$"))
        told = title.locator("xpath=following-sibling::p")
        assert told.locator("a").get_attribute("href") == f"{Path(path).stem}.ipynb"
        page.context.close()


def test_the_theme_is_remembered(visit):
    page = visit("en/index.html", color_scheme="light")
    page.locator("button.theme").click()
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


STILL = """figure => {
    const image = figure.querySelector('img'), style = getComputedStyle(image);
    const box = image.getBoundingClientRect(), px = name => parseFloat(style[name]);
    const around = side => px(`padding${side}`) + px(`border${side}Width`);
    return {
        natural: [image.naturalWidth, image.naturalHeight],
        said: ['width', 'height'].map(name => Number(image.getAttribute(name))),
        drawn: [box.width - around('Left') - around('Right'),
                box.height - around('Top') - around('Bottom')],
        above: box.top - figure.getBoundingClientRect().top,
    };
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_without_scripts_the_still_picture_stands(visit, site, width):
    figures = 0
    for path in pages(site):
        viewport = {"width": width, "height": 900}
        page = visit(path, java_script_enabled=False, viewport=viewport)
        for figure in page.locator("figure.live").all():
            (image,) = figure.locator("img:visible").all()
            assert image.get_attribute("alt")
            still = figure.evaluate(STILL)
            assert still["said"] == still["natural"]
            (width_drawn, height_drawn), (own_width, own_height) = still["drawn"], still["natural"]
            assert width_drawn / own_width == pytest.approx(height_drawn / own_height, rel=0.01)
            assert width_drawn > 300
            assert still["above"] < 2, "room for sliders that will not come"
            figures += 1
        caption = page.locator("figure.live figcaption")
        assert "index" not in path or caption.is_visible()
        if path in lessons(site):
            answer = page.locator(".quiz details").first
            assert not answer.locator("p").is_visible()
            answer.locator("summary").click()
            assert answer.locator("p").inner_text()[0] in "✓✗"
        page.context.close()
    assert figures >= len(pages(site))


# Where all stands that is above the quiz, which is as long as its script makes it.
PLACES = """() => {
    const quiz = document.querySelector('.quiz');
    const above = e => !quiz || e.compareDocumentPosition(quiz) & Node.DOCUMENT_POSITION_FOLLOWING;
    const parts = document.querySelectorAll('main :is(h1, h2, h3, p, pre, figure, img), footer');
    const own = e => !e.closest('.live') || e.matches('.live, .live img, figcaption');
    const seen = [...parts].filter(
        e => above(e) && own(e) && e.checkVisibility({visibilityProperty: true}));
    return seen.map(e => {
        const {left, top, width, height} = e.getBoundingClientRect();
        return [e.localName, left, top + scrollY, width, height];
    });
}"""
SHIFTS = """() => {
    window.shifts = [];
    const say = list => shifts.push(...list.getEntries().map(entry => entry.value));
    new PerformanceObserver(say).observe({type: 'layout-shift', buffered: false});
}"""


@pytest.mark.parametrize("width", [390, 600, 1280])
def test_nothing_moves_when_the_sliders_come(browser, address, site, width):
    """The script of the widgets is held back until all else stands; formulas are another matter."""
    for path in pages(site):
        page = browser.new_page(viewport={"width": width, "height": 900})
        release = held_back(page, "**/embed.js")
        page.route("**/tex-svg.js", lambda route: route.abort())
        page.goto(f"{address}/{path}", wait_until="commit")
        page.wait_for_selector("footer")
        unfold(page)
        page.evaluate("document.fonts.ready.then(() => {})")
        page.locator(".live").first.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
        before = page.evaluate(PLACES)
        page.evaluate(SHIFTS)
        assert page.locator(".live .still img:visible").count() == page.locator(".live").count() > 0
        release()
        page.wait_for_function("!document.querySelector('.live:not(.ready)')", timeout=60_000)
        page.wait_for_timeout(300)
        assert page.locator(".live .still:visible").count() == 0
        after = page.evaluate(PLACES)
        assert len(after) == len(before) > 5
        for (name, *was), (same, *now) in zip(before, after, strict=True):
            assert (name, now) == (same, pytest.approx(was, abs=1)), path
        assert page.evaluate("shifts") == []
        page.close()


def held_back(page, pattern: str):
    """What the page asks for waits until the function is called that is given back."""
    held = []
    page.route(pattern, lambda route: held.append(route))

    def release() -> None:
        assert held, f"nothing asked for {pattern}"
        for route in held:
            route.continue_()

    return release


def test_every_figure_is_printed_whole_and_without_navigation(visit, site):
    for path in lessons(site)[-1:]:
        page = visit(path, viewport={"width": 1280, "height": 900})
        for handle in page.locator(".noUi-handle").all():
            handle.press("End")
        page.wait_for_timeout(200)
        due = Counter(
            decoded(shown(figure)[0]) for figure in page.locator("figure:not(.quiz)").all()
        )
        pictures, text = printed(page)
        assert set(pictures) == set(due), f"{path}: a figure is missing, or another is there"
        assert pictures <= due, f"{path}: a figure is cut"
        there = page.locator("main :is(h1, h3, details p:not(.said))").evaluate_all(BEGINNINGS)
        there += page.locator(".noUi-handle").evaluate_all(SETTINGS)
        assert not [words for words in there if bare(words) not in text], path
        around = (WORDS[path[:2]][word] for word in ("switch", "contents", "download", "next"))
        assert not [words for words in around if bare(words) in text], path
        page.context.close()


def test_on_paper_an_answer_begins_on_the_next_sheet(visit, site):
    from pypdf import PdfReader

    path = lessons(site)[0]
    page = visit(path, folded=True)
    questions = page.locator(".predict legend").evaluate_all(BEGINNINGS)
    (silent,) = {text("predict.silent", path[:2])}
    sheets = [bare(s.extract_text()) for s in PdfReader(io.BytesIO(page.pdf(format="A4"))).pages]
    asked = [k for k, sheet in enumerate(sheets) for _ in range(sheet.count(bare(questions[0])))]
    told = [k for k, sheet in enumerate(sheets) for _ in range(sheet.count(bare(silent)))]
    assert len(asked) == len(told) == len(questions) > 3
    assert all(question < answer for question, answer in zip(asked, told, strict=True))


def test_paper_is_never_dark(visit, site):
    page = visit(lessons(site)[0], color_scheme="dark")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    look = "(({color, backgroundColor, colorScheme}) => [color, backgroundColor, colorScheme])"
    page.emulate_media(media="print", color_scheme="dark")
    found = page.evaluate(f"{look}(getComputedStyle(document.body))")
    assert found == ["rgb(36, 41, 47)", "rgba(0, 0, 0, 0)", "light"]
