"""The website in a real browser, the network blocked: fixtures, and what tests read from a page.

With SITE=dist/site the tests read a site that is built already, before it is published; else they
build one, of one lesson. What makes the site is imported where it is used: every test run reads
this file.
"""

import base64
import contextlib
import functools
import hashlib
import http.server
import io
import os
import threading
from collections import Counter
from pathlib import Path

import pytest

import lab_server

ROOT = Path(__file__).resolve().parents[2]
LESSON = "01_environment"
LANGUAGES = ("en", "tr")


@contextlib.contextmanager
def needs_npm():
    """Without npm the test is skipped, except in CI."""
    import website

    try:
        yield
    except website.SiteError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def made(notebooks) -> dict[str, bytes]:
    import website

    with needs_npm():
        return website.make(notebooks, ROOT / "dist" / "npm")


def pages(site: Path) -> list[str]:
    """Every page below the folder of the site: its path there."""
    paths = sorted(path for language in LANGUAGES for path in site.glob(f"{language}/*.html"))
    return [path.relative_to(site).as_posix() for path in paths]


def lessons(site: Path) -> list[str]:
    return [path for path in pages(site) if not path.endswith("index.html")]


@pytest.fixture(scope="session")
def site(tmp_path_factory, live):
    """The folder of the site."""
    if built := os.environ.get("SITE"):
        return ROOT / built
    import website
    from builder import work
    from builder.plan import plan

    (lesson,) = plan(work.COURSE, [LESSON])
    executed = (
        work.for_site(work.COURSE, path, cells, live(path)) for path, cells in lesson.items()
    )
    folder = tmp_path_factory.mktemp("site")
    website.write(made(executed), folder)
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder: Path):
    """Its address."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=folder)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def address(site):
    with served(site) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    """One for a file of tests, whoever opens pages in it."""
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        try:
            browser = lab_server.launch(playwright)
        except api.Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Chromium here: {error}")
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address, site):
    """Open a page of the site and wait for its widgets; nothing may fail or leave the machine.

    From a server or, with server=False, from the folder. What would give a prediction away is
    unfolded, or else left as it is.
    """
    faults, contexts = [], []

    def check(route):
        if route.request.url.startswith((address, site.as_uri(), "data:")):
            route.continue_()
        else:
            faults.append(route.request.url)
            route.abort()

    def visit(path: str, server: bool = True, folded: bool = False, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.route("**/*", check)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.goto(f"{address if server else site.as_uri()}/{path}", timeout=120_000)
        if not folded:
            unfold(page)
        if options.get("java_script_enabled", True):
            ready(page)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == []


# What is folded shows its slider when it is opened.
WAITING = ".live:not(.ready, .predict > details:not([open]) *)"


def unfold(page) -> None:
    page.locator(".predict > details").evaluate_all("all => all.forEach(d => d.open = true)")


def ready(page) -> None:
    page.wait_for_function("MathJax.Hub", timeout=60_000)  # page.js sets it at the start
    page.evaluate("MathJax.startup.promise")  # all formulas stand
    views = "document.querySelectorAll('.live .noUi-handle').length"
    figures = "document.querySelectorAll('.live').length"
    page.wait_for_function(f"{views} >= {figures}", timeout=60_000)
    page.wait_for_function(f"!document.querySelector('{WAITING}')", timeout=60_000)
    answered = "[...document.querySelectorAll('.quiz')].every(q => q.querySelector('input'))"
    page.wait_for_function(answered, timeout=60_000)
    page.evaluate("MathJax.startup.promise")  # the quiz has formulas of its own
    page.evaluate("document.fonts.ready.then(() => {})")


PICTURE = "f => [...f.querySelectorAll('img')].filter(i => i.offsetParent).map(i => [i.src, i.alt])"


def shown(figure) -> tuple[str, str]:
    """The one picture that is to be seen in a figure, and its words."""
    (picture,) = figure.evaluate(PICTURE)
    return tuple(picture)


def pixels(image) -> tuple:
    return image.size, hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()


def decoded(source: str) -> tuple:
    from PIL import Image

    return pixels(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))))


def printed(page) -> tuple[Counter, str]:
    """The pictures, each counted once for every sheet it touches; and the text without spaces."""
    from pypdf import PdfReader

    sheets = PdfReader(io.BytesIO(page.pdf(format="A4"))).pages
    pictures = Counter(pixels(picture.image) for sheet in sheets for picture in sheet.images)
    return pictures, bare("".join(sheet.extract_text() for sheet in sheets))


def bare(text: str) -> str:
    """Where a letter comes from another file of the font, a PDF seems to have a space."""
    return "".join(text.split())
