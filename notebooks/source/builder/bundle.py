"""Upload bundles: each lesson as one file that runs alone, without a network or an installation.

    dist/tr, dist/en    the notebooks, with the package in a collapsed cell under the title
    dist/kaggle         the same, each in a folder for `kaggle kernels push`

The package is in the cell as it is, to be read. It is written to a temporary folder and
imported from there, unless the same version is installed. The outputs are those of the stored
notebooks, which must be current; what would give a prediction away is left out.
"""

import copy
import json
import re
from pathlib import Path

import nbformat

from builder import links, predict
from builder.folder import replace
from builder.lesson import LANGUAGES, LessonError, files_of, text_of
from builder.plan import Course
from builder.stored import read, stale, to_bytes
from words import WORDS

LIMIT = 1_500_000  # bytes of a bundle
OWNER = "INSERT_OWNER_HERE"  # the one thing to fill in before a push to Kaggle
CELL = '''\
# @title toycore {version}: {title} {{ display-mode: "form" }}
import atexit
import importlib.metadata
import importlib.util
import pathlib
import shutil
import sys
import tempfile


def is_installed(version):
    """Whether this version of toycore is here; its metadata may outlive the package itself."""
    spec = importlib.util.find_spec("toycore")
    try:
        return bool(spec and spec.origin) and importlib.metadata.version("toycore") == version
    except importlib.metadata.PackageNotFoundError:
        return False


def unpacked(files):
    """The temporary folder that holds these files until Python ends."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="toycore-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def provide_toycore(version, files):
    """Import toycore from here, unless this version of it is installed."""
    if is_installed(version):
        return
    try:
        sys.path.insert(0, str(unpacked(files)))
    except OSError as error:
        needs = "toycore needs a temporary folder with a megabyte of free space"
        raise OSError(f"{{needs}}: {{error}}") from None


if "toycore" not in sys.modules:
    provide_toycore({version!r}, {{
{files}
    }})
'''


def bundles(course: Course) -> dict[str, bytes]:
    """Every file of dist/tr, dist/en and dist/kaggle by its path."""
    if faults := stale(course):
        raise LessonError("\n".join([*faults, "build the notebooks first: bundles are copies"]))
    files = {}
    for path in sorted(path for k in LANGUAGES for path in (course.output / k).glob("*.ipynb")):
        language, name = path.parent.name, path.stem
        data = bundle(course, path, read(path))
        files[f"{language}/{name}.ipynb"] = data
        folder = f"kaggle/{language}/{name}"
        files[f"{folder}/{name}.ipynb"] = data
        files[f"{folder}/kernel-metadata.json"] = kaggle_metadata(language, name)
    return files


def bundle(course: Course, path: Path, stored) -> bytes:
    """The stored notebook with the package's cell under its title and the line of links."""
    notebook, language = copy.deepcopy(stored), path.parent.name
    title, where, *rest = notebook.cells
    address = links.repository(course.output)
    where.source = links.line(language, path.stem, address, bundled=True)
    # Lesson 8's stored runs are a quarter of a megabyte, which no other lesson needs.
    uses_runs = any("tc.real" in cell.source for cell in rest)
    source = package_cell(course.package, WORDS[language]["package"], uses_runs)
    cell = nbformat.v4.new_code_cell(source, id="toycore", metadata=copy.deepcopy(links.HIDDEN))
    for told in filter(predict.is_folded, rest):  # Colab and Kaggle would show it at once
        told.outputs = []
    notebook.cells = [title, where, cell, *rest]
    data = to_bytes(notebook)
    if len(data) > LIMIT:
        raise LessonError(f"{language}/{path.name}: {len(data):,} bytes, more than {LIMIT:,}")
    return data


def package_cell(package: Path, title: str, with_data: bool = True) -> str:
    """The cell that holds the package's code, and its data too unless told otherwise."""
    found = [path for path in files_of(package) if with_data or path.suffix != ".json"]
    texts = {path.relative_to(package.parent).as_posix(): text_of(path) for path in found}
    if quoted := [name for name, text in texts.items() if "'''" in text]:
        raise LessonError(f"''' would end the string that holds {', '.join(quoted)}")
    files = "\n".join(f"\"{name}\": r'''{text}'''," for name, text in texts.items())
    top = texts[f"{package.name}/__init__.py"]
    (version,) = re.findall(r'^__version__ = "(.+)"$', top, re.MULTILINE)
    return CELL.format(version=version, title=title, files=files)


def kaggle_metadata(language: str, name: str) -> bytes:
    """Kaggle ties the slug to the title: lower case, dashes for spaces."""
    title = f"toycore {name.replace('_', ' ')} {language}"
    fields = {
        "id": f"{OWNER}/{title.replace(' ', '-')}",
        "title": title,
        "code_file": f"{name}.ipynb",
        "language": "python",
        "kernel_type": "notebook",
        "is_private": "true",
        "enable_gpu": "false",
        "enable_internet": "false",
        "dataset_sources": [],
        "competition_sources": [],
        "kernel_sources": [],
        "model_sources": [],
    }
    return (json.dumps(fields, indent=2) + "\n").encode()


def write(files: dict[str, bytes], dist: Path) -> None:
    """The folders tr, en and kaggle hold these files and no others."""
    tops = {}
    for name, data in files.items():
        top, _, inside = name.partition("/")
        tops.setdefault(top, {})[inside] = data
    for top, held in tops.items():
        replace(dist / top, held)
