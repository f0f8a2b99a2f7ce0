"""What all of TRL's trainers are told here, and what a training leaves: a model and its curve."""

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from toycore import exact
from toycore.errors import spoken
from toycore.progress import progress
from toycore.real import oracle
from toycore.world import World

BATCH = 96  # pairs or answers an update, whatever the number of processes: 6 groups of 16
POINTS = 15  # of a curve, beside the start


@dataclasses.dataclass(frozen=True)
class Trained:
    """model: PEFT's, adapters and all; logp and ref_logp: its table (6, W) and the reference's.

    curve: lists of about 16 numbers each, the start first: `step`; exact, `reward`, `kl` and
    `mass`; and the trainer's own `loss`, its mean since the point before (at the start: None).
    """

    model: Any
    ref_logp: Tensor
    logp: Tensor
    curve: dict[str, list]


def processes() -> int:
    """How many processes train together: the launcher says it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextlib.contextmanager
def place(folder: str | Path | None) -> Iterator[str]:
    """Where a trainer writes: the folder, which keeps checkpoints, or one that is gone again."""
    if folder is not None:
        yield str(folder)
        return
    with tempfile.TemporaryDirectory() as gone:
        yield gone


def everyday(steps: int, saves: bool = False) -> dict[str, Any]:
    """What a config says for a laptop and a notebook. On a GPU none of it is needed.

    By default TRL computes in bfloat16 and computes activations twice to save memory, and a trainer
    draws a bar, prints and reports to whatever it finds.
    """
    return {
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "disable_tqdm": True,
        "report_to": "none",
        "logging_steps": every(steps),
        "save_strategy": "steps" if saves else "no",
        "save_steps": every(steps),
    }


def every(steps: int) -> int:
    return max(1, round(steps / POINTS))


def train(trainer, world: World, key: str, resume: bool = False) -> Trained:
    """Run a trainer to its end, with our progress bar and the exact curve beside its own loss."""
    from transformers import PrinterCallback, TrainerCallback

    class Watch(TrainerCallback):
        """Notes where the policy is, in the trainer's log, which is in each checkpoint."""

        def note(self, state, model):
            logp = oracle.table(model, world)
            means = {
                "reward": exact.expected_reward(logp, worth),
                "kl": exact.kl(logp, before),
                "mass": oracle.mass(logp, world),
            }
            here = {name: float(values.mean()) for name, values in means.items()}
            state.log_history.append({"step": state.global_step, "exact": here})

        def on_train_begin(self, args, state, control, model=None, **_):
            steps = range(state.max_steps + 1 if state.is_world_process_zero else 0)
            self.bar = iter(progress(steps, key, spoken()))
            for _step in range(state.global_step + 1):
                next(self.bar, None)
            if state.global_step == 0:
                self.note(state, model)

        def on_step_end(self, args, state, control, model=None, **_):
            next(self.bar, None)
            if state.global_step % args.logging_steps == 0:
                self.note(state, model)

        def on_train_end(self, args, state, control, **_):
            for _step in self.bar:
                pass

    with trainer.model.disable_adapter():
        before = oracle.table(trainer.model, world)
    worth = oracle.reward(world)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Watch)
    trainer.train(resume_from_checkpoint=resume or None)
    model = trainer.accelerator.unwrap_model(trainer.model)
    return Trained(model, before, oracle.table(model, world), _curve(trainer.state.log_history))


def _curve(history: list[dict]) -> dict[str, list]:
    loss = {note["step"]: note["loss"] for note in history if "loss" in note}
    notes = [note for note in history if "exact" in note]
    curve = {name: [note["exact"][name] for note in notes] for name in notes[0]["exact"]}
    steps = [note["step"] for note in notes]
    return {"step": steps} | curve | {"loss": [loss.get(step) for step in steps]}
