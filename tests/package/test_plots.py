"""What a figure shows, read back from the figure itself, is what the run holds and theory says."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
import xarray as xr
from PIL import Image

import pictures
import toycore as tc
from toycore.plots.plane import _in_the_plane

BETAS = (0.1, 0.5, 2.0)


@pytest.fixture(scope="module")
def ppo(world, start) -> tc.Run:
    return tc.train_ppo(world, tc.PPOConfig(kl_beta=BETAS, rollouts=10, seeds=8), start)


@pytest.fixture(scope="module")
def dpo(world, start) -> tc.Run:
    return tc.train_dpo(world, tc.DPOConfig(beta=BETAS, steps=20, seeds=8), start=start)


def lines(picture, panel: int = 0) -> dict:
    """The lines of a panel that have a label, by label."""
    axes = picture.figure.axes[panel]
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def dashed(picture, panel: int) -> list[float]:
    """Heights of the black lines that say where a curve ought to end."""
    found = (a for a in picture.figure.axes[panel].lines if a.get_color() == "black")
    return sorted(float(line.get_ydata()[0]) for line in found)


def optimum(run, beta) -> tuple[float, float]:
    """Reward and KL of π*, averaged over prompts and seeds."""
    ref = run.ref_logp.isel(dict.fromkeys(run.config.swept, 0)).values
    best = tc.exact.optimal_policy(ref, run.world.reward, beta)
    reward = tc.exact.expected_reward(best, run.world.reward).mean()
    return float(reward), float(tc.exact.kl(best, ref).mean())


def test_curves_are_means_over_seeds_and_the_optimum_is_dashed_where_the_leash_is_swept(ppo):
    picture = tc.plots.curves(ppo, "reward", "kl")
    for panel, name in enumerate(("reward", "kl")):
        drawn = lines(picture, panel)
        for label, beta in zip(("0.1", "0.5", "2"), BETAS, strict=True):
            mean = ppo.history[name].sel(kl_beta=beta).mean("seed")
            assert np.allclose(drawn[label].get_ydata(), mean)
        due = sorted(optimum(ppo, beta)[panel] for beta in BETAS)
        assert dashed(picture, panel) == pytest.approx(due)
    assert dashed(tc.plots.curves(ppo, "reward", "kl", highlight=0.5), 0) == [
        pytest.approx(optimum(ppo, 0.5)[0])
    ]


def test_dpo_has_a_dashed_goal_only_where_one_is_asked_for(dpo):
    assert dashed(tc.plots.curves(dpo, "kl"), 0) == []
    asked = tc.plots.curves(dpo, "kl", optimum=True)
    assert dashed(asked, 0) == pytest.approx(sorted(optimum(dpo, beta)[1] for beta in BETAS))


def test_words_of_a_setting_stand_in_the_legend_as_they_are(world, start):
    config = tc.DPOConfig(loss_type=["sigmoid", "ipo"], steps=3, seeds=8)
    picture = tc.plots.curves(tc.train_dpo(world, config, start=start), "margin")
    assert set(lines(picture)) == {"sigmoid", "ipo"}
    assert "loss_type = ipo: Margin (reward)" in picture.alt


@pytest.fixture(scope="module")
def recipes(world, start) -> tc.Run:
    """Something else than the leash is swept, on one leash."""
    config = tc.broken.PPOLabConfig(recipe=["one_pass", "k1_in_loss"], rollouts=5, seeds=8)
    return tc.broken.train_ppo(world, config, start)


def test_where_something_else_is_swept_the_optimum_is_that_of_the_runs_own_leash(recipes):
    picture = tc.plots.curves(recipes, "reward", "kl", "attained", optimum=True)
    due = (*optimum(recipes, recipes.config.kl_beta), 1.0)
    for panel, height in enumerate(due):
        assert dashed(picture, panel) == [pytest.approx(height)] * 2
    assert dashed(tc.plots.curves(recipes, "reward"), 0) == []
    reward, kl, _ = due
    found = landings(tc.plots.frontier(recipes))
    assert sum(np.allclose((kl, reward), at) for at in found) == 2
    for recipe in recipes.config.recipe:
        end = recipes.history.isel(step=-1).sel(recipe=recipe).mean("seed")
        assert any(np.allclose((end.kl, end.reward), at) for at in found)


def landings(picture) -> list[tuple[float, float]]:
    """Where the filled marks stand, and the squares of the exact optimum around them."""
    marks = [line for line in picture.figure.axes[0].lines if line.get_linestyle() == "None"]
    return [(float(x), float(y)) for line in marks for x, y in line.get_xydata()]


def test_both_roads_stand_on_one_frontier(ppo, dpo):
    picture = tc.plots.frontier(ppo, dpo)
    found = landings(picture)
    for run, setting in ((ppo, "kl_beta"), (dpo, "beta")):
        for beta in BETAS:
            end = run.history.isel(step=-1).sel({setting: beta}).mean("seed")
            for place in ((float(end.kl), float(end.reward)), optimum(run, beta)[::-1]):
                assert any(np.allclose(place, at) for at in found)
    legend = [entry.get_text() for entry in picture.figure.legends[0].get_texts()]
    assert {"PPO", "DPO", "0.1", "0.5", "2"} <= set(legend)
    assert "PPO, kl_beta = 0.5: Expected reward" in picture.alt
    assert "DPO, beta = 0.5: Expected reward" in picture.alt


def test_a_frontier_of_one_run_gives_each_leash_a_mark_of_its_own(ppo):
    drawn = lines(tc.plots.frontier(ppo))
    legend = [e.get_text() for e in tc.plots.frontier(ppo).figure.legends[0].get_texts()]
    assert "PPO" not in legend
    assert "exact frontier" in drawn


@pytest.fixture(scope="module")
def scaled(world) -> xr.DataArray:
    """The loss after some steps, over rank, alpha and rate."""
    settings = {"lora_rank": [1, 2, 4], "lora_alpha": [2, 4, 8], "lr": [0.01, 0.04]}
    run = tc.train_sft(world, tc.SFTConfig(**settings, steps=5, seeds=4))
    return run.history.loss.isel(step=-1, drop=True)


def cells(picture, panel: int) -> list[str]:
    return [text.get_text() for text in picture.figure.axes[panel].texts]


def test_a_grid_prints_the_means_of_a_run_over_two_settings(scaled):
    turkish, doubled = tc.World(language="tr"), scaled.sel(lora_alpha=2 * scaled.lora_rank)
    ways = {"α = 8": scaled.sel(lora_alpha=8).transpose("seed", ...), "α = 2r": doubled}
    picture = tc.plots.heat_map(turkish, "loss", **ways)
    for panel, alphas in enumerate(([8, 8, 8], [2, 4, 8])):
        axes = picture.figure.axes[panel]
        alone = [
            scaled.sel(lora_rank=r, lora_alpha=a) for r, a in zip([1, 2, 4], alphas, strict=True)
        ]
        due = np.array([one.mean("seed") for one in alone])
        assert np.allclose(axes.images[0].get_array(), due, rtol=0, atol=1e-12)
        written = [f"{value:.2f}".replace(".", ",") for value in due.ravel()]
        assert cells(picture, panel) == written
        assert (axes.get_title(), axes.get_xlabel()) == (list(ways)[panel], "lr")
        assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0,01", "0,04"]
        assert [tick.get_text() for tick in axes.get_yticklabels()] == ["1", "2", "4"]
        assert axes.images[0].get_clim() == (0, float(doubled.mean("seed").max()))
        column = f"{list(ways)[panel]}: {'; '.join(written[1::2])}."
        assert column in picture.alt.partition("0,04 sütunu, yukarıdan aşağıya: ")[2]
        assert " / ".join(map("; ".join, np.reshape(written, (3, 2)))) in picture.alt
    assert picture.figure.axes[0].get_ylabel() == "lora_rank"
    held = tc.plots.heat_map(turkish, "loss", top=2.5, **ways).figure
    assert [axes.images[0].get_clim() for axes in held.axes] == [(0, 2.5)] * 2


def test_a_cell_that_left_the_finite_numbers_has_a_dash_that_can_be_seen(world, scaled):
    gone = scaled.sel(lora_alpha=8).copy()
    gone[0, 1] = np.inf
    picture = tc.plots.heat_map(world, "loss", fixed=gone)
    assert cells(picture, 0)[1] == "—"
    assert picture.figure.axes[0].texts[1].get_color() == "black"
    assert picture.figure.axes[0].images[0].get_clim()[1] < np.inf


@pytest.mark.parametrize("alpha", [2, 8, 32])
def test_a_grid_does_not_hang_on_rounding(world, alpha):
    """What lesson 2 prints: a nudge of 1e-15 in the start changes no loss by 1e-8."""
    ranks, rates = [1, 2, 4, 8], [0.00125, 0.02]
    config = tc.SFTConfig(lora_rank=ranks, lora_alpha=alpha, lr=rates, seeds=16)
    plain = tc.train_sft(world, config)
    draw = tc.ToyLM._draw

    def nudge(model, run, seed, rank):
        draw(model, run, seed, rank)
        for weight in model.parameters():
            generator = torch.Generator().manual_seed(run)
            noise = torch.randn(weight[run].shape, generator=generator, dtype=weight.dtype)
            weight.data[run] *= 1 + 1e-15 * noise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tc.ToyLM, "_draw", nudge)
        nudged = tc.train_sft(world, config)
    moved = abs(nudged.history.loss - plain.history.loss).max()
    assert 0 < moved < 1e-8


def test_ends_over_a_setting_are_means_with_the_value_they_ought_to_reach(world):
    values = xr.DataArray(
        [[0.1, 0.3], [0.5, 0.9]],
        {"pairs": [100, 10_000], "seed": [0, 1]},
        ("pairs", "seed"),
    )
    picture = tc.plots.against(world, "attained", exact=1.0, DPO=values, trained=values.T + 1)
    drawn, (axes,) = lines(picture), picture.figure.axes
    assert np.allclose(drawn["DPO"].get_ydata(), [0.2, 0.7])
    assert np.allclose(drawn["trained LoRA"].get_ydata(), [1.2, 1.7])
    assert dashed(picture, 0) == [1.0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["100", "10,000"]
    assert axes.get_xlabel() == "Number of preference pairs"
    assert "pairs = 100: DPO 0.2, trained LoRA 1.2, exact value 1; " in picture.alt


def test_the_two_errors_of_a_threshold_are_drawn_with_the_least_sum_marked(world):
    w = torch.linspace(-1, 1, 1001, dtype=torch.float64) ** 3
    picture = tc.plots.thresholds(world, w, 3, 0.5)
    drawn = lines(picture, 1)
    shares = drawn["clipping"].get_xdata()
    errors = np.array([tc.Grid.symmetric(share, 3).errors(w) for share in shares])
    for name, due in zip(("clipping", "rounding"), errors.T, strict=True):
        assert np.allclose(drawn[name].get_ydata(), due)
    assert np.allclose(drawn["sum"].get_ydata(), errors.sum(1))
    assert np.allclose(drawn["Δ²/12"].get_ydata(), (shares / 3) ** 2 / 12)
    marks = [line for line in picture.figure.axes[1].lines if line.get_marker() in ("*", "o")]
    found = [(float(m.get_xdata()[0]), float(m.get_ydata()[0])) for m in marks]
    best = errors.sum(1).argmin()
    here = sum(tc.Grid.symmetric(0.5, 3).errors(w))
    assert found[0] == pytest.approx((shares[best], errors.sum(1)[best]))
    assert found[1] == pytest.approx((0.5, here))
    assert f"{int((w.abs() > 0.5).sum())} of 1,001 weights" in picture.alt
    alone = tc.plots.thresholds(world, w, 3)
    assert f"threshold at {tc.language.number(shares[best], 'en')} " in alone.alt


def test_numbers_over_grids_tell_how_many_values_are_in_use(world):
    x = torch.linspace(0, 3, 50)
    grids = {"symmetric": tc.Grid.symmetric(3, 3), "affine": tc.Grid.affine(0, 3, 3)}
    picture = tc.plots.grids(world, x, **grids)
    assert "of 7 values 4 are in use" in picture.alt
    assert "of 8 values 8 are in use" in picture.alt
    for axes, grid in zip(picture.figure.axes, grids.values(), strict=True):
        snr = tc.snr_db(x, grid.fake_quantize(x)).item()
        assert f"SNR {tc.language.number(snr, 'en')} dB" in picture.alt
        segments = [s for c in axes.collections for s in getattr(c, "get_segments", list)()]
        assert sorted(s[0][0] for s in segments) == pytest.approx(grid.levels.tolist())
        assert len({axes.get_xlim() for axes in picture.figure.axes}) == 1


def test_estimates_are_drawn_beside_the_exact_value(world):
    tries = {"reward": np.array([[1.0, 2], [3, 4], [5, 6]]), "kl": np.zeros((3, 2))}
    picture = tc.plots.closing_in(world, [10, 100], tries, {"reward": 3.5, "kl": 0.25})
    assert np.allclose(lines(picture, 0)["median and 80%"].get_ydata(), [3, 4])
    assert np.allclose(lines(picture, 0)["a single try"].get_ydata(), [1, 2])
    assert [dashed(picture, panel) for panel in (0, 1)] == [[3.5], [0.25]]
    assert "exact value: Expected reward 3.5, KL" in picture.alt


@pytest.fixture(scope="module")
def ranks(world) -> tc.Run:
    return tc.train_sft(world, tc.SFTConfig(lora_rank=[2, 3], steps=200, seeds=4))


def test_in_the_plane_of_rank_2_each_prompt_points_at_its_target(world, ranks):
    """The inner product of point and arrow is the update of the logit, up to one scale."""
    run = ranks.sel(lora_rank=2)
    picture = tc.plots.plane(run, seed=1)
    (axes,) = picture.figure.axes
    points = np.array([line.get_xydata()[0] for line in axes.lines])
    arrows = np.array([text.xy for text in axes.texts if hasattr(text, "xy")])
    assert points.shape == (6, 2)
    assert arrows.shape == (11, 2)
    with torch.no_grad():
        update = run.model.head.update(run.model.prompt_embed)[1].numpy()
    drawn = points @ arrows.T
    assert np.allclose(drawn / abs(drawn).max(), update / abs(update).max())
    said = re.findall(r"[\w ]+ → (\w+)", picture.alt)
    assert said == [world.tokens[token] for token in update.argmax(1)]
    assert said == [world.tokens[token] for token in world.sft_targets]


@pytest.mark.parametrize(
    ("choose", "seed", "message"),
    [
        (lambda run: run, 0, "rank 2"),
        (lambda run: run.sel(lora_rank=3), 0, "rank 2"),
        (lambda run: run.sel(lora_rank=2), 4, "seed must be one of"),
    ],
)
def test_a_plane_that_cannot_be_drawn_is_an_error(ranks, choose, seed, message):
    with pytest.raises(ValueError, match=message):
        tc.plots.plane(choose(ranks), seed)


def test_the_plane_of_a_ppo_run_is_an_error_that_says_so(ppo):
    with pytest.raises(ValueError, match="rank 2"):
        tc.plots.plane(ppo.sel(kl_beta=0.1))


def test_in_every_seeds_plane_the_untaught_tokens_stay_short(world, ranks):
    taught = world.sft_targets.tolist()
    untaught = [token for token in range(11) if token not in taught]
    for seed in ranks.config.seeds:
        _, arrows = _in_the_plane(ranks.sel(lora_rank=2), seed)
        length = np.linalg.norm(arrows, axis=1)
        assert length[taught].min() > 1.2 * length[untaught].max()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "lr = 1e+154: no longer finite from step {}."),
        ("tr", "lr = 1e+154: {}. adımda taştı (sonsuz ya da NaN)."),
    ],
)
def test_training_that_diverges_is_told_in_words_and_the_others_are_unharmed(language, said):
    world = tc.World(language=language)
    run = tc.train_dpo(world, tc.DPOConfig(lr=[0.01, 1e154], seeds=2, steps=5))
    loss = run.history.loss.sel(lr=1e154).values
    first = next(step for step in range(6) if not np.isfinite(loss[:, step]).all())
    picture = tc.plots.curves(run, "loss", "kl")
    assert said.format(first) in picture.alt
    assert said.format(first)[:-1] == picture.figure.get_suptitle()
    alone = tc.train_dpo(world, tc.DPOConfig(lr=0.01, seeds=2, steps=5))
    assert np.isfinite(alone.history.loss).all()
    assert np.array_equal(run.history.loss.sel(lr=0.01), alone.history.loss)


def test_a_mean_over_seeds_ends_where_its_first_seed_does():
    run = tc.train_dpo(tc.World(), tc.DPOConfig(beta=[0.1, 0.3], seeds=2, steps=5))
    run.history.loss[0, 1, 3:] = np.nan
    picture = tc.plots.curves(run, "loss")
    first, second = picture.figure.axes[0].lines
    assert np.isfinite(first.get_ydata()).tolist() == [True] * 3 + [False] * 3
    assert np.isfinite(second.get_ydata()).all()
    assert "beta = 0.1: no longer finite from step 3" in picture.alt


def test_the_values_of_a_setting_are_written_exactly():
    run = tc.train_dpo(tc.World(), tc.DPOConfig(lr=[1e-5, 2e-5, 0.1234567], seeds=2, steps=2))
    legend = tc.plots.curves(run, "loss").figure.legends[0]
    assert [t.get_text() for t in legend.get_texts()] == ["1e−05", "2e−05", "0.1234567"]


def test_a_picture_is_shown_once_more_as_html_whose_image_has_the_words():
    figure, _ = tc.plots.style.panels(1, height=1)
    picture = tc.plots.Picture(figure, 'KL < 0.1 & "reward" > 0')
    data, metadata = picture._repr_mimebundle_()
    assert (data["image/png"], data["text/plain"]) == (picture.png, picture.alt)
    assert metadata == {"image/png": {"alt": picture.alt}}
    image, _ = ElementTree.fromstring(f"<p>{data['text/html'].replace('><style', '/><style')}</p>")
    assert image.get("alt") == picture.alt
    source = image.get("src").removeprefix("data:image/png;base64,")
    assert base64.b64decode(source) == picture.png


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_numbers_to_draw_may_come_as_tensors_that_want_gradients(world, dtype):
    one = torch.ones(2, dtype=dtype, requires_grad=True)
    values = xr.DataArray(np.ones((2, 3)), {"kl_beta": [0.5, 1.0]}, ["kl_beta", "seed"])
    picture = tc.plots.against(world, "attained", exact=one, DPO=values)
    assert dashed(picture, 0) == [1.0]
    tries = {"kl": one.expand(3, 2)}
    picture = tc.plots.closing_in(world, 8 * one, tries, {"kl": one[0]})
    assert picture.alt.count("with 8 samples") == 2


def check_same_picture(stored: Image.Image, due: Image.Image) -> None:
    """Seen from afar: another version of matplotlib moves letters and lines by some pixels."""
    assert stored.size == due.size
    there, here = (
        np.asarray(picture.convert("RGB").reduce(16)).astype(int) for picture in (stored, due)
    )
    assert abs(there - here).max() < 50, "pictures.py draws it anew"


def stored(name: str) -> Image.Image:
    return Image.open(pictures.FOLDER / name)


@pytest.mark.parametrize("language", ["tr", "en"])
def test_the_picture_in_the_readme_is_what_the_package_draws(language):
    drawn = Image.open(io.BytesIO(pictures.still(language)))
    check_same_picture(stored(f"sweep.{language}.png"), drawn)


@pytest.mark.parametrize("language", ["tr", "en"])
def test_the_slider_in_the_readme_moves_through_what_lesson_3_shows(language):
    moving, due = stored(f"slider.{language}.webp"), pictures.frames(language)
    assert moving.info["loop"] == 0  # for ever
    order = [*range(len(due)), *range(len(due) - 2, 0, -1)]
    assert moving.n_frames == len(order)
    for frame, value in enumerate(order):
        moving.seek(frame)
        check_same_picture(moving, due[value])


def test_the_pictures_of_the_readme_are_small():
    for language in ("tr", "en"):
        assert (pictures.FOLDER / f"slider.{language}.webp").stat().st_size < 400_000


def test_another_value_or_another_language_is_another_picture():
    moving = stored("slider.en.webp")
    moving.seek(2)
    with pytest.raises(AssertionError, match="draws it anew"):
        check_same_picture(moving, pictures.frames("en")[3])
    with pytest.raises(AssertionError, match="draws it anew"):
        check_same_picture(stored("sweep.en.png"), stored("sweep.tr.png"))
