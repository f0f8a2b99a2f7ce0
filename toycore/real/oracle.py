"""The oracle of a real model: its answer is one word, so its policy is a table of 6 × 24.

That table is float64 as all tables are, and toycore.exact takes it as it is. What is exact is where
a training ended; the training itself computes in float32, and its last digits are a machine's own.
"""

import torch
from torch import Tensor

from toycore import exact
from toycore.engine import guards
from toycore.grpo import GRPOConfig
from toycore.grpo import own_optimum as own_optimum_of
from toycore.world import World

METHODS = ("rloo", "dr_grpo", "grpo", "dpo")
OTHER = -1.0  # what a word earns that is none of the 11 answers
MARKS = ("<pad>", "<eos>", "<unk>")


def words(world: World) -> tuple[str, ...]:
    """The vocabulary: three marks, then the words of the prompts and the answers by alphabet."""
    known = {word for prompt in world.prompts for word in prompt.split()} | {*world.tokens}
    return (*MARKS, *sorted(known))


def places(world: World) -> Tensor:
    """Where the 11 answers stand among the words: (11,)."""
    known = words(world)
    return torch.tensor([known.index(token) for token in world.tokens])


def table(model, world: World) -> Tensor:
    """log π of every word after every prompt: (6, W) float64. The model is asked once."""
    from toycore.real.model import tokenizer

    asked = tokenizer(world)([*world.prompts], padding=True, return_tensors="pt").to(model.device)
    training = model.training
    with torch.no_grad():
        logits = model.eval()(**asked).logits[:, -1].cpu()
    model.train(training)
    return logits.double().log_softmax(-1)


def answers(logp, world: World) -> Tensor:
    """log π of the 11 answers, given that it is one of them: (..., 6, W) → (..., 6, 11)."""
    return logp[..., places(world)].log_softmax(-1)


def mass(logp, world: World) -> Tensor:
    """The probability that the answer is one of the 11: (..., 6, W) → (..., 6)."""
    return logp[..., places(world)].exp().sum(-1)


def reward(world: World) -> Tensor:
    """What every word earns: the world's reward for the 11 answers, −1 for all others. (6, W)."""
    earned = torch.full((len(world.prompts), len(words(world))), OTHER, dtype=torch.float64)
    earned[:, places(world)] = world.reward
    return earned


def reward_function(world: World):
    """The same as a function, as TRL's trainers want it: texts go in, one number for each out."""
    earned = {
        (prompt, token): float(worth)
        for prompt, row in zip(world.prompts, world.reward, strict=True)
        for token, worth in zip(world.tokens, row, strict=True)
    }

    def reward(prompts: list[str], completions: list[str], **_) -> list[float]:
        asked = zip(prompts, completions, strict=True)
        return [earned.get((prompt, answer.strip()), OTHER) for prompt, answer in asked]

    return reward


def landing(logp, ref_logp, world: World, beta: float) -> dict[str, float]:
    """Where a policy (6, W) is, exactly: `reward`, `kl`, `attained` at this β, and `mass`."""
    worth = reward(world)
    return {
        "reward": float(exact.expected_reward(logp, worth).mean()),
        "kl": float(exact.kl(logp, ref_logp).mean()),
        "attained": float(exact.attained(logp, ref_logp, worth, beta)),
        "mass": float(mass(logp, world).mean()),
    }


def own_optimum(
    method: str, ref_logp, world: World, *, beta: float, num_generations: int = 16
) -> Tensor:
    """Where a method of TRL must land, trained ever so long: (6, W). Lesson 7's own optimum.

    method: "grpo" (TRL's defaults), "dr_grpo" (the same with scale_rewards="none"), "rloo", "dpo".
    TRL multiplies k3 by ρ, which pulls as k2 does here: by the gradient of KL(π‖π_ref).
    """
    guards.Choice(METHODS).check("method", method)
    recipes = {
        "grpo": {"scale_rewards": "group", "kl_estimator": "k2"},
        "dr_grpo": {"scale_rewards": "none", "kl_estimator": "k2"},
    }
    if method in ("rloo", "dpo"):
        return exact.optimal_policy(ref_logp, reward(world), beta)
    config = GRPOConfig(kl_beta=beta, num_generations=num_generations, **recipes[method])
    return own_optimum_of(ref_logp, reward(world), config)
