"""A slider keeps one figure for its frames: each frame is, pixel by pixel, the picture alone."""

import threading

import numpy as np
import pytest
import torch
from matplotlib.text import Text

import toycore as tc
from toycore.plots.kept import FEW, Figures, Kept, once

LEASHES = [0.0, 0.05, 0.5, 2.0]
WORLDS = {language: tc.World(language=language) for language in ("en", "tr")}
GROUPS = [2, 4, 8, 16]


@pytest.fixture(scope="module")
def run(start) -> tc.Run:
    config = tc.PPOConfig(kl_beta=LEASHES, rollouts=5, seeds=8)
    return tc.train_ppo(WORLDS["en"], config, start)


@pytest.fixture(scope="module")
def dpo(start) -> tc.Run:
    config = tc.DPOConfig(beta=[0.1, 0.5], steps=5, seeds=8)
    return tc.train_dpo(WORLDS["en"], config, start=start)


@pytest.fixture(scope="module")
def lengths(start):
    config = tc.LengthConfig(lr=[0.1, 0.3, 1, 3], loss_type=["grpo", "dr_grpo"], steps=9, seeds=8)
    return tc.train_length(WORLDS["en"], config, start)


@pytest.fixture(scope="module")
def draws(run, dpo, lengths):
    """Each figure as a function of a place from 0 to 3, what it shows changing with the place."""
    world, other = WORLDS["en"], WORLDS["tr"]
    ref = torch.as_tensor(run.ref_logp.sel(kl_beta=0.0).values)
    weight = torch.randn(1, 300, generator=torch.Generator().manual_seed(1))
    proxies = {str(scale): world.reward + scale * torch.eye(6, 11) for scale in (0, 1, 2, 4)}
    errors = run.history.kl.isel(step=-1)
    counts, tries = [10, 100], np.linspace(0.1, 0.9, 8).reshape(4, 2)

    def best(place):
        return tc.exact.optimal_policy(ref, world.reward, LEASHES[place])

    def landings(place, **more):
        own = {"ppo": best(place)} if place % 2 else {}
        return tc.plots.landings(world, ref, own=own, ppo=run.logp.isel(kl_beta=place), **more)

    return {
        "curves": lambda i: tc.plots.curves(run, "reward", "kl", highlight=LEASHES[i]),
        "curves of updates": lambda i: tc.plots.curves(run, "clip_fraction", highlight=LEASHES[i]),
        "frontier": lambda i: tc.plots.frontier(run, highlight=LEASHES[i]),
        "two roads": lambda i: tc.plots.frontier(*[run, dpo][: 1 + i % 2]),
        "policies": lambda i: tc.plots.policies(world, before=ref, optimal=best(i)),
        "answers": lambda i: tc.plots.answers(world, i, before=ref, optimal=best(i)),
        "update": lambda i: tc.plots.update(
            world, 0, ref, torch.linspace(-1, 1 + i, 11), 0.2, clipped=best(2)
        ),
        "rounding": lambda i: tc.plots.rounding(world, weight, 2 + i),
        "thresholds": lambda i: tc.plots.thresholds(world, weight, 4, [0.3, 0.5, 0.9, 1][i]),
        "grids": lambda i: tc.plots.grids(world, weight, symmetric=tc.Grid.symmetric(3.0, 2 + i)),
        "heat_map": lambda i: tc.plots.heat_map(
            world, "kl", 2.4, **{f"{i}": run.history.kl.isel(step=[i, i + 1]).rename(step="rank")}
        ),
        "against": lambda i: tc.plots.against(world, "kl", exact=0.1 * i, PPO=errors * (1 + i)),
        "landings": landings,
        "landings from nearby": lambda i: landings(i, zoom=["ppo"], paths={"sft": ref[None]}),
        "goodhart": lambda i: tc.plots.goodhart(world, ref, highlight=[*proxies][i], **proxies),
        "group_weights": lambda i: tc.plots.group_weights(world, GROUPS, highlight=GROUPS[i]),
        "lengths": lambda i: tc.plots.lengths(world, lengths.isel(lr=i)),
        "surrogate": lambda i: tc.plots.surrogate(world, [0.05, 0.2, 0.4, 0.5][i]),
        "ratios": lambda i: tc.plots.ratios(world, 0.2, {1: np.linspace(0.5, 1 + i, 50)}),
        "tradeoff": lambda i: tc.plots.tradeoff(world, ref, [0.1, 0.5 + i]),
        "closing_in": lambda i: tc.plots.closing_in(
            world, counts, {"kl": tries * (1 + i)}, {"kl": 0.5}
        ),
        "rewards, with a colour bar": lambda i: tc.plots.rewards(tc.World(helpful=1.0 + i)),
        "another language": lambda i: tc.plots.rounding([world, other][i % 2], weight, 3),
        "another figure": lambda i: [tc.plots.rounding, tc.plots.thresholds][i % 2](
            world, weight, 3
        ),
    }


FIGURES = [
    *("curves", "curves of updates", "frontier", "two roads", "policies", "answers", "update"),
    *("rounding", "thresholds", "grids", "heat_map", "against", "landings", "landings from nearby"),
    *("goodhart", "group_weights", "lengths", "surrogate", "ratios", "tradeoff", "closing_in"),
    *("rewards, with a colour bar", "another language", "another figure"),
]
# Of one size and on the same axes whatever is shown: drawn once, for all frames.
STAY = ["curves", "curves of updates", "frontier", "policies", "goodhart", "group_weights"]


def drawn(draw, places) -> list[bytes]:
    """As a slider draws them, one after the other."""
    figures = Figures()

    def frame(place) -> bytes:
        with figures.used():
            picture = draw(place)
        return picture.png

    return [frame(place) for place in places]


@pytest.fixture
def solved(monkeypatch) -> list:
    """One entry for each time that what stands around the panels is drawn."""
    seen, draw = [], Kept._draw_around
    monkeypatch.setattr(Kept, "_draw_around", lambda self, *a: seen.append(self) or draw(self, *a))
    return seen


def test_every_figure_is_tried(draws):
    assert set(draws) == set(FIGURES)
    assert {name.split(",")[0].split()[0] for name in FIGURES} >= {
        name for name in tc.plots.__all__ if name not in ("Picture", "loop", "plane")
    }


@pytest.mark.parametrize("name", FIGURES)
def test_each_frame_of_a_slider_is_the_picture_alone(draws, name):
    places = [0, 3, 1, 0]
    alone = {place: draws[name](place).png for place in places}
    assert drawn(draws[name], places) == [alone[place] for place in places]


@pytest.mark.parametrize("name", STAY)
def test_what_stays_is_drawn_once(draws, solved, name):
    assert len(set(drawn(draws[name], [0, 1, 2, 3]))) > 1
    assert len(solved) == 1


@pytest.fixture
def written(monkeypatch) -> list:
    """The words that are drawn inside panels."""
    seen, draw = [], Text.draw
    monkeypatch.setattr(Text, "draw", lambda self, *a: seen.append(self) or draw(self, *a))
    return seen


def test_a_heat_map_that_shows_what_it_showed_is_not_drawn_again(draws, written):
    def words(places) -> int:
        written.clear()
        drawn(draws["policies"], places)
        return sum(word.get_text().isdigit() for word in written)

    first = words([0])
    assert first == 2 * 6 * 11
    assert words([0, 1]) == first + 6 * 11  # before stays, optimal moves
    assert words([0, 0]) == first


def test_what_frames_compute_alike_is_computed_once_and_not_hoarded():
    asked, figures = [], Figures()

    def compute(table):
        asked.append(table)
        return float(table.sum())

    with figures.used():
        same = [once(compute, torch.tensor([1.0, 2.0])) for _ in range(3)]
        assert (same, len(asked)) == ([3.0] * 3, 1)
        assert once(compute, torch.tensor([[1.0], [2.0]])) == 3.0
        assert len(asked) == 2
        for size in range(100):
            assert once(compute, torch.full((2,), float(size))) == 2 * size
    assert len(figures.computed) <= FEW
    assert once(compute, torch.tensor([1.0, 2.0])) == once(compute, torch.tensor([1.0, 2.0]))
    assert len(asked) == 104  # without a slider each time


def test_without_a_slider_every_picture_has_a_figure_of_its_own(draws, solved):
    first, second = draws["curves"](0), draws["curves"](1)
    assert first.figure is not second.figure
    assert first.png != second.png
    assert not solved


def change(picture: tc.plots.Picture, how: str) -> tc.plots.Picture:
    axes = picture.figure.axes[0]
    {
        "title": lambda: axes.set_title("mine"),
        "turned": axes.invert_yaxis,
        "scale": lambda: axes.set_yscale("symlog"),
        "grid": lambda: axes.grid(False),
        "line": lambda: axes.axhline(0.5, color="red"),
        "word": lambda: picture.figure.text(0.5, 0.5, "mine"),
        "colour": lambda: picture.figure.set_facecolor("yellow"),
        "limits": lambda: axes.set_xlim(0, 2),
    }[how]()
    return picture


CHANGES = ["title", "turned", "scale", "grid", "line", "word", "colour", "limits"]


@pytest.mark.parametrize("how", CHANGES)
def test_what_a_learner_changes_is_shown_and_does_not_last(draws, how):
    def sometimes(place):
        picture = draws["curves"](place)
        return change(picture, how) if place % 2 else picture

    places = [0, 1, 0, 3]
    assert drawn(sometimes, places) == [sometimes(place).png for place in places]
    assert drawn(sometimes, [1])[0] != draws["curves"](1).png


@pytest.mark.parametrize("how", CHANGES)
def test_a_change_after_the_picture_has_been_drawn_does_not_last(draws, how):
    figures, alone = Figures(), draws["curves"](1).png
    with figures.used():
        change(draws["curves"](0), how)
        picture = draws["curves"](0)
        assert picture.png
        change(picture, how)
        del picture
        assert draws["curves"](1).png == alone


def test_a_picture_that_is_kept_stays_as_it_was(draws):
    kept, figures = [], Figures()
    for place in range(4):
        with figures.used():
            kept.append(draws["curves"](place))
    assert len({id(picture.figure) for picture in kept}) == 4
    assert [one.png for one in kept] == [draws["curves"](place).png for place in range(4)]


def test_two_pictures_in_one_frame_do_not_share_a_figure(draws):
    def second(place):
        first = draws["curves"](3 - place)
        picture = draws["curves"](place)
        assert first.png == draws["curves"](3 - place).png
        return picture

    assert drawn(second, [0, 1]) == [draws["curves"](place).png for place in (0, 1)]


def test_after_an_error_in_the_middle_of_a_figure_the_next_is_whole(draws, monkeypatch):
    def failing(place):
        if place == 1:
            with monkeypatch.context() as broken:
                broken.setattr("toycore.plots.training.legend", interrupt)
                with pytest.raises(KeyboardInterrupt):
                    draws["curves"](place)
        return draws["curves"](place)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    assert drawn(failing, [0, 1, 2]) == [draws["curves"](place).png for place in range(3)]


def test_two_threads_may_move_one_slider(draws):
    figures, found, alone = Figures(), {}, {i: draws["curves"](i).png for i in range(4)}

    def move(mine: int) -> None:
        for place in [0, 1, 2, 3] * 2:
            with figures.used():
                picture = draws["curves"](place)
            found[mine, place] = picture.png == alone[place]

    threads = [threading.Thread(target=move, args=(mine,)) for mine in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(found.values())


def test_a_figure_of_ones_own_is_never_emptied():
    def own(place):
        figure, (axes,) = tc.plots.style.panels(1)
        axes.plot([0, place])
        return tc.plots.Picture(figure, str(place))

    assert drawn(own, [0, 1, 2]) == [own(place).png for place in (0, 1, 2)]
    assert len(set(drawn(own, [0, 1, 2]))) == 3


def test_a_run_that_diverged_leaves_no_note_behind(start):
    run = tc.train_ppo(WORLDS["en"], tc.PPOConfig(kl_beta=[0.1, 0.5], rollouts=3, seeds=8), start)
    broken = run.history.copy(deep=True)
    broken["kl"][0, :, -1] = np.inf
    lost = tc.Run(run.world, run.config, run.model, broken, run.logp, run.ref_logp)

    def draw(place):
        return tc.plots.curves([run, lost][place], "kl", "reward")

    places = [0, 1, 0, 1]
    assert drawn(draw, places) == [draw(place).png for place in places]
