"""How good the tests are: `tests/tools/measured.py MODULE ...` breaks a module in every small way.

Each change of cosmic-ray (an operator, a number, a comparison) is put in the module's place in a
process of its own, and the tests of that module are run. A change that no test sees has survived,
and is printed. No file is written. Minutes to an hour a module, which is one of MODULES; or
coverage: the share of toycore's branches that the tests reach without kernels and browsers. Needs
Linux or macOS, and tests/tools/measured-requirements.txt.
"""

import argparse
import difflib
import importlib
import importlib.util
import os
import resource
import signal
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = {path.stem.removeprefix("test_"): path for path in ROOT.glob("tests/*/test_*.py")}
# The tests that know most of a module come first: most changes do not outlive them.
TRAINED = ("settings", "limits", "guards", "losses", "written_plainly", "training", "bad_input")
MODULES = {
    "engine.guards": ("guards", "bad_input", "settings", "limits"),
    "engine.noise": ("limits", "guards", "losses", "written_plainly", "training"),
    "engine.optim": ("limits", "written_plainly", "training", "interrupts"),
    "exact": ("limits", "exact", "guards"),
    "model": ("model", "layers_kept", "wrong_layers", "guards", "written_plainly", "training"),
    "sft": TRAINED,
    "ppo": (*TRAINED, "wrong_variants"),
    "dpo": (*TRAINED, "wrong_variants"),
    "quantization.layers": (
        "layers",
        "replace",
        "rounding",
        "wrong_quantization",
        "libraries",
    ),
    "quantization.replace": ("replace", "layers", "libraries"),
    "quantization.sizes": ("sizes", "libraries"),
}
SLOW = ("site", "browser", "race", "bundles", "live", "build", "other_machines", "slides", "storm")
# For one change: an endless loop, a wait without end, a table without end.
LIMIT_CPU_S, LIMIT_S, LIMIT_BYTES = 120, 1200, 8 << 30
# Loaded once, before the processes part: all that the tests load, but for toycore itself.
LIBRARIES = (
    "torch pytest hypothesis xarray ipywidgets nbclient matplotlib.figure playwright.sync_api"
)


def pytest_arguments(names) -> list[str]:
    plain = ["-qx", "--assert=plain", "-oaddopts=", "-pno:cacheprovider", "-pno:nbval"]
    return [*plain, *(str(FILES[name]) for name in names)]


class Changed(SourceFileLoader):
    """Finds and loads one module of the package with other source than its file has."""

    def __init__(self, name: str, path: Path, source: str):
        super().__init__(name, str(path))
        self.source = source

    def find_spec(self, name, path=None, target=None):
        if name == self.name:
            return importlib.util.spec_from_file_location(name, self.path, loader=self)
        return None

    def get_data(self, path):
        return self.source.encode()

    def path_stats(self, path):
        raise OSError  # so that no bytecode is looked for, or left behind


def path_of(module: str) -> Path:
    return ROOT / "toycore" / f"{module.replace('.', '/')}.py"


def begin(module: str, source: str, quiet: bool = True) -> int:
    """Start the module's tests with this source in its place; the id of their process."""
    child = os.fork()
    if child:
        return child
    signal.alarm(LIMIT_S)
    for limit, most in ((resource.RLIMIT_CPU, LIMIT_CPU_S), (resource.RLIMIT_AS, LIMIT_BYTES)):
        resource.setrlimit(limit, (most, most))
    if quiet:
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    sys.meta_path.insert(0, Changed(f"toycore.{module}", path_of(module), source))
    outcome = 1
    try:
        import pytest

        outcome = int(pytest.main(pytest_arguments(MODULES[module])))
    finally:
        os._exit(outcome)


def changes(source: str):
    """Every (operator's name, source with one change of it)."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    for name in sorted(operator_names()):
        if get_operator(name).arguments():
            continue  # needs names to put in each other's place
        for occurrence in count():
            changed = mutate_code(source, get_operator(name)(), occurrence)
            if changed is None:
                break
            yield name, changed


def mutate(module: str, jobs: int) -> float:
    """The share of the module's changes that its tests see; the others are printed."""
    source = path_of(module).read_text(encoding="utf-8")
    if os.waitstatus_to_exitcode(os.waitpid(begin(module, source, quiet=False), 0)[1]) != 0:
        raise SystemExit(f"the tests of {module} must pass before it is broken")
    running, outcomes = {}, []

    def wait() -> None:
        child, status = os.wait()
        name, changed = running.pop(child)
        outcomes.append(os.waitstatus_to_exitcode(status) != 0)
        if not outcomes[-1]:
            lines = difflib.unified_diff(source.split("\n"), changed.split("\n"), n=1, lineterm="")
            print(f"survived: {name}", *list(lines)[2:], sep="\n", flush=True)

    for change in changes(source):
        if len(running) == jobs:
            wait()
        running[begin(module, change[1])] = change
    while running:
        wait()
    print(f"{module}: {sum(outcomes)} of {len(outcomes)} changes seen", flush=True)
    return sum(outcomes) / len(outcomes)


def cover() -> None:
    ignored = [f"--ignore-glob=tests/*/test_{name}*" for name in SLOW]
    run = ["-m", "coverage", "run", "--branch", "--source=toycore", "-m", "pytest"]
    arguments = [*pytest_arguments(()), "tests", *ignored]
    subprocess.run([sys.executable, *run, *arguments], cwd=ROOT, check=True)
    report = ["-m", "coverage", "report", "--skip-covered", "-m", "--fail-under=95"]
    subprocess.run([sys.executable, *report], cwd=ROOT, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("measures", nargs="+", choices=[*MODULES, "coverage"], metavar="MEASURE")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if not importlib.util.find_spec("cosmic_ray"):
        parser.error("cosmic-ray is missing: pip install -r tests/tools/measured-requirements.txt")
    if "coverage" in options.measures:
        cover()
    os.environ["TQDM_DISABLE"] = "1"
    sys.path[:0] = [str(ROOT), str(ROOT / "notebooks" / "source")]
    for library in LIBRARIES.split():
        importlib.import_module(library)
    sys.modules["torch"].set_num_threads(1)
    os.chdir(ROOT)
    shares = [mutate(module, options.jobs) for module in options.measures if module in MODULES]
    return 0 if min(shares, default=1.0) >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
