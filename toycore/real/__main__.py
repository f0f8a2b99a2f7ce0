"""The trainings of lesson 8 from a command line, in as many processes as a launcher starts.

    python -m toycore.real --method grpo --beta 0.5 --seed 0
    torchrun --standalone --nproc_per_node 2 -m toycore.real --processes 2 --method grpo
    accelerate launch -m toycore.real --processes 1 --method grpo

An update is always made of the same number of samples: each of N processes takes 1/N of them.
With --folder, checkpoints stay there; --resume goes on from the last one.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from toycore import real
from toycore.errors import say, set_language
from toycore.real.libraries import undisturbed
from toycore.real.oracle import METHODS
from toycore.real.training import BATCH, processes
from toycore.world import World

PAIRS = 10_000


def main(arguments: list[str] | None = None) -> None:
    asked = options().parse_args(arguments)
    set_language(asked.language)
    why = real.guard() or hindrance(asked)
    if why is not None:
        raise SystemExit(why)
    world = World(language=asked.language)
    model = started(world, asked)
    trained = train(model, world, asked)
    if int(os.environ.get("RANK", "0")) == 0:  # all of them have the same weights
        print(json.dumps(told(trained, world, asked)), flush=True)
    leave()


def options() -> argparse.ArgumentParser:
    about, _, examples = (__doc__ or "").partition("\n\n")
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m toycore.real", description=about, epilog=examples, formatter_class=form
    )
    parser.add_argument("--method", choices=METHODS, default="grpo")
    parser.add_argument("--beta", type=float, default=0.5)
    parser.add_argument("--num-generations", type=int, default=16, help="not for dpo")
    parser.add_argument("--rank", type=int, default=8, help="r of LoRA")
    parser.add_argument("--lr", type=float, help="unless given, the method's own")
    parser.add_argument("--steps", type=int, help="unless given, the method's own")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, help="stop unless the launcher started as many")
    parser.add_argument("--folder", type=Path, help="where checkpoints stay")
    parser.add_argument("--resume", action="store_true", help="from the last checkpoint there")
    parser.add_argument("--language", choices=("tr", "en"), default="en")
    return parser


def hindrance(asked: argparse.Namespace) -> str | None:
    """Why this run cannot be what was asked for, in words; None: it can."""
    count = processes()
    # A launcher may start fewer than it was told to, and say nothing.
    if asked.processes not in (None, count):
        return say("processes", asked=asked.processes, got=count)
    if BATCH % count:
        return say("uneven", batch=BATCH, got=count)
    if asked.resume and not (asked.folder and list(asked.folder.glob("checkpoint-*"))):
        return say("no_checkpoint", folder=repr(str(asked.folder)))
    return None


@undisturbed
def started(world: World, asked: argparse.Namespace):
    """The start, made here by each process alike, or what a training that was cut off had."""
    from transformers import LlamaForCausalLM

    if asked.resume:
        return LlamaForCausalLM.from_pretrained(asked.folder / "start")
    model = real.start(world, asked.seed)
    if asked.folder and int(os.environ.get("RANK", "0")) == 0:
        model.save_pretrained(asked.folder / "start")
    return model


def train(model, world: World, asked: argparse.Namespace) -> real.Trained:
    shared = {name: getattr(asked, name) for name in ("beta", "rank", "seed", "folder", "resume")}
    given = {"lr": asked.lr, "steps": asked.steps}
    shared |= {name: value for name, value in given.items() if value is not None}
    if asked.method == "dpo":
        pairs = real.preferences(real.table(model, world), world, PAIRS, asked.seed)
        return real.dpo(model, world, pairs, **shared)
    shared["num_generations"] = asked.num_generations
    if asked.method == "rloo":
        return real.rloo(model, world, **shared)
    scale = "none" if asked.method == "dr_grpo" else "group"
    return real.grpo(model, world, scale_rewards=scale, **shared)


def told(trained: real.Trained, world: World, asked: argparse.Namespace) -> dict:
    """What came of it: the settings, the landing, the method's own optimum, the curve."""
    own = real.own_optimum(
        asked.method,
        trained.ref_logp,
        world,
        beta=asked.beta,
        num_generations=asked.num_generations,
    )
    keys = ("method", "beta", "num_generations", "rank", "seed")
    return {
        **{key: getattr(asked, key) for key in keys},
        "processes": processes(),
        **real.landing(trained.logp, trained.ref_logp, world, asked.beta),
        "own": real.landing(own, trained.ref_logp, world, asked.beta),
        "curve": trained.curve,
    }


def leave() -> None:
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:])
