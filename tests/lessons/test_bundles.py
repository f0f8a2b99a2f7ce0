"""Upload bundles: what is in them, where they say they can be opened, and that each runs alone.

The runs need environments without the repository: `.venv-colab` and `.venv-kaggle` beside `.venv`,
made from tests/versions/*.txt as `.ci/run` does; others of the form `.venv-NAME` are taken too.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
import torch
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

import toycore as tc
from builder import bundle, links, predict, work
from builder.execution import TIMEOUT
from builder.lesson import files_of
from builder.stored import stale
from course import COURSE, NOTEBOOKS, ONCE, ROOT, long, said
from preludes import BARS_AT_ONCE, nudged
from slider_texts import DUE, PROBE
from words import WORDS

HAVE_THE_REPOSITORY = {".venv-real", ".venv-class"}
FOUND = {path.name for path in ROOT.glob(".venv-*")} - HAVE_THE_REPOSITORY
ENVIRONMENTS = sorted(FOUND | {".venv-colab", ".venv-kaggle"})
WHERE = "import os, toycore; print(toycore.__file__, os.listdir())"
OF_ALL = (predict.OVERVIEW, "summary")  # cells that tell how all of the predictions went
ANOTHER_PLACE = {
    "LC_ALL": "C",
    "TZ": "America/New_York",
    "PYTHONHASHSEED": "2",
}
ASKS_FOR_THE_NETWORK = """
import urllib.request
urllib.request.urlopen("http://192.0.2.1", timeout=5)
"""


@pytest.fixture(scope="module")
def files():
    """Every file of dist/tr, dist/en and dist/kaggle."""
    return bundle.bundles(COURSE)


def names(path):
    return f"{path.parent.name}/{path.stem}"


# --- what is in a bundle --------------------------------------------------------------------------


def test_a_bundle_is_the_stored_notebook_with_the_package_under_its_title(files):
    for path in NOTEBOOKS:
        stored = nbformat.read(path, as_version=4)
        found = nbformat.reads(files[f"{names(path)}.ipynb"].decode(), as_version=4)
        package = found.cells.pop(2)
        assert package.metadata == {
            "jupyter": {"source_hidden": True},  # JupyterLab
            "cellView": "form",  # Colab
            "_kg_hide-input": True,  # Kaggle
        }
        assert package.source.startswith(f"# @title toycore {tc.__version__}: ")
        assert package.outputs == []
        assert found.cells[1].source.endswith(WORDS[path.parent.name]["alone"])
        found.cells[1].source = stored.cells[1].source
        for cell in filter(predict.is_folded, stored.cells):  # it would give a prediction away
            assert cell.outputs or "nbval-ignore-output" in cell.metadata.get("tags", ()), cell.id
            cell.outputs = []
        assert found == stored


def test_a_bundle_is_small_valid_and_without_the_state_of_widgets(files):
    for name, data in files.items():
        if name.endswith(".ipynb"):
            notebook = nbformat.reads(data.decode(), as_version=4)
            nbformat.validate(notebook)
            assert "widgets" not in notebook.metadata
            assert len(data) < 1_500_000


@pytest.mark.parametrize(("name", "stored"), [("tr/01_ortam", False), ("tr/08_gercek_model", True)])
def test_the_package_in_a_bundle_is_the_package_file_by_file(name, stored, files, tmp_path):
    """What was measured for lesson 8 is in its bundle alone."""
    notebook = nbformat.reads(files[f"{name}.ipynb"].decode(), as_version=4)
    source = notebook.cells[2].source.replace('"toycore" not in sys.modules', "True")
    source = source.replace("importlib.metadata.version", "(lambda _: None)")  # another version
    told = "\nimport json; print(json.dumps(sys.path[0]))\ninput()"
    (tmp_path / "cell.py").write_text(source + told, encoding="utf-8")
    command = [sys.executable, "cell.py"]
    with subprocess.Popen(command, stdin=-1, stdout=-1, cwd=tmp_path, text=True) as python:
        folder = Path(json.loads(python.stdout.readline()))
        found = {p.relative_to(folder): p.read_text("utf-8") for p in files_of(folder)}
        python.communicate("\n")
    due = {p.relative_to(ROOT): p.read_text("utf-8") for p in files_of(ROOT / "toycore")}
    data = Path("toycore", "real", "stored.json")
    assert found == {path: text for path, text in due.items() if stored or path != data}
    assert not folder.exists(), "it is not cleared away"


def test_an_installed_package_of_this_version_is_used(files, tmp_path):
    notebook = nbformat.reads(files["en/01_environment.ipynb"].decode(), as_version=4)
    told = "\nimport toycore; print(toycore.__file__)"
    (tmp_path / "cell.py").write_text(notebook.cells[2].source + told, encoding="utf-8")
    command = [sys.executable, tmp_path / "cell.py"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.strip() == tc.__file__


def package_cell_ran(cell: str, folder: Path, before: str = "") -> subprocess.CompletedProcess:
    """The cell in an interpreter of its own that has no toycore but this, and says where it is."""
    told = "\nimport toycore; print(toycore.__file__)"
    (folder / "cell.py").write_text(before + cell + told, encoding="utf-8")
    command = [sys.executable, "-S", folder / "cell.py"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def tiny(tmp_path) -> str:
    """The cell of a package of one file."""
    (tmp_path / "toycore").mkdir()
    (tmp_path / "toycore" / "__init__.py").write_text('__version__ = "9"\n', encoding="utf-8")
    cell = bundle.package_cell(tmp_path / "toycore", "title")
    shutil.rmtree(tmp_path / "toycore")
    return cell


def test_what_is_left_of_a_package_that_is_gone_does_not_pass_for_it(tiny, tmp_path):
    left = tmp_path / "toycore-9.dist-info"
    left.mkdir()
    (left / "METADATA").write_text("Metadata-Version: 2.1\nName: toycore\nVersion: 9\n")
    (tmp_path / "toycore" / "__pycache__").mkdir(parents=True)  # and a folder without a module
    done = package_cell_ran(tiny, tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tempfile.gettempdir())


FULL = """
import errno, pathlib
def full(*_, **__): raise OSError(errno.ENOSPC, "No space left on device")
pathlib.Path.write_text = full
"""
MISSING = """
import tempfile
tempfile._candidate_tempdir_list = lambda: []
"""


@pytest.mark.parametrize("before", [FULL, MISSING], ids=["full", "missing"])
def test_a_temporary_folder_that_cannot_be_used_is_told_in_one_sentence(before, tiny, tmp_path):
    done = package_cell_ran(tiny, tmp_path, before)
    last = done.stderr.splitlines()[-1]
    assert "toycore needs a temporary folder with a megabyte of free space: " in last
    assert "During handling" not in done.stderr


def test_three_quotes_in_the_package_are_refused(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("A = '''text'''\n")
    with pytest.raises(work.LessonError, match=r"package/__init__\.py"):
        bundle.package_cell(package, "title")


def test_no_bundle_is_made_of_a_stale_notebook(monkeypatch):
    monkeypatch.setattr(bundle, "stale", lambda _: ["en/01.ipynb: it is not built"])
    with pytest.raises(work.LessonError, match=r"en/01\.ipynb: it is not built"):
        bundle.bundles(COURSE)


def test_writing_leaves_no_old_bundle_and_nothing_else_is_touched(tmp_path):
    for name in ("tr/old.ipynb", "site/index.html"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("old")
    bundle.write({"tr/new.ipynb": b"new"}, tmp_path)
    assert [p.name for p in (tmp_path / "tr").iterdir()] == ["new.ipynb"]
    assert (tmp_path / "site/index.html").read_text() == "old"


# --- Kaggle's metadata, by the fields that its command line documents -----------------------------

FLAGS = {"is_private": "true", "enable_gpu": "false", "enable_internet": "false"}
SOURCES = {f"{kind}_sources": [] for kind in ("dataset", "competition", "kernel", "model")}


def test_kaggle_gets_each_notebook_with_the_fields_it_documents(files):
    slugs = set()
    for path in NOTEBOOKS:
        folder = f"kaggle/{names(path)}"
        found = json.loads(files[f"{folder}/kernel-metadata.json"])
        owner, slug = found.pop("id").split("/")
        title = found.pop("title")
        assert owner == "INSERT_OWNER_HERE"
        assert slug == title.lower().replace(" ", "-")
        assert len(title) in range(5, 51)
        assert re.fullmatch(r"[a-z0-9-]+", slug)
        slugs.add(slug)
        code = {"code_file": path.name, "language": "python", "kernel_type": "notebook"}
        assert found == code | FLAGS | SOURCES
        assert files[f"{folder}/{path.name}"] == files[f"{names(path)}.ipynb"]
    assert len(slugs) == len(NOTEBOOKS)


# --- where a notebook says that it can be opened --------------------------------------------------


@pytest.fixture
def clone(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/ada/toy.core.git", "ada/toy.core"),
        ("https://github.com/ada/toycore", "ada/toycore"),
        ("git@github.com:ada/toycore.git", "ada/toycore"),
        ("ssh://git@github.com/ada/toycore.git", "ada/toycore"),
        ("https://example.org/ada/toycore.git", None),
        ("/somewhere/ada/toycore", None),
    ],
)
def test_the_address_is_that_of_the_git_remote(clone, remote, address):
    subprocess.run(["git", "-C", clone, "remote", "add", "origin", remote], check=True)
    assert links.repository(clone) == address


def test_the_address_is_githubs_own_word_first(clone, monkeypatch):
    assert links.repository(clone) is None
    monkeypatch.setenv("GITHUB_REPOSITORY", "ada/toycore")
    assert links.repository(clone) == "ada/toycore"


@pytest.mark.parametrize("language", ["tr", "en"])
def test_with_an_address_there_are_links_and_without_one_there_is_none(language):
    for bundled in (True, False):
        assert "](" not in links.line(language, "03_ppo", None, bundled)
        found = re.findall(r"\]\((.+?)\)", links.line(language, "03_ppo", "a/b", bundled))
        bundle = f"github.com/a/b/blob/bundles/{language}/03_ppo.ipynb"
        assert found == [
            f"https://colab.research.google.com/{bundle.replace('.com', '', 1)}",
            f"https://kaggle.com/kernels/welcome?src=https://{bundle}",
            f"https://mybinder.org/v2/gh/a/b/HEAD?labpath=notebooks/{language}/03_ppo.ipynb",
        ]


def test_a_clone_at_another_address_is_not_stale(monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "somebody/else")
    assert stale(COURSE) == []


# --- each runs alone, in other versions, without the network --------------------------------------


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def kernel(request, tmp_path_factory):
    """A kernel manager's arguments for an environment, whose kernels have no network."""
    python = ROOT / request.param / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        pytest.skip(f"no environment {request.param}")
    folder = tmp_path_factory.mktemp("kernels") / "elsewhere"
    folder.mkdir()
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": request.param,
        "language": "python",
        "env": ANOTHER_PLACE | {"PYTHONPATH": str(ROOT / "tests/versions/refuse")},
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    return KernelSpecManager(kernel_dirs=[str(folder.parent)], ensure_native_kernel=False)


def run_elsewhere(kernel, notebook, folder):
    try:
        return run_once(kernel, notebook, folder)
    except RuntimeError as error:
        # Two kernels that start at the same moment may be given the same port: one of them dies.
        if "before replying to kernel_info" not in str(error):
            raise
        return run_once(kernel, notebook, folder)


def run_once(kernel, notebook, folder):
    manager = AsyncKernelManager(kernel_name="elsewhere", kernel_spec_manager=kernel)
    resources = {"metadata": {"path": str(folder)}}
    options = {"resources": resources, "timeout": TIMEOUT, "coalesce_streams": True}
    try:
        return NotebookClient(notebook, km=manager, kernel_name="elsewhere", **options).execute()
    finally:  # a client ends only a kernel whose manager it made itself
        asyncio.run(manager.shutdown_kernel(now=True))


# Each lesson once, now here, now there; all else is long. Each run has rounding errors of its own.
def run(place: int, path: Path):
    short = path in ONCE[place :: len(ENVIRONMENTS)]
    name = f"{ENVIRONMENTS[place][6:]}-{names(path)}"
    draw = place * len(NOTEBOOKS) + NOTEBOOKS.index(path)
    return pytest.param(ENVIRONMENTS[place], path, draw, id=name, marks=[] if short else [long])


RUNS = [run(place, path) for place in range(len(ENVIRONMENTS)) for path in NOTEBOOKS]


def test_the_noise_reaches_the_last_bits_of_every_weight(monkeypatch):
    before = tc.ToyLM([0])
    for name in ("uniform_", "normal_"):  # given back afterwards
        monkeypatch.setattr(torch.Tensor, name, getattr(torch.Tensor, name))
    exec(nudged(1), {})
    after = tc.ToyLM([0])
    for (name, old), new in zip(before.named_parameters(), after.parameters(), strict=True):
        if name != "head.lora_B":  # zero at the start
            assert 0 < ((new - old) / old).abs().max() < 1e-14, name


def answered(notebook, letter: str) -> dict[str, list[str]]:
    """What the calls and the reveals of a stored notebook say if all are answered so."""
    due, found = {}, said(notebook)
    for cell in notebook.cells:
        if predict.tagged(cell, predict.TAG):
            prediction = predict.read(cell)
            prediction.guess = letter
            due[cell.id] = [repr(prediction)]
        elif predict.tagged(cell, predict.REVEAL):
            told = repr(predict.revealed(prediction, cell))
            due[cell.id] = [*found[cell.id][:-1], told]
    return due


@pytest.fixture(scope="module")
def seen() -> dict:
    """By lesson and language, what its sliders showed in the environment that ran it first."""
    return {}


@pytest.mark.parametrize(("kernel", "path", "draw"), RUNS, indirect=["kernel"])
def test_a_bundle_runs_alone_and_says_what_the_stored_notebook_says(
    kernel, files, path, draw, tmp_path, seen
):
    """Though bars appear at once, and every starting weight is rounded otherwise; in every other
    run each prediction is answered, and told whether rightly."""
    notebook = nbformat.reads(files[f"{names(path)}.ipynb"].decode(), as_version=4)
    stored = nbformat.read(path, as_version=4)
    due = said(stored)
    if draw % 2:
        due |= answered(stored, "a")
        for tag in OF_ALL:
            del due[next(c.id for c in stored.cells if predict.tagged(c, tag))]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
        if draw % 2 and predict.tagged(cell, predict.TAG):
            cell.source = cell.source.replace('"?"', '"a"')
    before = new_code_cell(BARS_AT_ONCE + nudged(draw), id="before")
    notebook.cells.insert(3, before)  # the package stands in the cell before
    notebook.cells += [new_code_cell(PROBE, id="probe"), new_code_cell(WHERE, id="where")]
    found = said(run_elsewhere(kernel, notebook, tmp_path))
    ((told,), (probed,)) = (found.pop(cell) for cell in ("where", "probe"))
    assert found.pop("toycore") == found.pop("before") == []
    of_all = [told for cell, told in found.items() if cell not in due]
    assert {cell: told for cell, told in found.items() if cell in due} == due
    assert len(of_all) == len(OF_ALL) * (draw % 2)
    assert re.search(r"toycore-\w+.toycore.__init__\.py \[\]$", told.strip()), told
    moved = json.loads(probed)["told"]
    slides = DUE[path.stem[:2]](path.parent.name)
    assert [move[:2] for move in moved] == [[name, label] for name, label, _ in slides]
    for (_, _, phrases), (_, label, alt, shown, _) in zip(slides, moved, strict=True):
        assert shown, f"at {label} the view holds another picture"
        assert [phrase for phrase in phrases if phrase not in alt] == [], (label, alt)
    told = [alt for _, _, alt, _, _ in moved]
    assert seen.setdefault(names(path), told) == told


def test_the_network_is_closed_to_a_bundle(kernel, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[new_code_cell(ASKS_FOR_THE_NETWORK)])
    with pytest.raises(Exception, match="the network is closed"):
        run_elsewhere(kernel, notebook, tmp_path)
