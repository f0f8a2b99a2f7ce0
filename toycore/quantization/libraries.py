"""The dynamic INT8 of two libraries, to compare with the course's own, where installed.

torch.ao   torch.ao.quantization.quantize_dynamic, part of torch but deprecated: one scale per
           weight matrix, and activations in 7 bits, one asymmetric grid per batch (on x86 CPUs)
torchao    its successor, an optional package: one scale per channel and per token, as here

Both may change or vanish, so each is tried and tested; what fails is skipped, with its reason.
Nothing is ever installed.
"""

import contextlib
import copy
import logging
import warnings
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from toycore.engine.plain_torch import plain_torch
from toycore.errors import say
from toycore.quantization.replace import linears, read_by_owner, told
from toycore.quantization.rounding import snr_db
from toycore.quantization.sizes import tensor_bytes

LEAST_SNR = 20.0  # dB; 4 bits would be below it, and 7 bits are at about 34
DEPRECATED = (r"torch\.ao\.quantization is deprecated", r"torch\.quantize_per_tensor, .*deprecated")
# While it is imported, torchao warns of CUDA libraries that a CPU build of torch cannot load.
TALKATIVE = ("torchao", "torch.utils._pytree")


def quantized(module: nn.Module) -> tuple[dict[str, nn.Module], dict[str, str]]:
    """Copies of a module, quantized by "torch.ao" and "torchao": (name → copy, name → reason).

    A library is in one of the two: with its copy, if each layer's output has an SNR above 20 dB
    and the copy is smaller than the module; else with the reason why it is skipped, in one line.
    TypeError or ValueError if the module has no nn.Linear.
    """
    linears(module)
    made, skipped = {}, {}
    for name, convert in {"torch.ao": _torch_ao, "torchao": _torchao}.items():
        try:
            copied = convert(module)
            _check(module, copied)
        except Exception as error:  # whatever goes wrong in a library is a reason to skip it
            missing = getattr(error, "name", "") if isinstance(error, ModuleNotFoundError) else ""
            why = say("not_installed", library=missing) if missing else error
            skipped[name] = f"{type(error).__name__}: {why}".splitlines()[0]
        else:
            made[name] = copied
    return made, skipped


@plain_torch
def _torch_ao(module: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        for message in DEPRECATED:
            warnings.filterwarnings("ignore", message)
        import torch.ao.quantization as library

        return library.quantize_dynamic(module, {nn.Linear}, dtype=torch.qint8)


@plain_torch
def _torchao(module: nn.Module) -> nn.Module:
    with _errors_only(*TALKATIVE):
        import torchao.quantization as library

        copied = copy.deepcopy(module)
        library.quantize_(copied, library.Int8DynamicActivationInt8WeightConfig())
        return copied


@contextlib.contextmanager
def _errors_only(*names: str) -> Iterator[None]:
    """Silence these loggers below the level of an error."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@torch.no_grad()
def _check(module: nn.Module, copied: nn.Module) -> None:
    """RuntimeError unless every layer gives what it gave, up to some noise, in fewer bytes."""
    original = copy.deepcopy(module)  # a layer may change when it is called
    read = read_by_owner(original)
    for name, linear in linears(original).items():
        made, rng = copied.get_submodule(name), torch.Generator().manual_seed(0)
        if id(linear) in read and not isinstance(getattr(made, "weight", None), Tensor):
            raise RuntimeError(say("weight_gone", layer=told(name)))
        x = torch.randn(16, linear.in_features, generator=rng, dtype=torch.float32, device="cpu")
        x = x.to(linear.weight)
        snr = snr_db(linear(x), made(x))
        if not snr > LEAST_SNR:
            raise RuntimeError(say("noisy", layer=told(name), snr=snr, least=LEAST_SNR))
    before, after = tensor_bytes(module), tensor_bytes(copied)
    if after >= before:
        raise RuntimeError(say("not_smaller", after=after, before=before))
