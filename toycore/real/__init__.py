"""From toy to real: the libraries of a learner's job on a transformer that is still enumerable.

A Llama of 0.1 million parameters answers the world's six prompts with one word of its 24. So its
policy is a table too, and toycore.exact says how far TRL and PEFT bring it. Lesson 8.

libraries.py  whether transformers, PEFT and TRL run here, and what they must leave as it was
installation.py  how they come to Colab and Kaggle, where the learner has asked for it
model.py      tokenizer, Llama, pretraining
oracle.py     the table of a model, the reward of every word, where a training landed
sft.py        LoRA by PEFT, SFT by TRL, merging
pairs.py  groups.py   DPO; GRPO and RLOO: TRL's own trainers
training.py   what all trainers are told, and the curve of a training
smollm2.py    the same in a model of 135 million parameters, for who has the memory
storage.py    what was measured once, for machines without TRL
__main__.py   the same from a command line, in one process or many:  python -m toycore.real

None of the three libraries is needed to import this, nor for what was stored.
"""

from toycore.real import smollm2
from toycore.real.groups import grpo, rloo
from toycore.real.installation import install
from toycore.real.libraries import guard, undisturbed
from toycore.real.model import fresh, pretrain, tokenizer
from toycore.real.oracle import (
    OTHER,
    answers,
    landing,
    mass,
    own_optimum,
    reward,
    reward_function,
    table,
    words,
)
from toycore.real.pairs import dpo, preferences
from toycore.real.sft import lora, lora_sft, merged, start, trainable_share
from toycore.real.storage import ceilings, int8, leaks, runs, starts, stored
from toycore.real.training import Trained, everyday, train

__all__ = [
    "OTHER",
    "Trained",
    "answers",
    "ceilings",
    "dpo",
    "everyday",
    "fresh",
    "grpo",
    "guard",
    "install",
    "int8",
    "landing",
    "leaks",
    "lora",
    "lora_sft",
    "mass",
    "merged",
    "own_optimum",
    "preferences",
    "pretrain",
    "reward",
    "reward_function",
    "rloo",
    "runs",
    "smollm2",
    "start",
    "starts",
    "stored",
    "table",
    "tokenizer",
    "train",
    "trainable_share",
    "undisturbed",
    "words",
]
