"""The arms of the quantization tables do the same work; no time is measured here."""

import pytest
import torch

import toycore as tc
from toycore.bench import quantization as bench


@pytest.fixture
def no_libraries(monkeypatch):
    reasons = {"torch.ao": "gone", "torchao": "not here"}
    monkeypatch.setattr(tc.quantization.libraries, "quantized", lambda module: ({}, reasons))


def test_every_hidden_size_meets_every_batch():
    sizes = [tuple(case.values()) for case, _ in bench.cases()]
    assert sizes == [(64, 1), (64, 32), (256, 1), (256, 32), (1024, 1), (1024, 32)]


def test_every_arm_is_a_forward_pass_of_the_same_network():
    libraries, _ = tc.quantization.libraries.quantized(tc.TinyMLP())
    for sizes, arms in bench.cases():
        names = [bench.FP32, bench.INT8, bench.BF16, *(f"INT8, {name}" for name in libraries)]
        assert list(arms) == names
        exact = arms[bench.FP32]()
        assert exact.shape == (sizes["batch"], sizes["hidden"])
        assert not exact.requires_grad
        for name in names[1:]:
            assert 25 < tc.snr_db(exact, arms[name]()) < 60, name


def test_the_network_has_two_square_layers_and_is_smaller_in_int8():
    models, _ = bench.versions(256)
    assert [tuple(p.shape) for p in models[bench.FP32].parameters()] == [(256, 256), (256,)] * 2
    assert {p.dtype for p in models[bench.BF16].parameters()} == {torch.bfloat16}
    sizes = {name: tc.tensor_bytes(model) for name, model in models.items()}
    full = sizes.pop(bench.FP32)
    assert sizes.pop(bench.BF16) == full / 2
    assert max(sizes.values()) < full / 3.5


@pytest.mark.usefixtures("no_libraries")
def test_what_is_missing_is_said():
    assert [*next(bench.cases())[1]] == [bench.FP32, bench.INT8, bench.BF16]
    lines = bench.remarks()
    assert "INT8, torch.ao is not timed: gone" in lines
    assert "INT8, torchao is not timed: not here" in lines


@pytest.mark.usefixtures("no_libraries")
def test_the_road_of_int8_products_is_said(monkeypatch):
    monkeypatch.setattr(bench, "why_not_int_mm", lambda: "")
    assert "INT8, toycore: products by torch._int_mm." in bench.remarks()
    monkeypatch.setattr(bench, "why_not_int_mm", lambda: "this torch has no _int_mm")
    line = "INT8, toycore: products by float32, as this torch has no _int_mm."
    assert line in bench.remarks()


def test_the_cpu_is_said_also_by_a_torch_that_knows_little(monkeypatch):
    has = {"avx512_vnni": True, "amx_int8": False, "cpu_name": "anything"}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has, raising=False)
    level = torch.backends.cpu.get_cpu_capability()
    assert bench.cpu() == f"{level}, avx512_vnni"
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert bench.cpu() == level
