"""What the speed table times: the course, and its peers.

plain modules   PPO as it is often written: one run, float32, modules called on a batch
TRL             its DPOTrainer on the course's pairs; its GRPOTrainer on lesson 8's Llama
"""

import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import toycore as tc
from toycore import real
from toycore.engine.plain_torch import plain_torch

Arms = dict[str, tuple[Callable[[], object], int]]  # what to call; runs × updates in one call

SWEEP, ALONE, DPO = "PPO, 336 runs in one sweep", "PPO, one run", "DPO, one run, 5 pairs"
GROUPS = "GRPO, 336 runs in one sweep"
GROUP, TRL_GROUP = "GRPO, one run, 6 groups of 16", "TRL's GRPO, Llama of 0.1M, 6 groups of 16"
PLAIN, TRL = "PPO, one run, plain modules", "TRL's DPO, GPT-2 of {} layers, 5 pairs"
LAYERS, TRL_STEPS = (0, 2), 50
PEERS = [
    (GROUPS, SWEEP),
    (ALONE, SWEEP),
    (PLAIN, SWEEP),
    (PLAIN, ALONE),
]  # ratios of interest, when both are timed
PEERS += [(TRL.format(layers), DPO) for layers in LAYERS]
PEERS += [(TRL_GROUP, GROUP)]

TRL_IS_TIMED = f"""TRL: {TRL_STEPS} steps, d = 32 (0 layers) or 64 (2 layers, LoRA), float32; the
reference computed beforehand, and no pauses to collect the garbage of its imports.
GRPO, one run: 150 updates; the building of the trainer and the exact curve included, in both."""
NO_TRL = 'TRL is not timed. {} pip install "toycore[compare]"'


def arms() -> tuple[dict[str, Callable[[], object]], dict[str, int]]:
    """Every arm that can be timed here, the sweep first; and how many runs × updates each does."""
    every = course_arms()
    if real.guard("en") is None:
        every |= trl_arms(tc.World().preference_pairs) | real_arms()
    return {name: arm for name, (arm, _) in every.items()}, {n: w for n, (_, w) in every.items()}


def course_arms() -> Arms:
    """The course's own training, and its plain peer."""
    world, rollouts = tc.World(), {"rollouts": 100, "epochs": 4, "batch_size": 64}
    many = tc.PPOConfig(kl_beta=np.linspace(0, 1, 21), seeds=16, **rollouts)
    groups = tc.GRPOConfig(
        kl_beta=many.kl_beta, seeds=16, rollouts=100, epochs=4, answers_per_prompt=16
    )
    one, dpo = tc.PPOConfig(**rollouts), tc.DPOConfig(steps=200)
    group = tc.GRPOConfig(rollouts=150, epochs=1, answers_per_prompt=16, num_generations=16)
    starts, start = tc.train_sft(world, tc.SFTConfig(seeds=16)), tc.train_sft(world)
    updates = one.rollouts * one.epochs
    return {
        SWEEP: (lambda: tc.train_ppo(world, many, starts), many.runs * updates),
        GROUPS: (lambda: tc.train_grpo(world, groups, starts), groups.runs * updates * 1.5),
        ALONE: (lambda: tc.train_ppo(world, one, start), updates),
        PLAIN: (lambda: train_plain(world, one, start.model), updates),
        DPO: (lambda: tc.train_dpo(world, dpo, start=start), dpo.steps),
        GROUP: (lambda: tc.train_grpo(world, group, start), group.rollouts),
    }


def real_arms() -> Arms:
    """Lesson 8's own training by TRL: as many answers an update as toycore's one run of GRPO."""
    world, steps = tc.World(), 150
    start = real.start(world)
    return {TRL_GROUP: (lambda: real.grpo(start, world, steps=steps), steps)}


def remarks(table, imports: dict[str, list[float]]) -> list[str]:
    """Lines below the table: the ratios of interest, what a unit is, the cost of the import."""
    ratios = [
        "  {} / {}: {:.3g} ({:.3g} – {:.3g})".format(a, b, *table.ratio(a, b)[[1, 0, 2]])
        for a, b in PEERS
        if a in table.seconds
    ]
    why = real.guard("en")
    torch_, toycore = (np.median(imports[name]) for name in ("torch", "toycore"))
    return [
        "Ratios within the same round, median and quartiles:",
        *ratios,
        "PPO: 100 rollouts × 4 epochs of batch 64, 400 updates per run; DPO: 200 steps.",
        "GRPO: 2 groups of 8 for each of 6 prompts; an update counts as 1.5 of batch 64.",
        TRL_IS_TIMED if why is None else NO_TRL.format(why),
        f"import toycore: {toycore:.2g} s on top of the {torch_:.2g} s of import torch, CPU time.",
    ]


def import_seconds(processes: int = 5) -> dict[str, list[float]]:
    """CPU seconds of `import torch`, and of `import toycore` after it, in fresh processes."""
    clock = "time.process_time()"
    code = f"import time; a = {clock}; import torch; b = {clock}; import toycore; c = {clock}"
    command = [sys.executable, "-c", f"{code}; print(b - a, c - b)"]
    outputs = [subprocess.check_output(command, text=True) for _ in range(processes)]
    torch_, toycore = zip(*(map(float, output.split()) for output in outputs), strict=True)
    return {"torch": [*torch_], "toycore": [*toycore]}


class PlainLM(nn.Module):
    """The policy of one run as ordinary modules, in float32, called on a batch of prompts."""

    def __init__(self, model: tc.ToyLM):
        super().__init__()
        head = model.head
        self.prompt_embed = nn.Embedding.from_pretrained(model.prompt_embed[0].float())
        self.head = nn.Linear(model.D_MODEL, head.weight.shape[1]).requires_grad_(False)
        self.head.load_state_dict({"weight": head.weight[0].float(), "bias": head.bias[0].float()})
        self.lora_A = nn.Parameter(head.lora_A[0].float())
        self.lora_B = nn.Parameter(head.lora_B[0].float())
        self.scaling = head.scaling[0].item()

    def forward(self, prompt: Tensor) -> Tensor:
        """Log-probabilities of every token: (B,) → (B, V)."""
        x = self.prompt_embed(prompt)
        update = x @ self.lora_A.t() @ self.lora_B.t() * self.scaling
        return F.log_softmax(self.head(x) + update, dim=-1)


@plain_torch
def train_plain(world, config, start: tc.ToyLM) -> tuple[PlainLM, list[float]]:
    """PPO as it is often written: one run, one seed, a batch of prompts through modules.

    It has the leash, the reference and several passes per rollout, so that it learns what
    `train_ppo` learns. Returns the policy and the mean reward of each rollout.
    """
    generator = torch.Generator().manual_seed(config.seeds[0])
    policy, reference = PlainLM(start), PlainLM(start)
    critic, reward_table = nn.Linear(start.D_MODEL, 1), world.reward.float()
    trained = [policy.lora_A, policy.lora_B, *critic.parameters()]
    optimizer = torch.optim.Adam(trained, lr=config.lr)
    rewards = []
    for rollout in range(config.rollouts):
        optimizer.param_groups[0]["lr"] = config.lr * (1 - rollout / config.rollouts)
        prompt = torch.randint(len(world.prompts), (config.batch_size,), generator=generator)
        with torch.no_grad():
            logp = policy(prompt)
            token = torch.multinomial(logp.exp(), 1, generator=generator)
            old_logp, ref_logp = logp.gather(1, token), reference(prompt).gather(1, token)
            reward = reward_table[prompt[:, None], token]
            returns = reward - config.kl_beta * (old_logp - ref_logp)
            advantage = returns - critic(policy.prompt_embed(prompt))
            advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        for _ in range(config.epochs):
            logp, value = policy(prompt), critic(policy.prompt_embed(prompt))
            loss = _plain_loss(logp, token, old_logp, advantage, value, returns, config)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        rewards.append(reward.mean().item())
    return policy, rewards


def _plain_loss(logp, token, old_logp, advantage, value, returns, config) -> Tensor:
    ratio = (logp.gather(1, token) - old_logp).exp()
    clipped = ratio.clamp(1 - config.clip_range, 1 + config.clip_range)
    policy_loss = -torch.min(ratio * advantage, clipped * advantage).mean()
    entropy = -(logp.exp() * logp).sum(-1).mean()
    return policy_loss + config.vf_coef * F.mse_loss(value, returns) - config.ent_coef * entropy


def trl_arms(pairs: Tensor) -> Arms:
    """TRL's DPOTrainer on the pairs, on GPT-2 as small as can be and on a tiny one with LoRA.

    What it can leave out is left out: reports, checkpoints, progress bars, and the forward
    pass of the reference, whose log-probabilities are computed once, beforehand, as ours are.
    """
    import datasets
    from peft import LoraConfig

    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    datasets.disable_progress_bars()
    inner = ["c_attn", "c_proj", "c_fc"]
    lora = LoraConfig(r=8, lora_alpha=8, target_modules=inner, fan_in_fan_out=True)
    trainers = (
        _dpo_trainer(_gpt2(layers, width=64 if layers else 32), pairs, lora if layers else None)
        for layers in LAYERS
    )
    names = map(TRL.format, LAYERS)
    return {name: (one.train, TRL_STEPS) for name, one in zip(names, trainers, strict=True)}


PROMPT, TOKEN, WORDS = 3, 9, 20  # numbers of the first prompt, of the first token; words in all


def _gpt2(layers: int, width: int):
    from transformers import GPT2Config, GPT2LMHeadModel

    shape = {"n_layer": layers, "n_embd": width, "n_head": 2, "n_positions": 8}
    ends = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1}
    return GPT2LMHeadModel(GPT2Config(vocab_size=WORDS, **shape, **ends))


def _tokenizer():
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    ends = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"}
    words = [*ends.values(), *(f"word{i}" for i in range(len(ends), WORDS))]
    model = models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>")
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(model), padding_side="left", **ends)


def _dpo_trainer(model, pairs: Tensor, lora):
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import DPOConfig, DPOTrainer

    class TokenTrainer(DPOTrainer):
        """Rows hold token numbers already; TRL's own preparation would add a second token."""

        def _prepare_dataset(self, dataset, *_):
            return dataset

    rows = [
        {"prompt_ids": [PROMPT + x], "chosen_ids": [TOKEN + c], "rejected_ids": [TOKEN + r]}
        for x, c, r in pairs.tolist()
    ]
    folder = tempfile.TemporaryDirectory()
    args = DPOConfig(
        output_dir=folder.name,
        per_device_train_batch_size=len(rows),
        max_steps=TRL_STEPS,
        learning_rate=1e-3,
        beta=0.3,
        precompute_ref_log_probs=True,
        bf16=False,
        gradient_checkpointing=False,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        dataloader_pin_memory=False,
    )
    trainer = TokenTrainer(
        model,
        args=args,
        train_dataset=Dataset.from_list(rows * TRL_STEPS),
        processing_class=_tokenizer(),
        peft_config=lora,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.folder = folder  # removed with the trainer
    return trainer
