"""The drawn loop and the magnifying glass of lesson 3: what they show is what was computed."""

import math

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

import toycore as tc
from toycore.plots.style import COLORS


@pytest.fixture
def drawn(world, start):
    old = torch.as_tensor(start.logp.sel(seed=0).values)
    new = (old + torch.linspace(-1, 1, 11)).log_softmax(-1)
    advantage = torch.tensor([1.0, math.nan, -2.0] + [0.5] * 8)
    return old, new, advantage


def test_bars_stand_before_and_after_each_in_the_colour_of_its_advantage(world, drawn):
    old, new, advantage = drawn
    picture = tc.plots.update(world, 2, old, advantage, 0.25, unclipped=old, clipped=new)
    for axes, after in zip(picture.figure.axes, (old, new), strict=True):
        before, later = np.array([bar.get_height() for bar in axes.patches]).reshape(2, 11)
        assert np.allclose(before, old[2].exp())
        assert np.allclose(later, after[2].exp())
        faces = [to_hex(bar.get_facecolor()).upper() for bar in axes.patches[11:]]
        assert faces == [COLORS[0], "#FFFFFF", COLORS[1]] + [COLORS[0]] * 8
        low, high = (one.get_segments() for one in axes.collections)
        assert np.allclose([one[0][1] for one in low], 0.75 * old[2].exp())
        assert np.allclose([one[0][1] for one in high], 1.25 * old[2].exp())
    assert picture.figure.axes[0].get_xticklabels()[2].get_text().endswith("−2")


def test_the_words_tell_the_extreme_ratios_and_how_many_lie_beyond_the_edges(world, drawn):
    old, new, advantage = drawn
    ratio = (new - old).exp()[2]
    beyond = int(((ratio < 0.75) | (ratio > 1.25)).sum())
    alt = tc.plots.update(world, 2, old, advantage, 0.25, clipped=new).alt
    low, high = world.tokens[ratio.argmin()], world.tokens[ratio.argmax()]
    said = f"ratios from {ratio.min():.2g} ({low}) to {ratio.max():.3g} ({high}); {beyond} tokens"
    assert said in alt
    assert 0 < beyond < 11


def test_of_equal_ratios_the_first_is_named_whatever_their_last_digits_are(world, drawn):
    old, _, advantage = drawn
    for seed in range(8):
        nudge = torch.randn(old.shape, generator=torch.Generator().manual_seed(seed)).double()
        new = old + 1e-15 * nudge
        alt = tc.plots.update(world, 2, old, advantage, 0.25, clipped=new).alt
        assert f"ratios from 1 ({world.tokens[0]}) to 1 ({world.tokens[0]})" in alt
        alike = tc.plots.policies(world, before=(1e-15 * nudge).log_softmax(-1)).alt
        assert f"{world.prompts[2]} → {world.tokens[0]} (0.0909)" in alike


def test_the_axes_stay_put_until_a_token_is_half_as_likely_again(world, drawn):
    old, _, advantage = drawn
    tops = []
    for grown in (1.0, 1.3, 1.5, 1.6):
        chance = old.exp()
        top = chance[2].argmax()
        chance[2] *= (1 - grown * chance[2, top]) / (1 - chance[2, top])
        chance[2, top] = grown * old[2, top].exp()
        picture = tc.plots.update(world, 2, old, advantage, 0.25, clipped=chance.log())
        tops.append(picture.figure.axes[0].get_ylim()[1])
    assert tops[0] == pytest.approx(tops[1], abs=1e-12) == pytest.approx(tops[2], abs=1e-12)
    assert tops[3] > tops[2]


def test_a_ratio_on_the_edge_is_not_beyond_it(world, drawn):
    old, _, advantage = drawn
    chance = old.exp()
    chance[2, 0], chance[2, 3] = chance[2, 0] * 1.25, chance[2, 3] - 0.25 * chance[2, 0]
    alt = tc.plots.update(world, 2, old, advantage, 0.25, clipped=chance.log()).alt
    assert alt.endswith(" 0 tokens beyond the edges.")


@pytest.mark.parametrize(("token", "gain"), [("thanks", 1.0), ("insult", -1.0)])
def test_the_loop_tells_one_samples_numbers(world, start, token, gain):
    chance = np.exp(start.logp.values).mean(0)[0]
    column = world.tokens.index(token)
    advantage = gain - float(chance @ world.reward[0].numpy())
    alt = tc.plots.loop(world, start.logp, "hello", token).alt.replace("−", "-")
    assert f"{token} ({chance[column]:.4f})" in alt
    assert f"{advantage:+.4g}"[:6] in alt
    assert (f"{token} likelier" in alt) == (gain > 0) != (f"{token} rarer" in alt)


@pytest.mark.parametrize("language", ["tr", "en"])
def test_no_word_of_the_loop_is_wider_than_its_box(start, language):
    world = tc.World(language=language)
    for token in range(len(world.tokens)):
        picture = tc.plots.loop(world, start.logp, 1, token)
        assert picture.png  # laid out
        (axes,) = picture.figure.axes
        boxes = [box.get_window_extent() for box in axes.patches]
        words = [one.get_window_extent() for one in axes.texts if one.get_text()]
        *inside, _ = words  # the last stands below, at the way back
        for at, word in enumerate(inside):
            box = boxes[at // 2]
            assert box.x0 < word.x0 < word.x1 < box.x1, axes.texts[at].get_text()
            assert box.y0 < word.y0 < word.y1 < box.y1, axes.texts[at].get_text()
