"""LoRA by PEFT, supervised fine-tuning by TRL, and the merge: where every method starts.

In toycore, lesson 2: `lora_rank`, `lora_alpha`. In PEFT: `r`, `lora_alpha`.
"""

import copy
from typing import TYPE_CHECKING

from toycore.real import model as models
from toycore.real.libraries import undisturbed
from toycore.real.training import Trained, everyday, place, processes, train
from toycore.world import World

if TYPE_CHECKING:
    from peft import LoraConfig, PeftModel
    from transformers import LlamaForCausalLM

COPIES = 8  # of each target in a batch, so that up to 48 processes can share it


def lora(rank: int = 8, alpha: float | None = None) -> "LoraConfig":
    """ΔW = (α/r) B A on every linear layer but the output layer; α is 2r unless it is given."""
    from peft import LoraConfig

    return LoraConfig(
        r=rank,
        lora_alpha=2 * rank if alpha is None else alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


@undisturbed
def lora_sft(
    model: "LlamaForCausalLM",
    world: World,
    *,
    rank: int = 8,
    alpha: float | None = None,
    steps: int = 30,
    lr: float = 1e-3,
    seed: int = 0,
) -> Trained:
    """Adapters learn each prompt's target. The model that is given stays as it is."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    told = models.tokenizer(world)
    rows = []
    for prompt, target in zip(world.prompts, world.sft_targets.tolist(), strict=True):
        asked, answered = told(prompt).input_ids, told(world.tokens[target]).input_ids
        mask = [0] * len(asked) + [1]
        rows.append({"input_ids": asked + answered, "completion_mask": mask})

    with place(None) as folder:
        trainer = SFTTrainer(
            models.fresh(model),
            args=SFTConfig(
                output_dir=folder,
                seed=seed,
                max_steps=steps,
                learning_rate=lr,
                lr_scheduler_type="linear",
                per_device_train_batch_size=len(rows) * COPIES // processes(),
                # Rows of tokens: without this the prompts' words count in the loss, mask or not.
                completion_only_loss=True,
                **everyday(steps),
            ),
            train_dataset=Dataset.from_list(rows * COPIES),
            processing_class=told,
            peft_config=lora(rank, alpha),
        )
        return train(trainer, world, "progress.sft")


def trainable_share(model) -> float:
    """The share of a model's numbers that training moves: what PEFT prints as a percentage."""
    moved = sum(one.numel() for one in model.parameters() if one.requires_grad)
    return moved / sum(one.numel() for one in model.parameters())


@undisturbed
def merged(model: "PeftModel") -> "LlamaForCausalLM":
    """W + (α/r) B A in the place of W: a model without adapters. The given one keeps its own."""
    return models.fresh(copy.deepcopy(model).merge_and_unload())


def start(world: World, seed: int = 0, **pretraining) -> "LlamaForCausalLM":
    """Pretrained, taught by LoRA-SFT, merged: the start of every method and its reference."""
    base = models.pretrain(world, seed, **pretraining)
    return merged(lora_sft(base, world, seed=seed).model)
