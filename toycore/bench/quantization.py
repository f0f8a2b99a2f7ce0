"""What the speed table times of quantization: one network in float32, in INT8 and in bfloat16.

The network is `TinyMLP(h, h, h)`: two square layers, so that one number tells how large it is.
INT8 saves work in the layers and adds work around them, so small networks become slower.
"""

import copy
import functools
from collections.abc import Callable, Iterator

import torch
from torch import nn

import toycore as tc
from toycore.quantization.matmul import why_not_int_mm

HIDDEN, BATCHES = (64, 256, 1024), (1, 32)
FP32, INT8, BF16 = "fp32", "INT8, toycore", "bf16"
FLAGS = ("avx512_vnni", "avx_vnni", "amx_int8", "avx512_bf16", "amx_bf16")  # of INT8 and bfloat16

Case = tuple[dict[str, int], dict[str, Callable[[], object]]]


def cases() -> Iterator[Case]:
    """Each hidden size with each batch: (its sizes, arms); an arm is one forward pass."""
    for hidden in HIDDEN:
        models, _ = versions(hidden)
        for batch in BATCHES:
            rng = torch.Generator().manual_seed(batch)
            x = torch.randn(batch, hidden, generator=rng, dtype=torch.float32, device="cpu")
            inputs = {name: x.bfloat16() if name == BF16 else x for name in models}
            arms: dict[str, Callable[[], object]]
            arms = {n: functools.partial(model, inputs[n]) for n, model in models.items()}
            yield {"hidden": hidden, "batch": batch}, arms


def versions(hidden: int) -> tuple[dict[str, nn.Module], dict[str, str]]:
    """The network in each form, float32 first; and why a library's form is missing, if one is."""
    # Without gradients to prepare for, no arm pays for autograd.
    model = tc.TinyMLP(hidden, hidden, hidden).eval().requires_grad_(False)
    libraries, skipped = tc.quantization.libraries.quantized(model)
    ours = {FP32: model, INT8: tc.quantize_dynamic(model), BF16: copy.deepcopy(model).bfloat16()}
    return ours | {f"INT8, {name}": made for name, made in libraries.items()}, skipped


def cpu() -> str:
    """What this CPU can do, as far as torch tells: "AVX512, avx512_vnni"."""
    flags: dict[str, bool]
    flags = getattr(torch.cpu, "get_capabilities", dict)()  # newer than the oldest torch we run on
    has = [flag for flag in FLAGS if flags.get(flag)]
    return ", ".join([torch.backends.cpu.get_cpu_capability(), *has])


def remarks() -> list[str]:
    """Lines below the tables: what was timed, what this CPU can do, and what is missing."""
    _, skipped = versions(HIDDEN[0])
    why = why_not_int_mm()
    return [
        "Quantization: TinyMLP, two layers of hidden × hidden; inputs in the dtype of the weights.",
        f"CPU: {cpu()}.",
        f"INT8, toycore: products by {f'float32, as {why}' if why else 'torch._int_mm'}.",
        *(f"INT8, {name} is not timed: {reason}" for name, reason in skipped.items()),
    ]
