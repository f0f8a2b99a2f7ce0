"""Imports run one way, and what is slow to import loads when it is first needed."""

import ast
import graphlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import toycore as tc

PACKAGE = Path(tc.__file__).parent
# A module may import from the layers before its own, never from its own or a later one.
LAYERS = (
    {"errors"},
    {"engine", "language"},
    {"world", "exact", "glossary", "progress", "quantization"},
    {"model", "group_optimum"},
    {"run"},
    {"sft"},
    {"start"},
    {
        "ppo",
        "dpo",
        "reward_model",
        "grpo",
        "length",
        "toycore",
    },  # `import toycore` itself brings everything up to here
    {"broken", "real"},
    {"plots", "bench"},
    {"widgets"},
    {"checks"},
    {"classroom"},
)
LAYER = {name: depth for depth, names in enumerate(LAYERS) for name in names}
LAZY = ("matplotlib", "ipywidgets", "pandas", "xarray", "torch._dynamo")
LAZY += ("sympy", "jinja2", "nbformat", "transformers", "peft", "trl", "datasets", "accelerate")


def sources() -> list[tuple[str, str, str]]:
    """Module (a folder counts as one), path and text of every file of the package."""
    paths = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]
    return [(p.parts[0].removesuffix(".py"), str(p), (PACKAGE / p).read_text()) for p in paths]


SOURCES = [source for source in sources() if source[0] != "__init__"]
MODULES = {module for module, _, _ in SOURCES}
each_file = pytest.mark.parametrize(
    ("module", "source"), [(m, s) for m, _, s in SOURCES], ids=[path for _, path, _ in SOURCES]
)


def imported(tree: ast.AST) -> set[str]:
    """Every name that a tree imports, dotted in full: a, a.b and, for `from a import b`, a.b."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def neighbours(source: str) -> set[str]:
    """The modules of the package that a file imports, wherever in the file."""
    names = [name.split(".") for name in imported(ast.parse(source))]
    inside = {name[1] if len(name) > 1 else "" for name in names if name[0] == "toycore"}
    return {name if name in MODULES else "toycore" for name in inside}


def outsiders(tree: ast.AST) -> set[str]:
    return {name.split(".")[0] for name in imported(tree)}


def at_import_time(source: str) -> ast.Module:
    """What runs when a file is imported: not the functions, not `if TYPE_CHECKING`."""

    class Prune(ast.NodeTransformer):
        def visit_FunctionDef(self, node):
            return None

        def visit_If(self, node):
            checking = ast.unparse(node.test).endswith("TYPE_CHECKING")
            return None if checking else self.generic_visit(node)

    return Prune().visit(ast.parse(source))


def check_one_way(module: str, source: str) -> None:
    assert module in LAYER, "a new module: give it a layer"
    later = {n for n in neighbours(source) - {module} if LAYER[n] >= LAYER[module]}
    assert not later, f"{module} imports {later}, of its own layer or a later one"


def check_outsiders(module: str, source: str) -> None:
    tree = ast.parse(source)
    assert "matplotlib" not in outsiders(tree) or module == "plots"
    assert "ipywidgets" not in outsiders(tree) or module == "widgets"
    assert "pyplot" not in {part for name in imported(tree) for part in name.split(".")}
    assert "xarray" not in outsiders(at_import_time(source))


@each_file
def test_a_module_imports_from_earlier_layers_only(module, source):
    check_one_way(module, source)


@each_file
def test_only_plots_draws_only_widgets_has_widgets_and_xarray_waits(module, source):
    check_outsiders(module, source)


def test_no_file_needs_itself():
    """Folders run one way by the test above; inside a folder, files must not go round either."""
    names = {path.removesuffix(".py").replace("/", "."): source for _, path, source in SOURCES}
    files = {f"toycore.{name}" for name in names if not name.endswith("__init__")}
    needs = {
        f"toycore.{name}": imported(ast.parse(source)) & files for name, source in names.items()
    }
    assert tuple(graphlib.TopologicalSorter(needs).static_order())


WRONG = {
    "ppo from dpo": (check_one_way, "ppo", "from toycore.dpo import dpo_loss"),
    "ppo from dpo, through the package": (check_one_way, "ppo", "from toycore import dpo"),
    "ppo from the package itself": (check_one_way, "ppo", "import toycore as tc"),
    "ppo from a public name": (check_one_way, "ppo", "from toycore import DPOConfig"),
    "world from model, inside a function": (
        check_one_way,
        "world",
        "def f():\n    from toycore.model import ToyLM",
    ),
    "start from ppo": (check_one_way, "start", "import toycore.ppo"),
    "plots from widgets": (check_one_way, "plots", "from toycore import widgets"),
    "no layer": (check_one_way, "novelty", ""),
    "matplotlib in run": (check_outsiders, "run", "def f():\n    import matplotlib.figure"),
    "widgets in plots": (check_outsiders, "plots", "from ipywidgets import HTML"),
    "pyplot": (check_outsiders, "plots", "from matplotlib import pyplot as plt"),
    "pyplot, dotted": (check_outsiders, "plots", "import matplotlib.pyplot"),
    "xarray at import time": (check_outsiders, "run", "try:\n    import xarray\nfinally: pass"),
}


@pytest.mark.parametrize(("check", "module", "source"), WRONG.values(), ids=WRONG)
def test_a_wrong_import_is_rejected(check, module, source):
    with pytest.raises(AssertionError):
        check(module, source)


def test_a_right_import_is_accepted():
    check_one_way("ppo", "from toycore import exact\nfrom toycore.start import starting_policy")
    check_one_way("bench", "import toycore as tc\nfrom toycore import PPOConfig")
    lazy = "if TYPE_CHECKING:\n    import xarray\ndef f():\n    import xarray"
    check_outsiders("run", lazy)


SCRIPT = """
import sys
import toycore as tc
print(*sys.modules)
world = tc.World()
start = tc.train_sft(world, tc.SFTConfig(steps=2))
tc.train_ppo(world, tc.PPOConfig(rollouts=2), start)
tc.train_dpo(world, tc.DPOConfig(steps=2), start=start)
tc.sft.sft_loss(tc.ToyLM().logp(), world.sft_targets)
tc.quantize_dynamic(tc.TinyMLP())
tc.quantization.libraries.quantized(tc.TinyMLP())
print(*sys.modules)
"""
SLOW = {*LAZY, "sympy"}  # which torch itself loads where it need not


def test_importing_loads_nothing_slow_and_use_neither_torchs_compiler_nor_algebra():
    """In a fresh process: which of the slow packages it has loaded, once and once more."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=PACKAGE.parent,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    imported, used = (set(line.split()) & SLOW for line in done.stdout.splitlines())
    assert imported == set()
    assert used == {"pandas", "xarray"}


@each_file
def test_no_file_evaluates_text_or_loads_a_pickle(module, source):
    risky = {
        "eval",
        "exec",
        "compile",
        "__import__",
        "pickle",
        "marshal",
        "shelve",
        "dill",
        "joblib",
    }
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert name not in risky
            assert name not in ("torch.load", "np.load", "numpy.load")
    assert not {name.partition(".")[0] for name in imported(ast.parse(source))} & risky
