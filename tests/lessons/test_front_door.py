"""The front door: what README, docs/ and CONTRIBUTING promise is there, and their commands run."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from builder.lesson import LANGUAGES, check_same, formulas, numbers
from course import LESSONS, ROOT, copied, long
from told import BOTH, KINDS, LINES, PAGES, blocks, kind, of_kind, tokens

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


# --- links, pictures and paths ----------------------------------------------------------------


def links(page: Path) -> list[str]:
    """Where the page's links lead, and its pictures."""
    found = [one.attrGet("href") for one in tokens(page) if one.type == "link_open"]
    html = "\n".join(one.content for one in tokens(page) if one.type.startswith("html"))
    return found + re.findall(r'\b(?:src|srcset|href)="([^"]+)"', html)


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to the page's headings."""
    every = tokens(page)
    titles = (every[at + 1].content for at, one in enumerate(every) if one.type == "heading_open")
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(page: Path) -> list[str]:
    def leads_nowhere(link: str) -> bool:
        path, _, anchor = link.partition("#")
        to = (page.parent / path).resolve() if path else page
        inside = to.is_relative_to(ROOT) and to.exists()
        return not inside or (bool(anchor) and anchor not in anchors(to))

    return [link for link in links(page) if "://" not in link and leads_nowhere(link)]


def paths(page: Path) -> list[str]:
    """The paths of this repository that the page names in code, in prose and in its blocks."""
    spans = [one.content for one in tokens(page) if one.type == "code_inline"]
    words = [*spans, *(word for block in blocks(page, "bash") for word in shlex.split(block))]
    # Not the pattern of a page's address, an option, what a build or nbgrader makes, another
    # machine's path.
    made = r"dist/|release/|submitted/|\.venv|\.jupyter/"
    ours = re.compile(rf"(?!{made})\.?\w[\w.-]*(/[\w.-]+)*(/|\.\w+)")
    # On Kaggle; a learner's copy on the server; what a learner sends.
    made = ("kernel-metadata.json", "toycore/", "ayse.ipynb")
    return [w for w in words if ours.fullmatch(w) and looks_like_a_path(w) and w not in made]


def looks_like_a_path(word: str) -> bool:
    """tc.widgets.slider is none, and neither is np.exp."""
    return "/" in word or word.rpartition(".")[2] in ("md", "txt", "toml", "ipynb", "py", "yml")


@each_page
def test_every_link_and_picture_leads_somewhere(page):
    assert broken_links(page) == []


@each_page
def test_every_path_that_is_named_is_there(page):
    assert [path for path in paths(page) if not (ROOT / path).exists()] == []


@each_page
def test_no_sentence_became_a_numbered_list(page):
    """As one that begins with a Turkish ordinal does: "1. ders"."""
    assert [one.map for one in tokens(page) if one.type == "ordered_list_open"] == []


def test_a_link_or_a_path_that_leads_nowhere_is_found(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# The one heading\n[a](page.md) [b](#the-one-heading) [c](other.md) [d](page.md#two)\n"
        '[e](../outside.md)\n<img src="gone.png">\n\n`toycore/gone.py` `docs/` `tc.plots.curves`'
        "\n```bash\npython tools/gone.py --learners 30\n```\n"
    )
    assert broken_links(page) == ["other.md", "page.md#two", "../outside.md", "gone.png"]
    assert paths(page) == ["toycore/gone.py", "docs/", "tools/gone.py"]


# --- both languages ----------------------------------------------------------------------------

# A version is written alike in both languages.
VERSION = re.compile(
    r"\b(Python|torch|JupyterLab|Chromium|CC BY) (\d[\d.]*\d)( to |–)?(\d[\d.]*\d)?"
)


def test_every_page_is_there_in_both_languages():
    assert [page for page in BOTH.values() if not page.exists()] == []
    assert set(ROOT.glob("docs/tr/*")) <= set(BOTH.values())


@pytest.mark.parametrize(
    ("english", "turkish"), BOTH.items(), ids=[str(page.relative_to(ROOT)) for page in BOTH]
)
def test_both_languages_give_the_same_numbers_formulas_and_commands(english, turkish):
    told = {"tr": turkish, "en": english}
    prose = {
        k: VERSION.sub(r"`\1 \2 \4`", page.read_text(encoding="utf-8")) for k, page in told.items()
    }
    for count in (numbers, formulas):
        check_same(english.name, count.__name__, *(count(prose[k], k) for k in LANGUAGES))
    for shell in ("bash", "powershell", "yaml"):
        here, there = (
            [re.sub(r"notebooks[/\\](tr|en)\b([/\\]\w+\.ipynb)?", "LESSON", b) for b in given]
            for given in (blocks(english, shell), blocks(turkish, shell))
        )
        assert here == there


@pytest.mark.parametrize("page", BOTH.values(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_turkish_page_sends_its_reader_to_turkish_pages(page):
    """But for the link that changes the language, and CONTRIBUTING, which is English."""
    english = {other.resolve() for other in BOTH} | {ROOT / "notebooks" / "teaching.en.md"}
    to = [(page.parent / link).resolve() for link in links(page) if "://" not in link]
    assert [path for path in to if path in english] == [
        next(other for other, turkish in BOTH.items() if turkish == page)
    ]
    assert not any((ROOT / "notebooks" / "en") in path.parents for path in to)


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.tr.md", "tr")])
def test_the_lessons_minutes_and_hours_are_those_of_the_lessons(name, language):
    page = (ROOT / name).read_text(encoding="utf-8")
    row = rf"^\|.*\(notebooks/{language}/(\w+)\.ipynb\).* (\d+) \| (\d+) \|$"
    rows = re.findall(row, page, re.MULTILINE)
    section, exercise = r"\((\d+) minutes(?:, extra)?\)", r"^# [●○]{3} · (\d+) minutes"
    due = [(minutes(path, section), minutes(path, exercise)) for path in LESSONS]
    assert [(int(read), int(done)) for _, read, done in rows] == due
    assert [name[:2] for name, *_ in rows] == [path.stem[:2] for path in LESSONS]
    lessons, exercises = (sum(column) / 60 for column in zip(*due, strict=True))
    told = {
        "en": "seven and a half hours of lessons and more than three hours of exercises",
        "tr": "yedi buçuk saat ders, üç saati aşkın alıştırma",
    }[language]
    assert told in " ".join(page.split())
    assert abs(lessons - 7.5) < 0.25
    assert 3 < exercises < 3.5


def minutes(lesson: Path, pattern: str) -> int:
    return sum(map(int, re.findall(pattern, lesson.read_text(encoding="utf-8"), re.MULTILINE)))


# --- commands ----------------------------------------------------------------------------------


def test_every_command_is_of_a_kind_that_a_test_knows():
    assert [line for _, line in LINES if kind(line) == "unknown"] == []
    assert {kind(line) for _, line in LINES} == set(KINDS)
    assert kind("rm -rf notebooks") == "unknown"


@pytest.mark.parametrize("line", of_kind("pinned"))
def test_what_is_installed_in_pinned_versions_is_there(line):
    assert (ROOT / line.rpartition(" ")[2]).is_file()


def run(*command: str, cwd: Path = ROOT, **more) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=900, **more
    )


@pytest.mark.parametrize("line", of_kind("script"))
def test_a_script_has_the_options_that_it_is_given(line):
    """Its --help runs, and names them. A script without options may have no --help."""
    _, *words = shlex.split(line)
    options = [word for word in words if word.startswith("--")]
    script = words[:2] if words[0] == "-m" else words[:1]
    assert words[0] == "-m" or (ROOT / words[0]).is_file()
    if options:
        done = run(sys.executable, *script, "--help")
        assert done.returncode == 0, done.stderr
        assert [option for option in options if option not in done.stdout] == []


@long
def test_the_notebooks_are_checked_by_the_command_that_is_told():
    (line,) = (line for line in of_kind("script") if line.endswith("--check"))
    done = run(sys.executable, *shlex.split(line)[1:])
    assert done.returncode == 0, done.stderr


@long
@pytest.mark.parametrize("line", of_kind("pytest"))
def test_tests_are_asked_for_as_pytest_takes_them(line):
    more = ("--collect-only", "-q", "-p", "no:cacheprovider")
    done = run(sys.executable, "-m", "pytest", *shlex.split(line)[1:], *more)
    assert done.returncode == 0, done.stdout
    assert "no tests collected" not in done.stdout


@pytest.mark.parametrize("line", of_kind("extra"))
def test_an_extra_that_is_installed_is_declared(line):
    asked = re.search(r"-e \"\.\[(\w+)\]\"", line)[1]
    assert asked in EXTRAS


def test_the_tests_install_the_extra_of_the_tests_in_versions_that_were_tested():
    """Each requirement of the extras has its version in tests/versions/tested.txt."""
    told = (ROOT / "tests" / "requirements.txt").read_text().splitlines()
    assert "toycore[test]" in told
    assert "-c versions/tested.txt" in told
    tested = (ROOT / "tests" / "versions" / "tested.txt").read_text().lower()
    for need in (*EXTRAS["build"], *EXTRAS["test"]):
        name = re.match(r"[\w-]+", need)[0]
        assert name == "toycore" or f"\n{name}==" in tested, need


def test_the_grader_is_the_version_that_graded_the_made_up_class():
    tested = (ROOT / "tests" / "tools" / "classroom-requirements.txt").read_text().split()
    (line,) = of_kind("grader")
    assert line.split()[-1] in tested
    told = [w for line in of_kind("server") for w in line.split() if w.startswith("nbgrader==")]
    assert told == [line.split()[-1]]


@pytest.mark.parametrize("line", of_kind("grading"))
def test_a_step_of_grading_is_one_that_the_made_up_class_takes(line):
    taken = (ROOT / "tests" / "machines" / "test_nbgrader.py").read_text()
    assert f'made.nbgrader("{line.split()[1]}"' in taken


def test_a_server_is_given_files_that_are_there():
    for line in of_kind("server"):
        _, *words = shlex.split(line)
        ours = [w for w in words if w.startswith(("notebooks/", "etc/")) or w.endswith(".txt")]
        assert [path for path in ours if not (ROOT / path).exists()] == []
        known = ("<address>", "uv", "tljh-config", "/usr/local/share/nbgrader/exchange")
        assert ours or any(word in line for word in known)


def test_ci_runs_the_readmes_command_for_the_tests():
    line = next(s for s in (ROOT / "README.md").read_text().splitlines() if "tests/req" in s)
    assert kind(line) == "tests"
    assert "grep -m1 -F 'tests/requirements.txt' README.md" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("name", ["README.md", "README.tr.md"])
def test_the_code_of_the_readme_does_what_it_says(name):
    (source,) = blocks(ROOT / name, "python")
    *lines, last = source.strip().splitlines()
    names: dict = {}
    exec("\n".join(lines), names)
    kl = eval(last, names)
    assert kl.dims == ("kl_beta",)
    assert (kl.diff("kl_beta") < 0).all()


# --- lesson 1, opened ----------------------------------------------------------------------------


# What JupyterLab takes for a browser: it keeps the page that leads to the lesson.
BROWSER = """\
import sys, urllib.request
from pathlib import Path
page = urllib.request.urlopen(sys.argv[1]).read()
Path(__file__).with_name("page.html.new").write_bytes(page)
Path(__file__).with_name("page.html.new").rename(Path(__file__).with_name("page.html"))
"""


@contextmanager
def opened(command: str, folder: Path, cwd: Path = ROOT):
    """The command as it stands; yields what its JupyterLab answers to an address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    browser = folder / "browser.py"
    browser.write_text(BROWSER)
    (folder / "jupyter_server_config.py").write_text(
        f"c.ServerApp.port = {port}\nc.ServerApp.allow_root = True\nc.IdentityProvider.token = ''\n"
        f"c.ServerApp.browser = {shlex.join([sys.executable, str(browser)]) + ' %s'!r}\n"
    )
    places = {f"JUPYTER_{kind}_DIR": str(folder) for kind in ("CONFIG", "DATA", "RUNTIME")}
    before, _, last = command.rpartition("&& ")
    shell = f"{before and before + '&&'} exec {last}"  # so that to end the shell ends the server
    with open(folder / "log.txt", "w") as log:
        server = subprocess.Popen(
            ["bash", "-c", shell], cwd=cwd, env=os.environ | places, stdout=log, stderr=log
        )
    try:
        yield lambda path: answer(f"http://127.0.0.1:{port}{path}", server, folder)
    finally:
        server.terminate()
        server.wait(timeout=60)


def answer(address: str, server: subprocess.Popen, folder: Path, patience: float = 1200) -> str:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        assert server.poll() is None, (folder / "log.txt").read_text()
        try:
            return urllib.request.urlopen(address, timeout=10).read().decode()
        except OSError:
            time.sleep(0.3)
    raise AssertionError((folder / "log.txt").read_text())


def check_lesson_1(ask, command: str, folder: Path) -> None:
    """JupyterLab opens it, and nothing lies beside it but lessons."""
    path = Path(shlex.split(command)[-1])
    there = {one["name"] for one in json.loads(ask("/api/contents"))["content"]}
    assert there == {lesson.name for lesson in (ROOT / path.parent).glob("*.ipynb")}
    assert path.name.startswith("01")
    end = time.monotonic() + 60
    while not (folder / "page.html").exists():
        assert time.monotonic() < end, (folder / "log.txt").read_text()
        time.sleep(0.2)
    assert f"/lab/tree/{path.name}" in (folder / "page.html").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="a command for Linux and macOS")
@pytest.mark.parametrize("line", of_kind("open"))
def test_the_command_opens_lesson_1_with_nothing_but_lessons_beside_it(line, tmp_path):
    here = line.replace(".venv/bin/jupyter", f"{shlex.quote(sys.executable)} -m jupyter")
    with opened(here, tmp_path) as ask:
        check_lesson_1(ask, line, tmp_path)


def possible(line: str) -> bool:
    """Without uv, or where the builds of torch that it takes cannot be reached, its line waits."""
    if not line.startswith("uv "):
        return True
    try:
        urllib.request.urlopen("https://download.pytorch.org/whl/cpu/", timeout=10)
    except OSError:
        return False
    return bool(shutil.which("uv"))


@long
@pytest.mark.skipif(sys.platform == "win32", reason="a command for Linux and macOS")
@pytest.mark.parametrize(
    "line", of_kind("set-up"), ids=lambda line: f"{line.split()[0]} {Path(line).stem}"
)
def test_the_first_command_opens_lesson_1_in_a_fresh_environment(line, tmp_path):
    if not possible(line):
        pytest.skip("no uv, or no way to the builds of torch for CPUs")
    home, settings = copied(tmp_path / "toycore"), tmp_path / "settings"
    settings.mkdir()
    with opened(line, settings, home) as ask:
        check_lesson_1(ask, line, settings)
    python = str(home / ".venv" / "bin" / "python")
    assert run(python, "-c", "import torch; print(torch.__version__)", cwd=home).stdout.strip()
    build = next(s for s in of_kind("script") if "--standalone" in s).split()[1]
    assert run(python, build, "--help", cwd=home).returncode == 0
    missing = run(python, build, cwd=home)
    assert missing.stderr.startswith("jupytext is not installed: ")
    # What the page about uploads says to install.
    extra = next(s for s in of_kind("extra") if s.startswith(".venv"))
    pip = [python, "-m", "pip"] if not line.startswith("uv ") else ["uv", "pip"]
    done = run(*pip, "install", *shlex.split(extra)[2:], cwd=home)
    assert done.returncode == 0, done.stderr
    assert run(python, build, "--check", cwd=home).returncode == 0
