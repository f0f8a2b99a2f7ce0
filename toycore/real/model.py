"""A tokenizer of 24 words, a Llama of 102,208 parameters, and its pretraining.

The architecture is that of a model with billions of parameters (Touvron et al. 2023); only the
numbers are small. What they are hangs together:

    width 64, embeddings that are the output layer too, initial weights of spread 2/√64 = 0.25

TRL refuses LoRA on the output layer, so only the last hidden state can move, and a norm gives it
the length √64. Two logits then differ by at most √64 |e_a − e_b|: with the library's own spread of
0.02 that is too little, whatever the rank.
"""

from typing import TYPE_CHECKING

import torch

from toycore.errors import spoken
from toycore.progress import progress
from toycore.real.libraries import undisturbed
from toycore.real.oracle import words
from toycore.world import World

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

WIDTH = 64


@undisturbed
def tokenizer(world: World) -> "PreTrainedTokenizerFast":
    """Each word is a token; what is no word of the world is <unk>. Short rows are padded left."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    numbered = {word: number for number, word in enumerate(words(world))}
    split = Tokenizer(models.WordLevel(numbered, unk_token="<unk>"))
    split.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marks = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"}
    inputs = ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=split, padding_side="left", model_input_names=inputs, **marks
    )


def llama(world: World, initializer_range: float) -> "LlamaForCausalLM":
    """The untrained model, drawn by torch's global generator."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(words(world)),
        hidden_size=WIDTH,
        intermediate_size=WIDTH * 11 // 4,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=32,
        tie_word_embeddings=True,
        initializer_range=initializer_range,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
    )
    return LlamaForCausalLM(config)


@undisturbed
def pretrain(
    world: World,
    seed: int = 0,
    *,
    steps: int = 150,
    lr: float = 3e-3,
    initializer_range: float = 2 / WIDTH**0.5,
) -> "LlamaForCausalLM":
    """A base model that knows the words and not the task: each answer alike after each prompt.

    All weights learn the world's 66 sentences, each prompt with each answer. Only the answer counts
    in the loss. Every batch is all sentences, so that only the initial weights are random.
    """
    torch.manual_seed(seed)
    model = llama(world, initializer_range)
    sentences = [f"{prompt} {answer}" for prompt in world.prompts for answer in world.tokens]
    batch = tokenizer(world)(sentences, padding=True, return_tensors="pt")
    labels = torch.full_like(batch.input_ids, -100)  # such a label does not count
    labels[:, -1] = batch.input_ids[:, -1]
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.0)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    for _ in progress(range(steps), "progress.pretraining", spoken()):
        model(**batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        falling.step()
    return model


def fresh(model: "LlamaForCausalLM") -> "LlamaForCausalLM":
    """A model of its own with the same weights.

    PEFT and TRL change the model that they are given, and a deepcopy would keep what they put in
    the place of its forward.
    """
    copied = type(model)(type(model.config)(**model.config.to_dict()))
    copied.load_state_dict(model.state_dict())
    return copied
