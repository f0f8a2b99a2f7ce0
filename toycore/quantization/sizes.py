"""How many bytes a module takes: in memory, each byte once, and as a file.

What a tensor says of itself, numel · element_size, need not be what it takes: it may be a part of a
storage, share it with others, repeat a few numbers, or be made of other tensors. So storages are
counted, whole, as `torch.save` writes them, and each once.
"""

import io

import torch
from torch import Tensor, nn

from toycore.engine.guards import must
from toycore.engine.plain_torch import plain_torch
from toycore.errors import Phrase, say

COMPRESSED = {
    torch.sparse_coo: ("_indices", "_values"),
    torch.sparse_csr: ("crow_indices", "col_indices", "values"),
    torch.sparse_bsr: ("crow_indices", "col_indices", "values"),
    torch.sparse_csc: ("ccol_indices", "row_indices", "values"),
    torch.sparse_bsc: ("ccol_indices", "row_indices", "values"),
}

_state = plain_torch(nn.Module.state_dict)  # torch.ao makes its scales again each time


def tensor_bytes(module: nn.Module) -> int:
    """Bytes of everything a module keeps in tensors: parameters, buffers and packed weights.

    A sum over `parameters()` and `buffers()` finds 0 bytes in torch.ao's quantized layers, whose
    weights are inside a packed object, and the float32 size in torchao's, whose weights claim
    that dtype. Here packed objects are opened, and scales and zero points are counted too.
    TypeError or ValueError for what has no memory that can be seen, as on the meta device.
    """
    _check(module)
    storages: dict[object, int] = {}
    for name, value in _kept(module).items():
        for tensor in _plain(name, value):
            address, size = _memory(name, tensor)
            storages[address] = max(size, storages.get(address, size))
    return sum(storages.values())


def serialized_bytes(module: nn.Module) -> int:
    """Bytes of the file that `torch.save(module.state_dict(), "archive.pt")` writes.

    The file's name goes into it, so under another name it may differ by some hundred bytes.
    """
    _check(module)
    file = io.BytesIO()
    torch.save(_state(module), file)
    return file.tell()


def _check(module) -> None:
    if not isinstance(module, nn.Module):
        allowed = Phrase("an_instance", kind="torch.nn.Module")
        raise TypeError(must("module", allowed, repr(module)))


def _kept(module: nn.Module) -> dict[str, object]:
    """Name → tensor, or packed tensors, which only the state shows; a layer with two names once."""
    layers = dict(module.named_modules())
    state = _state(module).items()
    packed = {name: value for name, value in state if name.rpartition(".")[0] in layers}
    own = (module.named_parameters, module.named_buffers)
    return packed | {name: value for named in own for name, value in named(remove_duplicate=False)}


def _plain(name: str, value) -> list[Tensor]:
    """The tensors that a value is made of."""
    if isinstance(value, tuple):  # torch.ao: (weight, bias)
        inner = value
    elif hasattr(value, "__tensor_flatten__"):  # torchao: a tensor made of others
        inner = [getattr(value, part) for part in value.__tensor_flatten__()[0]]
    elif isinstance(value, Tensor):
        inner = [getattr(value, part)() for part in COMPRESSED.get(value.layout, ())]
        if not inner:
            return [value]
    elif value is None or isinstance(value, torch.dtype):
        inner = ()
    else:
        raise TypeError(say("bytes", name=name, kind=type(value).__name__))
    return [tensor for part in inner for tensor in _plain(name, part)]


def _memory(name: str, tensor: Tensor) -> tuple[tuple, int]:
    """Where a tensor's numbers are, and how many bytes there are."""
    try:
        storage = tensor.untyped_storage()
        address, size = storage.data_ptr(), storage.nbytes()
    except (RuntimeError, ValueError):  # torch knows tensors that show no storage
        address, size = 0, 1
    if size and not address:
        kind = Phrase("unseen", kind=type(tensor).__name__, device=tensor.device)
        raise ValueError(say("bytes", name=name, kind=kind))
    if tensor.is_quantized:  # by torch.ao, with scale and zero point inside
        size += 16 if "per_tensor" in str(tensor.qscheme()) else _grid(tensor)
    return (tensor.device, address), size


def _grid(tensor: Tensor) -> int:
    return tensor.q_per_channel_scales().nbytes + tensor.q_per_channel_zero_points().nbytes
