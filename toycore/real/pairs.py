"""DPO by TRL, and the words that no pair mentions.

A pair fixes the difference of two logits. Of a word in no pair nothing is said, and weights that
all words share may lift it: then probability leaks from the answers to it. In toycore, lesson 4,
there is no such word.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from toycore.engine.noise import generator
from toycore.real import model as models
from toycore.real import oracle
from toycore.real.libraries import undisturbed
from toycore.real.sft import lora
from toycore.real.training import BATCH, Trained, everyday, place, processes, train
from toycore.world import World

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM


def preferences(
    ref_logp: Tensor, world: World, n: int, seed: int = 0, *, every_word: bool = False
) -> Tensor:
    """Pairs of two different words that the reference draws, judged by Bradley–Terry: (n, 3).

    Rows are prompt, chosen, rejected; the last two are places among the words. Pairs are of the 11
    answers, unless `every_word`.
    """
    noise = generator(seed, "preferences")
    p, worth = ref_logp.exp(), oracle.reward(world)
    if not every_word:
        at = oracle.places(world)
        p = torch.zeros_like(p).index_copy(1, at, p[:, at])
    x = torch.randint(len(p), (n,), generator=noise)
    first, second = torch.multinomial(p[x], 2, generator=noise).T
    wins = torch.sigmoid(worth[x, first] - worth[x, second])
    won = torch.rand(n, generator=noise, dtype=torch.float64) < wins
    return torch.stack(
        [x, torch.where(won, first, second), torch.where(won, second, first)], dim=-1
    )


@undisturbed
def dpo(
    model: "LlamaForCausalLM",
    world: World,
    pairs: Tensor,
    *,
    beta: float = 0.5,
    sft_weight: float = 0.0,
    rank: int = 8,
    steps: int = 200,
    lr: float = 2e-3,
    seed: int = 0,
    folder=None,
    resume: bool = False,
) -> Trained:
    """Adapters learn from pairs (n, 3) of `preferences`; the model itself is the reference.

    sft_weight: how much of the chosen answers' SFT loss is added, a cure of the leak. With a
    folder, checkpoints stay there, and a training that was cut off resumes.
    """
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    class OneWord(DPOTrainer):
        """TRL ends each answer with <eos>, a second token; these rows are tokens already."""

        def _prepare_dataset(self, dataset, *args, **kwargs):
            return dataset

    told = models.tokenizer(world)
    asked = [told(prompt).input_ids for prompt in world.prompts]
    rows = [
        {"prompt_ids": asked[prompt], "chosen_ids": [chosen], "rejected_ids": [rejected]}
        for prompt, chosen, rejected in pairs.tolist()
    ]
    with place(folder) as where:
        trainer = OneWord(
            models.fresh(model),
            args=DPOConfig(
                output_dir=where,
                seed=seed,
                max_steps=steps,
                learning_rate=lr,
                lr_scheduler_type="linear",
                per_device_train_batch_size=BATCH // processes(),
                beta=beta,
                loss_type=["sigmoid", "sft"] if sft_weight else ["sigmoid"],
                loss_weights=[1.0, sft_weight] if sft_weight else None,
                **everyday(steps, saves=folder is not None),
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=told,
            peft_config=lora(rank),
        )
        return train(trainer, world, "progress.dpo", resume)
