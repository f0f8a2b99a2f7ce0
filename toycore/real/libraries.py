"""Whether transformers, PEFT and TRL run here, and what they must leave as they found it."""

import contextlib
import functools
import os
import random
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import ParamSpec, TypeVar

import numpy as np
import torch

from toycore.engine.threads import one_thread
from toycore.errors import in_its_language, say

# What lesson 8 was measured with. Of three, what is older lacks something that is used here.
PINNED = {
    "transformers": "5.23.0",
    "peft": "0.21.2",
    "trl": "1.16.0",
    "accelerate": "1.15.0",
    "datasets": "5.2.0",
    "tokenizers": "0.23.3",
}
NEEDED = {name: PINNED[name].rpartition(".")[0] for name in ("transformers", "peft", "trl")}

P = ParamSpec("P")
R = TypeVar("R")


@in_its_language
def guard(language: str | None = None) -> str | None:
    """Why the libraries cannot run here, as a sentence in the learner's language; None: they can.

    Installed is not yet usable: PEFT asks for torchao only when an adapter is built, and raises
    beside an old one, as Colab and Kaggle have it. So an adapter is built.
    """
    for name, needed in NEEDED.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            return say("not_installed", library=name) + "."
        if numbers(found) < numbers(needed):
            return say("too_old", library=name, found=found, needed=needed)
    try:
        with _undisturbed():
            _try_all()
    except Exception as error:  # a broken installation may raise anything
        told = (str(error).splitlines() or [""])[0][:120]
        return say("unusable", kind=type(error).__name__, told=told)
    return None


def numbers(version: str) -> tuple[int, ...]:
    """The first two numbers of a version: (1, 16) of 1.16.0rc1."""
    return tuple(int(number) for number in version.split(".")[:2])


def _try_all() -> None:
    from peft import LoraConfig, inject_adapter_in_model
    from torch import nn

    one = nn.Sequential(nn.Linear(2, 2, device="cpu"))
    inject_adapter_in_model(LoraConfig(target_modules=["0"]), one)
    from trl import DPOTrainer, GRPOTrainer, RLOOTrainer, SFTTrainer  # noqa: F401


def undisturbed(work: Callable[P, R]) -> Callable[P, R]:
    """A function that uses the libraries and leaves no trace of it, but for their import.

    It runs on one thread. Torch's, NumPy's and Python's generators, which TRL seeds, environment
    variables, which accelerate sets, and how much the libraries say are afterwards what they were
    before. Nothing is printed, no bar but ours is drawn, and nobody is told that TRL is in use.
    ImportError where the libraries cannot run. It speaks the learner's language, which need not be
    that of the World whose words the model knows.
    """

    @functools.wraps(work)
    def alone(*args: P.args, **named: P.kwargs) -> R:
        why = guard()
        if why is not None:
            raise ImportError(why)
        with _undisturbed():
            return work(*args, **named)

    return one_thread(alone)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    environment = dict(os.environ)
    drawn = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    dtype, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the libraries will drop is theirs to mend
            with _silent():
                yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])  # noqa: NPY002
        torch.set_rng_state(drawn[2])
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(gradients)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """The bars and the remarks of the libraries off, and TRL's message home."""
    import datasets
    from huggingface_hub import constants
    from transformers.utils import logging

    bars = datasets.are_progress_bars_disabled()
    bar, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    told = constants.HF_HUB_DISABLE_TELEMETRY
    try:
        datasets.disable_progress_bars()
        logging.disable_progress_bar()
        logging.set_verbosity_error()
        constants.HF_HUB_DISABLE_TELEMETRY = True
        yield
    finally:
        constants.HF_HUB_DISABLE_TELEMETRY = told
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()
        if not bars:
            datasets.enable_progress_bars()
