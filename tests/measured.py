"""How good the tests are: `python tests/measured.py MODULE ...` breaks a module in every small way.

Each change of cosmic-ray (an operator, a number, a comparison) is made in a clone and the tests of
that module are run; a change that no test sees has survived, and is printed. Minutes to an hour a
module. `--coverage` instead: the share of toycore's branches that the tests reach without kernels
and browsers. Needs tests/measured-requirements.txt.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = {
    "exact": ("test_exact", "test_guards"),
    "model": ("test_model", "test_wrong_layers", "test_bad_input"),
    "sft": ("test_losses", "test_training", "test_guards"),
    "ppo": ("test_losses", "test_training", "test_wrong_variants"),
    "dpo": ("test_losses", "test_training", "test_wrong_variants"),
    "quantization": ("test_quantization", "test_int8_linear", "test_wrong_quantization"),
}
SLOW = ("site", "browser", "race", "bundles", "live", "build", "other_machines", "slides", "storm")


def tests(names) -> list[str]:
    options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
    return [*options, *(f"tests/{name}.py" for name in names)]


def mutate(module: str) -> float:
    """The share of the module's mutants that its tests kill; survivors are printed."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        path = os.pathsep.join(map(str, (clone, clone / "notebooks")))
        command = " ".join([sys.executable, "-m", "pytest", *tests(MODULES[module])])
        config = Path(folder) / "config.toml"
        config.write_text(
            f'[cosmic-ray]\nmodule-path = "toycore/{module}.py"\ntimeout = 300.0\n'
            f'excluded-modules = []\ntest-command = "{command}"\n'
            '[cosmic-ray.distributor]\nname = "local"\n'
        )
        environment = os.environ | {"PYTHONPATH": path, "TQDM_DISABLE": "1"}
        call = {"cwd": clone, "env": environment, "check": True}
        tool, session = shutil.which("cosmic-ray"), str(Path(folder) / "session.sqlite")
        # The tests must pass before anything is broken.
        subprocess.run(command.split(), **call)
        for verb in ("init", "exec"):
            subprocess.run([tool, verb, str(config), session], **call)
        dumped = subprocess.run([tool, "dump", session], **call, capture_output=True, text=True)
    return killed(dumped.stdout.splitlines())


def killed(lines: list[str]) -> float:
    outcomes = []
    for job, result in map(json.loads, lines):
        outcomes.append(result["test_outcome"] == "killed")
        if not outcomes[-1]:
            (mutation,) = job["mutations"]
            print(f"survived: {mutation['operator_name']}\n{result['diff']}")
    print(f"{sum(outcomes)} of {len(outcomes)} mutants killed")
    return sum(outcomes) / len(outcomes)


def cover() -> None:
    ignored = [f"--ignore-glob=tests/test_{name}*" for name in SLOW]
    run = ["-m", "coverage", "run", "--branch", "--source=toycore", "-m", "pytest"]
    subprocess.run([sys.executable, *run, *tests(()), "tests", *ignored], cwd=ROOT, check=True)
    report = ["-m", "coverage", "report", "--skip-covered", "-m", "--fail-under=95"]
    subprocess.run([sys.executable, *report], cwd=ROOT, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", choices=MODULES, metavar="MODULE", help=str(MODULES))
    parser.add_argument("--coverage", action="store_true")
    options = parser.parse_args()
    if options.coverage:
        cover()
    elif not shutil.which("cosmic-ray"):
        parser.error("cosmic-ray is missing: pip install -r tests/measured-requirements.txt")
    shares = [mutate(module) for module in options.modules]
    return 0 if min(shares, default=1.0) >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
