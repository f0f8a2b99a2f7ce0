"""Calls to a learner's function, on copies of the inputs; whatever comes of it, as plain data.

Nothing that the function raises gets out, except KeyboardInterrupt: the learner's own stop button.
What comes of a call is told in Python's own numbers. Those pass through the pipe of a trial, and
are compared without torch, which the function may have changed.
"""

import dataclasses
import linecache
import math
import multiprocessing
import re
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from toycore.checks.settled import settled

MOST = 10_000  # numbers of one result; no exercise needs a tenth of them
TRAINING = re.compile(r"\.grad\b|zero_grad|\boptim\b")  # in a line that raised


class Numbers(NamedTuple):
    """A result: its shape, and its numbers row by row; none of them where there are too many.

    dtype  of a tensor; None if it was made of something else (a float, an array)
    """

    shape: tuple[int, ...]
    dtype: torch.dtype | None
    flat: tuple[float, ...]

    def rows(self, most: int) -> list["Numbers"]:
        """The first parts along the first axis."""
        count, *rest = self.shape
        size = math.prod(rest)
        parts = (self.flat[size * row : size * (row + 1)] for row in range(min(count, most)))
        return [Numbers(tuple(rest), self.dtype, part) for part in parts]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a call: values with their gradients, or the trouble in their place.

    gradients  one for each trained input: of the results' weighted sum
    trouble    "" or the key of a phrase (unwritten, raised, type, count …), with its `figures`
    """

    values: tuple[Numbers, ...] = ()
    gradients: tuple[Numbers, ...] = ()
    trouble: str = ""
    figures: dict = dataclasses.field(default_factory=dict)


def in_order(function: Callable, inputs: dict):
    return function(*inputs.values())


def attempts(
    function: Callable,
    inputs,
    trained: tuple[str, ...],
    results: int,
    ask: Callable[[Callable, dict], Any] = in_order,
) -> list[Outcome]:
    """One call for each of the inputs."""
    return [attempt(function, one, trained, results, ask) for one in inputs]


def attempt(function: Callable, inputs: dict, trained, results: int, ask: Callable) -> Outcome:
    """Call the function as `ask` does; `trained` names the inputs whose gradient counts."""
    leaves, copies = copied(inputs, trained)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            returned = ask(function, copies)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # even SystemExit: a learner's sys.exit() may not end it
        return failure(error, function)
    return read(returned, leaves, copies, trained, results)


@settled
def copied(inputs: dict, trained) -> tuple[dict, dict]:
    """The tensors among the inputs; all inputs. A clone of a leaf may be changed in place, the
    leaf itself may not."""
    leaves = {k: v.detach().clone() for k, v in inputs.items() if isinstance(v, Tensor)}
    for name in trained:
        leaves[name].requires_grad_()
    return leaves, {k: leaves[k].clone() if k in leaves else v for k, v in inputs.items()}


@settled
def read(returned, leaves: dict, copies: dict, trained, results: int) -> Outcome:
    """What a function returned, in numbers, with the gradients of the trained inputs."""
    if unwritten(returned):
        return Outcome(trouble="unwritten")
    parts = members(returned) if results > 1 else [returned]
    if parts is None or len(parts) != results:
        got = kind(returned) if parts is None else len(parts)
        return Outcome(trouble="count", figures={"due": results, "got": got})
    values = []
    for part in parts:
        try:
            values.append(numbers(part))
        except MemoryError:
            return Outcome(trouble="memory")
        except Exception:  # whatever the learner's own class does
            return Outcome(trouble="type", figures={"got": kind(part)})
    given = [*leaves.values(), *(v for v in copies.values() if isinstance(v, Tensor) and v.is_leaf)]
    if any(tensor.grad is not None for tensor in given):
        return Outcome(trouble="backward")
    try:
        gradients = pulls(parts, [leaves[name] for name in trained])
    except Exception as error:
        return unpulled(error)
    return Outcome(tuple(values), tuple(map(numbers, gradients)))


def unwritten(answer, depth: int = 3) -> bool:
    """Whether this, or a part of it, is still what the stub held."""
    if type(answer) is dict:
        answer = list(answer.values())
    if type(answer) in (tuple, list):
        return depth > 0 and any(unwritten(part, depth - 1) for part in answer[:100])
    return answer is None or answer is Ellipsis


def members(value) -> list | None:
    """What a list or tuple holds, without asking a learner's subclass; None for anything else."""
    for base in (list, tuple):
        if issubclass(type(value), base):
            return [*base.__iter__(value)]
    return None


def numbers(value) -> Numbers:
    """A tensor, array, number or list in plain numbers; TypeError if it holds no real ones."""
    dtype = value.dtype if isinstance(value, Tensor) else None
    if dtype is None:
        value = np.asarray(value)
        if value.dtype.kind not in "fiub":
            raise TypeError
    elif value.is_complex() or value.is_meta or value.is_quantized:
        raise TypeError
    shape = tuple(map(int, value.shape))
    if math.prod(shape) > MOST:
        return Numbers(shape, dtype, ())
    if isinstance(value, np.ndarray):
        return Numbers(shape, None, tuple(value.astype(np.float64).ravel().tolist()))
    return Numbers(shape, dtype, tuple(value.detach().to_dense().cpu().double().flatten().tolist()))


def pulls(parts: list, leaves: list[Tensor]) -> list[Tensor]:
    """The gradients of a weighted sum: with equal weights, parts that cancel would hide."""
    tracked = [part for part in parts if isinstance(part, Tensor) and part.requires_grad]
    if not tracked or not leaves:
        return [torch.zeros_like(leaf) for leaf in leaves]
    total = torch.stack([(t.double().flatten() * weights(t.numel())).sum() for t in tracked]).sum()
    return [*torch.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True)]


def weights(count: int) -> Tensor:
    return torch.linspace(0.5, 1.5, count, dtype=torch.float64)


# --- what went wrong, and where -------------------------------------------------------------------


class Unusable(Exception):
    """An answer that a check cannot work with; `key` is the phrase that says so."""

    def __init__(self, key: str, **figures):
        super().__init__(key)
        self.key, self.figures = key, figures


class NotForked(BaseException):
    """The call cannot be made in a forked process."""


def failure(error: BaseException, function: Callable) -> Outcome:
    """What a function raised, as a trouble with a name of its own where there is one."""
    where = line(error, function)
    told = {"error": one_line(error), **where}
    refuse_if_forked(error)
    if isinstance(error, Unusable):
        return Outcome(trouble=error.key, figures=error.figures | where)
    if isinstance(error, MemoryError) or "can't allocate memory" in told["error"]:
        return Outcome(trouble="memory", figures=where)
    if isinstance(error, RecursionError):
        return Outcome(trouble="recursion", figures=where)
    if isinstance(error, SystemExit):
        return Outcome(trouble="left", figures=where)
    frames = traceback.walk_tb(error.__traceback__)
    in_autograd = any(f.f_code.co_filename == torch.autograd.__file__ for f, _ in frames)
    if in_autograd or TRAINING.search(where.get("line", "")):
        return Outcome(trouble="backward", figures=where)
    return Outcome(trouble="raised", figures=told)


def unpulled(error: Exception) -> Outcome:
    """The check's own gradient failed, after the learner's code had raised nothing."""
    refuse_if_forked(error)
    if "backward through the graph a second time" in str(error):
        return Outcome(trouble="backward")
    return Outcome(trouble="unpulled", figures={"error": one_line(error)})


def refuse_if_forked(error: BaseException) -> None:
    """NotForked for what PyTorch refuses in a forked child: a GPU, and on a machine that has one
    gradients too, once there were some in the parent."""
    forked = multiprocessing.current_process().daemon
    if forked and isinstance(error, RuntimeError) and "fork" in one_line(error):
        raise NotForked from error


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
    """Where in the learner's code: the last line of the call that is in the function's file."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = traceback.walk_tb(error.__traceback__)
    own = [number for frame, number in frames if frame.f_code.co_filename == file]
    if type(file) is not str or not own:  # an object may claim any attribute
        return {}
    source = linecache.getline(file, own[-1]).strip().replace("`", "'")
    return {"line": f"{own[-1]} (`{source}`)" if source else str(own[-1])}
