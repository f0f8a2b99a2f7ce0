"""A grid laid down beforehand: against torch's own, closed forms of a Gaussian, and enumeration."""

import math

import numpy as np
import pytest
import torch

import toycore as tc
from toycore.quantization import Grid
from weights import BITS, decibels, gauss

# Against torch


def torchs(x: torch.Tensor, grid: Grid) -> torch.Tensor:
    ends = grid.quant_min, grid.quant_max
    return torch.fake_quantize_per_tensor_affine(x, grid.scale, grid.zero_point, *ends)


@pytest.mark.parametrize("bits", BITS)
def test_it_rounds_and_clips_as_torch_does(bits):
    """On numbers of a raster of 1/64 and steps that are powers of two: no rounding of floats."""
    x = (gauss(4096) * 1024).round().float() / 64
    for grid in (
        Grid.symmetric((2 ** (bits - 1) - 1) / 8, bits),
        Grid.affine(-1, -1 + (2**bits - 1) / 4, bits),
        Grid.affine(0, (2**bits - 1) / 8, bits),
    ):
        assert torch.equal(grid.fake_quantize(x), torchs(x, grid))
        assert grid.outside(x).any()


@pytest.mark.parametrize("bits", BITS)
def test_any_step_gives_torchs_numbers_but_where_a_float_falls_between(bits):
    x = gauss(4096).float()
    for grid in (Grid.symmetric(2.1, bits), Grid.affine(-0.7, 2.3, bits)):
        off = (grid.fake_quantize(x) - torchs(x, grid)).abs()
        between = (x.double() / grid.scale - 0.5).remainder(1)
        assert (off[(between > 1e-4) & (between < 1 - 1e-4)] < 1e-6).all()


@pytest.mark.parametrize(("low", "high"), [(-1.0, 3.0), (0.5, 2.0), (-2.0, -0.25), (-0.1, 0.1)])
def test_scale_and_zero_point_are_those_of_torchs_observer(low, high):
    quantization = pytest.importorskip("torch.ao.quantization")
    observer = quantization.MinMaxObserver(dtype=torch.quint8, qscheme=torch.per_tensor_affine)
    observer(torch.tensor([low, high]))
    scale, zero_point = observer.calculate_qparams()
    grid = Grid.affine(low, high)
    assert grid.scale == pytest.approx(scale.item(), rel=1e-6)
    assert (grid.zero_point, grid.quant_min, grid.quant_max) == (zero_point.item(), 0, 255)


@pytest.mark.parametrize("group_size", [16, 64, 256])
def test_a_group_is_a_shorter_row_as_torchs_scales_per_channel_say(group_size):
    """In `quantize` a scale per group is a scale per channel of the weight in another shape."""
    weight = gauss(8, 256).float()
    groups = weight.unflatten(-1, (-1, group_size))
    q = tc.quantize(groups, bits=4)
    assert q.scale.shape == (8, 256 // group_size, 1)
    rows = groups.flatten(0, 1)
    scale = rows.abs().amax(-1) / 7
    zero = torch.zeros(len(rows), dtype=torch.int32)
    due = torch.fake_quantize_per_channel_affine(rows, scale, zero, 0, -7, 7)
    assert torch.allclose(q.dequantize().flatten(-2), due.reshape(weight.shape), atol=1e-6)


# By hand, and against `quantize`


def test_by_hand():
    grid = Grid.symmetric(3, bits=3)
    assert (grid.scale, grid.zero_point, grid.levels.tolist()) == (1, 0, [-3, -2, -1, 0, 1, 2, 3])
    x = torch.tensor([0.4, -1.2, 3.25, -9.0])
    assert grid.fake_quantize(x).tolist() == [0, -1, 3, -3]
    assert grid.outside(x).tolist() == [False, False, True, True]
    clipping, rounding = grid.errors(x)
    assert clipping == pytest.approx((0.25**2 + 6**2) / 4)
    assert rounding == pytest.approx((0.4**2 + 0.2**2) / 4)
    grid = Grid.affine(-1, 2, bits=2)
    assert (grid.scale, grid.zero_point, grid.levels.tolist()) == (1, 1, [-1, 0, 1, 2])


@pytest.mark.parametrize("bits", BITS)
def test_at_the_largest_number_it_is_the_grid_of_quantize(bits):
    w = gauss(1, 4096)
    grid = Grid.symmetric(w.abs().max(), bits)
    assert torch.allclose(grid.fake_quantize(w), tc.quantize(w, bits).dequantize())
    assert grid.errors(w)[0] == 0
    ends = gauss(1000).abs()
    assert not any(Grid.symmetric(end, bits).outside(end[None]).any() for end in ends)


@pytest.mark.parametrize("bits", BITS)
def test_every_number_goes_to_the_nearest_value_and_zero_stays(bits):
    x = gauss(500)
    for grid in (Grid.symmetric(1.3, bits), Grid.affine(-0.6, 2, bits), Grid.affine(1, 2, bits)):
        nearest = (x[:, None] - grid.levels).abs().amin(-1)
        assert torch.allclose((x - grid.fake_quantize(x)).abs(), nearest)
        assert sum(grid.errors(x)) == pytest.approx(nearest.square().mean().item())
        assert grid.fake_quantize(torch.zeros(1)).item() == 0


# Closed forms

# Midpoints of 200,000 slices of equal probability: a Gaussian without noise.
NORMAL = torch.special.ndtri((torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000)


def density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def below(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2


def moment(low: float, high: float, at: float) -> float:
    """The integral of (x − at)² over a Gaussian's density, from low to high."""
    zeroth = below(high) - below(low)
    first = density(low) - density(high)
    second = zeroth + low * density(low) - (0 if high == math.inf else high * density(high))
    return second - 2 * at * first + at * at * zeroth


def of_a_gaussian(threshold: float, bits: int) -> tuple[float, float]:
    """Clipping and rounding, cell by cell: the cell of the end stops at the threshold."""
    top = 2 ** (bits - 1) - 1
    step = threshold / top
    cells = [moment((k - 0.5) * step, (k + 0.5) * step, k * step) for k in range(1, top)]
    inside = (
        moment(0, step / 2, 0) + sum(cells) + moment(threshold - step / 2, threshold, threshold)
    )
    return 2 * moment(threshold, math.inf, threshold), 2 * inside


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("threshold", [0.5, 1.5, 2.5, 3.5])
def test_both_errors_of_a_gaussian_are_those_of_the_integral(bits, threshold):
    found = Grid.symmetric(threshold, bits).errors(NORMAL)
    assert found == pytest.approx(of_a_gaussian(threshold, bits), rel=2e-3, abs=2e-6)


@pytest.mark.parametrize(("bits", "step", "error"), [(2, 1.224, 0.1902), (3, 0.6508, 0.04686)])
def test_the_best_threshold_is_that_of_max_1960(bits, step, error):
    """J. Max, Quantizing for minimum distortion, table II: 3 and 7 equally spaced values."""
    steps = step + np.arange(-0.03, 0.03, 0.001)
    top = 2 ** (bits - 1) - 1
    totals = [sum(Grid.symmetric(one * top, bits).errors(NORMAL)) for one in steps]
    assert steps[np.argmin(totals)] == pytest.approx(step, abs=0.002)
    assert min(totals) == pytest.approx(error, rel=1e-3)


@pytest.mark.parametrize("bits", [4, 8])
def test_where_nothing_is_negative_a_zero_point_gains_the_ratio_of_the_steps(bits):
    x = torch.rand(100_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    one, other = Grid.symmetric(x.max(), bits), Grid.affine(x.min(), x.max(), bits)
    gain = decibels(x, other.fake_quantize(x)) - decibels(x, one.fake_quantize(x))
    due = 20 * math.log10((2**bits - 1) / (2 ** (bits - 1) - 1))
    assert gain == pytest.approx(due, abs=0.1)


@pytest.mark.parametrize("n", [10, 100])
def test_of_what_comes_after_n_numbers_one_in_n_plus_1_lies_beyond_their_largest(n):
    """Each of n + 1 numbers is as likely as another to be the largest, whatever they are."""
    sample, later = gauss(400, n), gauss(500, seed=1)
    shares = [
        Grid.symmetric(calibration.abs().max()).outside(later).double().mean().item()
        for calibration in sample
    ]
    spread = np.std(shares) / math.sqrt(len(shares))
    assert abs(np.mean(shares) - 1 / (n + 1)) < 4 * spread + 0.1 / (n + 1)


# Bad input

RULE = "must be a finite number"
BAD = {
    "no threshold": (lambda: Grid.symmetric(0), ValueError, f"threshold {RULE} above 0; got 0"),
    "NaN": (lambda: Grid.symmetric(math.nan), ValueError, f"threshold {RULE} above 0; got nan"),
    "a word": (lambda: Grid.affine("low", 1), TypeError, f"min_val {RULE}; got 'low'"),
    "infinity": (lambda: Grid.affine(0, math.inf), ValueError, f"max_val {RULE}; got inf"),
    "turned round": (lambda: Grid.affine(2, 1), ValueError, "at most max_val, .* got 2 and 1"),
    "nothing": (lambda: Grid.affine(0, 0), ValueError, "not both may be 0; got 0 and 0"),
    "one bit": (lambda: Grid.symmetric(1, 1), ValueError, "bits must be a whole number .*; got 1"),
    "9 bits": (lambda: Grid.affine(0, 1, 9), ValueError, "at most 8; got 9"),
}
GIVEN = {
    "words": (["a"], TypeError, r"x must be a table of real numbers; got \['a'\]"),
    "no number": ([], ValueError, r"x must have at least one number; got shape \(0,\)"),
    "NaN": ([1.0, math.nan], ValueError, "x must be finite; got NaN or infinity"),
}


@pytest.mark.parametrize(("make", "error", "message"), BAD.values(), ids=BAD)
def test_a_grid_that_cannot_be_is_an_error(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(("x", "error", "message"), GIVEN.values(), ids=GIVEN)
def test_what_cannot_be_rounded_is_an_error(x, error, message):
    for method in (Grid.fake_quantize, Grid.outside, Grid.errors):
        with pytest.raises(error, match=message):
            method(Grid.symmetric(1), x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_shape_and_dtype_are_those_of_x(dtype):
    x = gauss(2, 3, 4).to(dtype)
    made = Grid.affine(-1, 1).fake_quantize(x)
    assert (made.shape, made.dtype) == (x.shape, dtype)


def test_whole_numbers_are_rounded_as_float64():
    made = Grid.symmetric(2, bits=2).fake_quantize([[5, 0], [-1, -2]])
    assert made.dtype == torch.float64
    assert made.tolist() == [[2, 0], [0, -2]]  # −1 is half a step: to the even value
