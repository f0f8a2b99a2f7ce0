"""What stands under a figure: its numbers are those of the data, and all of it can be read."""

import itertools

import matplotlib
import numpy as np
import pytest
import torch
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import toycore as tc
from toycore import plots
from toycore.language import LANGUAGES, number, text
from toycore.plots.style import captioned, panels, readable_on

BETAS = (0.1, 0.5, 2.0)


def printed(picture) -> list[list[str]]:
    """The lines under a figure from top to bottom, each with its words from left to right."""
    words = sorted(picture.figure.texts, key=lambda word: (-word.get_position()[1], word._x))
    lines = itertools.groupby(words, key=lambda word: word.get_position()[1])
    return [[word.get_text() for word in line] for _, line in lines]


@pytest.fixture(scope="module")
def ppo(world, start) -> tc.Run:
    return tc.train_ppo(world, tc.PPOConfig(kl_beta=BETAS, rollouts=6, seeds=8), start)


def ends(run: tc.Run, name: str) -> list[str]:
    """Of each swept value the mean of all seeds: the last one, or that of all updates."""
    values = run.history[name].transpose(..., "seed", "step").values
    shown = values[..., 1:] if name in ("clip_fraction", "approx_kl") else values[..., -1:]
    return [number(np.mean(value), "en") for value in shown]


def test_under_curves_stands_what_each_comes_to(ppo):
    first, *table = printed(plots.curves(ppo, "reward", "kl"))
    assert first == [
        "Line: mean of 8 seeds; band: middle 80%. Dashed: the exact optimum. Numbers: at the end."
    ]
    assert table == [
        ["kl_beta", "0.1", "0.5", "2"],
        ["Expected reward", *ends(ppo, "reward")],
        ["KL to the reference (nats)", *ends(ppo, "kl")],
    ]


def test_of_what_updates_do_the_mean_of_all_is_told_and_said_to_be_one(ppo):
    first, *table = printed(plots.curves(ppo, "clip_fraction", "approx_kl"))
    assert first[0].endswith("Numbers: the mean over all updates.")
    assert table[1:] == [
        ["Clip fraction", *ends(ppo, "clip_fraction")],
        ["KL to the old policy (nats)", *ends(ppo, "approx_kl")],
    ]
    both = plots.curves(ppo, "kl", "clip_fraction")
    assert "Numbers: at the end; Clip fraction: the mean over all updates." in both.alt
    assert [row[1:] for row in printed(both)[-2:]] == [
        ends(ppo, n) for n in ("kl", "clip_fraction")
    ]


def test_a_slider_tells_each_values_own_numbers_in_pictures_of_one_size(ppo):
    pictures = [plots.curves(ppo, "reward", "kl", highlight=beta) for beta in BETAS]
    assert len({picture.figure.get_figheight() for picture in pictures}) == 1
    for place, (beta, picture) in enumerate(zip(("0.1", "0.5", "2"), pictures, strict=True)):
        assert "Grey: other values." in picture.alt
        assert printed(picture)[-3:] == [
            ["kl_beta", beta],
            ["Expected reward", ends(ppo, "reward")[place]],
            ["KL to the reference (nats)", ends(ppo, "kl")[place]],
        ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pictures_of_every_bit_and_every_world_are_of_one_size(language):
    world, noise = tc.World(language=language), torch.Generator().manual_seed(0)
    row = torch.randn(1, 4096, generator=noise)
    assert len({plots.rounding(world, row, b).figure.get_figheight() for b in range(2, 9)}) == 1
    logp = torch.randn(6, 11, generator=noise).log_softmax(-1)
    kept = (plots.policies(tc.World(helpful=h, language=language), after=logp) for h in (-1, 0.2))
    assert len({picture.figure.get_figheight() for picture in kept}) == 1


def test_under_a_frontier_stand_the_landings_of_each_run(ppo):
    table = printed(plots.frontier(ppo))[-3:]
    assert table[0] == ["kl_beta", "0.1", "0.5", "2"]
    assert [row[1:] for row in table[1:]] == [ends(ppo, "reward"), ends(ppo, "kl")]
    two = printed(plots.frontier(ppo, ppo))[-6:]
    assert two == [["PPO, kl_beta", *table[0][1:]], *table[1:]] * 2
    assert plots.frontier(ppo, ppo).figure.get_figheight() <= 6.2  # the height of a slide
    words = plots.frontier(ppo).alt
    assert all(marks in words for marks in ("Dashed: ", "Hollow squares: ", "Filled marks: "))


def test_a_table_too_wide_for_the_figure_is_turned_if_it_is_shorter_so(start):
    recipes = ["k1_in_reward", "reloaded_reference", "mean_baseline_kl_in_loss", "one_pass"]
    config = tc.broken.PPOLabConfig(recipe=recipes, rollouts=1, seeds=2)
    picture = plots.frontier(tc.broken.train_ppo(start.world, config))
    table = printed(picture)[-5:]
    assert [row[0] for row in table] == ["recipe", *recipes]
    assert len(table[0]) == 3
    assert f"recipe = {recipes[0]}: Expected reward {table[1][1]}, KL" in picture.alt


def test_under_the_exact_frontier_stand_reward_and_kl_of_each_leash(world, start):
    """The closed form written once more: π* ∝ π_ref e^(r/β)."""
    ref = torch.as_tensor(start.logp.values)
    due = []
    for beta in BETAS:
        best = (ref + world.reward / beta).log_softmax(-1)
        values = (best.exp() * world.reward, best.exp() * (best - ref))
        due.append([number(value.sum(-1).mean().item(), "en") for value in values])
    _, head, *rows = printed(plots.tradeoff(world, start.logp, BETAS))
    assert head == ["kl_beta", "0.1", "0.5", "2"]
    assert [row[1:] for row in rows] == [list(row) for row in zip(*due, strict=True)]


def test_under_ends_over_a_setting_stand_the_means_and_what_they_ought_to_be(world):
    grid = {"pairs": [100, 10_000], "seed": [0, 1]}
    values = xr.DataArray([[0.1, 0.3], [0.5, 0.9]], grid, ("pairs", "seed"))
    assert printed(plots.against(world, "attained", exact=1.0, DPO=values)) == [
        ["Line: mean; band: the middle 80%. Dashed: exact value."],
        ["Number of preference pairs", "100", "10,000"],
        ["DPO", "0.2", "0.7"],
        ["exact value", "1", "1"],
    ]
    assert printed(plots.against(world, "attained", DPO=values))[0] == [
        "Line: mean; band: the middle 80%."
    ]


def test_under_estimates_stand_the_exact_value_and_the_ends_of_the_band(world):
    tries = {"reward": np.arange(22.0).reshape(11, 2), "kl": np.zeros((11, 2))}
    picture = plots.closing_in(world, [10, 100], tries, {"reward": 3.5, "kl": 0.25})
    assert printed(picture)[1:] == [
        ["", "exact value", "with 10 samples", "with 100 samples"],
        ["Expected reward", "3.5", "2 … 18", "3 … 19"],
        ["KL to the reference (nats)", "0.25", "0 … 0", "0 … 0"],
    ]
    assert "with 10 samples: Expected reward 2 … 18, KL" in picture.alt


def test_under_ratios_stands_the_share_outside_and_no_ratio_is_left_out_in_silence(world):
    passes = {1: np.ones(8), 4: np.array([0.1, 0.9, 1.1, 2.4])}
    picture = plots.ratios(world, 0.2, passes)
    assert printed(picture)[1:] == [
        ["", "In pass 1", "In pass 4"],
        ["share outside the range", "0", "0.5"],
    ]
    assert bars(picture) == [8, 4]
    far = np.array([1.0, 5.0, np.nan, np.inf, -1.0, 1e300, 3.0, 0.0])
    picture = plots.ratios(world, 0.2, {1: far})
    assert printed(picture)[2:] == [
        ["share outside the range", "0.875"],
        ["share beyond the axis", "0.625"],
    ]
    assert bars(picture) == [3]


def bars(picture) -> list[int]:
    """How many samples the bars of each panel hold."""
    return [int(sum(bar.get_height() for bar in axes.patches)) for axes in picture.figure.axes]


def test_under_bars_stands_the_likeliest_answer_and_over_each_its_per_cent(world, start):
    chances = np.exp(start.logp.values).mean(0)[3]
    picture = plots.answers(world, 3, before=start.logp, judged=start.logp)
    best = f"{world.tokens[chances.argmax()]} ({number(chances.max(), 'en')})"
    assert printed(picture)[1:] == [
        ["", "Before", "Judged reward"],
        ["likeliest answer", best, best],
    ]
    over = [label.get_text() for label in picture.figure.axes[0].texts]
    assert over == [str(round(100 * chance)) for chance in chances] * 2


def cells(picture) -> list[list[str]]:
    return [
        [label.get_text() for label in axes.texts] for axes in picture.figure.axes if axes.texts
    ]


def test_the_cells_of_a_heat_map_say_their_per_cent(world, start):
    best = tc.exact.optimal_policy(start.logp, world.reward, 0.1)
    picture = plots.policies(world, before=start.logp, optimal=best)
    due = (np.exp(np.asarray(table)).mean(0).ravel() for table in (start.logp, best))
    assert cells(picture) == [[str(round(100 * chance)) for chance in table] for table in due]
    assert "3" in cells(picture)[0]
    assert "9" in cells(picture)[0]


def contrast(one, other) -> float:
    """As WCAG 2 defines it, between two RGB colours."""
    light = []
    for color in (one, other):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3]]
        light.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(light) + 0.05) / (min(light) + 0.05)


@pytest.mark.parametrize("name", ["cividis", "PuOr", "gray"])
def test_a_number_stands_out_from_every_colour_of_a_map(name):
    for color in matplotlib.colormaps[name](np.linspace(0, 1, 257)):
        assert contrast(to_rgb(readable_on(color)), color) >= 4.5


def test_every_number_of_a_heat_map_stands_out_from_its_cell():
    world = tc.World(reward=torch.linspace(-1, 1, 66).double().view(6, 11))
    logp = (torch.eye(11)[:6] * torch.linspace(1, 20, 6)[:, None]).log_softmax(-1)
    for picture in (plots.rewards(world), plots.policies(world, before=logp)):
        axes = picture.figure.axes[0]
        colors = axes.images[0].to_rgba(axes.images[0].get_array()).reshape(-1, 4)
        for label, color in zip(axes.texts, colors, strict=True):
            assert contrast(to_rgb(label.get_color()), color) >= 4.5


def test_in_three_tables_side_by_side_a_hundred_fits_its_cell_and_can_be_read(world):
    sure = torch.full((6, 11), -40.0).fill_diagonal_(0.0)
    picture = plots.policies(world, before=sure, after=sure, optimal=sure)
    FigureCanvasAgg(picture.figure).draw()  # only now the words have a place
    for axes in picture.figure.axes:
        wide = axes.get_window_extent().width / 11
        assert "100" in [label.get_text() for label in axes.texts]
        for label in axes.texts:
            assert label.get_window_extent().width < wide
            assert label.get_fontsize() * 100 / 72 >= 11  # pixels


@pytest.mark.parametrize("laid_out", [True, False])
@pytest.mark.parametrize("words", ["few", "many " * 200])
def test_a_caption_takes_nothing_from_the_panels(laid_out, words):
    def heights(*caption) -> list[float]:
        figure = Figure((10, 4), layout="constrained" if laid_out else None)
        figure.subplots(1, 2)
        if caption:
            captioned(figure, *caption)
        FigureCanvasAgg(figure).draw()
        return [axes.get_window_extent().height for axes in figure.axes]

    assert heights(words, "", [("a", "b"), ("c", "d")]) == pytest.approx(heights(), abs=1)


def test_columns_for_which_there_is_no_room_stand_below_the_others():
    figure, _ = panels(1)
    values = [f"{value}.000" for value in range(1000, 1030)]
    picture = captioned(figure, "What it is.", "More.", [("name", *values), ("row", *values)])
    lines = printed(picture)
    assert [line[0] for line in lines] == ["What it is.", *["name", "row"] * (len(lines) // 2)]
    assert len(lines) > 5
    assert [value for line in lines[1::2] for value in line[1:]] == values
    FigureCanvasAgg(figure).draw()
    assert (figure.get_tightbbox().max <= figure.bbox_inches.max).all()
    assert picture.alt.startswith("What it is. name = 1000.000: row 1000.000; name = 1001.000: ")
    assert picture.alt.endswith(". More.")


def test_no_comma_stands_beside_the_decimal_comma_of_a_number():
    figure, _ = panels(1)
    table = [("kl_beta", "0,1", "0,5"), ("Ödül", "0,9", "0,8"), ("KL", "0,4", "0,2")]
    told = captioned(figure, "Çizgi: ortalama.", "", table).alt
    assert told.endswith(" kl_beta = 0,1: Ödül 0,9; KL 0,4. kl_beta = 0,5: Ödül 0,8; KL 0,2.")


def test_a_line_break_of_a_caption_stays_one_in_the_picture_alone():
    figure, _ = panels(1)
    picture = captioned(figure, "One.\nTwo.")
    assert printed(picture) == [["One."], ["Two."]]
    assert picture.alt == "One. Two."


def test_the_worst_and_the_power_of_rounding_are_told(world):
    row = torch.linspace(-1, 1, 1001, dtype=torch.float64)[None]
    error = (row * 3).round() - row * 3  # three bits hold −3 … 3
    told = [number(v, "en") for v in (error.abs().max().item(), 12 * error.square().mean().item())]
    _, numbers, power = printed(plots.rounding(world, row, 3))
    assert numbers == [f"3 bits, 7 values, step Δ = 0.3333. The largest error is {told[0]} Δ."]
    assert power == [f"The power of the error is {told[1]} times Δ²/12."]


def test_the_words_of_the_clip_name_its_edges(world):
    (first, second) = printed(plots.surrogate(world, 0.25))
    assert "from 0.75 to 1.25" in first[0]
    assert text("caption.surrogate", "en").format(0.75, 1.25) == f"{first[0]} {second[0]}"
