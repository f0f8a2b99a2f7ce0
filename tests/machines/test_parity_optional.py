"""Against TRL and PEFT themselves, where they are installed (`pip install .[compare]`).

No trainer is built: the loss of a TRL trainer is a method, called here on a stand-in that has
the few attributes it reads. Those are private to TRL, so the versions are pinned.
"""

import inspect
import re
import textwrap
from collections import defaultdict
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import toycore as tc
from course import ROOT

# What transformers, TRL and PEFT warn of is theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

P, V = 6, 11


def noise(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def tokens(count: int, below: int, seed: int) -> torch.Tensor:
    return torch.randint(below, (count,), generator=torch.Generator().manual_seed(seed))


def same(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float = 1e-12) -> None:
    assert torch.allclose(ours, theirs, rtol=0, atol=tolerance)


class Accelerator:
    """Stands in for accelerate's, on one process."""

    device = torch.device("cpu")
    num_processes = 1
    sync_gradients = True

    @staticmethod
    def gather(values):
        return values

    gather_for_metrics = gather

    @staticmethod
    def reduce(values, reduction="sum"):
        return values


def stand_in(**attributes) -> SimpleNamespace:
    common = {
        "accelerator": Accelerator(),
        "model": SimpleNamespace(training=True),
        "aux_loss_enabled": False,
        "_metrics": {"train": defaultdict(list)},
    }
    return SimpleNamespace(**common | attributes)


@pytest.mark.parametrize("beta", [0.1, 0.3, 2.0])
@pytest.mark.parametrize("loss_type", tc.dpo.LOSS_TYPES)
@pytest.mark.parametrize("sft_weight", [0, 0.2])
def test_dpo_loss_logs_and_gradient_are_trls(sft_weight, loss_type, beta):
    trl = pytest.importorskip("trl")
    n = 40
    theta = noise(P, V, seed=1).requires_grad_()
    ref = noise(P, V, seed=2).log_softmax(-1)
    prompt, chosen = tokens(n, P, seed=3), tokens(n, V, seed=4)
    rejected = (chosen + 1 + tokens(n, V - 1, seed=5)) % V

    def language_model(input_ids, labels, **_):
        """A policy as TRL sees it: the sequences [prompt, token], one log-probability each."""
        logits = theta[input_ids[:, 0]].unsqueeze(1)
        logp = logits.log_softmax(-1)
        target = labels[:, 1:]
        return SimpleNamespace(
            log_probs=logp.gather(-1, target[..., None]).squeeze(-1),
            entropy=-(logp.exp() * logp).sum(-1),
            mean_logits=logits.mean(-1),
            is_top1=logits.argmax(-1) == target,
        )

    trainer = stand_in(
        args=SimpleNamespace(discopop_tau=0.05, gradient_checkpointing_kwargs=None),
        beta=beta,
        f_alpha_divergence_coef=0.5,
        f_divergence_type="reverse_kl",
        label_smoothing=0.0,
        ld_alpha=None,
        loss_types=[loss_type, "sft"] if sft_weight else [loss_type],
        loss_weights=[1.0, sft_weight] if sft_weight else [1.0],
        precompute_ref_logps=True,
        use_weighting=False,
        _total_train_tokens=0,
        _tp_size=1,
    )
    answers = torch.cat([chosen, rejected])
    batch = {
        "input_ids": torch.stack([prompt.repeat(2), answers], 1),
        "attention_mask": torch.ones(2 * n, 2, dtype=torch.long),
        "completion_mask": torch.tensor([[0, 1]]).repeat(2 * n, 1),
        "ref_chosen_logps": ref[prompt, chosen],
        "ref_rejected_logps": ref[prompt, rejected],
    }
    language_model.training = True
    theirs = trl.DPOTrainer._compute_loss(trainer, language_model, batch, False)
    logs = {name: values[-1] for name, values in trainer._metrics["train"].items()}

    logp = theta.log_softmax(-1)
    ours, info = tc.dpo.dpo_loss(
        logp[prompt, chosen],
        logp[prompt, rejected],
        batch["ref_chosen_logps"],
        batch["ref_rejected_logps"],
        beta=beta,
        loss_type=loss_type,
        sft_weight=sft_weight,
    )
    same(ours, theirs)
    same(torch.autograd.grad(ours, theta)[0], torch.autograd.grad(theirs, theta)[0])
    assert info["margin"].item() == pytest.approx(logs["rewards/margins"], abs=1e-12)
    assert info["accuracy"].item() == pytest.approx(logs["rewards/accuracies"], abs=1e-6)
    assert info["chosen_logp"].item() == pytest.approx(logs["logps/chosen"], abs=1e-12)
    assert info["rejected_logp"].item() == pytest.approx(logs["logps/rejected"], abs=1e-12)


def grpo_trainer(trl, theta: torch.Tensor, clip_range: float, **attributes) -> SimpleNamespace:
    """TRL's GRPO on answers of one token, by the policy softmax(theta)."""

    def look_up(_model, input_ids, *_, **__):
        logp = theta[input_ids[:, 0]].log_softmax(-1)
        entropy = -(logp.exp() * logp).sum(-1, keepdim=True)
        return logp.gather(1, input_ids[:, 1:2]), entropy, None

    arguments = SimpleNamespace(
        use_bias_correction_kl=False, delta=None, steps_per_generation=1, sapo_temperature_pos=1.0,
        sapo_temperature_neg=1.05, vespo_k_pos=2.0, vespo_lambda_pos=3.0, vespo_k_neg=3.0,
        vespo_lambda_neg=2.0,
    )  # fmt: skip
    common = {
        "args": arguments,
        "beta": 0.0,
        "current_gradient_accumulation_steps": 1,
        "entropy_coef": 0.0,
        "epsilon_low": clip_range,
        "epsilon_high": clip_range,
        "get_gamma_weights": trl.GRPOTrainer.get_gamma_weights,
        "importance_sampling_level": "token",
        "loss_type": "grpo",
        "max_completion_length": 1,
        "off_policy_mask_threshold": None,
        "top_entropy_quantile": 1.0,
        "use_adaptive_entropy": False,
        "use_vllm": False,
        "_entropy_bonus_enabled": False,
        "_get_per_token_logps_and_entropies": look_up,
    }
    return stand_in(**common | attributes)


def grpo_batch(prompt, token, advantage, old, ref) -> dict[str, torch.Tensor]:
    """Sampled answers of one token as TRL's GRPO and RLOO want them."""
    n = len(prompt)
    return {
        "prompt_ids": prompt[:, None],
        "prompt_mask": torch.ones(n, 1),
        "completion_ids": token[:, None],
        "completion_mask": torch.ones(n, 1, dtype=torch.float64),
        "advantages": advantage,
        "old_logps": old[prompt, token],
        "old_per_token_logps": old[prompt, token][:, None],
        "ref_per_token_logps": ref[prompt, token][:, None],
        "num_items_in_batch": torch.tensor(n),
    }


@pytest.mark.parametrize("ent_coef", [0.0, 0.01])
@pytest.mark.parametrize("clip_range", [0.05, 0.2])
def test_ppo_policy_loss_clip_fraction_and_gradient_are_those_of_trls_clip(clip_range, ent_coef):
    trl = pytest.importorskip("trl")
    n = 200
    theta = noise(P, V, seed=1).requires_grad_()
    old = (theta.detach() + 0.3 * noise(P, V, seed=2)).log_softmax(-1)
    prompt, token, advantage = tokens(n, P, seed=3), tokens(n, V, seed=4), noise(n, seed=5)
    bonus = {"entropy_coef": ent_coef, "_entropy_bonus_enabled": ent_coef != 0}
    trainer = grpo_trainer(trl, theta, clip_range, **bonus)
    batch = grpo_batch(prompt, token, advantage, old, old)
    theirs = trl.GRPOTrainer._compute_loss(trainer, None, batch)
    region = trainer._metrics["train"]["clip_ratio/region_mean"][-1]

    logp = theta.log_softmax(-1)
    entropy = -(logp.exp() * logp).sum(-1)[prompt]
    nothing = torch.zeros(n, dtype=torch.float64)
    ours, info = tc.ppo.ppo_loss(
        logp[prompt, token],
        old[prompt, token],
        advantage,
        nothing,
        nothing,
        entropy,
        clip_range=clip_range,
        vf_coef=0.5,
        ent_coef=ent_coef,
    )
    same(ours, theirs)
    same(torch.autograd.grad(ours, theta)[0], torch.autograd.grad(theirs, theta)[0])
    assert 0 < region < 1
    assert info["clip_fraction"].item() == pytest.approx(region, abs=1e-7)


@pytest.mark.parametrize("kl_beta", [0.0, 0.04, 1.0])
@pytest.mark.parametrize("clip_range", [0.05, 0.2])
def test_grpo_loss_logs_and_gradient_are_trls(clip_range, kl_beta):
    trl = pytest.importorskip("trl")
    n = 200
    theta, ref = noise(P, V, seed=1).requires_grad_(), noise(P, V, seed=6).log_softmax(-1)
    old = (theta.detach() + 0.3 * noise(P, V, seed=2)).log_softmax(-1)
    prompt, token, advantage = tokens(n, P, seed=3), tokens(n, V, seed=4), noise(n, seed=5)
    trainer = grpo_trainer(trl, theta, clip_range, beta=kl_beta)
    theirs = trl.GRPOTrainer._compute_loss(
        trainer, None, grpo_batch(prompt, token, advantage, old, ref)
    )
    logs = {name: values[-1] for name, values in trainer._metrics["train"].items()}
    logp = theta.log_softmax(-1)
    sampled = (table[prompt, token] for table in (logp, old, ref))
    mine, before, reference = sampled
    ours, info = tc.grpo.grpo_loss(
        mine, before, advantage, reference, clip_range=clip_range, kl_beta=kl_beta
    )
    same(ours, theirs)
    same(torch.autograd.grad(ours, theta)[0], torch.autograd.grad(theirs, theta)[0])
    assert info["clip_fraction"].item() == pytest.approx(logs["clip_ratio/region_mean"], abs=1e-7)
    assert info["kl_estimate"].item() == pytest.approx(logs.get("kl", 0.0), abs=1e-12)


def test_rloo_loss_and_gradient_are_trls():
    trl = pytest.importorskip("trl")
    n = 200
    theta = noise(P, V, seed=1).requires_grad_()
    old = (theta.detach() + 0.3 * noise(P, V, seed=2)).log_softmax(-1)
    prompt, token, advantage = tokens(n, P, seed=3), tokens(n, V, seed=4), noise(n, seed=5)
    trainer = grpo_trainer(trl, theta, 0.2)
    batch = grpo_batch(prompt, token, advantage, old, old)
    theirs = trl.RLOOTrainer._compute_loss(trainer, None, batch)
    logp = theta.log_softmax(-1)
    ours, _ = tc.grpo.grpo_loss(
        logp[prompt, token], old[prompt, token], advantage, old[prompt, token], clip_range=0.2
    )
    same(ours, theirs)
    same(torch.autograd.grad(ours, theta)[0], torch.autograd.grad(theirs, theta)[0])


def trls_advantages(trainer, reward: torch.Tensor, old=None, ref=None, **settings):
    """Advantages of groups (B, G), by the lines of TRL's own that make them from rewards.

    They stand in the middle of a long method, which also samples: so they are run by themselves.
    """
    source = inspect.getsource(trainer._generate_and_score_completions)
    start, end = (source.index(mark) for mark in (" " * 8 + "unscorable_mask", "# Slice to keep"))
    common = {
        "reward_weights": torch.ones(1).double(),
        "multi_objective_aggregation": "sum_then_normalize",
        "reward_clip_range": None,
        "normalize_advantages": False,
    }
    names = dict(vars(inspect.getmodule(trainer))) | {
        "self": SimpleNamespace(**common | settings),
        "rewards_per_func": reward.reshape(-1, 1),
        "num_generations": reward.shape[-1],
        "device": torch.device("cpu"),
        "completion_mask": torch.ones(reward.numel(), 1),
        "old_per_token_logps": old,
        "ref_per_token_logps": ref,
        "gather": lambda values: values,
    }
    exec(textwrap.dedent(source[start:end]), names)
    silent = names["is_std_zero"].double().mean().item()
    return names["advantages"].view(reward.shape), silent


# 2, 3, 5 and 9, since G/(G − 1) of others is rounded to float32 in TRL's standard deviation
@pytest.mark.parametrize("group", [2, 3, 5, 9])
def test_group_advantages_are_trls(group):
    trl = pytest.importorskip("trl")
    reward = noise(7, group, seed=1)
    reward[0] = 0.3
    for scale_rewards in tc.grpo.SCALES:
        theirs, silent = trls_advantages(trl.GRPOTrainer, reward, scale_rewards=scale_rewards)
        same(tc.grpo.group_advantage(reward, scale_rewards=scale_rewards), theirs)
        assert silent == pytest.approx(1 / 7)
    old, ref = noise(7 * group, 1, seed=2), noise(7 * group, 1, seed=3)
    for beta in (0.0, 0.3):
        theirs, _ = trls_advantages(trl.RLOOTrainer, reward, old, ref, beta=beta)
        leashed = reward - beta * (old - ref).view(reward.shape)
        rloo = {"baseline": "leave_one_out", "scale_rewards": "none"}
        same(tc.grpo.group_advantage(leashed, **rloo), theirs)


@pytest.mark.parametrize("loss_type", ["grpo", "dr_grpo"])
def test_an_answers_length_pulls_as_in_trl(loss_type):
    """All answers of one or two words, as a batch in which each counts by its chance."""
    trl = pytest.importorskip("trl")
    first, second = noise(P, V, seed=1).requires_grad_(), noise(P, V, V + 1, seed=2)
    second.requires_grad_()
    prompt, a, b = torch.cartesian_prod(torch.arange(P), torch.arange(V), torch.arange(V + 1)).T
    n, advantage = len(prompt), noise(P, V, seed=3)
    words, follows = first.log_softmax(-1), second.log_softmax(-1)
    chance = (words[prompt, a] + follows[prompt, a, b]).detach().exp()

    def look_up(*_, **__):
        """The end is chosen with the word before it: TRL counts no token for it here."""
        ends = torch.where(b == 0, follows[prompt, a, b], 0.0)
        goes_on = torch.where(b == 0, 0.0, follows[prompt, a, b])
        logp = torch.stack([words[prompt, a] + ends, goes_on], -1)
        return logp, torch.zeros_like(logp), None

    trainer = grpo_trainer(
        trl, first, 0.2, loss_type=loss_type, _get_per_token_logps_and_entropies=look_up
    )
    mask = torch.stack([torch.ones(n), (b > 0).double()], -1).double()
    batch = grpo_batch(prompt, a, n / P * chance * advantage[prompt, a], words, words)
    batch |= {"completion_ids": torch.stack([a, b], -1), "completion_mask": mask}
    batch["old_per_token_logps"] = look_up()[0].detach()
    theirs = trl.GRPOTrainer._compute_loss(trainer, None, batch)
    weight = torch.tensor([1.0] + [0.5 if loss_type == "grpo" else 1.0] * V).double()
    ours = tc.length.length_loss(words, follows, advantage, weight)
    pulls = (torch.autograd.grad(one, (first, second), retain_graph=True) for one in (ours, theirs))
    for mine, yours in zip(*pulls, strict=True):
        same(mine, yours)


class Plain(nn.Module):
    """The course's policy before LoRA, as PEFT wants it."""

    def __init__(self, seed: int):
        super().__init__()
        self.prompt_embed = nn.Embedding(P, 32, dtype=torch.float64)
        self.head = nn.Linear(32, V, dtype=torch.float64)
        for place, parameter in enumerate(self.parameters()):
            parameter.data = noise(*parameter.shape, seed=10 * seed + place)

    def forward(self, prompt):
        return self.head(self.prompt_embed(prompt))


@pytest.mark.parametrize(("rank", "alpha"), [(1, 8), (4, 8), (8, 4)])
def test_lora_is_pefts_before_training_after_it_and_merged(rank, alpha):
    peft = pytest.importorskip("peft")
    plain, prompt = Plain(seed=1), torch.arange(P)
    before = plain(prompt)
    config = peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=["head"])
    theirs = peft.get_peft_model(plain, config).double()
    their_layer = theirs.base_model.model.head
    down, up = their_layer.lora_A["default"].weight, their_layer.lora_B["default"].weight

    ours, x = tc.LoRALinear(32, V, rank, alpha), plain.prompt_embed(prompt).detach()
    assert (ours.lora_A.shape, ours.lora_B.shape) == (down.shape, up.shape)
    ours.weight.data, ours.bias.data = (
        p.detach().clone() for p in (their_layer.base_layer.weight, their_layer.base_layer.bias)
    )
    assert torch.equal(theirs(prompt), before)
    same(ours(x), before)

    for seed, (mine, yours) in enumerate([(ours.lora_A, down), (ours.lora_B, up)]):
        mine.data = noise(*mine.shape, seed=seed)
        yours.data = mine.data.clone()
    same(ours(x), theirs(prompt))
    assert not torch.allclose(ours(x), before)
    theirs.merge_adapter()
    ours.merge()
    same(ours.weight, their_layer.base_layer.weight)
    same(ours(x), theirs(prompt))


@pytest.mark.parametrize("merged", [False, True])
def test_what_a_merged_layer_saves_is_worth_what_pefts_saves(merged):
    """PEFT saves the adapter apart, merged or not, and loads it beside an unmerged base."""
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=["head"])
    theirs, again = (peft.get_peft_model(Plain(seed=2), config).double() for _ in range(2))
    layer, prompt = theirs.base_model.model.head, torch.arange(P)
    ours, x = tc.LoRALinear(32, V, 4, 8), theirs.base_model.model.prompt_embed(prompt).detach()
    pairs = [
        (ours.weight, layer.base_layer.weight),
        (ours.bias, layer.base_layer.bias),
        (ours.lora_A, layer.lora_A["default"].weight),
        (ours.lora_B, layer.lora_B["default"].weight),
    ]
    layer.lora_B["default"].weight.data = noise(V, 4, seed=1)
    for mine, yours in pairs:
        mine.data = yours.detach().clone()
    if merged:
        theirs.merge_adapter()
        ours.merge()
    peft.set_peft_model_state_dict(again, peft.get_peft_model_state_dict(theirs))
    other = tc.LoRALinear(32, V, 4, 8)
    other.load_state_dict(ours.state_dict())
    for turn in (lambda: None, other.unmerge):
        turn()
        same(other(x), again(prompt))


def test_the_gradient_through_lora_is_pefts():
    peft = pytest.importorskip("peft")
    plain, prompt = Plain(seed=2), torch.arange(P)
    config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=["head"])
    theirs = peft.get_peft_model(plain, config).double()
    layer = theirs.base_model.model.head
    ours = tc.LoRALinear(32, V, 4, 8)
    ours.weight.data = layer.base_layer.weight.detach().clone()
    ours.bias.data = layer.base_layer.bias.detach().clone()
    pairs = [
        (ours.lora_A, layer.lora_A["default"].weight),
        (ours.lora_B, layer.lora_B["default"].weight),
    ]
    for seed, (mine, yours) in enumerate(pairs):
        mine.data = noise(*mine.shape, seed=seed)
        yours.data = mine.data.clone()
    target = tc.World().sft_targets
    x = plain.prompt_embed(prompt).detach()
    nn.functional.cross_entropy(theirs(prompt), target).backward()
    tc.sft.sft_loss(ours(x).log_softmax(-1), target)[0].backward()
    for mine, yours in pairs:
        same(mine.grad, yours.grad)


def test_the_trainable_share_is_pefts():
    peft = pytest.importorskip("peft")
    for rank in (1, 4, 8):
        config = peft.LoraConfig(r=rank, target_modules=["head"])
        trained, every = peft.get_peft_model(Plain(seed=1), config).get_nb_trainable_parameters()
        share = tc.ToyLM(lora_rank=rank).trainable_fraction().item()
        assert share == pytest.approx(trained / every, abs=1e-12)


def test_the_parameter_counts_that_lesson_2_prints_are_those_of_the_models_with_pefts_adapters():
    """The default configs of transformers are GPT-2's, Llama 2 7B's and Mistral 7B's; on the meta
    device they take no memory.
    """
    transformers = pytest.importorskip("transformers")
    peft = pytest.importorskip("peft")
    notebook = (ROOT / "notebooks" / "en" / "02_lora_sft.ipynb").read_text(encoding="utf-8")
    llama = ["q_proj", "k_proj", "v_proj", "o_proj"]
    for name, modules in (
        ("GPT2", ["attn.c_attn", "attn.c_proj"]),
        ("Llama", llama),
        ("Mistral", llama),
    ):
        config = getattr(transformers, f"{name}Config")()
        family = f"{name}LMHeadModel" if name == "GPT2" else f"{name}ForCausalLM"
        lora = peft.LoraConfig(r=8, target_modules=modules, fan_in_fan_out=name == "GPT2")
        with torch.device("meta"):
            model = getattr(transformers, family)(config)
            parameters = sum(p.numel() for p in model.parameters())
            adapted = peft.get_peft_model(model, lora)
        trained = sum(p.numel() for p in adapted.parameters() if p.requires_grad)
        share = f"{trained / parameters:.3%}"
        assert re.search(rf"{trained:,} trained of +{parameters:,}: {share}", notebook), name
