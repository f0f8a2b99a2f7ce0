"""The trainings under the lessons' sliders, run here as the lessons' prose describes them.

Numbers do not depend on the language: a run is trained once for both. `in_language` gives it
the labels of the other.
"""

import dataclasses
import functools

import torch

import toycore as tc

WORLD = tc.World()


def in_language(run: tc.Run, language: str) -> tc.Run:
    return dataclasses.replace(run, world=tc.World(language=language))


@functools.cache
def start() -> tc.Run:
    """Where lessons 1, 3 and 4 start: the default SFT of 16 seeds."""
    return tc.train_sft(WORLD, tc.SFTConfig(seeds=16))


@functools.cache
def lora_ranks() -> tc.Run:
    config = tc.SFTConfig(lora_rank=[1, 2, 3, 4, 8, 11], steps=200, seeds=16)
    return tc.train_sft(WORLD, config)


@functools.cache
def scaled() -> tc.Run:
    """Lesson 2's sweep of rank, alpha and learning rate."""
    settings = {"lora_rank": [1, 2, 4, 8], "lora_alpha": [2, 4, 8, 16, 32]}
    rates = [0.00125, 0.0025, 0.005, 0.01, 0.02]
    return tc.train_sft(WORLD, tc.SFTConfig(**settings, lr=rates, seeds=16))


@functools.cache
def clip_ranges() -> tc.Run:
    clips = [0.05, 0.1, 0.2, 0.4, 0.8]
    config = tc.PPOConfig(clip_range=clips, epochs=8, rollouts=25, seeds=16)
    return tc.train_ppo(WORLD, config, start())


@functools.cache
def leashes() -> tc.Run:
    config = tc.PPOConfig(kl_beta=[0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0], seeds=16)
    return tc.train_ppo(WORLD, config, start())


@functools.cache
def judged() -> tc.Run:
    """PPO with the judge that reads the prompt: lesson 3's, and what lesson 5 quantizes."""
    judge = WORLD.reward.clone()
    judge[3], judge[3, 1] = -1.0, 1.0
    config = tc.PPOConfig(kl_beta=0.1, seeds=16)
    return tc.train_ppo(tc.World(reward=judge), config, start())


@functools.cache
def betas() -> tc.Run:
    """DPO on 100,000 Bradley–Terry pairs per seed."""
    config = tc.DPOConfig(beta=[0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0], seeds=16)
    return tc.train_dpo(WORLD, config, many_pairs(), start())


@functools.cache
def sham() -> tc.Run:
    """Lesson 6's leash that does not pull, at four lengths."""
    leashes = [0.0, 0.1, 0.5, 1.0]
    settings = {"recipe": "kl_in_reward", "kl_beta": leashes, "rollouts": 15}
    config = tc.broken.PPOLabConfig(**settings, seeds=16)
    return tc.broken.train_ppo(WORLD, config, start())


@functools.cache
def judge_of_answers() -> tc.World:
    """Lesson 7's gold: each prompt's own answer 1, harmful ones −1, the others −0.2."""
    gold = torch.where(WORLD.reward < 0, -1.0, -0.2).double()
    gold[torch.arange(6), WORLD.sft_targets] = 1.0
    return tc.World(reward=gold)


@functools.cache
def gold_pairs() -> torch.Tensor:
    """10,000 per seed, as that judge sees them."""
    judge, logp = judge_of_answers(), start().logp
    pairs = [judge.sample_preferences(logp.sel(seed=s), 10_000, seed=s) for s in range(16)]
    return torch.stack(pairs)


@functools.cache
def reward_models() -> tc.Run:
    config = tc.RewardModelConfig(rank=[1, 2, 4, 6], seeds=16)
    return tc.train_reward_model(judge_of_answers(), config, gold_pairs(), start())


@functools.cache
def models_by_pairs() -> dict[int, tc.Run]:
    """Rank 2, by the number of pairs."""
    judge, config = judge_of_answers(), tc.RewardModelConfig(rank=2, seeds=16)
    counts = (300, 1000, 3000, 10_000)
    return {n: tc.train_reward_model(judge, config, gold_pairs()[:, :n], start()) for n in counts}


@functools.cache
def many_pairs() -> torch.Tensor:
    """100,000 per seed, as the reward sees them."""
    logp = start().logp
    pairs = [WORLD.sample_preferences(logp.sel(seed=s), 100_000, seed=s) for s in range(16)]
    return torch.stack(pairs)


@functools.cache
def full_reward_model() -> tc.Run:
    """Without a ridge."""
    config = tc.RewardModelConfig(ridge=0, seeds=16)
    return tc.train_reward_model(WORLD, config, many_pairs(), start())


@functools.cache
def dpo_leashes() -> tc.Run:
    """Lesson 7's DPO, over beta."""
    config = tc.DPOConfig(beta=[0.25, 0.5, 1, 2], seeds=16)
    return tc.train_dpo(WORLD, config, many_pairs(), start())


GROUP_LEASHES = {"reward": "k1", "loss": "k2"}  # where the KL stands: how it is estimated


@functools.cache
def groups(place: str) -> tc.Run:
    """GRPO with the standard deviation, over the size of the group."""
    estimator = {"kl_in": place, "kl_estimator": GROUP_LEASHES[place]}
    config = tc.GRPOConfig(num_generations=[2, 4, 8, 16], **estimator, seeds=16)
    return tc.train_grpo(WORLD, config, start())


@functools.cache
def long_sft() -> tc.Run:
    return tc.train_sft(WORLD, tc.SFTConfig(steps=75, seeds=16))


@functools.cache
def lengths():
    config = tc.LengthConfig(loss_type=["grpo", "dr_grpo"], lr=[0.1, 0.3, 1, 3], seeds=16)
    return tc.train_length(WORLD, config, start())
