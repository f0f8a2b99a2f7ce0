"""The figures of lesson 7: what they show is what was computed, by sums written once more."""

import math

import numpy as np
import pytest
import torch
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg

import toycore as tc
from toycore import plots
from toycore.language import LANGUAGES, number
from toycore.plots import style


@pytest.fixture(scope="module")
def ref(start) -> torch.Tensor:
    return torch.as_tensor(start.logp.values)


@pytest.fixture(scope="module")
def landed(world, ref) -> dict:
    """A policy far from the frontier, one on it, and one that is the same for every seed."""
    noise = torch.randn(3, *ref.shape, generator=torch.Generator().manual_seed(0)).double()
    off, alike = (ref + 2 * noise[0]).log_softmax(-1), ref.exp().mean(0).log()
    return {"off": off, "on": (ref + world.reward).log_softmax(-1), "alike": alike}


def place(world, ref, logp) -> np.ndarray:
    """KL and reward of each run, by the sums: (2, runs)."""
    p, q, r = (np.asarray(table) for table in (logp, ref, world.reward))
    p, q = np.broadcast_arrays(np.maximum(p, -700), q)  # e^−∞ counts as e^−700, no NaN: 0 · ∞
    kl, reward = (np.exp(p) * (p - q)).sum(-1).mean(-1), (np.exp(p) * r).sum(-1).mean(-1)
    return np.stack([kl.ravel(), reward.ravel()])


def marks(axes) -> list[tuple]:
    """Shape, colour, whether it is filled, and the place of each single mark."""
    return [
        (line.get_marker(), line.get_color(), line.get_mfc() != "none", *line.get_xydata()[0])
        for line in axes.lines
        if len(line.get_xdata()) == 1 and line.get_marker() != "None"
    ]


def dashed(axes):
    return next(line for line in axes.lines if line.get_label() == "exact frontier")


def printed(picture) -> list[list[str]]:
    """The table below a figure: its words, line by line."""
    lines: dict[float, list] = {}
    for word in picture.figure.texts:
        lines.setdefault(-word.get_position()[1], []).append(word)
    rows = (sorted(words, key=lambda word: word._x) for _, words in sorted(lines.items()))
    return [[word.get_text() for word in row] for row in rows if len(row) > 1]


def told(*values) -> list[str]:
    return [number(float(value), "en") for value in values]


# --- landings -------------------------------------------------------------------------------------


def test_filled_marks_stand_at_the_means_and_bars_hold_the_middle_of_the_runs(world, ref, landed):
    axes = plots.landings(world, ref, **landed).figure.axes[0]
    drawn = marks(axes)
    assert len({shape for shape, *_ in drawn}) == len({hue for _, hue, *_ in drawn}) == 3
    bars = [line.get_xydata() for line in axes.lines if line.get_linewidth() == 1]
    for at, table in enumerate(landed.values()):
        runs = place(world, ref, table)
        assert drawn[at][2]
        assert drawn[at][3:] == pytest.approx(runs.mean(1))
        ends = np.quantile(runs, [0.1, 0.9], axis=1)
        across, up = bars[2 * at : 2 * at + 2]
        assert across[:, 0] == pytest.approx(ends[:, 0])
        assert up[:, 1] == pytest.approx(ends[:, 1])
        assert across[:, 1] == pytest.approx([runs[1].mean()] * 2)


def test_hollow_marks_have_the_shape_of_their_method_and_can_be_seen_around_it(world, ref, landed):
    best = tc.exact.optimal_policy(ref, world.reward, 0.5)
    picture = plots.landings(world, ref, own={"off": best}, **landed)
    axes = picture.figure.axes[0]
    (hollow,) = (mark for mark in marks(axes) if not mark[2])
    filled, *_ = (mark for mark in marks(axes) if mark[2])
    assert hollow[:2] == filled[:2]
    assert hollow[3:] == pytest.approx(place(world, ref, best).mean(1))
    sizes = {line.get_mfc() == "none": line.get_markersize() for line in axes.lines[1:]}
    assert sizes[True] > 1.5 * sizes[False]
    assert "Hollow marks: " in picture.alt
    assert "Hollow marks: " not in plots.landings(world, ref, **landed).alt


def test_the_dashed_line_is_the_optimum_at_every_leash_and_nothing_lies_above_it(world, ref):
    for gold in (world.reward, 1e-3 * world.reward, 50 * world.reward):
        one = tc.World(reward=gold)
        line = dashed(plots.landings(one, ref, start=ref).figure.axes[0]).get_xydata().T
        line = line[:, np.argsort(line[0])]
        scale = float(gold.max() - gold.min())
        for beta in scale * np.geomspace(0.02, 50, 23):
            best = (ref + gold / beta).log_softmax(-1)
            kl, reward = place(one, ref, best).mean(1)
            assert np.interp(kl, *line) == pytest.approx(reward, abs=2e-5 * scale)
        limit = -(ref.exp() * (gold == gold.amax(-1, keepdim=True))).sum(-1).log().mean()
        assert line[:, -1] == pytest.approx([float(limit), float(gold.max())])
        assert line[:, 0] == pytest.approx(place(one, ref, ref).mean(1), abs=1e-3 * scale)


def test_a_path_is_the_mean_of_its_steps_in_the_colour_of_its_method(world, ref, landed):
    steps = torch.linspace(0, 2, len(ref))  # as many as seeds: neither may be taken for the other
    path = torch.stack([(ref + step * world.reward).log_softmax(-1) for step in steps])
    alone = path.exp().mean(1).log()  # of one policy at each step
    for way in (path, alone):
        picture = plots.landings(world, ref, paths={"on": way, "natural": way}, **landed)
        axes = picture.figure.axes[0]
        drawn = {line.get_color(): line for line in axes.lines if len(line.get_xdata()) == len(way)}
        hues = [hue for _, hue, *_ in marks(axes)]
        assert list(drawn) == [hues[1], style.COLORS[3]]
        assert dashed(axes).zorder > max(line.zorder for line in drawn.values())
        due = [place(world, ref, table).mean(1) for table in way]
        for line in drawn.values():
            assert np.allclose(line.get_xydata(), due)
        assert ["natural gradient", *told(*due[-1][::-1])] in printed(picture)
        names = [entry.get_text() for entry in picture.figure.legends[0].get_texts()]
        assert names.count("on") == names.count("natural gradient") == 1
    assert "Coloured lines: the whole path" in picture.alt


def test_the_table_tells_reward_and_kl_and_those_of_the_own_optimum(world, ref, landed):
    best = tc.exact.optimal_policy(ref, world.reward, 0.5)
    rows = printed(plots.landings(world, ref, own={"on": best}, **landed))
    assert rows[0] == ["", "reward", "KL", "optimum: reward", "optimum: KL"]
    due = {name: told(*place(world, ref, table).mean(1)[::-1]) for name, table in landed.items()}
    goal = told(*place(world, ref, best).mean(1)[::-1])
    assert rows[1:] == [
        ["off", *due["off"], "—", "—"],
        ["on", *due["on"], *goal],
        ["alike", *due["alike"], "—", "—"],
    ]
    assert printed(plots.landings(world, ref, **landed))[0] == ["", "reward", "KL"]


def test_a_close_up_holds_the_marks_it_is_asked_for_and_the_frontier_above(world, ref):
    near = {f"b{b}": (ref + world.reward / b).log_softmax(-1) for b in (0.5, 0.501, 0.6, 5.0)}
    own = {"b0.5": tc.exact.optimal_policy(ref, world.reward, 0.499)}
    picture = plots.landings(world, ref, own=own, zoom=["b0.5", "b0.501"], **near)
    whole, close = picture.figure.axes
    assert marks(close) == marks(whole)
    assert not close.collections
    (left, right), (low, high) = close.get_xlim(), close.get_ylim()
    inside = [(left < x < right and low < y < high) for *_, x, y in marks(close)]
    assert inside == [True, True, True, False, False]
    line = dashed(close).get_xydata()
    line = line[np.argsort(line[:, 0])]
    assert low < np.interp(left, *line.T) < np.interp(right, *line.T) < high
    assert right - left < 0.1 * np.ptp(whole.get_xlim())
    assert "Right: a close-up of b0.5, b0.501, without bars." in picture.alt


def test_the_axes_stay_put_while_only_best_of_n_changes(world, ref):
    limits = set()
    for n in (1, 2, 8, 64, 1000):
        table = tc.exact.best_of_n(ref, world.reward, n)
        axes = plots.landings(world, ref, best_of_n=table).figure.axes[0]
        runs = place(world, ref, table)
        assert axes.get_xlim()[0] < runs[0].min() <= runs[0].max() < axes.get_xlim()[1]
        assert axes.get_ylim()[0] < runs[1].min() <= runs[1].max() < axes.get_ylim()[1]
        limits.add(tuple(np.round([*axes.get_xlim(), *axes.get_ylim()], 9).tolist()))
    assert len(limits) == 1


SHAPES = {
    "one run": lambda ref: ref[0],
    "seeds": lambda ref: ref,
    "seeds and a setting": lambda ref: torch.stack([ref, ref.flip(0), ref]),
}


@pytest.mark.parametrize("of_policy", SHAPES)
@pytest.mark.parametrize("of_reference", SHAPES)
def test_runs_are_averaged_whichever_of_the_two_has_them(world, ref, of_policy, of_reference):
    table = SHAPES[of_policy]((ref + world.reward).log_softmax(-1))
    given = SHAPES[of_reference](ref)
    axes = plots.landings(world, given, mine=table).figure.axes[0]
    assert marks(axes)[0][3:] == pytest.approx(place(world, given, table).mean(1))
    proxy = SHAPES[of_policy](torch.linspace(-1, 1, 66).view(6, 11) * (1 + ref.abs()))
    left = plots.goodhart(world, given, mine=proxy).figure.axes[0]
    line = left.lines[0].get_xydata()
    end = (given + 1e4 / float((proxy.amax(-1) - proxy.amin(-1)).max()) * proxy).log_softmax(-1)
    kl, gold = place(world, given, end).mean(1)
    assert line[-1] == pytest.approx([kl**0.5, gold], abs=1e-9)
    assert line[0] == pytest.approx([0, place(world, given, given)[1].mean()], abs=1e-6)


# --- goodhart -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proxies(world, ref) -> dict:
    """The gold with one token overpaid, at two sizes, noise, the gold itself, and its opposite."""
    hacked = world.reward.clone()
    hacked[:, 10] = 3.0
    noise = torch.randn(*ref.shape, generator=torch.Generator().manual_seed(3)).double()
    gold = world.reward
    return {"a": hacked, "b": 40 * hacked, "c": gold + noise, "gold": gold, "d": -gold}


def climbed(world, ref, proxy, tilts) -> np.ndarray:
    """√KL and gold along π_ref e^(λ proxy), by the sums: (2, tilts)."""
    ways = [place(world, ref, (ref + t * proxy).log_softmax(-1)).mean(1) for t in tilts]
    kl, gold = np.transpose(ways)
    return np.stack([np.sqrt(np.maximum(kl, 0)), gold])


def test_gold_is_drawn_over_the_distance_beside_its_slope_and_both_peaks_are_one(
    world, ref, proxies
):
    left, right = plots.goodhart(world, ref, **proxies).figure.axes
    stars = [[mark[3:] for mark in marks(axes)] for axes in (left, right)]
    lines = [[line for line in axes.lines if len(line.get_xdata()) > 2] for axes in (left, right)]
    for at, (name, proxy) in enumerate(proxies.items()):
        size = float((proxy.amax(-1) - proxy.amin(-1)).max())
        tilts = np.geomspace(0.01, 300, 1500) / size
        d, gold = climbed(world, ref, proxy, tilts)
        x, y = lines[0][at].get_xydata().T
        known = (x > d[0]) & (x < d[-1] - 1e-6)
        assert known.sum() > 50
        assert np.allclose(np.interp(x[known], d, gold), y[known], atol=1e-4)
        slope = np.gradient(gold, tilts)  # dE[gold]/dλ, without a covariance
        x, y = lines[1][at].get_xydata().T
        assert np.allclose(np.interp(x[known], d, slope), y[known], atol=2e-3 * abs(slope).max())
        if name == "gold":
            peak, top = d[-1], gold.max()
        elif name == "d":  # it falls from the start
            peak, top = 0, place(world, ref, ref)[1].mean()
        else:
            peak, top = d[gold.argmax()], gold.max()
            assert 5 < gold.argmax() < len(tilts) - 5
            assert stars[1][at][1] == pytest.approx(0, abs=1e-6 * size)
        assert stars[0][at] == pytest.approx((peak, top), abs=2e-3)
        assert stars[0][at][1] >= top - 1e-9
        assert stars[1][at][0] == stars[0][at][0]
    assert right.lines[0].get_ydata() == [0, 0]
    assert right.lines[0].get_color() == "black"


def test_the_table_of_goodhart_tells_the_peak_and_the_end(world, ref, proxies):
    picture = plots.goodhart(world, ref, **proxies)
    left = picture.figure.axes[0]
    ends = [line.get_ydata()[-1] for line in left.lines if len(line.get_xdata()) > 2]
    head, *rows = printed(picture)
    assert head == ["", "gold at the peak", "√KL at the peak", "gold without a leash"]
    for name, mark, end, row in zip(proxies, marks(left), ends, rows, strict=True):
        assert row == [name, *told(mark[4], mark[3], end)]
    best = (world.reward * tc.exact.optimal_policy(ref, proxies["a"], 0).exp()).sum(-1).mean()
    assert rows[0][-1] == rows[1][-1] == told(best)[0]
    assert rows[3][-1] == "1"
    assert rows[4][1:3] == told(place(world, ref, ref)[1].mean(), 0)


def test_a_highlight_leaves_the_axes_where_they_are_and_the_others_grey(world, ref, proxies):
    pictures = [plots.goodhart(world, ref, highlight=name, **proxies) for name in proxies]
    frames = {
        tuple((a.get_xlim(), a.get_ylim()) for a in picture.figure.axes) for picture in pictures
    }
    assert len(frames) == len({picture.figure.get_figheight() for picture in pictures}) == 1
    for at, (name, picture) in enumerate(zip(proxies, pictures, strict=True)):
        lines = [line for line in picture.figure.axes[0].lines if len(line.get_xdata()) > 2]
        grey = [line.get_color() == style.FADED for line in lines]
        assert grey == [place != at for place in range(len(proxies))]
        assert [row[0] for row in printed(picture)] == ["", name]
        assert len(marks(picture.figure.axes[0])) == 1
        assert "Grey: other values." in picture.alt


def test_a_proxy_of_constants_moves_nothing_and_can_be_drawn(world, ref):
    picture = plots.goodhart(world, ref, flat=torch.full((6, 11), 7), rows=torch.ones(6, 1) * TABLE)
    gold = told(place(world, ref, ref)[1].mean())[0]
    assert [row[1:] for row in printed(picture)[1:]] == [[gold, "0", gold]] * 2
    for axes in picture.figure.axes:
        assert np.ptp(axes.get_xlim()) >= 0.01
    assert picture.png
    assert plots.landings(world, ref, itself=ref).png  # and a KL of 0


TABLE = torch.zeros(6, 11).double()


# --- group_weights --------------------------------------------------------------------------------


def weight(p: float, group: int) -> float:
    """All 2^G groups, by how many are right: each one's push on the log-odds, over dp/dθ."""
    total = 0.0
    for right in range(1, group):
        rewards = np.array([1.0] * right + [0.0] * (group - right))
        advantage = (rewards - rewards.mean()) / rewards.std(ddof=1)
        chance = math.comb(group, right) * p**right * (1 - p) ** (group - right)
        total += chance * (advantage * (rewards - p)).mean()
    return total / (p * (1 - p))


def test_the_weights_are_those_of_all_groups_under_the_limit(world):
    sizes = [2, 3, 8, 20]
    picture = plots.group_weights(world, sizes)
    drawn = {line.get_label(): line for line in picture.figure.axes[0].lines}
    for size in sizes:
        p, w = drawn[str(size)].get_xydata().T
        assert np.allclose(w, [weight(one, size) for one in p])
    p, limit = drawn["∞"].get_xydata().T
    assert limit[[49, 0]] == pytest.approx([2, 1 / math.sqrt(0.01 * 0.99)])
    far = tc.exact.group_weight(p[20:80], 3000)
    assert np.allclose(limit[20:80], far, rtol=1e-3)
    (dotted,) = (line for line in drawn.values() if line.get_linestyle() == ":")
    assert list(dotted.get_ydata()) == [1, 1]
    head, *rows = printed(picture)
    assert head == ["num_generations", "w(0.05)", "w(0.5)", "their ratio"]
    for size, row in zip(sizes, rows, strict=True):
        rare, half = weight(0.05, size), weight(0.5, size)
        assert row == [str(size), *told(rare, half, rare / half)]


@pytest.mark.parametrize("sizes", [[2, 8], (2, 8), np.array([2, 8]), torch.tensor([2, 8])])
def test_a_highlighted_group_size_stands_out_whatever_kind_of_number_it_is(world, sizes):
    for highlight in (8, 8.0, np.int64(8), torch.tensor(8)):
        picture = plots.group_weights(world, sizes, highlight=highlight)
        two, eight = picture.figure.axes[0].lines[:2]
        assert (two.get_color(), eight.get_color()) == (style.FADED, style.COLORS[1])
        assert [row[0] for row in printed(picture)] == ["num_generations", "8"]
        assert "Grey: other values." in picture.alt
        assert picture.figure.axes[0].get_ylim() == (0, 6)


# --- lengths --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grown(world) -> xr.Dataset:
    config = tc.LengthConfig(loss_type=["dr_grpo", "grpo"], steps=30, seeds=5)
    return tc.train_length(world, config)


@pytest.mark.parametrize("turned", [False, True])
def test_lengths_are_means_of_the_seeds_with_the_band_around_them(world, grown, turned):
    given = grown.transpose("step", "seed", ...) if turned else grown
    picture = plots.lengths(world, given)
    rows = printed(picture)[1:]
    for panel, kind in enumerate(("long_right", "long_wrong")):
        axes = picture.figure.axes[panel]
        for at, way in enumerate(("dr_grpo", "grpo")):
            runs = grown[kind].sel(loss_type=way).transpose("seed", "step").values
            assert np.allclose(axes.lines[at].get_ydata(), runs.mean(0))
            band = axes.collections[at].get_paths()[0].vertices
            low, high = np.quantile(runs, [0.1, 0.9], axis=0)
            assert band[:, 1].min() == pytest.approx(low.min())
            assert band[:, 1].max() == pytest.approx(high.max())
            row = rows[2 * panel + at]
            assert row[1:] == told(runs.mean(0)[0], runs.mean(0)[-1])
            assert row[0].startswith(("P(long | right), w", "P(long | wrong), w")[panel])
            assert ("without" in row[0]) == (way == "dr_grpo")
    left, right = picture.figure.axes
    assert left.get_ylim() == right.get_ylim()
    assert left.lines[0].get_linestyle() != left.lines[1].get_linestyle()


def test_where_a_seed_is_gone_the_mean_is_gone_and_nothing_is_made_up(world, grown):
    gone = grown.copy(deep=True)
    gone.long_right[0, 1, 10:] = np.nan
    gone.long_right[1, 2, 20:] = np.inf
    picture = plots.lengths(world, gone)
    first, second = picture.figure.axes[0].lines
    assert np.isfinite(first.get_ydata()).tolist() == [True] * 10 + [False] * 21
    assert np.isfinite(second.get_ydata()).tolist() == [True] * 20 + [False] * 11
    assert [row[2] for row in printed(picture)[1:3]] == ["—", "—"]
    assert picture.png


# --- all four -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_methods_with_long_names_are_told_apart_and_hide_no_words(ref, language):
    world = tc.World(language=language)
    names = [f"öğrencinin {i}. yöntemi, uzunca bir adla" for i in range(14)]
    tables = {name: tc.exact.best_of_n(ref, world.reward, n + 1) for n, name in enumerate(names)}
    pictures = [plots.landings(world, ref, own={names[3]: ref}, zoom=names[:2], **tables)]
    pictures.append(plots.goodhart(world, ref, **tables))
    for picture in pictures:
        FigureCanvasAgg(picture.figure).draw()
        legend = picture.figure.legends[0]
        named = [entry.get_text().replace("\n", " ") for entry in legend.get_texts()]
        assert named[-14:] == names
        box = legend.get_window_extent()
        assert box.y0 >= max(words.get_window_extent().y1 for words in picture.figure.texts)
        assert all(axes.get_window_extent().width > 150 for axes in picture.figure.axes)
        assert all(axes.get_tightbbox().x1 <= box.x0 for axes in picture.figure.axes)
        assert all(name in picture.alt for name in names)
    drawn = [mark[:2] for mark in marks(pictures[0].figure.axes[0]) if mark[2]]
    assert len(set(drawn)) == 14
    assert len({shape for shape, _ in drawn[:11]}) == 11
    lines = [line for line in pictures[1].figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert len({str(line._dash_pattern) for line in lines[:7]}) == 7


LOST = TABLE.clone().log_softmax(-1)
LOST[0, 0] = -math.inf
LOST = LOST.log_softmax(-1)  # a reference that never gives one of the answers
EVEN = TABLE.log_softmax(-1)
AWRY = torch.ones(3, 6, 11).log_softmax(-1)
WRONG = {
    "landings: nothing": (lambda w: plots.landings(w, EVEN), ("at least one", "ppo=")),
    "landings: only an optimum": (lambda w: plots.landings(w, EVEN, own={"a": EVEN}), ("ppo=",)),
    "landings: no reference": (lambda w: plots.landings(w, None, a=EVEN), ("ref_logp",)),
    "landings: logits": (lambda w: plots.landings(w, EVEN, a=TABLE), ("a must", "sum to 1")),
    "landings: NaN": (lambda w: plots.landings(w, EVEN, a=TABLE / 0), ("a must", "nan")),
    "landings: turned": (lambda w: plots.landings(w, EVEN, a=EVEN.T), ("(11, 6)", "6, 11")),
    "landings: other seeds": (
        lambda w: plots.landings(w, AWRY, mine=AWRY[:2]),
        ("ref_logp (3, 6, 11)", "mine (2, 6, 11)"),
    ),
    "landings: an infinite KL": (
        lambda w: plots.landings(w, LOST, a=EVEN),
        ("kl(a) must be finite",),
    ),
    "landings: own of no method": (
        lambda w: plots.landings(w, EVEN, own={"PPo": EVEN}, PPO=EVEN, DPO=EVEN),
        ("own", "PPO, DPO", "'PPo'"),
    ),
    "landings: own is a table": (lambda w: plots.landings(w, EVEN, own=EVEN, a=EVEN), ("own",)),
    "landings: own is no policy": (
        lambda w: plots.landings(w, EVEN, own={"a": TABLE}, a=EVEN),
        ("own['a']",),
    ),
    "landings: own of other seeds": (
        lambda w: plots.landings(w, AWRY, own={"a": AWRY[:2]}, a=AWRY),
        ("own['a'] (2, 6, 11)",),
    ),
    "landings: a close-up of no method": (
        lambda w: plots.landings(w, EVEN, zoom=["b"], a=EVEN),
        ("zoom", "'b'"),
    ),
    "landings: a path without steps": (
        lambda w: plots.landings(w, EVEN, paths={"way": EVEN}),
        ("paths['way']", "(N, ..., 6, 11)", "(6, 11)"),
    ),
    "landings: a path of other seeds": (
        lambda w: plots.landings(w, AWRY, paths={"way": AWRY[None, :2]}),
        ("paths['way'] (2, 6, 11)",),
    ),
    "landings: no world": (lambda w: plots.landings(EVEN, EVEN, a=EVEN), ("world",)),
    "goodhart: nothing": (lambda w: plots.goodhart(w, EVEN), ("at least one", "rank_1=")),
    "goodhart: no reference": (lambda w: plots.goodhart(w, TABLE, a=EVEN), ("ref_logp",)),
    "goodhart: NaN": (lambda w: plots.goodhart(w, EVEN, a=TABLE / 0), ("a must", "NaN")),
    "goodhart: infinity": (lambda w: plots.goodhart(w, EVEN, a=1 / TABLE), ("a must", "infinity")),
    "goodhart: turned": (lambda w: plots.goodhart(w, EVEN, a=TABLE.T), ("a must", "(11, 6)")),
    "goodhart: a row": (lambda w: plots.goodhart(w, EVEN, a=TABLE[0]), ("6, 11", "(11,)")),
    "goodhart: no seeds": (lambda w: plots.goodhart(w, EVEN, a=AWRY[:0]), ("(0, 6, 11)",)),
    "goodhart: other seeds": (
        lambda w: plots.goodhart(w, AWRY, mine=AWRY[:2]),
        ("ref_logp (3, 6, 11)", "mine (2, 6, 11)"),
    ),
    "goodhart: an unknown highlight": (
        lambda w: plots.goodhart(w, EVEN, highlight="rank 3", **{"rank 1": TABLE}),
        ("highlight", "rank 1", "'rank 3'"),
    ),
    "goodhart: a number to highlight": (
        lambda w: plots.goodhart(w, EVEN, highlight=1, a=TABLE),
        ("highlight",),
    ),
    "group_weights: a group of one": (
        lambda w: plots.group_weights(w, [2, 1]),
        ("num_generations", "at least 2", "1"),
    ),
    "group_weights: none": (
        lambda w: plots.group_weights(w, []),
        ("num_generations", "at least one value", "empty"),
    ),
    "group_weights: fractions": (
        lambda w: plots.group_weights(w, [2.5]),
        ("num_generations", "whole", "2.5"),
    ),
    "group_weights: words": (lambda w: plots.group_weights(w, "8"), ("num_generations", "'8'")),
    "group_weights: an unknown highlight": (
        lambda w: plots.group_weights(w, [2, 8], highlight=4),
        ("highlight", "(2, 8)", "4"),
    ),
    "group_weights: a word to highlight": (
        lambda w: plots.group_weights(w, [2, 8], highlight="8"),
        ("highlight", "'8'"),
    ),
    "lengths: a table": (lambda w: plots.lengths(w, TABLE), ("curves", "loss_type", "Tensor")),
    "lengths: nothing": (lambda w: plots.lengths(w, None), ("curves", "NoneType")),
    "lengths: one loss": (
        lambda w: plots.lengths(w, tc.train_length(w, tc.LengthConfig(steps=1))),
        ("curves", "loss_type alone is swept", "('seed', 'step')"),
    ),
    "lengths: other fields": (lambda w: plots.lengths(w, dataset("right")), ("curves", "Dataset")),
    "lengths: one field": (lambda w: plots.lengths(w, dataset("long_right")), ("curves",)),
    "lengths: no seeds": (
        lambda w: plots.lengths(w, dataset("long_right", "long_wrong").isel(seed=[])),
        ("curves",),
    ),
    "lengths: an unknown loss": (
        lambda w: plots.lengths(w, dataset("long_right", "long_wrong", losses=("grpo", "bnpo"))),
        ("loss_type", "grpo, dr_grpo", "'bnpo'"),
    ),
}


def dataset(*fields: str, losses=("grpo", "dr_grpo")) -> xr.Dataset:
    grid = {"loss_type": list(losses), "seed": [0], "step": [0, 1]}
    return xr.Dataset({field: (list(grid), np.full((2, 1, 2), 0.5)) for field in fields}, grid)


@pytest.mark.parametrize(("call", "parts"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_an_error_before_anything_is_drawn(world, monkeypatch, call, parts):
    def begun(*_, **__):
        raise AssertionError("drawn before the input was checked")

    monkeypatch.setattr(style, "Figure", begun)
    with pytest.raises((TypeError, ValueError)) as error:
        call(world)
    for part in parts:
        assert part in str(error.value)


def test_the_guard_itself_tells_when_drawing_begins(world, monkeypatch):
    monkeypatch.setattr(style, "Figure", lambda **_: pytest.fail("begun"))
    for draw in (
        lambda: plots.landings(world, EVEN, a=EVEN),
        lambda: plots.goodhart(world, EVEN, a=TABLE),
        lambda: plots.group_weights(world, 8),
        lambda: plots.lengths(world, dataset("long_right", "long_wrong")),
    ):
        with pytest.raises(pytest.fail.Exception, match="begun"):
            draw()
