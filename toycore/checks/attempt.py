"""One call of a learner's function: on copies of the inputs, and whatever comes of it.

Nothing that the function does gets out, except KeyboardInterrupt: the learner's own stop button.
"""

import dataclasses
import linecache
import traceback
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a call: values with their gradients, or the trouble in their place.

    values     the results as tensors, detached
    gradients  one for each trained input: of the results' weighted sum
    trouble    "" or the key of a phrase (unwritten, raised, type, count), with its `figures`
    """

    values: tuple[Tensor, ...] = ()
    gradients: tuple[Tensor, ...] = ()
    trouble: str = ""
    figures: dict = dataclasses.field(default_factory=dict)


def attempt(function: Callable, inputs: dict, trained: tuple[str, ...], results: int) -> Outcome:
    """Call the function with the inputs in order; `trained` names those whose gradient counts."""
    leaves = {k: v.detach().clone() for k, v in inputs.items() if isinstance(v, Tensor)}
    for name in trained:
        leaves[name].requires_grad_()
    # A clone of a leaf may be changed in place, the leaf itself may not.
    copies = {k: leaves[k].clone() if k in leaves else v for k, v in inputs.items()}
    try:
        with torch.enable_grad():
            returned = function(*copies.values())
            if unwritten(returned):
                return Outcome(trouble="unwritten")
            parts = returned if results > 1 else (returned,)
            if not isinstance(parts, tuple | list) or len(parts) != results:
                got = len(returned) if isinstance(returned, tuple | list) else kind(returned)
                return Outcome(trouble="count", figures={"due": results, "got": got})
            tensors = [as_tensor(part) for part in parts]
            if None in tensors:
                return Outcome(trouble="type", figures={"got": kind(parts[tensors.index(None)])})
            gradients = pulls(tensors, [leaves[name] for name in trained])
        return Outcome(tuple(t.detach().clone() for t in tensors), gradients)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also SystemExit: a learner's sys.exit() ends no lesson
        return Outcome(
            trouble="raised", figures={"error": one_line(error), **line(error, function)}
        )


def unwritten(answer, depth: int = 3) -> bool:
    """Whether this, or a part of it, is what a stub holds."""
    if isinstance(answer, dict):
        answer = tuple(answer.values())
    if isinstance(answer, tuple | list):
        return depth > 0 and any(unwritten(part, depth - 1) for part in answer[:100])
    return answer is None or answer is Ellipsis


def as_tensor(value) -> Tensor | None:
    """The result as a plain tensor of real numbers; None if it is nothing of the kind."""
    if not isinstance(value, Tensor):
        try:
            array = np.asarray(value)
        except Exception:  # whatever the learner's own class does
            return None
        if array.dtype.kind not in "fiub":
            return None
        value = torch.as_tensor(array.astype(np.float64))
    if value.is_complex() or value.is_meta or value.is_quantized:
        return None
    return value.to_dense().cpu()


def pulls(tensors: list[Tensor], leaves: list[Tensor]) -> tuple[Tensor, ...]:
    """The gradients of a weighted sum: with equal weights, parts that sum to 0 would hide."""
    zeros = [torch.zeros_like(leaf) for leaf in leaves]
    tracked = [t for t in tensors if t.requires_grad]
    if not tracked or not leaves:
        return tuple(zeros)
    total = sum((t.double().flatten() * weights(t.numel())).sum() for t in tracked)
    found = torch.autograd.grad(total, leaves, allow_unused=True)
    return tuple(z if g is None else g for z, g in zip(zeros, found, strict=True))


def weights(count: int) -> Tensor:
    return torch.linspace(0.5, 1.5, count, dtype=torch.float64)


def kind(value) -> str:
    return f"`{type(value).__name__}`"


def one_line(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # a learner's own class may fail even here
        text = ""
    text = text.replace("`", "'")
    short = text if len(text) <= 160 else text[:160] + "…"
    return f"`{type(error).__name__}: {short}`" if short else f"`{type(error).__name__}`"


def line(error: BaseException, function: Callable) -> dict:
    """Where in the learner's code: the last line of the call that stands in the function's file."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = traceback.walk_tb(error.__traceback__)
    own = [number for frame, number in frames if frame.f_code.co_filename == file]
    if not own:
        return {}
    source = linecache.getline(file, own[-1]).strip().replace("`", "'")
    return {"line": f"{own[-1]} (`{source}`)" if source else own[-1]}
