"""One frontier for all methods: where their policies have landed, by which way, and where to."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from toycore import exact
from toycore.engine import guards
from toycore.errors import Phrase, say
from toycore.language import number, text, word
from toycore.plots.kept import once
from toycore.plots.optima import optima
from toycore.plots.style import (
    EXACT,
    STYLES,
    Picture,
    bars,
    captioned,
    color,
    finish,
    legend,
    middle,
    panels,
    same_look,
)
from toycore.world import World

SHAPES = "os^Dv*PXh<>"  # more than there are methods
# β in ranges of the reward, from no leash on to one that holds the policy at the reference. With
# fewer, the dashed line would run visibly below its own points in a close-up.
LEASHES = torch.cat([torch.zeros(1).double(), torch.logspace(-2.5, 3, 400, dtype=torch.float64)])


@same_look
def landings(
    world: World,
    ref_logp,
    *,
    reward=None,
    own=None,
    paths=None,
    zoom: Sequence[str] = (),
    source: str = "",
    **landed,
) -> Picture:
    """Reward against KL: policies by name, averaged over prompts and seeds, under the frontier.

    ref_logp  (..., P, V) log-probabilities of the reference; the dashed line is the largest
              reward at each KL from it
    reward    (P, V), if it is not the world's: policies may have other answers, V of them
    landed    log-probabilities (..., P, V) by the name of their method: a filled mark, with the
              middle 80 % of the leading axes
    source    where the policies are from: a sentence for the caption
    own       the optimum of a method's own objective, by the same name: a hollow mark
    paths     log-probabilities (steps, ..., P, V) by name: a line
    zoom      methods that lie close together: a second panel shows their marks from nearby

    The axes hold all of the frontier of every run, so they stay put where only policies change.
    """
    guards.instance("world", world, World)
    own, paths = ({} if given is None else given for given in (own, paths))
    for called, given, kind in (("own", own, Mapping), ("paths", paths, Mapping)):
        guards.instance(called, given, kind)
    guards.instance("zoom", zoom, Sequence)
    if not landed and (own or zoom or not paths):
        raise ValueError(say("none_given", what=Phrase("by_keyword", example="ppo")))
    for called, names in (("own", own), ("zoom", zoom)):
        for name in names:
            guards.Choice(tuple(landed)).check(called, name)
    reward = world.reward if reward is None else _table(reward)
    ref_logp = guards.policy("ref_logp", ref_logp, tuple(reward.shape))
    places = {name: _places(reward, ref_logp, name, table) for name, table in landed.items()}
    goals = {n: _places(reward, ref_logp, f"own[{n!r}]", logp).mean(-1) for n, logp in own.items()}
    ways = {name: _way(reward, ref_logp, f"paths[{name!r}]", way) for name, way in paths.items()}

    language, looks = world.language, {}
    for index, name in enumerate(dict.fromkeys([*landed, *paths])):  # a path has its mark's colour
        shape, dashes = SHAPES[index % len(SHAPES)], STYLES[index % len(STYLES)]
        looks[name] = {"color": color(index)}, {"marker": shape, "ls": "none"}, {"ls": dashes}
    height = max(2.6, 3.6 - 0.12 * len(landed))  # so that with its table it fits a slide
    figure, (whole, *close) = panels(1 + bool(zoom), height)
    line = once(_frontier, reward, ref_logp)
    for axes in (whole, *close):
        axes.plot(*line.mean(-1), **EXACT, zorder=2.2, label=text("label.frontier", language))
        for name, way in ways.items():
            hue, _, dashes = looks[name]
            called = None if name in landed else word("way", name, language)
            axes.plot(*way, **hue, **dashes, linewidth=2.2, label=called)
        for name, runs in places.items():
            hue, mark, _ = looks[name]
            called, style = word("way", name, language), {**hue, **mark}
            axes.plot(*runs.mean(-1), **style, ms=9, mec="white", mew=0.4, zorder=3, label=called)
            if name in goals:
                axes.plot(*goals[name], **style, ms=15, mfc="none", mew=1.3, zorder=2.5)
            if axes is whole:
                bars(axes, *np.stack(middle(runs, -1), -1), **hue, zorder=2)
        finish(axes, language, text("curve.kl", language))
    whole.set_ylabel(text("curve.reward", language), fontsize=14)
    whole.update_datalim([(0, line[1].min()), (max(line[0].max(), 0.01), line[1].max())])
    for axes in close:
        marks = [places[name].mean(-1) for name in zoom]
        _near(axes, [*marks, *(goals[name] for name in zoom if name in goals)], line.mean(-1))
    legend(whole)
    kinds = ["frontier_line", *["landed"] * bool(landed), *["own"] * bool(own)]
    said = [text(f"caption.{kind}", language) for kind in kinds + ["paths"] * bool(paths)]
    if zoom:
        names = ", ".join(word("way", name, language) for name in zoom)
        said.append(text("caption.zoom", language).format(names))
    said += [source] * bool(source)
    return captioned(figure, " ".join(said), "", _told(language, places, goals, ways))


def _table(reward) -> Tensor:
    """(P, V) finite float64; TypeError or ValueError for anything else."""
    reward = guards.table("reward", reward).detach().double()
    if reward.ndim != 2 or not reward.numel():
        raise ValueError(say("shape", name="reward", shape="(P, V)", got=tuple(reward.shape)))
    if not bool(reward.isfinite().all()):
        raise ValueError(say("not_finite", name="reward"))
    return reward


def _places(worth: Tensor, ref_logp: Tensor, name: str, logp) -> np.ndarray:
    """KL and reward of each run, (2, runs), averaged over prompts."""
    logp = guards.policy(name, logp, tuple(worth.shape))
    shapes = {"ref_logp": ref_logp.shape, name: logp.shape}
    guards.fit(2, Phrase("prompts_tokens"), **shapes)
    logp, ref_logp = torch.broadcast_tensors(logp, ref_logp)
    kl = exact.kl(logp, ref_logp).mean(-1)
    if not kl.isfinite().all():  # it would have no place in the figure
        raise ValueError(say("not_finite", name=f"kl({name})"))
    reward = exact.expected_reward(logp, worth).mean(-1)
    return torch.stack([kl.flatten(), reward.flatten()]).numpy()


def _way(worth: Tensor, ref_logp: Tensor, name: str, tables) -> np.ndarray:
    """KL and reward at each step, (2, steps), averaged over prompts and runs."""
    tables = guards.policy(name, tables, cells := tuple(worth.shape))
    if tables.ndim < 3:
        due = f"(N, ..., {cells[0]}, {cells[1]})"
        raise ValueError(say("shape", name=name, shape=due, got=tuple(tables.shape)))
    return np.stack([_places(worth, ref_logp, name, table).mean(-1) for table in tables], -1)


def _frontier(worth: Tensor, ref_logp: Tensor) -> np.ndarray:
    """KL and reward of π* at each leash, for each run: (2, leashes, runs)."""
    widest = float((worth.amax(-1) - worth.amin(-1)).max()) or 1.0
    return optima(worth, ref_logp, widest * LEASHES)


def _near(axes: Axes, marks: list[np.ndarray], line: np.ndarray) -> None:
    """Limits around the marks, and around the frontier above them."""
    (left, low), (right, high) = np.min(marks, 0), np.max(marks, 0)
    room = max(0.25 * (right - left), 0.005)
    left, right = left - room, right + room
    above = np.interp([left, right], *line[:, np.argsort(line[0])])
    low, high = min(low, *above), max(high, *above)
    room = max(0.1 * (high - low), 0.001)
    axes.set(xlim=(left, right), ylim=(low - room, high + room))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))  # four decimals tell them


def _told(language: str, places: dict, goals: dict, ways: dict) -> list[list[str]]:
    """Reward and KL of each mark; of a path without one, where it ends."""
    kinds = ["reward", "kl", *["own_reward", "own_kl"] * bool(goals)]
    rows = [["", *(text(f"head.{kind}", language) for kind in kinds)]]
    ends = {name: way[:, -1] for name, way in ways.items()}
    for name, (kl, reward) in (ends | {n: runs.mean(-1) for n, runs in places.items()}).items():
        cells = [number(value, language) for value in (reward, kl, *goals.get(name, ())[::-1])]
        row = [word("way", name, language), *cells]
        rows.append([*row, *["—"] * (1 + len(kinds) - len(row))])
    return rows
