"""True sizes: by hand, and by the file that torch writes, which has every storage once."""

import copy
import io
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import toycore as tc

EXAMPLES = settings(max_examples=200, deadline=None, derandomize=True)


def gauss(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# Networks


def sizes(hidden: int) -> tuple[nn.Module, nn.Module]:
    module = tc.TinyMLP(hidden, hidden, hidden)
    return module, tc.quantize_dynamic(module)


@pytest.mark.parametrize("hidden", [64, 256, 1024])
def test_bytes_counted_by_hand(hidden):
    module, made = sizes(hidden)
    assert tc.tensor_bytes(module) == 2 * 4 * (hidden * hidden + hidden)
    assert tc.tensor_bytes(made) == 2 * (hidden * hidden + 4 * hidden + 4 * hidden)
    assert tc.tensor_bytes(copy.deepcopy(module).bfloat16()) == tc.tensor_bytes(module) / 2


def test_nearly_four_times_smaller_where_large_and_less_where_small():
    for size in (tc.tensor_bytes, tc.serialized_bytes):
        small, large = (size(module) / size(made) for module, made in map(sizes, (64, 1024)))
        assert small < 3.7
        assert 3.9 < large < 4


@pytest.mark.parametrize("hidden", [16, 64, 1024])
def test_a_file_is_its_tensors_and_a_little(hidden):
    for module in sizes(hidden):
        assert 0 < tc.serialized_bytes(module) - tc.tensor_bytes(module) < 8_000


def test_a_file_has_the_size_that_is_said(tmp_path):
    path = tmp_path / "archive.pt"  # the name goes into the file, too
    for module in sizes(64):
        torch.save(module.state_dict(), path)
        assert path.stat().st_size == tc.serialized_bytes(module)


def test_a_shared_tensor_counts_once_and_a_passing_buffer_counts():
    linear = nn.Linear(8, 8, bias=False)
    module = nn.Sequential(linear, linear, nn.Linear(8, 8, bias=False))
    module[2].weight = linear.weight
    assert tc.tensor_bytes(module) == 4 * 64
    module.register_buffer("passing", torch.ones(3, dtype=torch.float64), persistent=False)
    assert tc.tensor_bytes(module) == 4 * 64 + 24
    assert tc.tensor_bytes(nn.ReLU()) == 0


@pytest.mark.skipif(
    not hasattr(torch, "quantize_per_tensor"), reason="this torch has no such tensors"
)
@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor, ")  # to be removed (2026-11)
def test_the_scale_and_zero_point_inside_a_tensor_count():
    module = nn.ReLU()
    whole = torch.quantize_per_tensor(torch.ones(24), 0.1, 0, torch.qint8)
    module.register_buffer("whole", whole)
    assert tc.tensor_bytes(module) == 24 + 8 + 8


def test_what_cannot_be_counted_is_an_error():
    class Odd(nn.Module):
        def get_extra_state(self):
            return object()

    with pytest.raises(TypeError, match="how many bytes _extra_state takes: object"):
        tc.tensor_bytes(Odd())
    for size in (tc.tensor_bytes, tc.serialized_bytes):
        with pytest.raises(TypeError, match=r"module must be a torch\.nn\.Module; got"):
            size({"weight": gauss(2, 2)})


# Kept in any way

DTYPES = [
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64),
    *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool),
    *(torch.float8_e4m3fn, torch.float8_e5m2),
]
VIEWS = {
    "itself": lambda t: t,
    "a column": lambda t: t[:, :1],
    "every second": lambda t: t[::2],
    "turned": lambda t: t.T,
    "a row repeated": lambda t: t[:1].expand(300, -1),
    "a number repeated": lambda t: t.reshape(-1)[:1].expand(3000),
    "nothing": lambda t: t[:0],
    "flat": lambda t: t.view(-1),
}


class Kept(nn.Module):
    """Holds these tensors, each as a parameter or a buffer."""

    def __init__(self, tensors, as_parameters):
        super().__init__()
        for place, (tensor, as_parameter) in enumerate(zip(tensors, as_parameters, strict=True)):
            if as_parameter:
                setattr(self, f"t{place}", nn.Parameter(tensor, requires_grad=False))
            else:
                self.register_buffer(f"t{place}", tensor)


@EXAMPLES
@given(
    shapes=st.lists(
        st.tuples(st.integers(1, 7), st.integers(1, 9), st.sampled_from(DTYPES)), max_size=4
    ),
    views=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(sorted(VIEWS)), st.booleans())),
)
def test_bytes_are_those_of_the_storages_that_a_file_has(shapes, views):
    whole = [torch.zeros(rows, columns).to(dtype) for rows, columns, dtype in shapes]
    views = [(place, view, kind) for place, view, kind in views if place < len(whole)]
    module = Kept([VIEWS[view](whole[place]) for place, view, _ in views], [v[2] for v in views])
    used = {place for place, _, _ in views}
    by_hand = sum(whole[place].numel() * whole[place].element_size() for place in used)
    assert tc.tensor_bytes(module) == by_hand
    assert in_the_file(module) == by_hand


def in_the_file(module: nn.Module) -> int:
    """Bytes of the numbers in a module's file: its records under `data`."""
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    with zipfile.ZipFile(file) as records:
        return sum(r.file_size for r in records.infolist() if "/data/" in r.filename)


SPARSE = {
    "COO": lambda t: t.to_sparse(),
    "COO, not yet summed": lambda t: torch.sparse_coo_tensor(
        torch.tensor([[0, 0, 1], [2, 2, 0]]), torch.ones(3), t.shape, check_invariants=True
    ),
    "CSR": lambda t: t.to_sparse_csr(),
    "CSC": lambda t: t.to_sparse_csc(),
    "BSR": lambda t: t.to_sparse_bsr((3, 4)),
    "BSC": lambda t: t.to_sparse_bsc((3, 4)),
}


@pytest.mark.filterwarnings("ignore:Sparse .* tensor support is in beta state")
@pytest.mark.parametrize("how", SPARSE)
def test_a_sparse_tensor_is_its_numbers_and_their_places(how):
    dense = torch.zeros(300, 400)
    dense[:2, 1:4] = 1
    module = nn.ReLU()
    module.register_buffer("sparse", SPARSE[how](dense))
    module.again = nn.Parameter(module.sparse, requires_grad=False)
    assert 0 < tc.tensor_bytes(module) < 9_000 < 4 * dense.numel()
    # COO is written anew for each name: of one name the file has what is counted.
    del module.again
    assert tc.tensor_bytes(module) == in_the_file(module)


def test_the_bytes_of_a_sparse_tensor_by_hand():
    module = nn.ReLU()
    module.register_buffer("three", torch.eye(3).to_sparse())
    assert tc.tensor_bytes(module) == 3 * 4 + 2 * 3 * 8


def test_parameters_tied_by_their_data_count_once():
    module = nn.Sequential(*(nn.Linear(64, 64, bias=False) for _ in range(3)))
    for linear in module[1:]:
        linear.weight.data = module[0].weight.data
    assert tc.tensor_bytes(module) == in_the_file(module) == 4 * 64 * 64


def test_memory_that_two_storages_share_counts_once():
    array = np.ones(100, dtype=np.float32)
    for tensors in ([array, array[:3]], [array[:3], array]):
        module = Kept([torch.from_numpy(a) for a in tensors], [False, True])
        assert tc.tensor_bytes(module) == 400


def test_a_state_that_is_written_in_another_form_does_not_count_twice():
    module, tied = nn.Linear(8, 8), nn.Linear(8, 8)
    tied.weight, tied.bias = module.weight, module.bias

    def halve(_, state, prefix, __):
        for name in list(state):
            state[name] = state[name].half()

    module._register_state_dict_hook(halve)
    tied._register_state_dict_hook(halve)
    assert tc.tensor_bytes(nn.ModuleList([module, tied])) == 4 * 72


def test_a_parameter_that_a_state_leaves_out_counts():
    class Forgetful(nn.Linear):
        def _save_to_state_dict(self, destination, prefix, keep_vars):
            pass

    assert tc.tensor_bytes(Forgetful(8, 8)) == 4 * 72


@pytest.mark.filterwarnings("ignore:torch.quantize_per_.*, ")  # to be removed (2026-11)
@pytest.mark.skipif(
    not hasattr(torch, "quantize_per_channel"), reason="this torch has no such tensors"
)
def test_scales_and_zero_points_have_the_size_that_they_have():
    for kind, size, each in ((torch.qint8, 32, 16), (torch.quint4x2, 16, 8)):
        zero = torch.zeros(4, dtype=torch.float32 if each == 8 else torch.long)
        module = nn.ReLU()
        whole = torch.quantize_per_channel(torch.ones(4, 8), torch.ones(4), zero, 0, kind)
        module.register_buffer("whole", whole)
        module.register_buffer("again", whole, persistent=False)
        assert tc.tensor_bytes(module) == size + 4 * each


class Wrapped(torch.Tensor):
    """A tensor without numbers of its own, as libraries make them."""

    def __new__(cls):
        return torch.Tensor._make_wrapper_subclass(cls, (3, 4), dtype=torch.float32)

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return args[0] if args else None


class Opened(Wrapped):
    """One that says of which it is made: one number for twelve."""

    def __new__(cls):
        made = super().__new__(cls)
        made.number = torch.ones(1)
        return made

    def __tensor_flatten__(self):
        return ["number"], {}


def buffered(tensor) -> nn.Module:
    module = nn.ReLU()
    module.register_buffer("odd", tensor)
    return module


def test_a_tensor_made_of_others_is_those():
    assert tc.tensor_bytes(buffered(Opened())) == 4


class Plain(torch.Tensor):
    """A subclass that is a tensor like any other."""


def test_a_subclass_with_numbers_of_its_own_has_them():
    assert tc.tensor_bytes(buffered(torch.ones(5).as_subclass(Plain))) == 20


UNSEEN = {
    "meta": lambda: nn.Linear(3, 4, device="meta"),
    "lazy": lambda: nn.LazyLinear(4),
    "wrapped": lambda: buffered(Wrapped()),
    "opaque": lambda: buffered(torch.ones(3).to_mkldnn()),
}


@pytest.mark.parametrize("kind", UNSEEN)
def test_what_has_no_memory_that_can_be_seen_is_an_error(kind):
    if kind == "opaque" and not torch.backends.mkldnn.is_available():
        pytest.skip("this torch has no opaque tensors")
    with pytest.raises(ValueError, match=r"cannot tell how many bytes (weight|odd) takes: .* on "):
        tc.tensor_bytes(UNSEEN[kind]())


def test_a_module_of_nothing_has_no_bytes():
    for module in (nn.Sequential(), nn.ModuleList(), nn.Dropout(), buffered(torch.ones(0, 3))):
        assert tc.tensor_bytes(module) == 0
