"""A policy read back without its adapters, as the old notebook read its reference."""

import torch
from torch import nn

import toycore as tc


def reloaded_into_plain_layers(model: tc.ToyLM) -> torch.Tensor:
    """The old notebook's reference: load_state_dict(strict=False) drops lora_A and lora_B."""

    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.prompt_embed = nn.Parameter(torch.zeros(6, 32))
            self.head = nn.Linear(32, 11)

    logp = []
    for run in range(len(model.lora_rank)):
        plain = Plain().double()
        state = {name: tensor[run] for name, tensor in model.state_dict().items()}
        unused = plain.load_state_dict(state, strict=False).unexpected_keys
        assert {"head.lora_A", "head.lora_B"} <= set(unused)
        logp.append(plain.head(plain.prompt_embed).log_softmax(-1).detach())
    return torch.stack(logp)
