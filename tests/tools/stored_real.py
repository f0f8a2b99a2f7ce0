"""Trains what lesson 8 shows where TRL is missing, and stores the numbers in the package.

    .venv-real/bin/python tests/tools/stored_real.py [--seeds 0 1 2] [--again]

About 100 trainings of 10 to 20 CPU seconds each. Each is written down as soon as it is done, so
that what was cut off goes on where it was; --again does all of them anew.
"""

import argparse
import itertools
import json
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

import toycore as tc
from toycore import real

FILE = Path(real.__file__).with_name("stored.json")
LIBRARIES = ("torch", "transformers", "peft", "trl", "accelerate", "datasets", "tokenizers")
USUAL = {"beta": 0.5, "num_generations": 16, "rank": 8}
SWEPT = {"beta": [0.1, 0.25, 0.5, 1.0], "num_generations": [4, 8, 16], "rank": [2, 8, 32]}
METHODS = ("rloo", "grpo", "dr_grpo", "dpo")
WORLD = tc.World()


def settings() -> list[dict]:
    """One setting is swept at a time, the others as usual; each combination once."""
    found = []
    for (name, values), method in itertools.product(SWEPT.items(), METHODS):
        usual = {k: v for k, v in USUAL.items() if method != "dpo" or k != "num_generations"}
        found += [{"method": method} | usual | {name: value} for value in values if name in usual]
    return [one for place, one in enumerate(found) if one not in found[:place]]


@cache
def start(seed: int):
    model = real.start(WORLD, seed)
    return model, real.table(model, WORLD)


def measure(method: str, seed: int, **asked) -> dict:
    model, ref = start(seed)
    if method == "dpo":
        pairs = real.preferences(ref, WORLD, 10_000, seed)
        run = real.dpo(model, WORLD, pairs, seed=seed, **asked)
    elif method == "rloo":
        run = real.rloo(model, WORLD, seed=seed, **asked)
    else:
        scale = "none" if method == "dr_grpo" else "group"
        run = real.grpo(model, WORLD, scale_rewards=scale, seed=seed, **asked)
    beta = asked["beta"]
    recipe = {name: asked[name] for name in ("beta", "num_generations") if name in asked}
    star = tc.exact.optimal_policy(ref, real.reward(WORLD), beta)
    places = {
        "": run.logp,
        "own": real.own_optimum(method, ref, WORLD, **recipe),
        "star": star,
    }
    here = {name: real.landing(logp, ref, WORLD, beta) for name, logp in places.items()}
    return here.pop("") | here | {"curve": run.curve}


def rounded(value):
    """Four decimals: more would be this processor's own."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


def write(runs: list[dict], starts: dict) -> None:
    """One line for each start and each run, so that a change of the file can be read."""
    versions = {name: metadata.version(name) for name in LIBRARIES}
    versions["python"] = platform.python_version()
    lines = [f'"versions": {json.dumps(versions)}']
    rows = ",\n".join(f"{json.dumps(seed)}: {json.dumps(one)}" for seed, one in starts.items())
    lines.append('"starts": {\n' + rows + "\n}")
    lines.append('"runs": [\n' + ",\n".join(map(json.dumps, runs)) + "\n]")
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--again", action="store_true")
    asked = parser.parse_args()
    old = real.stored() if FILE.exists() and not asked.again else {"runs": [], "starts": {}}
    runs, starts = old["runs"], old["starts"]
    known = {
        json.dumps({k: run[k] for k in run if k in (*USUAL, "method", "seed")}) for run in runs
    }
    for one, seed in itertools.product(settings(), asked.seeds):
        run = one | {"seed": seed}
        if json.dumps(run) in known:
            continue
        starts[str(seed)] = {"ref_logp": rounded(start(seed)[1].tolist())}
        runs.append(run | rounded(measure(**run)))
        write(runs, starts)
        print(
            len(runs), json.dumps({k: v for k, v in runs[-1].items() if k != "curve"}), flush=True
        )


if __name__ == "__main__":
    main()
