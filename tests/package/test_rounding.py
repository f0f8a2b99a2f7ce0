"""Rounding to a few bits: the grid against its definition, its noise against Δ²/12."""

import math

import numpy as np
import pytest
import torch

import toycore as tc
from weights import BITS, bell, both, decibels, gauss, theory

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]

# The grid


def test_by_hand():
    q = tc.quantize(torch.tensor([[3.0, -2.0, 1.2, 0.0], [0.75, 0.3, -0.25, 0.1]]), bits=3)
    assert q.values.tolist() == [[3, -2, 1, 0], [3, 1, -1, 0]]
    assert q.scale.tolist() == [[1.0], [0.25]]
    assert q.dequantize().tolist() == [[3, -2, 1, 0], [0.75, 0.25, -0.25, 0]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("runs", [(), (3,), (2, 3)])
def test_shapes_and_dtypes(dtype, runs):
    w = gauss(*runs, 5, 7).to(dtype)
    for per_channel, shape in ((True, (*runs, 5, 1)), (False, (*runs, 1, 1))):
        q = tc.quantize(w, per_channel=per_channel)
        assert (q.values.shape, q.values.dtype) == (w.shape, torch.int8)
        assert q.scale.shape == shape
        assert q.scale.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        assert (q.dequantize().shape, q.dequantize().dtype) == (w.shape, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_half_a_step_in_every_dtype(dtype):
    w = bell(32).to(dtype)
    for bits, per_channel in both():
        q = tc.quantize(w, bits, per_channel)
        exactly = q.values.double() * q.scale.double()
        assert ((w.double() - exactly).abs() <= q.scale.double() / 2 * (1 + 1e-5)).all()
        torch.testing.assert_close(
            q.dequantize().double(), exactly, rtol=torch.finfo(dtype).eps, atol=0
        )


@pytest.mark.parametrize("per_channel", [True, False])
def test_every_run_is_quantized_on_its_own(per_channel):
    w = gauss(4, 11, 32) * torch.tensor([1e-3, 1, 10, 1e4])[:, None, None]
    q = tc.quantize(w, 6, per_channel)
    for run in range(4):
        alone = tc.quantize(w[run], 6, per_channel)
        assert torch.equal(q.values[run], alone.values)
        assert torch.equal(q.scale[run], alone.scale)
        predicted = tc.predicted_snr_db(w, 6, per_channel)[run]
        assert predicted == tc.predicted_snr_db(w[run], 6, per_channel)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bits", BITS)
def test_what_lies_on_the_grid_stays_as_it_is(bits, dtype):
    qmax = 2 ** (bits - 1) - 1
    grid = torch.arange(-qmax, qmax + 1).to(dtype) / 64
    w = torch.stack([grid, grid * 8, grid / 16])
    q = tc.quantize(w, bits)
    assert torch.equal(q.values, torch.arange(-qmax, qmax + 1, dtype=torch.int8).expand(3, -1))
    assert torch.equal(q.dequantize(), w)
    assert torch.equal(q.scale.double(), torch.tensor([[1.0], [8.0], [1 / 16]]).double() / 64)


def test_a_second_time_changes_no_value():
    for bits, per_channel in both():
        once = tc.quantize(bell().float(), bits, per_channel)
        twice = tc.quantize(once.dequantize(), bits, per_channel)
        assert torch.equal(once.values, twice.values)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("row", [0.0, 1e-45, -3e-39])
def test_a_row_of_zeros_or_nearly_so_is_zero(row, dtype):
    w = torch.tensor([[1.0, -0.5], [row, 0.0]], dtype=torch.float64).to(dtype)
    q = tc.quantize(w)
    if dtype != torch.float64 or row == 0:
        assert q.scale[1].item() == 1
        assert q.values[1].tolist() == [0, 0]
        assert q.dequantize()[1].tolist() == [0, 0]
    assert q.values[0].tolist() == [127, -64]
    zero = tc.quantize(torch.zeros(2, 3, dtype=dtype), per_channel=False)
    assert zero.scale.item() == 1
    assert not zero.dequantize().any()


def test_the_weight_is_left_alone_and_needs_no_gradient():
    w = torch.nn.Parameter(gauss(3, 4))
    before = w.detach().clone()
    q = tc.quantize(w)
    assert torch.equal(w, before)
    assert not q.scale.requires_grad
    assert not q.dequantize().requires_grad
    with pytest.raises(AttributeError):
        q.scale = 1


# Signal and noise


def test_snr_by_hand():
    signal = torch.tensor([[3.0, 4.0], [0.0, 5.0]])
    assert tc.snr_db(signal, signal + 0.5).item() == pytest.approx(10 * math.log10(50 / 1))
    assert tc.snr_db(signal[0], signal[0] * 1.1).item() == pytest.approx(20, abs=1e-5)
    assert tc.snr_db(signal, -signal).item() == pytest.approx(-20 * math.log10(2))
    assert tc.snr_db(signal, signal).item() == math.inf
    assert tc.snr_db(0 * signal, 0 * signal).item() == math.inf
    assert tc.snr_db(0 * signal, signal).item() == -math.inf
    assert tc.snr_db(signal, signal.half()).dtype == torch.float64


def test_snr_is_one_number_a_matrix():
    signal, noise = gauss(2, 3, 5, 7), gauss(2, 3, 5, 7, seed=1)
    found = tc.snr_db(signal, signal + noise)
    assert found.shape == (2, 3)
    assert found[1, 2].item() == pytest.approx(decibels(signal[1, 2], signal[1, 2] + noise[1, 2]))


@pytest.mark.parametrize(("bits", "per_channel"), both())
def test_the_prediction_is_that_of_the_theory(bits, per_channel):
    for w in (bell(), gauss(3, 400), torch.ones(2, 2)):
        assert tc.predicted_snr_db(w, bits, per_channel).item() == pytest.approx(
            theory(w, bits, per_channel)
        )


def test_uniform_weights_gain_the_crest_free_six_decibels_a_bit():
    w = torch.rand(64, 4096, generator=torch.Generator().manual_seed(0)) - 0.5
    for bits in range(3, 9):
        by_form = 20 * math.log10(2**bits - 2)
        assert tc.snr_db(w, tc.quantize(w, bits).dequantize()).item() == pytest.approx(
            by_form, abs=0.05
        )


def test_one_bit_more_gains_what_the_formula_says():
    w, last = gauss(512, 512), math.inf
    snr = {b: tc.snr_db(w, tc.quantize(w, b).dequantize()).item() for b in range(3, 9)}
    for bits in range(3, 8):
        gain = 20 * math.log10((2 ** (bits + 1) - 2) / (2**bits - 2))
        assert snr[bits + 1] - snr[bits] == pytest.approx(gain, abs=0.05)
        assert 20 * math.log10(2) < gain < last
        last = gain


def test_the_error_is_spread_evenly_over_a_step():
    w = gauss(512, 512)
    q = tc.quantize(w)
    error = ((w - q.dequantize()) / q.scale).flatten().numpy()
    assert abs(error.mean()) < 0.003
    assert error.var() == pytest.approx(1 / 12, rel=0.01)
    assert (error**4).mean() / error.var() ** 2 == pytest.approx(1.8, rel=0.01)


def test_with_two_bits_the_truth_is_better_than_the_theory():
    for per_channel in (True, False):
        w = gauss(512, 512)
        found = tc.snr_db(w, tc.quantize(w, 2, per_channel).dequantize())
        assert found > tc.predicted_snr_db(w, 2, per_channel) + 1


# Bad input

NAN, INF = math.nan, math.inf
NUMBERS = "weight must be a table of real numbers; got "
MATRIX = torch.ones(2, 3)
WEIGHTS = {
    "words": ([["a"]], TypeError, NUMBERS),
    "nothing": (None, TypeError, NUMBERS),
    "a layer": (torch.nn.Linear(2, 2), TypeError, NUMBERS),
    "a sparse matrix": (torch.eye(2).to_sparse(), TypeError, "got torch.sparse_coo"),
    "complex numbers": (torch.ones(2, 2, dtype=torch.complex64), TypeError, "got torch.complex64"),
    "booleans": (torch.ones(2, 2, dtype=torch.bool), TypeError, "got torch.bool"),
    "one axis": (torch.ones(3), ValueError, r"\(\.\.\., out, in\); got shape \(3,\)"),
    "a number": (torch.tensor(1.0), ValueError, r"got shape \(\)"),
    "no rows": (torch.ones(0, 3), ValueError, r"at least one number; got shape \(0, 3\)"),
    "no columns": (torch.ones(3, 0), ValueError, r"at least one number; got shape \(3, 0\)"),
    "NaN": (torch.tensor([[1.0, NAN]]), ValueError, "weight must be finite"),
    "infinity": (torch.tensor([[1.0, INF]]), ValueError, "weight must be finite"),
    "minus infinity": (torch.tensor([[1.0, -INF]]), ValueError, "weight must be finite"),
    "NaN in half precision": (torch.tensor([[NAN]]).half(), ValueError, "weight must be finite"),
}
BITS_RULE = "bits must be a whole number of at least 2 and at most 8"


@pytest.mark.parametrize("call", [tc.quantize, tc.predicted_snr_db])
@pytest.mark.parametrize(("weight", "error", "message"), WEIGHTS.values(), ids=WEIGHTS)
def test_a_weight_that_cannot_be_quantized_is_an_error(call, weight, error, message):
    for per_channel in (True, False):
        with pytest.raises(error, match=message):
            call(weight, 8, per_channel)


@pytest.mark.parametrize("call", [tc.quantize, tc.predicted_snr_db])
def test_bits_are_a_whole_number_from_2_to_8(call):
    for bits in (1, 0, -3, 9, 16):
        with pytest.raises(ValueError, match=f"{BITS_RULE}; got {bits}"):
            call(MATRIX, bits)
    for bits in (8.0, "8", True, None, [4, 8]):
        with pytest.raises(TypeError, match=BITS_RULE):
            call(MATRIX, bits)
    assert call(MATRIX, np.int64(4)) is not None


@pytest.mark.parametrize("call", [tc.quantize, tc.predicted_snr_db])
@pytest.mark.parametrize("per_channel", [1, 0, None, "row"])
def test_per_channel_is_true_or_false(call, per_channel):
    with pytest.raises(TypeError, match=f"per_channel must be True or False; got {per_channel!r}"):
        call(MATRIX, 8, per_channel)


@pytest.mark.parametrize("kind", [torch.Tensor.int, torch.Tensor.tolist, np.asarray])
def test_a_weight_of_whole_numbers_or_no_tensor_is_quantized_as_its_float64(kind):
    weight = torch.tensor([[1.0, -3.0, 2.0], [0.0, 5.0, 4.0]], dtype=torch.float64)
    q, due = tc.quantize(kind(weight), 4), tc.quantize(weight, 4)
    assert q.dtype == torch.float64
    assert torch.equal(q.values, due.values)
    assert torch.equal(q.dequantize(), due.dequantize())
    assert tc.snr_db(kind(weight), q.dequantize()) == tc.snr_db(weight, q.dequantize())
    assert tc.predicted_snr_db(kind(weight), 4) == tc.predicted_snr_db(weight, 4)


def test_an_snr_is_of_two_tensors_of_one_shape():
    for other in (torch.ones(3), torch.ones(1, 3), torch.ones(2, 1), torch.ones(3, 2)):
        with pytest.raises(ValueError, match=r"same shape; got \(2, 3\) and"):
            tc.snr_db(MATRIX, other)
    with pytest.raises(TypeError, match=r"approximation must be a table .* got torch\.bool"):
        tc.snr_db(MATRIX, MATRIX > 0)
    with pytest.raises(TypeError, match="signal must be a table of real numbers; got 'loud'"):
        tc.snr_db("loud", MATRIX)
    with pytest.raises(ValueError, match="signal must have at least one number"):
        tc.snr_db(torch.ones(0), torch.ones(0))
