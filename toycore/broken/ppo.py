"""The loop of toycore.ppo, with a recipe of broken/recipes.py in place of its leash: lesson 6."""

import torch
from torch import Tensor

from toycore import exact
from toycore.broken.recipes import PPO_RECIPES, Sampled, copied
from toycore.broken.sampling import group_mean, sample_groups
from toycore.engine.noise import count_answers, sorted_points, uniforms
from toycore.engine.optim import Adam
from toycore.engine.settings import Numbers, Settings, Wholes, Words, choice, config, setting
from toycore.errors import in_its_language
from toycore.model import ToyLM, ValueNet, entries
from toycore.ppo import PPOConfig, _ppo_loss, _whiten
from toycore.progress import progress
from toycore.run import History, Run, check, run_sweep
from toycore.start import starting_policy, starting_run
from toycore.world import World


@config
class PPOLabConfig(Settings):
    """Settings of the lab's `train_ppo`. Whatever is not listed is as in PPOConfig.

    There is no entropy bonus: it would move every optimum a little.
    """

    per_loop = ("recipe", "rollouts")

    recipe: Words = choice(default=next(iter(PPO_RECIPES)), allowed=[*PPO_RECIPES])
    # β, reward per nat of KL
    kl_beta: Numbers = setting(default=0.5, low=0)
    # How often fresh answers are sampled. Few, since without a leash that holds rounding errors
    # grow, and after 100 rollouts no two machines would agree.
    rollouts: Wholes = setting(default=30, low=1)
    # a count, or the seed numbers themselves
    seeds: Wholes = 1


@in_its_language
def train_ppo(world: World, config: PPOLabConfig, start: Run | None = None) -> Run:
    """Train by each recipe, all from the same start and with the same noise.

    History, at the start and after each rollout: `reward`, `kl` (to the start), `entropy` and
    `attained`, exact, whatever the recipe uses as its reference; `logged_kl`, to that reference:
    what the recipe's own code would log; `clip_fraction`, the mean over the rollout's updates.
    """
    check(world, config, PPOLabConfig)
    return run_sweep(_train, world, config, starting_run(world, config, start))


def _train(world: World, config, start: Run) -> tuple[ToyLM, Tensor, History]:
    recipe, rest = PPO_RECIPES[config.recipe], PPOConfig(ent_coef=0)
    policy = starting_policy(start, config)
    critic = ValueNet(config.runs, len(world.prompts))
    base = policy.base_logits()
    start_logp, ref_logp, table = copied(policy), recipe.reference(policy), policy.logp(base)
    kl_beta = config.column("kl_beta")
    coefficients = [getattr(rest, k) for k in ("clip_range", "vf_coef", "ent_coef")]
    optimizer = Adam([*policy.parameters(), *critic.parameters()], lr=rest.lr)
    noise = uniforms(config.seeds, (config.rollouts, rest.batch_size), "rollouts")
    points = sorted_points(noise, len(world.prompts))
    cells = [index.expand(config.runs, -1) for index in torch.ones_like(world.reward).nonzero().T]
    alone = recipe.group == 1
    history = History(config.runs, config.rollouts)

    def value(prompt: Tensor) -> Tensor:
        if alone:  # the same numbers, whose gradients are summed up as in toycore.ppo
            return critic().repeat_interleave(len(world.tokens), -1)
        return critic().gather(-1, prompt)

    def record(step: int) -> None:
        logp = table.detach()
        curves = {"reward": world.reward, "kl": logp - start_logp, "logged_kl": logp - ref_logp}
        history.record(step, **exact.averages(logp, **curves, entropy=-logp))

    for rollout in progress(range(config.rollouts), "progress.lab", world.language):
        record(rollout)
        with torch.no_grad():
            sampler = recipe.sampler(table)
            if alone:  # cells, counted, as in toycore.ppo
                prompt, token = cells
                count = count_answers(sampler, points[:, rollout]).double()
            else:  # an advantage depends on the others of its group: answers, one by one
                uniform = config.per_run(noise[:, rollout])
                prompt, token = sample_groups(sampler, uniform, recipe.group)
                count = torch.ones_like(uniform)
            share = count / rest.batch_size
            behind = ref_logp if recipe.ratio_to_reference else table
            old_logp = entries(behind, prompt, token)
            penalty = recipe.in_reward(Sampled(table, ref_logp, prompt, token))
            returns = world.reward[prompt, token] - kl_beta * penalty
            # A penalty may be infinite where nothing was drawn; 0 · ∞ would be NaN.
            returns = returns.masked_fill(count == 0, 0.0)
            baseline = value(prompt) if alone else group_mean(returns, recipe.group)
            advantage = returns - baseline
            if recipe.whitened:
                advantage = _whiten(advantage, count, rest.batch_size)

        passes = []
        for _ in range(recipe.passes):
            loss, info = _ppo_loss(
                entries(table, prompt, token),
                old_logp,
                advantage,
                value(prompt),
                returns,
                -(table.exp() * table).sum(-1),
                *coefficients,
                share=share,
            )
            penalty = recipe.in_loss(Sampled(table, ref_logp, prompt, token))
            loss = loss + (share * kl_beta * penalty).sum(-1)
            loss.sum().backward()
            optimizer.step(decay=1 - rollout / config.rollouts)
            passes.append(info["clip_fraction"])
            table = policy.logp(base)

        if rollout == 0:
            history.record(0, clip_fraction=passes[0])
        history.record(rollout + 1, clip_fraction=torch.stack(passes).mean(0))

    record(config.rollouts)
    history.record_attained(start_logp, world.reward, kl_beta)
    return policy, start_logp, history
