"""INT8 products: exact by either road, and a probe that says truly which road is taken."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from toycore.quantization import matmul as module
from toycore.quantization.matmul import by_floats, int8_matmul, why_not_int_mm

INT_MM = getattr(torch, "_int_mm", None)


@pytest.fixture(autouse=True)
def probed_anew():
    """What one test finds out about a torch that it has changed is forgotten after it."""
    why_not_int_mm.cache_clear()
    yield
    why_not_int_mm.cache_clear()


@pytest.fixture
def no_int_mm(monkeypatch):
    monkeypatch.delattr(torch, "_int_mm", raising=False)


def whole(*shape: int, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(-128, 128, shape, generator=rng, dtype=torch.int8)


def full(value: int, *shape: int) -> torch.Tensor:
    return torch.full(shape, value, dtype=torch.int8)


SHAPES = [
    (0, 5, 3),
    (1, 1, 1),
    (1, 1, 3),
    (5, 1, 16),
    (4, 2, 1),
    (1, 64, 64),
    (3, 37, 11),
    (32, 1024, 8),
    (2, 1025, 3),
    (4, 5000, 2),
]


@pytest.mark.parametrize(("n", "k", "m"), SHAPES)
@pytest.mark.parametrize("product", [int8_matmul, by_floats])
def test_products_are_exact(n, k, m, product):
    pairs = [(whole(n, k), whole(m, k, seed=1))]
    pairs += [(full(a, n, k), full(b, m, k)) for a in (127, -128) for b in (127, -127, -128)]
    for a, b in pairs:
        found = product(a, b)
        assert found.dtype == torch.int32
        assert torch.equal(found.long(), a.long() @ b.long().T)


def test_strides_that_are_not_plain():
    """An axis of length 1 may have any stride; the columns of a wider matrix have a long one."""
    wide, right = whole(4, 128), whole(6, 64, seed=1)
    row, long = wide[:1, :64], right[:1].as_strided((1, 64), (0, 1))
    for a in (row, row.as_strided((1, 64), (0, 1)), row.expand(3, -1), wide[:, 64:], wide[:, ::2]):
        for b in (right, right.T.contiguous().T, long):
            assert torch.equal(int8_matmul(a, b).long(), a.long() @ b.long().T)


def test_the_worst_case_by_hand():
    k = 131_071  # one more would not fit into 32 bits
    for product in (int8_matmul, by_floats):
        assert product(full(-128, 1, k), full(-128, 1, k)).item() == 131_071 * 16_384
        assert product(full(127, 1, k), full(-127, 1, k)).item() == -131_071 * 16_129


def test_sums_in_one_piece_would_not_be_exact():
    """The parts of 1,024 terms matter: float32 over the whole length loses the last bits."""
    a = torch.arange(100, 128).repeat(4681)[None].to(torch.int8)  # wrong in any order of adding
    exact = a.long() @ a.long().T
    assert (a.float() @ a.float().T).long() != exact
    assert by_floats(a, a) == exact


def test_a_sum_that_could_overflow_is_an_error():
    a = full(1, 1, 131_072)
    with pytest.raises(ValueError, match="at most 131,071 terms; got 131,072"):
        int8_matmul(a, a)


# The probe


def check_floats_are_used(reason: str) -> None:
    """The probe says why, and the product is right all the same."""
    a, b = whole(5, 64), whole(7, 64, seed=1)
    assert torch.equal(int8_matmul(a, b).long(), a.long() @ b.long().T)
    assert why_not_int_mm() == reason


def test_a_torch_without_int_mm(no_int_mm):
    check_floats_are_used("this torch has no _int_mm")


def saturating(a, b, most=2**15 - 1):
    """As on CPUs without VNNI: a is shifted by 128, and pairs are added in 16 bits."""
    terms = (a.long() + 128)[:, :, None] * b.long()[None]
    pairs = torch.nn.functional.pad(terms, (0, 0, 0, terms.shape[1] % 2)).unflatten(1, (-1, 2))
    return (pairs.sum(2).clamp(-most - 1, most).sum(1) - 128 * b.long().sum(0)).int()


def floats(a, b):
    return a.float() @ b.float()


def wrong_at_the_largest(a, b):
    return saturating(a, b, most=2 * 255 * 127 - 1)


def wrong_elsewhere(a, b):
    return by_floats(a, b.mT) - int((a != a[0, 0]).any())


@pytest.mark.parametrize("wrong", [saturating, wrong_at_the_largest, wrong_elsewhere])
def test_an_int_mm_that_gives_wrong_sums(monkeypatch, wrong):
    monkeypatch.setattr(torch, "_int_mm", wrong, raising=False)
    check_floats_are_used("torch._int_mm gives wrong sums on this CPU")


def test_the_saturating_fake_errs_as_such_cpus_do():
    small, largest = whole(3, 16) // 4, full(127, 1, 64)
    assert torch.equal(saturating(small, small.mT), by_floats(small, small))
    assert by_floats(largest, largest) - saturating(largest, largest.mT) == 1_024_096  # measured


def test_an_int_mm_that_fails(monkeypatch):
    def fails(a, b):
        raise RuntimeError("not for this CPU\nand more")

    monkeypatch.setattr(torch, "_int_mm", fails, raising=False)
    check_floats_are_used("torch._int_mm fails: RuntimeError('not for this CPU\\nand more')")


@pytest.mark.parametrize(("seconds", "reason"), [(0.5, ""), (2.0, "slower")])
def test_an_int_mm_is_used_if_it_is_faster_by_the_clock(monkeypatch, seconds, reason):
    """A clock of its own: the float road takes 1 second, the other a half or two."""
    clock = SimpleNamespace(now=0.0)

    def takes(duration, road):
        def call(a, b):
            clock.now += duration
            return road(a, b)

        return call

    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    monkeypatch.setattr(module, "by_floats", takes(1.0, by_floats))
    right = takes(seconds, lambda a, b: by_floats(a, b.mT))
    monkeypatch.setattr(torch, "_int_mm", right, raising=False)
    if reason:
        check_floats_are_used("torch._int_mm is slower on this CPU than float32")
    else:
        check_floats_are_used("")
        before = clock.now
        int8_matmul(whole(5, 64), whole(7, 64))
        assert clock.now == before + seconds


def test_it_is_probed_once(monkeypatch):
    calls = []
    monkeypatch.setattr(module, "_is_exact", lambda: calls.append(1) or False)
    monkeypatch.setattr(torch, "_int_mm", floats, raising=False)
    for _ in range(3):
        int8_matmul(whole(2, 8), whole(3, 8))
    assert len(calls) == 1


def test_it_is_not_probed_at_import():
    script = """
import torch
def never(*_): raise SystemExit("probed")
torch._int_mm = never
import toycore as tc
tc.quantize_dynamic(tc.TinyMLP())
print(tc.quantization.matmul.int8_matmul.__module__)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("toycore.quantization.matmul", 0), done.stderr


@pytest.mark.skipif(INT_MM is None, reason="this torch has no _int_mm")
def test_the_real_probe_gives_an_answer():
    assert why_not_int_mm() in (
        "",
        "torch._int_mm gives wrong sums on this CPU",
        "torch._int_mm is slower on this CPU than float32",
    )
