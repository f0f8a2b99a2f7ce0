"""A copy of a module with some layers replaced, and which layers can be replaced at all.

People attach things to nn.Linear: hooks (pruning, the old weight_norm and spectral_norm),
parametrizations, a forward of its own, a weight that is not an ordinary tensor. Only a plain layer,
as torch makes it, is sure to compute x Wᵀ + b and no more.
"""

import copy
import warnings

import torch
from torch import Tensor, nn

from toycore.engine.guards import must
from toycore.errors import Phrase, say

NEW = vars(nn.Linear(1, 1, device="meta"))
# In evaluation they read the weights of their layers directly, bypassing the layers' forward.
READERS = (nn.MultiheadAttention, nn.TransformerEncoderLayer)


def linears(module: nn.Module) -> dict[str, nn.Linear]:
    """Name → layer, for every nn.Linear in a module; TypeError or ValueError if there is none."""
    if not isinstance(module, nn.Module):
        allowed = Phrase("an_instance", kind="torch.nn.Module")
        raise TypeError(must("module", allowed, repr(module)))
    found = {name: part for name, part in module.named_modules() if isinstance(part, nn.Linear)}
    if not found:
        raise ValueError(say("no_linear", got=repr(module)))
    return found


def plain_linears(module: nn.Module) -> dict[str, nn.Linear]:
    """The plain ones among them; a warning says which others there are, and why they are not.

    ValueError if there is no plain one: an unchanged copy would pass for a changed one.
    """
    found, plain, others = linears(module), {}, []
    read = read_by_owner(module)
    for name, linear in found.items():
        why = why_not_plain(linear) or (say("owner_reads") if id(linear) in read else "")
        if why:
            others.append(f"{told(name)}: {why}")
        else:
            plain[name] = linear
    if not plain:
        raise ValueError(say("no_linear", got="; ".join(others)))
    if others:
        warnings.warn(say("left", layers="; ".join(others)), stacklevel=3)
    return plain


def why_not_plain(layer) -> str:
    """Why a layer may compute something other than x Wᵀ + b; empty if it is as torch makes it."""
    if type(layer) is not nn.Linear:
        return say("is_a", kind=type(layer).__name__)
    for name, value in vars(layer).items():
        if name not in NEW:
            if not (name.startswith("_") and isinstance(value, bool)):  # a mark of some library
                return say("has_own", what=repr(name))
        elif isinstance(value, dict | set) and set(value) != set(NEW[name]):
            return say("has_own", what=name.strip("_").replace("_", " "))
    if type(layer.weight) is not nn.Parameter:
        return say("weight_is_a", kind=type(layer.weight).__name__)
    if layer.weight.layout is not torch.strided:
        return say("weight_is", layout=layer.weight.layout)
    return ""


def read_by_owner(module: nn.Module) -> set[int]:
    """The `id` of every layer whose weight is read by its owner."""
    owners = [part for part in module.modules() if isinstance(part, READERS)]
    return {id(layer) for owner in owners for layer in owner.children()}


def told(name: str) -> str:
    """A layer by its name; the module itself has none."""
    return say("layer", name=repr(name)) if name else say("the_layer")


def memory_of(tensor: Tensor | None) -> tuple | None:
    """Equal for two tensors that view the same memory in the same way."""
    if tensor is None:
        return None
    return tensor.device, tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride()


def copy_with(module: nn.Module, made: dict[int, nn.Module]) -> nn.Module:
    """A copy of a module, `made[id(layer)]` for each layer; ValueError if it cannot be copied."""
    try:
        copied = copy.deepcopy(module, memo=made)  # what the memo holds counts as copied already
    except RuntimeError as error:  # the old weight_norm, say
        raise ValueError(say("uncopied", error=error)) from error
    for (name, old), new in zip(module.named_modules(), copied.modules(), strict=True):
        forward = vars(old).get("forward")
        if forward is not None and forward is vars(new).get("forward"):
            raise ValueError(say("own_forward", layer=told(name)))
    return copied
