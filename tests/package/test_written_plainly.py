"""SFT, PPO, GRPO and DPO written once more as a textbook would: one run, one sample at a time.

With torch's own Adam and gradients, from the same noise. The course's trainers run many at a time
and count what they can; curves and policies must be the same.
"""

import copy
import math

import numpy as np
import pytest
import torch

import toycore as tc
from toycore.engine.noise import generator

SEED, ALPHA, RANK = 5, 6.0, 3


class Plain:
    """The policy of one run: π(y|x) = softmax(E (W + α/r B A)ᵀ + b), of which A and B learn."""

    def __init__(self, model: tc.ToyLM):
        head = copy.deepcopy(model.head)
        frozen = (model.prompt_embed, head.weight, head.bias)
        self.embedding, self.weight, self.bias = (tensor[0].detach() for tensor in frozen)
        self.down, self.up = (
            factor[0].detach().clone().requires_grad_() for factor in (head.lora_A, head.lora_B)
        )

    def logp(self) -> torch.Tensor:
        weight = self.weight + ALPHA / RANK * self.up @ self.down
        return torch.log_softmax(self.embedding @ weight.T + self.bias, -1)


def exactly(world, logp: torch.Tensor, ref: torch.Tensor) -> dict[str, float]:
    """What is counted over all prompts and tokens, written as sums."""
    chance = logp.exp()
    return {
        "reward": (chance * world.reward).sum().item() / 6,
        "kl": (chance * (logp - ref)).sum().item() / 6,
        "entropy": -(chance * logp).sum().item() / 6,
    }


def attained(world, ref: torch.Tensor, kl_beta: float, reward: float, kl: float) -> float:
    """Gain over the reference's, as a share of the gain of π* ∝ π_ref exp(r/β)."""
    best = kl_beta * (ref.exp() * (world.reward / kl_beta).exp()).sum(-1).log().mean().item()
    at_reference = (ref.exp() * world.reward).sum().item() / 6
    return (reward - kl_beta * kl - at_reference) / (best - at_reference)


def same(run: tc.Run, history: list[dict], policy: Plain) -> None:
    for step, told in enumerate(history):
        found = run.history.isel(step=step, seed=0)
        for name, value in told.items():
            assert found[name].item() == pytest.approx(value, rel=0, abs=1e-9), (step, name)
    assert set(run.history) == {name for told in history for name in told}
    assert np.allclose(run.logp.values[0], policy.logp().detach(), rtol=0, atol=1e-9)


@pytest.fixture(scope="module")
def begun(world) -> tc.Run:
    config = tc.SFTConfig(lora_rank=RANK, lora_alpha=ALPHA, steps=20, lr=0.02, seeds=[SEED])
    return tc.train_sft(world, config)


@pytest.mark.parametrize("steps", [20, 300])
def test_sft(world, steps):
    config = tc.SFTConfig(lora_rank=RANK, lora_alpha=ALPHA, steps=steps, lr=0.02, seeds=[SEED])
    policy = Plain(tc.ToyLM([SEED], RANK, ALPHA))
    adam, history = torch.optim.Adam([policy.down, policy.up], lr=0.02), []
    trained = RANK * (32 + 11)
    for step in range(steps + 1):
        logp = policy.logp()
        loss = -sum(logp[prompt, token] for prompt, token in enumerate(world.sft_targets)) / 6
        right = sum(
            row.argmax() == token for row, token in zip(logp, world.sft_targets, strict=True)
        )
        history.append({"loss": loss.item(), "accuracy": right.item() / 6})
        history[-1]["entropy"] = exactly(world, logp, logp)["entropy"]
        history[-1]["trainable_fraction"] = trained / (trained + 6 * 32 + 11 * 32 + 11)
        if step < steps:
            adam.zero_grad()
            loss.backward()
            adam.step()
    same(tc.train_sft(world, config), history, policy)


def samples(logp: torch.Tensor, noise: torch.Tensor) -> list[tuple[int, int]]:
    """Of each number on [0, 1): which sixth gives the prompt, where in it gives the token."""
    drawn = []
    for place in (6 * noise).tolist():
        prompt, token = int(place), 0
        left = place - prompt - logp[prompt, 0].exp().item()
        while left >= 0:
            token += 1
            left -= logp[prompt, token].exp().item()
        drawn.append((prompt, token))
    return drawn


@pytest.mark.parametrize(
    "settings",
    [
        {"kl_beta": 0.3, "epochs": 3, "clip_range": 0.1, "ent_coef": 0.0},
        {"kl_beta": 0.05, "epochs": 4, "clip_range": 0.2, "ent_coef": 0.3, "vf_coef": 2.0},
        {"kl_beta": 0.1, "epochs": 6, "clip_range": 0.5, "target_kl": 0.002},
    ],
    ids=["leash and clip", "entropy and critic", "target_kl"],
)
def test_ppo(world, begun, settings):
    config = tc.PPOConfig(rollouts=4, batch_size=48, lr=0.04, seeds=[SEED], **settings)
    policy, value = Plain(begun.model), torch.zeros(6, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([policy.down, policy.up, value])
    ref, history, means, updates = policy.logp().detach(), [], {}, 0
    noise = torch.rand((4, 48), generator=generator(SEED, "rollouts"), dtype=torch.float64)
    for rollout in range(4):
        old = policy.logp().detach()
        history.append(exactly(world, old, ref))
        drawn = samples(old, noise[rollout])
        returns = [world.reward[x, y] - config.kl_beta * (old[x, y] - ref[x, y]) for x, y in drawn]
        gains = [g - value[x].item() for g, (x, _) in zip(returns, drawn, strict=True)]
        centre = sum(gains) / 48
        spread = math.sqrt(sum((gain - centre) ** 2 for gain in gains) / 47)
        advantages = [(gain - centre) / (spread + 0.1) for gain in gains]
        adam.param_groups[0]["lr"] = 0.04 * (1 - rollout / 4)
        passes, stopped = [], False
        for _ in range(config.epochs):
            logp = policy.logp()
            surrogate = squares = clipped = kl = 0.0
            for (x, y), gain, target in zip(drawn, advantages, returns, strict=True):
                ratio = (logp[x, y] - old[x, y]).exp()
                kept = ratio.clamp(1 - config.clip_range, 1 + config.clip_range) * gain
                surrogate = surrogate + torch.minimum(ratio * gain, kept)
                clipped += float(kept < ratio * gain)
                squares = squares + (value[x] - target) ** 2
                kl += (ratio - 1 - ratio.log()).item()
            entropy = -(logp.exp() * logp).sum() / 6
            loss = -surrogate / 48 + config.vf_coef * squares / 48 - config.ent_coef * entropy
            told = {"policy_loss": -surrogate.item() / 48, "value_loss": squares.item() / 48}
            passes.append(told | {"clip_fraction": clipped / 48, "approx_kl": kl / 48})
            stopped = stopped or (config.target_kl is not None and kl / 48 > config.target_kl)
            if not stopped:
                adam.zero_grad()
                loss.backward()
                adam.step()
                updates += 1
        history[rollout] |= passes[0] if rollout == 0 else means
        means = {n: sum(told[n] for told in passes) / config.epochs for n in passes[0]}
    history.append(exactly(world, policy.logp().detach(), ref) | means)
    for told in history:
        told["attained"] = attained(world, ref, config.kl_beta, told["reward"], told["kl"])
    same(tc.train_ppo(world, config, begun), history, policy)
    assert (updates < 4 * config.epochs) == (config.target_kl is not None)
    assert config.target_kl or max(told["clip_fraction"] for told in history) > 0


def spread_of(numbers: list) -> float:
    """The standard deviation, of one less."""
    mean = sum(numbers) / len(numbers)
    return math.sqrt(sum((one - mean) ** 2 for one in numbers) / (len(numbers) - 1))


def estimate(name: str, log_ratio):
    kinds = {"k1": log_ratio, "k2": log_ratio**2 / 2}
    return kinds.get(name, (-log_ratio).exp() - 1 + log_ratio)


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 3, "clip_range": 0.05},
        {"baseline": "leave_one_out", "scale_rewards": "none"} | {"kl_in": "reward"},
        {"kl_in": "reward", "num_generations": 3},
        {"scale_rewards": "none", "kl_estimator": "k2", "kl_beta": 0.1},
    ],
    ids=["GRPO", "RLOO", "std, leash in the reward", "Dr. GRPO with k2"],
)
def test_grpo(world, begun, settings):
    in_reward = settings.get("kl_in") == "reward"
    settings = {"kl_estimator": "k1" if in_reward else "k3"} | settings
    config = tc.GRPOConfig(
        rollouts=4, answers_per_prompt=10, lr=0.04, seeds=[SEED],
        **({"num_generations": 4, "epochs": 2} | settings),
    )  # fmt: skip
    size, beta = config.num_generations, config.kl_beta
    policy, history, means = Plain(begun.model), [], {}
    adam, ref = torch.optim.Adam([policy.down, policy.up]), policy.logp().detach()
    own = tc.grpo.own_optimum(ref, world.reward, config)
    whole_way = exactly(world, ref, own)["kl"]
    noise = torch.rand((4, 6, 10), generator=generator(SEED, "rollouts"), dtype=torch.float64)
    for rollout in range(4):
        old, groups = policy.logp().detach(), []
        history.append(exactly(world, old, ref))
        history[-1]["attained_own"] = 1 - exactly(world, old, own)["kl"] / whole_way
        for x in range(6):
            tokens = [samples(old, (x + u[None]) / 6)[0][1] for u in noise[rollout, x]]
            whole = len(tokens) // size * size
            groups += [[(x, y) for y in tokens[i : i + size]] for i in range(0, whole, size)]
        drawn, advantages, silent = [], [], 0
        for group in groups:
            rewards = [world.reward[x, y].item() for x, y in group]
            if in_reward:
                rewards = [world.reward[xy].item() - beta * (old - ref)[xy].item() for xy in group]
            silent += max(rewards) == min(rewards)
            for i, (xy, r) in enumerate(zip(group, rewards, strict=True)):
                others = rewards[:i] + rewards[i + 1 :]
                left_out = config.baseline == "leave_one_out"
                gain = r - (sum(others) / (size - 1) if left_out else sum(rewards) / size)
                scaled = config.scale_rewards == "group"
                drawn.append(xy)
                advantages.append(gain / (spread_of(rewards) + 1e-4) if scaled else gain)
        spread = {
            "reward_std": spread_of([world.reward[xy].item() for xy in drawn]),
            "frac_reward_zero_std": silent / len(groups),
        }
        adam.param_groups[0]["lr"], passes, count = 0.04 * (1 - rollout / 4), [], len(drawn)
        for _ in range(config.epochs):
            logp, surrogate, kl, clipped, moved = policy.logp(), 0.0, 0.0, 0.0, 0.0
            for xy, gain in zip(drawn, advantages, strict=True):
                ratio = (logp[xy] - old[xy]).exp()
                kept = ratio.clamp(1 - config.clip_range, 1 + config.clip_range) * gain
                surrogate = surrogate + torch.minimum(ratio * gain, kept) / count
                kl = kl + estimate(config.kl_estimator, logp[xy] - ref[xy]) / count
                clipped += float(kept < ratio * gain) / count
                moved += (ratio - 1 - ratio.log()).item() / count
            loss = -surrogate if in_reward else -surrogate + beta * kl
            told = {"policy_loss": -surrogate.item()}
            told |= {"kl_estimate": 0.0 if in_reward else kl.item()}
            passes.append(told | {"clip_fraction": clipped, "approx_kl": moved})
            adam.zero_grad()
            loss.backward()
            adam.step()
        history[rollout] |= passes[0] | spread if rollout == 0 else means
        means = {n: sum(told[n] for told in passes) / config.epochs for n in passes[0]} | spread
    last = policy.logp().detach()
    history.append(exactly(world, last, ref) | means)
    history[-1]["attained_own"] = 1 - exactly(world, last, own)["kl"] / whole_way
    for told in history:
        told["attained"] = attained(world, ref, beta, told["reward"], told["kl"])
    same(tc.train_grpo(world, config, begun), history, policy)


@pytest.mark.parametrize("loss_type", ["sigmoid", "ipo"])
@pytest.mark.parametrize("reference_free", [False, True])
@pytest.mark.parametrize("sft_weight", [0, 0.3])
def test_dpo(world, begun, loss_type, reference_free, sft_weight):
    beta, steps = 0.4, 12
    kinds = {"loss_type": loss_type, "reference_free": reference_free, "sft_weight": sft_weight}
    config = tc.DPOConfig(beta=beta, steps=steps, lr=0.05, seeds=[SEED], **kinds)
    pairs = world.sample_preferences(begun.logp.sel(seed=SEED), 40, seed=1)
    policy, history = Plain(begun.model), []
    adam, ref = torch.optim.Adam([policy.down, policy.up]), policy.logp().detach()
    for step in range(steps + 1):
        logp, chosen, rejected, margins, losses = policy.logp(), [], [], [], []
        for x, c, r in pairs.tolist():
            gap = logp[x, c] - logp[x, r]
            margin = beta * (gap if reference_free else gap - (ref[x, c] - ref[x, r]))
            plain = -torch.log(1 / (1 + torch.exp(-margin)))
            plain = plain if loss_type == "sigmoid" else ((margin - 0.5) / beta) ** 2
            losses.append(plain - sft_weight * logp[x, c])
            chosen.append(logp[x, c].item())
            rejected.append(logp[x, r].item())
            margins.append(margin.item())
        loss = sum(losses) / 40
        told = {"loss": loss.item(), "margin": sum(margins) / 40}
        told |= {"chosen_logp": sum(chosen) / 40, "rejected_logp": sum(rejected) / 40}
        told["accuracy"] = sum(margin > 0 for margin in margins) / 40
        counted = exactly(world, logp.detach(), ref)
        told |= {"reward": counted["reward"], "kl": counted["kl"]}
        told["attained"] = attained(world, ref, beta, told["reward"], told["kl"])
        history.append(told)
        if step < steps:
            adam.param_groups[0]["lr"] = 0.05 * (1 - step / steps)
            adam.zero_grad()
            loss.backward()
            adam.step()
    same(tc.train_dpo(world, config, pairs, begun), history, policy)
