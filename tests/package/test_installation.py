"""What installs lesson 8's libraries where the learner asked for it: never torch. No pip runs here.

That the versions fit together, and PEFT beside a real torchao, is seen in tests/real/.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import toycore as tc
from course import ROOT
from toycore.real import install, installation, libraries

PINS = [f"{name}=={version}" for name, version in libraries.PINNED.items()]
OPTIONS = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


class Pip:
    """Stands in for subprocess.run; afterwards these versions are installed."""

    def __init__(self, monkeypatch):
        self.calls, self.fails, self.versions, self.becomes = [], None, {}, {}
        self.modules = {}  # what is imported → of which package
        monkeypatch.setattr(installation.subprocess, "run", self.run)
        monkeypatch.setattr(installation.metadata, "version", self.version)
        monkeypatch.setattr(
            installation.metadata,
            "packages_distributions",
            lambda: {module: [name] for module, name in self.modules.items()},
        )

    def run(self, command, **_):
        self.calls.append(command)
        if isinstance(self.fails, OSError):
            raise self.fails
        if self.fails is not None:
            return SimpleNamespace(returncode=1, stderr=self.fails)
        self.versions |= self.becomes
        return SimpleNamespace(returncode=0, stderr="ERROR: resolver, about somebody else's\n")

    def version(self, name: str) -> str:
        if name in self.versions:
            return self.versions[name]
        raise installation.metadata.PackageNotFoundError(name)


@pytest.fixture
def pip(monkeypatch) -> Pip:
    return Pip(monkeypatch)


# --- which versions -------------------------------------------------------------------------------


def test_what_is_installed_is_what_the_numbers_were_measured_with():
    text = (ROOT / "tests" / "versions" / "real.txt").read_text(encoding="utf-8")
    tested = [line for line in text.splitlines() if re.match(r"\w", line)]
    torch, *others = tested
    assert torch.startswith("torch==")
    assert others == PINS


def test_the_extra_allows_what_the_guard_allows():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = project["optional-dependencies"]["real"]
    assert {one for one in allowed if one.partition(">")[0] in libraries.NEEDED} == {
        f"{name}>={version}" for name, version in libraries.NEEDED.items()
    }
    assert [one.partition(">")[0] for one in allowed] == [*libraries.PINNED]
    for name, pinned in libraries.PINNED.items():
        least = next(one for one in allowed if one.startswith(f"{name}>=")).partition(">=")[2]
        assert pinned.startswith(f"{least}.")
    assert libraries.NEEDED == {"transformers": "5.23", "peft": "0.21", "trl": "1.16"}


# --- the command ----------------------------------------------------------------------------------


def test_pip_is_asked_for_the_pinned_versions_and_no_more(pip, capsys):
    install()
    assert pip.calls == [[sys.executable, *OPTIONS, *PINS]]
    assert not any(re.match(r"torch\b", word) for word in pip.calls[0])
    assert capsys.readouterr().out.splitlines() == [
        f"To be installed: {', '.join(PINS)}. torch stays as it is.",
        "Installed.",
    ]


@pytest.mark.parametrize(
    ("torchao", "replaced"),
    [("0.9.0", True), ("0.10.0+cpu", True), ("0.15.2", True), ("0.16.0", False), ("1.0", False)],
)
def test_torchao_is_replaced_where_an_old_one_is(torchao, replaced, pip, capsys):
    pip.versions = {"torchao": torchao, "torch": "2.11.0"}
    install()
    extra = [f"torchao=={installation.TORCHAO}"] if replaced else []
    assert pip.calls == [[sys.executable, *OPTIONS, *PINS, *extra]]
    assert ("torchao" in capsys.readouterr().out) == replaced


def test_what_will_be_done_is_said_before(pip, capsys, monkeypatch):
    said = []
    monkeypatch.setattr(installation, "pip", lambda *_: said.append(capsys.readouterr().out))
    install("tr")
    assert said == [f"Kurulacak: {', '.join(PINS)}. torch olduğu gibi kalır.\n"]
    assert capsys.readouterr().out == "Kuruldu.\n"


# --- what comes of it -----------------------------------------------------------------------------

TOLD = (
    "WARNING: retrying\nERROR: No version of trl\nERROR: No match for trl==1.16.0\n\n[notice] x\n"
)


@pytest.mark.parametrize(
    ("fails", "due"),
    [
        (TOLD, "ERROR: No match for trl==1.16.0"),
        ("/usr/bin/python: No module named pip\n", "/usr/bin/python: No module named pip"),
        ("", "1"),
        (OSError("no such program"), "no such program"),
    ],
)
def test_a_failure_is_one_sentence_and_no_traceback(fails, due, pip, capsys):
    pip.fails = fails
    for language, said in (("tr", "Kurulamadı. pip'in dediği:"), ("en", "Not installed. What")):
        install(language)
        _, last = capsys.readouterr().out.splitlines()
        assert last.startswith(said)
        assert last.endswith(f": {due}")


def test_what_was_imported_before_it_was_replaced_needs_a_new_kernel(pip, capsys, monkeypatch):
    """pandas imports pyarrow, which datasets replaces: nobody has imported a library of ours."""
    for module in ("pyarrow", "fsspec"):
        monkeypatch.setitem(sys.modules, module, SimpleNamespace())
    monkeypatch.delitem(sys.modules, "peft", raising=False)
    pip.modules = {"pyarrow": "pyarrow", "fsspec": "fsspec", "peft": "peft"}
    pip.versions = {"pyarrow": "18.1.0", "fsspec": "2026.1", "peft": "0.17.0"}
    pip.becomes = {"pyarrow": "25.0.0", "peft": "0.21.2"}
    install("tr")
    due = "yeniden başlat ve dersi baştan çalıştır; eskisi bellekte kaldı: pyarrow."
    assert capsys.readouterr().out.splitlines()[-1] == f"Çekirdeği (kernel) {due}"
    install()
    assert capsys.readouterr().out.splitlines()[-1] == "Installed."  # there is nothing new


def test_which_packages_are_imported_is_seen_as_it_is_here():
    here = installation.imported()
    assert here["torch"] == installation.metadata.version("torch")
    assert "pip" not in here or "pip" in sys.modules


# --- nowhere else ---------------------------------------------------------------------------------


def test_nothing_of_the_package_calls_it():
    package = Path(tc.__file__).parent
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        names = {ast.unparse(call.func).rpartition(".")[2] for call in calls}
        assert "install" not in names, path.name
        assert path.name == "installation.py" or '"pip"' not in text, path.name
