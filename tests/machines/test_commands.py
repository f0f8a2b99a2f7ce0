"""What the pages tell a person to run, and no other test runs: each command as told, but small.

The command is read from its page, and more arguments follow that make it small. What a tool times
is printed, not judged: no number of seconds is looked at here.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Error, sync_playwright

import classroom
import lab_server
from course import NOTEBOOKS, ROOT, copied, long
from told import of_kind
from toycore.bench import growth

TOLD = {line.partition("/python ")[2]: shlex.split(line)[1:] for line in of_kind("script")}
HERE: set[str] = set()
ELSEWHERE = {
    "notebooks/source/build.py": ("lessons/test_build.py", "test_a_build_says_what_to_open"),
    "notebooks/source/build.py --check": (
        "lessons/test_front_door.py",
        "test_the_notebooks_are_checked_by_the_command",
    ),
    "tests/tools/stored_real.py": ("real/test_stored.py", "test_a_run_of_lesson_8_that_is_missing"),
    "-m toycore.real --method grpo --beta 0.5 --seed 0": (
        "real/test_processes.py",
        "test_the_page_says_how_to_start_it",
    ),
}


def runs(line: str):
    """For a long test: it gets the arguments of this line, and is known to run it."""
    HERE.add(line)
    given = pytest.mark.parametrize("told", [TOLD.get(line)], ids=[line])
    return lambda test: long(given(test))


def run(told: list[str], *small: object, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    """From a copy of the repository its own package is run, not the installed one."""
    return subprocess.run(
        [sys.executable, *told, *map(str, small)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(cwd), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=1200,
    )


def printed(told: list[str], *small: object, cwd: Path = ROOT) -> str:
    done = run(told, *small, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(missing: str | None) -> None:
    """Where something is missing the test is skipped; not in .ci/run, which installs everything."""
    if missing and not os.environ.get("NOTHING_IS_MISSING"):
        pytest.skip(missing)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The repository, for commands that write; what npm fetches lies where it always does."""
    folder = copied(tmp_path_factory.mktemp("copy"))
    (folder / "dist").mkdir()
    (ROOT / "dist" / "npm").mkdir(parents=True, exist_ok=True)
    (folder / "dist" / "npm").symlink_to(ROOT / "dist" / "npm")
    return folder


def test_every_script_that_a_page_tells_to_run_is_run():
    assert set(TOLD) == HERE | set(ELSEWHERE)
    for file, name in ELSEWHERE.values():
        assert f"\ndef {name}" in (ROOT / "tests" / file).read_text(encoding="utf-8"), name


def test_every_script_is_told_on_some_page():
    scripts = [path for path in ROOT.glob("[nt]*/**/*.py") if is_script(path)]
    assert len(scripts) >= 8
    lines = [line.split()[:2] for line in TOLD]
    for path in scripts:
        name = path.relative_to(ROOT).as_posix()
        module = name.removesuffix("/__main__.py").replace("/", ".")
        assert any(line[0] == name or line == ["-m", module] for line in lines), name


def is_script(path: Path) -> bool:
    if path.name == "__main__.py":
        return True
    return '\nif __name__ == "__main__":\n' in path.read_text(encoding="utf-8")


# --- how fast it is -------------------------------------------------------------------------------


@runs("-m toycore.bench --repeats 11")
def test_three_rounds_of_the_bench(told, tmp_path):
    """The fewest that have quartiles. Each arm of each table has its row."""
    text = printed(told, "--repeats", 3, "--json", tmp_path / "speed.json")
    result = json.loads((tmp_path / "speed.json").read_text(encoding="utf-8"))
    tables = [result, *result["quantization"], result["growth"]]
    assert len(tables) == text.count("medians and quartiles of 3 rounds") == 8
    for table in tables:
        *arms, again = table["arms"]
        assert again == f"{arms[0]} (again)"
        for arm in table["arms"]:
            assert re.search(rf"^{re.escape(arm)} +[\d.,]+ [mµn]?s ", text, re.MULTILINE), arm
            assert len(table["arms"][arm]["seconds"]) == 3
    cases = [*map(str, growth.cases())]
    assert [*result["growth"]["arms"]][:-1] == [*result["growth"]["peak_mib"]] == cases
    for case in cases:
        assert re.search(rf"^{re.escape(case)} +[\d,]+ MiB$", text, re.MULTILINE), case


@runs("tests/tools/measured.py quantization.sizes")
def test_one_module_is_broken_in_every_small_way(told):
    """Exit code 0: the tests see at least 95% of the changes."""
    needs(None if find_spec("cosmic_ray") else "cosmic-ray is not installed")
    text = printed(told)
    seen, every = map(int, re.search(r": (\d+) of (\d+) changes seen$", text).groups())
    assert text.count("survived: ") == every - seen
    assert every > 20


@runs("tests/tools/slider_latency.py")
def test_three_keys_of_each_slider(told):
    needs(no_chromium())
    text = printed(told, "--keys", 3)
    assert "control, one blank frame at each of 2 presses: 2 of " in text
    row = r"^\| .+ \| \d+ ms \| \d+ ms \| (\d+ of \d+|–) \| (\d+ ms|–) \| -?[\d.]+ \|$"
    (_, *rows) = re.findall(r"^\| [^-].*\|$", text, re.MULTILINE)
    cells = [re.fullmatch(row, line).groups() for line in rows]
    assert [("–" in one) for one in cells] == [False, True, False, False]


def no_chromium() -> str | None:
    with sync_playwright() as playwright:
        try:
            lab_server.launch(playwright).close()
        except Error as error:
            return f"no Chromium here: {error}"
    return None


# --- a class --------------------------------------------------------------------------------------


@runs("tests/tools/classroom.py --learners 30")
def test_a_class_of_two(told):
    """Both saw the stored words, and no kernel died. What it takes is printed; how near that comes
    to the aim is a matter of the machine, and not asked."""
    needs(classroom.missing())
    done = run(told, "--learners", 2, "--neighbours", 0)
    assert beside(done, "the aim is") == []
    sizes = r" \|( \d+ \(\d+\) \|){3}$"
    for kind, count in {"kernel": 2, "server": 2, "hub": 1, "proxy": 1}.items():
        assert re.search(rf"^\| {kind} \| {count}{sizes}", done.stdout, re.MULTILINE), kind
    for what in ("until a server answers, 2 at once", "the lesson, alone", "the lesson, 2 at once"):
        assert re.search(rf"^\| {what} \| [\d.]+ \| ", done.stdout, re.MULTILINE), what


def beside(done: subprocess.CompletedProcess, words: str) -> list[str]:
    """What went wrong, but for what these words say; the exit code tells whether anything did."""
    assert done.returncode == bool(done.stderr)
    return [line for line in done.stderr.splitlines() if words not in line]


@runs("tests/tools/classroom.py --learners 30")
def test_a_sweep_beside_a_busy_process(told):
    """Whether it got its fair share is a matter of time, and not asked."""
    needs(classroom.missing())
    done = run(told, "--learners", 0, "--neighbours", 1)
    for what in ("alone", "beside 1 busy processes", "ratio"):
        assert re.search(rf"^\| {what} \| [\d.]+ \| [\d.]+ \|$", done.stdout, re.MULTILINE), what
    assert beside(done, "its fair share would be") == []


@runs("-m toycore.classroom FOLDER")
def test_a_table_of_two_returned_notebooks(told, tmp_path):
    """As they were given out: nothing is done in them yet."""
    for learner, language in {"ayse": "tr", "ada": "en"}.items():
        stored = ROOT / "notebooks" / language / "04_dpo.ipynb"
        shutil.copy(stored, tmp_path / f"{learner}.ipynb")
    text = printed([str(tmp_path) if word == "FOLDER" else word for word in told])
    assert text.count(".ipynb") == 0  # none is set aside
    table = (tmp_path / "toycore-dpo.csv").read_text(encoding="utf-8-sig")
    assert [line[:4] for line in table.splitlines()[1:]] == ["ada;", "ayse"]
    assert (tmp_path / "toycore-dpo.html").is_file()


# --- what is built --------------------------------------------------------------------------------


def names(language: str) -> list[str]:
    return sorted(path.name for path in NOTEBOOKS if path.parent.name == language)


@runs("notebooks/source/build.py --standalone")
def test_a_file_for_upload_of_each_lesson(told, copy):
    assert printed(told, cwd=copy) == "done: open dist\n"
    for language in ("en", "tr"):
        made = sorted(path.name for path in (copy / "dist" / language).iterdir())
        assert made == names(language)
    assert len([*copy.glob("dist/kaggle/*/*/kernel-metadata.json")]) == len(NOTEBOOKS)


@runs("notebooks/source/build.py --nbgrader")
def test_a_course_for_nbgrader(told, copy):
    assert printed(told, cwd=copy) == "done: open dist/nbgrader\n"
    made = [path.name for path in copy.glob("dist/nbgrader/source/*/*.ipynb")]
    assert sorted(made) == sorted(path.name for path in NOTEBOOKS)
    assert (copy / "dist" / "nbgrader" / "nbgrader_config.py").is_file()


def of_one_lesson(folder: Path) -> list[str]:
    pages = [path for path in folder.glob("??/*.html") if path.stem != "index"]
    return sorted(f"{path.parent.name}/{path.stem}" for path in pages)


FIRST = [f"{language}/{Path(names(language)[0]).stem}" for language in ("en", "tr")]


@runs("notebooks/source/build.py --site")
def test_the_website_of_one_lesson(told, copy):
    needs(None if shutil.which("npm") else "npm is not installed")
    said = printed(told, "01_environment", cwd=copy)
    assert said == "done: open dist/site/index.html\n"
    assert (copy / "dist" / "site" / "index.html").is_file()
    assert of_one_lesson(copy / "dist" / "site") == FIRST


@runs("notebooks/source/build.py --slides")
def test_the_slides_of_one_lesson(told, copy):
    needs(None if shutil.which("npm") else "npm is not installed")
    assert printed(told, "01_environment", cwd=copy) == "done: open dist/slides\n"
    assert of_one_lesson(copy / "dist" / "slides") == FIRST


@runs("tests/support/pictures.py")
def test_the_pictures_of_the_readmes(told, copy):
    """What they show is checked by tests/package/test_plots.py."""
    there = sorted(path.name for path in (ROOT / ".github").iterdir() if path.is_file())
    for name in there:
        (copy / ".github" / name).unlink()
    text = printed(told, cwd=copy)
    made = sorted(path.name for path in (copy / ".github").iterdir() if path.is_file())
    assert made == sorted(line.partition(":")[0] for line in text.splitlines())
    assert made == [name for name in there if name.endswith((".png", ".webp"))] != []
