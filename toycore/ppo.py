"""Proximal policy optimisation with a KL leash: lesson 3.

    ratio      ρ = π_θ(y|x) / π_old(y|x)                       π_old: the policy that sampled y
    clip       L = −mean min(ρ Â, clip(ρ, 1−ε, 1+ε) Â)         (Schulman et al. 2017, eq. 7)
    leash      R = r(x, y) − β log(π_old(y|x) / π_ref(y|x))    (Ouyang et al. 2022, eq. 2)
    critic     V(x) ≈ E[R|x],  Â = whitened R − V(x)
    loss       L + vf_coef · mean (V − R)² − ent_coef · mean H   (Schulman et al. 2017, eq. 9)

An advantage depends on its prompt and token alone. So a rollout is a table of 66 cells, each with
the number of times that it was drawn: a mean over samples is a sum over cells, weighed by their
shares, and a pass costs the same whatever the batch.

What a one-step world leaves out: an answer is one token, so an episode is one action. No
discount, no GAE (the advantage is R − V), no padding mask, no sum over a sequence. PPO here is a
contextual bandit, and its optimum π* is known in closed form (exact.optimal_policy).

The leash must differ from token to token. KL(π‖π_ref) itself, subtracted as one number for
all tokens of a prompt, is only a baseline: its expected gradient is zero.
"""

import torch
from torch import Tensor

from toycore import exact
from toycore.engine import guards
from toycore.engine.guards import NOT_NEGATIVE, POSITIVE
from toycore.engine.noise import count_answers, sorted_points, uniforms
from toycore.engine.optim import Adam
from toycore.engine.settings import Numbers, Settings, Wholes, config, setting
from toycore.errors import Phrase, in_its_language
from toycore.model import ToyLM, ValueNet
from toycore.progress import progress
from toycore.run import History, Run, check, run_sweep
from toycore.start import starting_policy, starting_run
from toycore.world import World


@config
class PPOConfig(Settings):
    """Settings of `train_ppo`. Any number may be a sequence: the run covers every combination."""

    per_loop = ("rollouts", "epochs", "batch_size")

    # β of the KL penalty (the leash), in reward per nat; larger: closer to the reference
    kl_beta: Numbers = setting(default=0.05, low=0)
    # ε, how far from 1 it still pays to move ρ
    clip_range: Numbers = setting(default=0.2, low=0, above=True)
    # weight of the critic's squared error
    vf_coef: Numbers = setting(default=0.5, low=0)
    # weight of the entropy bonus, against whitened advantages
    ent_coef: Numbers = setting(default=0.01, low=0)
    # Adam's learning rate at the start; it falls linearly to 0 at the end
    lr: Numbers = setting(default=6e-2, low=0, above=True)
    # how often fresh answers are sampled
    rollouts: Wholes = setting(default=100, low=1)
    # optimisation passes per rollout; with 1, ρ is always 1
    epochs: Wholes = setting(default=4, low=1)
    # answers per rollout
    batch_size: Wholes = setting(default=256, low=2)
    # nats; once approx_kl is above it, the passes of this rollout end
    target_kl: Numbers | None = setting(default=None, low=0, above=True, optional=True)
    # a count, or the seed numbers themselves
    seeds: Wholes = 1


def leash(reward: Tensor, logp: Tensor, ref_logp: Tensor, kl_beta) -> Tensor:
    """Reward minus the KL penalty of each sampled token: r − β (log π − log π_ref), all (..., B).

    The penalty is the k1 estimate, one token at a time; its mean over samples is β KL(π‖π_ref).
    kl_beta is at least 0, a number or one value per run, (R, 1). At 0 there is no leash, and
    nothing to pay for a token that the reference never gives.
    """
    reward, logp, ref_logp = guards.batches(reward=reward, logp=logp, ref_logp=ref_logp)
    return _leash(reward, logp, ref_logp, guards.setting("kl_beta", kl_beta, NOT_NEGATIVE, logp))


def _leash(reward: Tensor, logp: Tensor, ref_logp: Tensor, kl_beta) -> Tensor:
    """The same for arguments that are known to be right."""
    log_ratio = logp - ref_logp
    return reward - kl_beta * log_ratio.masked_fill(log_ratio.isinf() & (kl_beta == 0), 0.0)


def whiten(advantage: Tensor) -> Tensor:
    """Advantages with mean 0 and a spread of about 1 over the batch: (..., B) → (..., B).

    Divided by the standard deviation + 0.1, where most implementations add 1e-8. At the optimum
    the leashed reward is the same for every token: dividing by a spread of nearly 0 would blow up
    what is left, which is noise and rounding error. A single sample has advantage 0.
    """
    (advantage,) = guards.batches(advantage=advantage)
    return _whiten(advantage, torch.ones_like(advantage), advantage.shape[-1])


def _whiten(advantage: Tensor, count: Tensor, size: int) -> Tensor:
    """The same of advantages that count as often as `count` says, `size` in all."""
    centred = advantage - (count * advantage).sum(-1, keepdim=True) / size
    # √Σx² as a norm, whose gradient at 0 is 0; that of a square root is infinite there.
    spread = torch.linalg.vector_norm(count.sqrt() * centred, dim=-1, keepdim=True)
    return centred / (spread / max(size - 1, 1) ** 0.5 + 0.1)


def ppo_loss(
    logp: Tensor,
    old_logp: Tensor,
    advantage: Tensor,
    value: Tensor,
    returns: Tensor,
    entropy: Tensor,
    *,
    clip_range=0.2,
    vf_coef=0.5,
    ent_coef=0.01,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Clipped policy loss + critic loss − entropy bonus (Schulman et al. 2017, eq. 7 and 9).

    logp       (..., B) log π_θ of the sampled tokens; gradients flow
    old_logp   (..., B) log π_old of the same tokens, when they were sampled
    advantage  (..., B) used as given: whiten it first
    value      (..., B) the critic's V(x); gradients flow
    returns    (..., B) what the critic should predict
    entropy    (..., B) policy entropy at each sample's prompt, or (..., P) at every prompt;
               its mean counts; nats; gradients flow
    The settings are numbers, or one value per run, (R, 1): clip_range > 0, the others ≥ 0.

    Returns the loss (...), a mean over B, and info, each (...):
    policy_loss    the clipped surrogate, to be minimised
    value_loss     mean squared error, without the ½ of some implementations
    clip_fraction  share of samples where the clip changes the loss (TRL's meaning). CleanRL
                   counts |ρ − 1| > ε, even where the clipped term is not the smaller one.
    approx_kl      mean (ρ − 1) − log ρ, an estimate of KL(π_old‖π_θ), never negative; nats
    """
    checked = _checked(logp, old_logp, advantage, value, returns, entropy)
    return _ppo_loss(*checked, *_coefficients(clip_range, vf_coef, ent_coef, checked[0]))


def _ppo_loss(
    logp, old_logp, advantage, value, returns, entropy, clip_range, vf_coef, ent_coef, *, share=None
):
    """The same for arguments that are known to be right: the loop calls this 400 times.

    share: (..., B) how much each counts, together 1; None: all equally.
    """

    def mean(values: Tensor) -> Tensor:
        weighed = values.mean(-1) if share is None else (share * values).sum(-1)
        return weighed.unsqueeze(-1)

    log_ratio = logp - old_logp
    ratio = log_ratio.detach().exp()  # ρ
    clipped = ratio.clamp(1 - clip_range, 1 + clip_range) * advantage
    # Where the clipped term is the smaller, the clip is flat, and no gradient passes. The ratio
    # may be infinite there: masked out of the other term, it spoils no gradient either.
    clip_acts = ~(ratio * advantage <= clipped)
    unclipped = log_ratio.masked_fill(clip_acts, 0.0).exp() * advantage
    policy_loss = -mean(torch.where(clip_acts, clipped, unclipped))  # eq. 7
    value_loss = mean((value - returns).square())
    bonus = entropy.mean(-1, keepdim=True)
    loss = policy_loss + vf_coef * value_loss - ent_coef * bonus  # eq. 9
    with torch.no_grad():
        info = {
            "policy_loss": policy_loss.detach(),
            "value_loss": value_loss.detach(),
            "clip_fraction": mean(clip_acts.to(ratio.dtype)),
            "approx_kl": mean(ratio - 1 - log_ratio),
        }
    return loss.squeeze(-1), {name: value.squeeze(-1) for name, value in info.items()}


def _checked(logp, old_logp, advantage, value, returns, entropy) -> list[Tensor]:
    """The batches as tensors that fit together; else TypeError or ValueError."""
    batches = guards.batches(
        logp=logp, old_logp=old_logp, advantage=advantage, value=value, returns=returns
    )
    (entropy,) = guards.batches(entropy=entropy)
    runs = {"logp": (*batches[0].shape[:-1], 1), "entropy": (*entropy.shape[:-1], 1)}
    guards.fit(1, Phrase("and_entropy"), **runs)
    return [*batches, entropy]


def _coefficients(clip_range, vf_coef, ent_coef, logp: Tensor) -> tuple:
    """The settings of the loss, each a number or (R, 1); else TypeError or ValueError."""
    return (
        guards.setting("clip_range", clip_range, POSITIVE, logp),
        guards.setting("vf_coef", vf_coef, NOT_NEGATIVE, logp),
        guards.setting("ent_coef", ent_coef, NOT_NEGATIVE, logp),
    )


@in_its_language
def train_ppo(world: World, config: PPOConfig = PPOConfig(), start: Run | None = None) -> Run:
    """Train on the leashed reward, from `start` (default: the default SFT of the same seeds).

    The start is also the reference: an exact copy, adapters included. History, at the start
    (step 0) and after each rollout: `reward`, `kl`, `entropy`, `attained`, exact and averaged
    over prompts; `policy_loss`, `value_loss`, `clip_fraction`, `approx_kl`, the mean over the
    rollout's updates (at step 0: the first batch, before any update).
    """
    check(world, config, PPOConfig)
    return run_sweep(_train, world, config, starting_run(world, config, start))


def _train(world: World, config, start: Run) -> tuple[ToyLM, Tensor, History]:
    policy = starting_policy(start, config)
    critic = ValueNet(config.runs, len(world.prompts))
    base = policy.base_logits()
    table = policy.logp(base)
    ref_logp = table.detach()
    kl_beta = config.column("kl_beta")
    coefficients = [config.shared(name) for name in ("clip_range", "vf_coef", "ent_coef")]
    optimizer = Adam([*policy.parameters(), *critic.parameters()], lr=config.shared("lr"))
    drawn = config.rollouts, config.batch_size
    points = sorted_points(uniforms(config.seeds, drawn, "rollouts"), len(world.prompts))
    reward, ref = world.reward.flatten(), ref_logp.flatten(-2)  # of each cell
    history = History(config.runs, config.rollouts)

    def cells(value: Tensor) -> Tensor:  # of each prompt, at each of its tokens
        return value.repeat_interleave(len(world.tokens), -1)

    for rollout in progress(range(config.rollouts), "progress.ppo", world.language):
        with torch.no_grad():
            history.record(rollout, **_state(table, ref_logp, world.reward))
            count = count_answers(table, points[:, rollout]).double()
            share, old_logp = count / config.batch_size, table.flatten(-2)
            returns = _leash(reward, old_logp, ref, kl_beta)
            advantage = _whiten(returns - cells(critic()), count, config.batch_size)
            # A cell that was never drawn counts 0, and 0 · ∞ would be NaN: ρ stays at most 1 there.
            old_logp = old_logp.masked_fill(count == 0, 0.0)

        passes, active = [], None
        for _ in range(config.epochs):
            entropy = -(table.exp() * table).sum(-1)  # of every prompt, so none has to be sampled
            loss, info = _ppo_loss(
                table.flatten(-2),
                old_logp,
                advantage,
                cells(critic()),
                returns,
                entropy,
                *coefficients,
                share=share,
            )
            loss.sum().backward()
            if config.target_kl is not None:
                near = info["approx_kl"][:, None] <= config.column("target_kl")
                active = near if active is None else active & near
            optimizer.step(decay=1 - rollout / config.rollouts, active=active)
            passes.append(info)
            table = policy.logp(base)

        if rollout == 0:
            history.record(0, **passes[0])
        means = {name: torch.stack([one[name] for one in passes]).mean(0) for name in info}
        history.record(rollout + 1, **means)

    history.record(config.rollouts, **_state(table.detach(), ref_logp, world.reward))
    history.record_attained(ref_logp, world.reward, kl_beta)
    return policy, ref_logp, history


def _state(logp: Tensor, ref_logp: Tensor, reward: Tensor) -> dict[str, Tensor]:
    """Where the policy stands, by enumeration: each (R,), averaged over prompts."""
    return exact.averages(logp, reward=reward, kl=logp - ref_logp, entropy=-logp)
