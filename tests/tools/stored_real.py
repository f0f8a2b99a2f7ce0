"""Trains what lesson 8 shows where TRL is missing, and stores the numbers in the package.

    .venv-real/bin/python tests/tools/stored_real.py [--seeds 0 1 2] [--again]

About 150 trainings of 5 to 20 CPU seconds each. Each is written down as soon as it is done, so
that what was cut off goes on where it was; --again does all of them anew.
"""

import argparse
import itertools
import json
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

import torch

import toycore as tc
from toycore import real
from toycore.engine.threads import one_thread

FILE = Path(real.__file__).with_name("stored.json")
LIBRARIES = ("torch", "transformers", "peft", "trl", "accelerate", "datasets", "tokenizers")
USUAL = {"beta": 0.5, "num_generations": 16, "rank": 8}
SWEPT = {"beta": [0.1, 0.25, 0.5, 1.0], "num_generations": [4, 8, 16], "rank": [2, 8, 32]}
METHODS = ("rloo", "grpo", "dr_grpo", "dpo")
# Where DPO's probability leaks to words of no pair, and what keeps it.
NARROW = 0.02  # initializer_range, as the library has it by default
LEAKS = [{"beta": 0.5, "initializer_range": NARROW}, {"beta": 0.1}]
CURES = [{}, {"sft_weight": 0.2}, {"every_word": True}]
SPREADS, RANKS = (NARROW, 0.125, 0.25), (2, 8, 32, None)  # None: all weights learn
NAMED = ("seed", "method", *USUAL, "initializer_range", "sft_weight", "every_word")
WORLD = tc.World()


def settings() -> list[dict]:
    """One setting is swept at a time, the others as usual; each combination once."""
    found = []
    for (name, values), method in itertools.product(SWEPT.items(), METHODS):
        usual = {k: v for k, v in USUAL.items() if method != "dpo" or k != "num_generations"}
        found += [{"method": method} | usual | {name: value} for value in values if name in usual]
    found += [{"method": "dpo", "rank": 8} | leak | cure for leak in LEAKS for cure in CURES]
    return [one for place, one in enumerate(found) if one not in found[:place]]


@cache
def start(seed: int, initializer_range: float = 0.25):
    """A start, its table, and what is told of how it was made."""
    base = real.pretrain(WORLD, seed, initializer_range=initializer_range)
    taught = real.lora_sft(base, WORLD, seed=seed)
    model = real.merged(taught.model)
    table = real.table(model, WORLD)
    told = {
        "base_logp": real.table(base, WORLD).tolist(),
        "sft_logp": taught.logp.tolist(),
        "ref_logp": table.tolist(),
        "trainable": list(taught.model.get_nb_trainable_parameters()),
        "curve": taught.curve,
    }
    return model, table, told


def measure(method: str, seed: int, **asked) -> dict:
    beta, where = asked["beta"], {}
    if "initializer_range" in asked:
        where["initializer_range"] = asked.pop("initializer_range")
    model, ref, _ = start(seed, **where)
    recipe = {name: asked[name] for name in ("beta", "num_generations") if name in asked}
    if method == "dpo":
        every_word = asked.pop("every_word", False)
        pairs = real.preferences(ref, WORLD, 10_000, seed, every_word=every_word)
        run = real.dpo(model, WORLD, pairs, seed=seed, **asked)
    elif method == "rloo":
        run = real.rloo(model, WORLD, seed=seed, **asked)
    else:
        scale = "none" if method == "dr_grpo" else "group"
        run = real.grpo(model, WORLD, scale_rewards=scale, seed=seed, **asked)
    star = tc.exact.optimal_policy(ref, real.reward(WORLD), beta)
    places = {
        "": run.logp,
        "own": real.own_optimum(method, ref, WORLD, **recipe),
        "star": star,
    }
    here = {name: real.landing(logp, ref, WORLD, beta) for name, logp in places.items()}
    told = here.pop("") | here | {"logp": run.logp.tolist(), "curve": run.curve}
    return told | ({"int8": int8(run)} if (method, *asked.values()) == ("rloo", 0.5, 16, 8) else {})


def int8(run: real.Trained) -> dict:
    """The trained model with whole numbers for weights: its table, and both in bytes."""
    model = real.merged(run.model)
    small = tc.quantization.quantize_dynamic(model)
    sizes = [tc.quantization.serialized_bytes(one) for one in (model, small)]
    return {"logp": real.table(small, WORLD).tolist(), "bytes": sizes}


@one_thread
def ceiling(seed: int, initializer_range: float, rank: int | None) -> float:
    """How much a model can attain at all: ascent on the exact objective, without sampling."""
    from peft import get_peft_model

    model, ref, _ = start(seed, initializer_range)
    model = real.fresh(model)
    if rank is not None:
        model = get_peft_model(model, real.lora(rank))
    asked = real.tokenizer(WORLD)([*WORLD.prompts], padding=True, return_tensors="pt")
    weights = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.Adam(weights, lr=3e-3 if rank is None else 1e-2)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 300)
    for _ in range(300):
        logp = model(**asked).logits[:, -1].double().log_softmax(-1)
        loss = -tc.exact.objective(logp, ref, real.reward(WORLD), USUAL["beta"]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
    return real.landing(real.table(model, WORLD), ref, WORLD, USUAL["beta"])["attained"]


def rounded(value):
    """Four decimals: more would be this processor's own."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


def write(told: dict) -> None:
    """One line for each start and each run, so that a change of the file can be read."""
    versions = {name: metadata.version(name) for name in LIBRARIES}
    lines = [f'"versions": {json.dumps(versions | {"python": platform.python_version()})}']
    rows = ",\n".join(
        f"{json.dumps(seed)}: {json.dumps(one)}" for seed, one in told["starts"].items()
    )
    lines.append('"starts": {\n' + rows + "\n}")
    for name in ("ceilings", "runs"):
        lines.append(f'"{name}": [\n' + ",\n".join(map(json.dumps, told[name])) + "\n]")
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--again", action="store_true")
    asked = parser.parse_args()
    told = {"runs": [], "starts": {}, "ceilings": []}
    if FILE.exists() and not asked.again:
        told |= real.stored()
    for one, seed in itertools.product(settings(), asked.seeds):
        run = {"seed": seed} | one
        if run in [
            {name: known[name] for name in known if name in NAMED} for known in told["runs"]
        ]:
            continue
        told["starts"].setdefault(str(seed), rounded(start(seed)[2]))
        told["runs"].append(run | rounded(measure(seed=seed, **one)))
        write(told)
        brief = {k: v for k, v in told["runs"][-1].items() if k not in ("curve", "logp", "int8")}
        print(len(told["runs"]), json.dumps(brief), flush=True)
    for spread, rank, seed in itertools.product(SPREADS, RANKS, asked.seeds):
        one = {"initializer_range": spread, "rank": rank, "seed": seed}
        if not any(one.items() <= known.items() for known in told["ceilings"]):
            told["ceilings"].append(one | {"attained": rounded(ceiling(seed, spread, rank))})
            write(told)


if __name__ == "__main__":
    main()
