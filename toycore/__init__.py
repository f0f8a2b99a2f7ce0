"""toycore: LoRA-SFT, PPO, DPO and INT8 on a policy so small that every answer is known exactly.

world.py      prompts, tokens, rewards, SFT targets, preference pairs
exact.py      the oracle: KL, entropy, expected reward, the optimal policy, attained
model.py      LoRALinear, ToyLM (prompt → logits), ValueNet
sft.py  ppo.py  dpo.py  grpo.py  reward_model.py   one algorithm each: settings, loss, training loop
group_optimum.py            where training by groups comes to rest
length.py     answers of two lengths, and what 1/|o| teaches
quantization/ INT8 by hand: rounding, layers, true sizes
broken/       the same with real bugs in it: the broken lab of lesson 6
run.py        what a training run returns: labelled curves and policies
start.py      where PPO and DPO start
engine/       many runs at once: settings and their checks, noise, Adam, threads
plots/  widgets/            figures; sliders and questions
checks/       the exercises of the lessons: checks that name the mistake
real/         the same by TRL and PEFT on a small transformer, checked against the oracle
bench/        how fast it is:  python -m toycore.bench
classroom/    what a class handed in, as one table:  python -m toycore.classroom
language.py  glossary.py    the words and the terms, in Turkish and English
errors.py     what is said of wrong input, in both, and in which of them
"""

import importlib

from toycore import dpo, exact, glossary, grpo, length, ppo, quantization, reward_model, sft
from toycore.dpo import DPOConfig, train_dpo
from toycore.engine import noise, terminal
from toycore.errors import say, set_language
from toycore.grpo import GRPOConfig, train_grpo
from toycore.length import LengthConfig, train_length
from toycore.model import LoRALinear, ToyLM, ValueNet
from toycore.ppo import PPOConfig, train_ppo
from toycore.quantization import (
    Grid,
    Int8Linear,
    Quantized,
    TinyMLP,
    predicted_snr_db,
    quantize,
    quantize_dynamic,
    serialized_bytes,
    snr_db,
    tensor_bytes,
)
from toycore.reward_model import RewardModelConfig, train_reward_model
from toycore.run import Run
from toycore.sft import SFTConfig, train_sft
from toycore.world import World

terminal.never_raise()

__version__ = "0.1.0"

__all__ = [
    "DPOConfig",
    "GRPOConfig",
    "Grid",
    "Int8Linear",
    "LengthConfig",
    "LoRALinear",
    "PPOConfig",
    "Quantized",
    "RewardModelConfig",
    "Run",
    "SFTConfig",
    "TinyMLP",
    "ToyLM",
    "ValueNet",
    "World",
    "bench",
    "broken",
    "checks",
    "classroom",
    "dpo",
    "exact",
    "glossary",
    "grpo",
    "length",
    "noise",
    "plots",
    "ppo",
    "predicted_snr_db",
    "quantization",
    "quantize",
    "quantize_dynamic",
    "real",
    "reward_model",
    "serialized_bytes",
    "set_language",
    "sft",
    "snr_db",
    "tensor_bytes",
    "train_dpo",
    "train_grpo",
    "train_length",
    "train_ppo",
    "train_reward_model",
    "train_sft",
    "widgets",
]


def __getattr__(name: str):
    """Load the parts that few need, or that import matplotlib or ipywidgets, on first use."""
    if name in ("bench", "broken", "checks", "classroom", "plots", "real", "widgets"):
        return importlib.import_module(f"toycore.{name}")
    raise AttributeError(say("no_attribute", name=repr(name)))
