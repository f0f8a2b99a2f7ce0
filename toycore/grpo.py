"""Group-relative policy optimisation (GRPO), RLOO and Dr. GRPO: lesson 7.

    group      y_1 … y_G ~ π_old(·|x), with rewards r_1 … r_G: they are each other's baseline
    RLOO       Â_i = r_i − mean of the other G − 1                 (Ahmadian et al. 2024)
    GRPO       Â_i = (r_i − mean r) / (std r + 1e-4)               (Shao et al. 2024, section 4.1.2)
    Dr. GRPO   Â_i = r_i − mean r                                  (Liu et al. 2025)
    loss       L = −mean min(ρ Â, clip(ρ, 1−ε, 1+ε) Â) + β mean k  (Shao et al. 2024, eq. 3)
    leash      k1 = log π_θ − log π_ref,  k2 = k1²/2,  k3 = π_ref/π_θ − 1 + k1     (eq. 4: k3)

The leash stands in the reward, r − β k1, as RLOO has it, or in the loss, as GRPO has it. Each
recipe has an optimum of its own, which need not be π*: group_optimum.py.

What one step deletes: an answer is one token, so |o| = 1 and nothing is divided by a length
(length.py has answers of two lengths). Prompts can be enumerated, so each rollout asks them all.
There is no critic: the group is in its place.

TRL 1.16 multiplies k3 by ρ unless use_bias_correction_kl=False. Its expected gradient is then that
of KL(π‖π_ref), as k2's is here; that of k3 alone is the gradient of KL(π_ref‖π).
"""

import torch
from torch import Tensor

from toycore import exact
from toycore.engine import guards
from toycore.engine.guards import NOT_NEGATIVE, POSITIVE, Choice
from toycore.engine.noise import sample_token, uniforms
from toycore.engine.optim import Adam
from toycore.engine.plain_torch import plain_torch
from toycore.engine.settings import (
    Numbers,
    Settings,
    Wholes,
    Words,
    choice,
    config,
    setting,
)
from toycore.engine.threads import one_thread
from toycore.errors import Phrase, in_its_language, say
from toycore.group_optimum import STD_EPS, own_reward
from toycore.model import ToyLM, entries
from toycore.progress import progress
from toycore.run import History, Run, check, run_sweep
from toycore.start import starting_policy, starting_run
from toycore.world import World

BASELINES = ("mean", "leave_one_out")
SCALES = ("group", "none")
PLACES = ("loss", "reward")
ESTIMATORS = ("k1", "k2", "k3")


@config
class GRPOConfig(Settings):
    """Settings of `train_grpo`. Any number or word may be a sequence: the run covers the product.

    RLOO: baseline="leave_one_out", scale_rewards="none", kl_in="reward", kl_estimator="k1".
    Dr. GRPO: scale_rewards="none".
    """

    per_loop = (
        *("rollouts", "epochs", "answers_per_prompt", "num_generations"),
        *("baseline", "scale_rewards", "kl_in", "kl_estimator"),
    )

    # β of the KL penalty (the leash), in reward per nat; larger: closer to the reference
    kl_beta: Numbers = setting(default=0.5, low=0)
    # G, answers in a group, all to one prompt; more: a baseline with less noise
    num_generations: Wholes = setting(default=8, low=2)
    # what is subtracted from a reward: the mean of its group, or of the others in it
    baseline: Words = choice(default="mean", allowed=BASELINES)
    # group: the rest is divided by the group's standard deviation; none: it is not
    scale_rewards: Words = choice(default="group", allowed=SCALES)
    # where the KL penalty stands: loss, or reward (then kl_estimator must be k1)
    kl_in: Words = choice(default="loss", allowed=PLACES)
    # how it is estimated from one token; in the loss, k1 pulls on nothing
    kl_estimator: Words = choice(default="k3", allowed=ESTIMATORS)
    # ε, how far ρ may leave 1 and still pay
    clip_range: Numbers = setting(default=0.2, low=0, above=True)
    # Adam's learning rate at the start; it falls linearly to 0 at the end
    lr: Numbers = setting(default=5e-2, low=0, above=True)
    # how often fresh answers are sampled
    rollouts: Wholes = setting(default=60, low=1)
    # optimisation passes per rollout (TRL: num_iterations); with 1, ρ is always 1
    epochs: Wholes = setting(default=4, low=1)
    # answers to each prompt per rollout, as many whole groups as fit; one at least
    answers_per_prompt: Wholes = setting(default=128, low=1)
    # a count, or the seed numbers themselves
    seeds: Wholes = 1


def group_advantage(
    reward: Tensor, *, baseline: str = "mean", scale_rewards: str = "group"
) -> Tensor:
    """What each answer is worth beside the others of its group: (..., B, G) → (..., B, G).

    baseline       "mean": r − the group's mean; "leave_one_out": r − the mean of the other G − 1,
                   which is G/(G − 1) times as much, and unbiased
    scale_rewards  "group": divided by the group's standard deviation (of G − 1) + 1e-4, as TRL
                   does; "none": not

    In a group of equal rewards all advantages are 0. ValueError unless G is at least 2.
    """
    Choice(BASELINES).check("baseline", baseline)
    Choice(SCALES).check("scale_rewards", scale_rewards)
    (reward,) = guards.batches(reward=reward)
    if reward.shape[-1] < 2:
        raise ValueError(say("groups_of_two", shape=tuple(reward.shape)))
    return _group_advantage(reward, baseline, scale_rewards)


def _group_advantage(reward: Tensor, baseline: str, scale_rewards: str) -> Tensor:
    group = reward.shape[-1]
    centred = reward - reward.mean(-1, keepdim=True)
    advantage = centred if baseline == "mean" else centred * (group / (group - 1))
    if scale_rewards == "none":
        return advantage
    # √Σx² as a norm, whose gradient at 0 is 0; that of a square root is infinite there.
    spread = torch.linalg.vector_norm(centred, dim=-1, keepdim=True) / (group - 1) ** 0.5
    return advantage / (spread + STD_EPS)


def grpo_loss(
    logp: Tensor,
    old_logp: Tensor,
    advantage: Tensor,
    ref_logp: Tensor,
    *,
    clip_range=0.2,
    kl_beta=0.0,
    kl_estimator: str = "k3",
) -> tuple[Tensor, dict[str, Tensor]]:
    """Clipped policy loss + β times the estimated KL (Shao et al. 2024, eq. 3 and 4).

    logp       (..., B) log π_θ of the sampled tokens; gradients flow, also through the KL
    old_logp   (..., B) log π_old of the same tokens, when they were sampled
    advantage  (..., B) used as given: see group_advantage
    ref_logp   (..., B) log π_ref of the same tokens; where β is 0 it does not count
    kl_estimator  "k1", "k2" or "k3" (Schulman 2020); for anything else a ValueError
    clip_range, above 0, and kl_beta, from 0, are numbers, or one value per run, (R, 1).

    Returns the loss (...), a mean over B, and info, each (...):
    policy_loss    the clipped surrogate; at the first pass it is −mean Â, which in groups is 0
    kl_estimate    the mean of the estimator, in nats; 0 where β is 0
    clip_fraction  share of samples where the clip changes the loss
    approx_kl      mean (ρ − 1) − log ρ, an estimate of KL(π_old‖π_θ), never negative; nats
    """
    Choice(ESTIMATORS).check("kl_estimator", kl_estimator)
    batches = guards.batches(logp=logp, old_logp=old_logp, advantage=advantage, ref_logp=ref_logp)
    clip_range = guards.setting("clip_range", clip_range, POSITIVE, batches[0])
    kl_beta = guards.setting("kl_beta", kl_beta, NOT_NEGATIVE, batches[0])
    settings = {"clip_range": clip_range, "kl_beta": kl_beta, "kl_estimator": kl_estimator}
    return _grpo_loss(*batches, **settings)


def _grpo_loss(logp, old_logp, advantage, ref_logp, *, clip_range, kl_beta, kl_estimator):
    """The same of arguments that are known to be right: the loop asks 400 times."""
    log_ratio = logp - old_logp
    ratio = log_ratio.detach().exp()  # ρ
    clipped = ratio.clamp(1 - clip_range, 1 + clip_range) * advantage
    # Where the clipped term is the smaller, the clip is flat, and no gradient passes. The ratio
    # may be infinite there: taken out of the other term, it spoils no gradient either.
    clip_acts = ~(ratio * advantage <= clipped)
    unclipped = log_ratio.masked_fill(clip_acts, 0.0).exp() * advantage
    policy_loss = -torch.where(clip_acts, clipped, unclipped).mean(-1, keepdim=True)
    kl_estimate = _estimate(logp, ref_logp, kl_beta, kl_estimator).mean(-1, keepdim=True)
    loss = policy_loss + kl_beta * kl_estimate  # eq. 3
    with torch.no_grad():
        info = {
            "policy_loss": policy_loss.detach().squeeze(-1),
            "kl_estimate": kl_estimate.detach().squeeze(-1),
            "clip_fraction": clip_acts.to(ratio.dtype).mean(-1),
            "approx_kl": (ratio - log_ratio).mean(-1) - 1,
        }
    return loss.squeeze(-1), info


def _estimate(logp: Tensor, ref_logp: Tensor, kl_beta, kl_estimator: str) -> Tensor:
    """KL(π_θ‖π_ref), estimated from each sampled token: (..., B); 0 where β is 0."""
    k1 = torch.where(torch.as_tensor(kl_beta) == 0, 0.0, logp - ref_logp)
    if kl_estimator == "k1":
        return k1
    return k1.square() / 2 if kl_estimator == "k2" else (-k1).exp() - 1 + k1  # k3: eq. 4


@one_thread
@plain_torch
def own_optimum(ref_logp, reward, config: GRPOConfig) -> Tensor:
    """Where the recipe of a config really lands, sampled ever so long: (..., P, V).

    ref_logp: (..., P, V) log-probabilities, as those that are returned; reward: (P, V).
    Of the config, `kl_beta`, `num_generations`, `baseline`, `scale_rewards`, `kl_in` and
    `kl_estimator` count, one value each. With k1 in the reward it is π*; group_optimum.py has the
    others' equations. k1 in the loss leaves no leash: then ties of the best reward are shared as
    at β = 0 of exact.optimal_policy, though training may drift among them.

    ValueError if the config sweeps, if k2 or k3 is in the reward, if groups are of too many kinds
    to be counted, or if there are two places to rest.
    """
    if not isinstance(config, GRPOConfig):
        allowed = Phrase("an_instance", kind="GRPOConfig")
        raise TypeError(guards.must("config", allowed, repr(config)))
    if config.swept:
        raise ValueError(say("one_recipe", names=", ".join(config.swept)))
    _check_recipe(config)
    reward = guards.table("reward", reward).double()
    if reward.ndim != 2:
        raise ValueError(say("shape", name="reward", shape="(P, V)", got=tuple(reward.shape)))
    if not bool(torch.isfinite(reward).all()):
        raise ValueError(say("not_finite", name="reward"))
    ref_logp = guards.policy("ref_logp", ref_logp, (len(reward), reward.shape[1]))
    own, kl_beta = own_reward(ref_logp, reward, config, config.kl_beta, only=True)
    return exact.optimal_policy(ref_logp, own, kl_beta)


def _check_recipe(config: GRPOConfig) -> None:
    """ValueError if k2 or k3 would be in the reward, where neither is a leash: lesson 6."""
    places, estimators = (
        {value} if isinstance(value, str) else {*value}
        for value in (config.kl_in, config.kl_estimator)
    )
    if "reward" in places and estimators != {"k1"}:
        raise ValueError(say("only_k1", got=repr(config.kl_estimator)))


@in_its_language
def train_grpo(world: World, config: GRPOConfig = GRPOConfig(), start: Run | None = None) -> Run:
    """Train by groups of answers, from `start` (default: the default SFT of the same seeds).

    The start is also the reference: an exact copy, adapters included. History, at the start
    (step 0) and after each rollout: `reward`, `kl`, `entropy`, `attained`, `attained_own`, exact
    and averaged over prompts; `policy_loss`, `kl_estimate`, `clip_fraction`, `approx_kl`,
    the mean over the rollout's updates (at step 0: the first batch, before any update);
    and, of the rollout's answers, `reward_std`, the standard deviation of their rewards, and
    `frac_reward_zero_std`, the share of groups whose rewards, with what is in them of the KL, are
    all the same, so that nothing is learned from them (both as in TRL).

    `attained` is measured against π*, `attained_own` against the recipe's own optimum π′: 1 is
    there, 0 the start. It is 1 − KL(π‖π′)/KL(π_ref‖π′), which for π* is `attained`. With two places
    to rest, π′ is the one that is met from the start on.
    """
    check(world, config, GRPOConfig)
    _check_recipe(config)
    return run_sweep(_train, world, config, starting_run(world, config, start))


def _train(world: World, config, start: Run) -> tuple[ToyLM, Tensor, History]:
    policy = starting_policy(start, config)
    base = policy.base_logits()
    table = policy.logp(base)
    ref_logp = table.detach()
    kl_beta = config.column("kl_beta")
    own, own_beta = own_reward(ref_logp, world.reward, config, kl_beta)
    in_reward = config.kl_in == "reward"
    asked = {"clip_range": config.shared("clip_range"), "kl_estimator": config.kl_estimator}
    asked |= {"kl_beta": 0.0 if in_reward else config.shared("kl_beta")}
    optimizer = Adam(policy.parameters(), lr=config.shared("lr"))
    prompts, group = len(world.prompts), config.num_generations
    # Drawn for all answers, also those that fill no group: so every G sees the same noise.
    drawn = max(config.answers_per_prompt, group)
    answers = drawn // group * group
    noise = uniforms(config.seeds, (config.rollouts, prompts, drawn), "rollouts")
    noise = noise[..., :answers].flatten(-2)
    prompt = torch.arange(prompts).repeat_interleave(answers).expand(config.runs, -1)
    history = History(config.runs, config.rollouts)

    for rollout in progress(range(config.rollouts), "progress.grpo", world.language):
        with torch.no_grad():
            history.record(rollout, **_state(table, ref_logp, world.reward, own, own_beta))
            token = sample_token(table, prompt, config.per_run(noise[:, rollout]))
            old_logp, ref = entries(table, prompt, token), entries(ref_logp, prompt, token)
            reward = world.reward[prompt, token]
            leashed = reward - kl_beta * (old_logp - ref) if in_reward else reward  # k1
            groups = leashed.unflatten(-1, (-1, group))
            advantage = _group_advantage(groups, config.baseline, config.scale_rewards).flatten(-2)
            alike = (groups == groups[..., :1]).all(-1).double().mean(-1)
            spread = {"reward_std": reward.std(-1), "frac_reward_zero_std": alike}

        passes = []
        for _ in range(config.epochs):
            logp = entries(table, prompt, token)
            loss, info = _grpo_loss(logp, old_logp, advantage, ref, **asked)
            loss.sum().backward()
            optimizer.step(decay=1 - rollout / config.rollouts)
            passes.append(info)
            table = policy.logp(base)

        if rollout == 0:
            history.record(0, **passes[0], **spread)
        means = {name: torch.stack([one[name] for one in passes]).mean(0) for name in info}
        history.record(rollout + 1, **means, **spread)

    table = table.detach()
    history.record(config.rollouts, **_state(table, ref_logp, world.reward, own, own_beta))
    history.record_attained(ref_logp, world.reward, kl_beta)
    objective = history.curves["attained_own"]
    share = exact.attained_share(objective.T, ref_logp, own, own_beta)
    history.curves["attained_own"] = share.T
    return policy, ref_logp, history


def _state(logp: Tensor, ref_logp: Tensor, reward: Tensor, own: Tensor, own_beta: Tensor) -> dict:
    """Where the policy stands, by enumeration: each (R,), averaged over prompts.

    `attained_own` is here the recipe's own objective still, to be made a share at the end.
    """
    kl = logp - ref_logp
    climbed = own - own_beta[..., None] * kl
    return exact.averages(logp, reward=reward, kl=kl, entropy=-logp, attained_own=climbed)
