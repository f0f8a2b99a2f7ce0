"""GRPO and RLOO by TRL: answers are sampled in groups, and a function judges them.

In toycore, lesson 7: `kl_beta`, `num_generations`, `scale_rewards`. In TRL: `beta`, the other two
by the same names. Where each of them must land, oracle.own_optimum says beforehand.
"""

from typing import TYPE_CHECKING

from toycore.real import model as models
from toycore.real import oracle
from toycore.real.libraries import undisturbed
from toycore.real.sft import lora
from toycore.real.training import BATCH, Trained, everyday, place, processes, train
from toycore.world import World

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

LR = 3e-3  # falls to 0


@undisturbed
def grpo(
    model: "LlamaForCausalLM",
    world: World,
    *,
    beta: float = 0.5,
    num_generations: int = 16,
    scale_rewards: str = "group",
    rank: int = 8,
    steps: int = 150,
    lr: float = LR,
    seed: int = 0,
    folder=None,
    resume: bool = False,
) -> Trained:
    """TRL's GRPO as it is by default, but for β, which is 0 there; scale_rewards="none": Dr. GRPO.

    Adapters learn; the model itself, without them, is the reference. With a folder, checkpoints
    stay there, and a training that was cut off resumes.
    """
    from trl import GRPOConfig, GRPOTrainer

    told = {"beta": beta, "num_generations": num_generations, "seed": seed}
    settings = told | {"scale_rewards": scale_rewards}
    how = {"rank": rank, "steps": steps, "lr": lr, "folder": folder, "resume": resume}
    return _trained(GRPOTrainer, GRPOConfig, "progress.grpo", model, world, settings, **how)


@undisturbed
def rloo(
    model: "LlamaForCausalLM",
    world: World,
    *,
    beta: float = 0.5,
    num_generations: int = 16,
    rank: int = 8,
    steps: int = 150,
    lr: float = LR,
    seed: int = 0,
    folder=None,
    resume: bool = False,
) -> Trained:
    """TRL's RLOO: the leash stands in the reward, and nothing is divided by a spread."""
    from trl import RLOOConfig, RLOOTrainer

    settings = {"beta": beta, "num_generations": num_generations, "seed": seed}
    how = {"rank": rank, "steps": steps, "lr": lr, "folder": folder, "resume": resume}
    return _trained(RLOOTrainer, RLOOConfig, "progress.rloo", model, world, settings, **how)


def _trained(
    trainer_kind, config_kind, key, model, world, settings, *, rank, steps, lr, folder, resume
) -> Trained:
    """What the two share. Each call whole, as one writes it at work, stands in lesson 8."""
    from datasets import Dataset

    with place(folder) as where:
        trainer = trainer_kind(
            models.fresh(model),
            reward_funcs=oracle.reward_function(world),
            args=config_kind(
                output_dir=where,
                max_steps=steps,
                learning_rate=lr,
                lr_scheduler_type="linear",
                per_device_train_batch_size=BATCH // processes(),
                max_completion_length=1,
                temperature=1.0,
                top_k=0,  # every word may be drawn
                **settings,
                **everyday(steps, saves=folder is not None),
            ),
            train_dataset=Dataset.from_list([{"prompt": prompt} for prompt in world.prompts] * 50),
            processing_class=models.tokenizer(world),
            peft_config=lora(rank),
        )
        return train(trainer, world, key, resume)
