"""INT8 inference by hand: linear layers that multiply whole numbers.

    y = x Wᵀ + b   →   y ≈ Δ_x Δ_w (q_x q_wᵀ) + b

Weights lie on a grid of 255 values (rounding.py) with one step Δ_w per output channel, found once.
Activations get one step Δ_x per token, found in every forward pass: hence *dynamic*. The sum
over whole numbers is exact (matmul.py), so the only errors are the two roundings; being
independent, their powers add up: 1/SNR = 1/SNR_w + 1/SNR_x.

This is the vector-wise scheme of Dettmers et al. 2022 (LLM.int8(), section 3.1). Left out
here: zero points, outliers kept apart, calibration, groups within a channel, and
weights packed for one kind of CPU.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from toycore.engine.guards import FLOATS, Rule, must
from toycore.engine.noise import generator
from toycore.engine.plain_torch import plain_torch
from toycore.errors import Phrase, say
from toycore.quantization.matmul import MOST_TERMS, int8_matmul
from toycore.quantization.replace import copy_with, memory_of, plain_linears, told, why_not_plain
from toycore.quantization.rounding import Quantized, quantize


class Int8Linear(nn.Module):
    """A linear layer on whole numbers, for inference: no gradient passes through it.

    values  (out, in) int8        scale  (out, 1)        bias  (out,) or None, as it was

    All are plain buffers, and the whole of `state_dict`, which loads with weights_only=True into
    what `quantize_dynamic` makes of a new module.
    """

    QMAX = 127
    values: Tensor  # (out, in) int8
    scale: Tensor  # (out, 1)
    bias: Tensor | None  # (out,)

    def __init__(self, weight: Quantized, bias: Tensor | None):
        super().__init__()
        terms = weight.values.shape[-1]
        if terms > MOST_TERMS:
            raise ValueError(say("columns", most=MOST_TERMS, got=terms))
        self.register_buffer("values", weight.values.contiguous())
        self.register_buffer("scale", weight.scale)
        self.register_buffer("bias", None if bias is None else bias.detach().clone())

    @classmethod
    def from_linear(cls, linear: nn.Linear) -> "Int8Linear":
        """The layer with its weight in 8 bits, one scale per output channel.

        TypeError unless the layer is plain (`why_not_plain`); TypeError or ValueError if its weight
        cannot be quantized, or has more than 131,071 columns.
        """
        if why := why_not_plain(linear):
            allowed = Phrase("an_instance", kind="torch.nn.Linear")
            raise TypeError(must("linear", allowed, f"{linear!r}: {why}"))
        _check_floats("weight", linear.weight)
        return cls(quantize(linear.weight), linear.bias).train(linear.training)

    @property
    def in_features(self) -> int:
        """The columns of the weight."""
        return self.values.shape[1]

    @property
    def out_features(self) -> int:
        """The rows of the weight."""
        return self.values.shape[0]

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) → (..., out), in the dtype of x. Each token, a row of x, has its own scale.

        As in any layer, NaN or infinity in a token makes its whole output non-finite.
        """
        out, inside = self.values.shape
        _check_floats("x", x)
        if x.ndim == 0 or x.shape[-1] != inside:
            due = f"(..., {inside})"
            raise ValueError(say("shape", name="x", shape=due, got=tuple(x.shape)))
        # Sums reach 127² · in, too much for half precision.
        rows = x.detach().reshape(-1, inside).to(torch.promote_types(x.dtype, torch.float32))
        scale = rows.abs().amax(-1, keepdim=True) / self.QMAX
        scale = scale.clamp_min(torch.finfo(scale.dtype).tiny)  # avoids 0/0
        tokens = (rows / scale).round_().to(torch.int8)
        y = int8_matmul(tokens, self.values) * (scale * self.scale.mT)
        if self.bias is not None:
            y += self.bias
        return y.to(x.dtype).reshape(*x.shape[:-1], out)

    def extra_repr(self) -> str:
        sizes = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"


def _check_floats(name: str, tensor) -> None:
    """TypeError unless a layer could compute with it: torch's layers do not take whole numbers."""
    if getattr(tensor, "dtype", None) not in FLOATS:
        found = getattr(tensor, "dtype", tensor)
        raise TypeError(must(name, Phrase("floats"), found))


def quantize_dynamic(module: nn.Module) -> nn.Module:
    """A copy in which every plain nn.Linear is an Int8Linear; the module itself stays as it is.

    Layers are found at any depth, the module itself included. One that is used twice stays one,
    and layers that share a weight share its whole numbers; an embedding that shares it keeps it
    in floating point, as in torch.ao, so the copy holds both.

    A layer stays as it was, and a warning names it and the reason, if it is more than a weight and
    a bias (replace.py) or its owner reads its weight. ValueError if no layer is left to quantize;
    TypeError or ValueError that names the layer if its weight cannot be quantized.
    """
    made: dict[int, nn.Module] = {}
    first: dict[tuple | None, Int8Linear] = {}
    for name, linear in plain_linears(module).items():
        try:
            layer = Int8Linear.from_linear(linear)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{told(name)}: {error}") from error
        weight, bias = (first.setdefault(memory_of(t), layer) for t in (linear.weight, linear.bias))
        made[id(linear)] = layer
        layer.values, layer.scale, layer.bias = weight.values, weight.scale, bias.bias
    return copy_with(module, made)


def _undrawn(inside: int, outside: int) -> nn.Linear:
    """A layer whose numbers are still to be drawn: torch's own draw would move its generator.

    As torch.nn.utils.skip_init makes it, which loads sympy when first called: 0.5 s.
    """
    layer = nn.Linear(inside, outside, device="meta")
    layer.weight, layer.bias = (nn.Parameter(torch.empty(p.shape)) for p in layer.parameters())
    return layer


class TinyMLP(nn.Module):
    """Two linear layers with a ReLU between, (..., d_in) → (..., d_out), float32.

    Weights and biases are drawn as nn.Linear draws them, uniform within 1/√in, from the seed's
    own generator. All four are whole numbers: sizes of at least 1, a seed of at least 0.
    """

    @plain_torch
    def __init__(self, d_in: int = 64, d_h: int = 64, d_out: int = 11, *, seed: int = 0):
        super().__init__()
        sizes = {"d_in": d_in, "d_h": d_h, "d_out": d_out}
        d_in, d_h, d_out = (Rule(int, 1).check(name, size) for name, size in sizes.items())
        rng = generator(Rule(int, 0).check("seed", seed), "base")
        self.fc1, self.fc2 = (_undrawn(*shape) for shape in ((d_in, d_h), (d_h, d_out)))
        for parameter, inside in zip(self.parameters(), (d_in, d_in, d_h, d_h), strict=True):
            nn.init.uniform_(parameter, -1 / math.sqrt(inside), 1 / math.sqrt(inside), rng)

    def forward(self, x: Tensor) -> Tensor:
        """(..., d_in) → (..., d_out)."""
        return self.fc2(F.relu(self.fc1(x)))
