"""One frontier for all methods: where their policies have landed, by which way, and where to."""

import numpy as np
import torch

from toycore import exact
from toycore.engine import guards
from toycore.errors import Phrase, say
from toycore.language import number, text, word
from toycore.plots.style import (
    EXACT,
    STYLES,
    Picture,
    captioned,
    color,
    finish,
    legend,
    panels,
    same_look,
)
from toycore.world import World

SHAPES = "os^Dv*PXh<>"  # with the colours, more than there are methods


@same_look
def landings(world: World, ref_logp, *, own=None, paths=None, **landed) -> Picture:
    """Reward against KL: policies by name, averaged over prompts and seeds, under the frontier.

    ref_logp  (..., P, V) log-probabilities of the reference; the dashed line is the largest
              reward at each KL from it
    landed    log-probabilities (..., P, V) by the name of their method: a filled mark, with the
              middle 80 % of the leading axes
    own       the optimum of a method's own objective, by the same name: a hollow mark
    paths     log-probabilities (steps, ..., P, V) by name: a line
    """
    guards.instance("world", world, World)
    own, paths, language = own or {}, paths or {}, world.language
    ref_logp = guards.policy("ref_logp", ref_logp, tuple(world.reward.shape))
    if not landed and not paths:
        raise ValueError(say("none_given", what=Phrase("by_keyword", example="ppo")))
    places = {name: _places(world, ref_logp, name, table) for name, table in landed.items()}
    goals = {name: _places(world, ref_logp, name, table) for name, table in own.items()}
    figure, (axes,) = panels(1, height=3.9)
    leashes = torch.logspace(-2, 1.7, 60, dtype=torch.float64).view(-1, *[1] * (ref_logp.ndim - 1))
    line = exact.optimal_policy(ref_logp, world.reward, leashes)
    axes.plot(*_path(world, ref_logp, line), **EXACT, label=text("label.frontier", language))
    for index, (name, tables) in enumerate(paths.items()):
        way = _path(world, ref_logp, guards.policy(name, tables, tuple(world.reward.shape)))
        style = {"color": color(index), "linestyle": STYLES[index % len(STYLES)]}
        axes.plot(*way, **style, linewidth=2.2, label=word("way", name, language))
    rows = []
    for index, (name, runs) in enumerate(places.items()):
        style = {"color": color(index), "marker": SHAPES[index % len(SHAPES)], "ls": "none"}
        middle, ends = runs.mean(-1), np.quantile(runs, [0.1, 0.9], axis=-1)
        x, y = np.abs(ends - middle).T[:, :, None]
        called = word("way", name, language)
        axes.errorbar(*middle, xerr=x, yerr=y, **style, ms=9, elinewidth=1, zorder=3, label=called)
        told = [*middle[::-1]]
        if name in goals:
            axes.plot(*goals[name].mean(-1), **style, ms=15, mfc="none", zorder=2)
            told += [*goals[name].mean(-1)[::-1]]
        rows.append([called, *(number(value, language) for value in told)])
    finish(axes, language, text("curve.kl", language), text("curve.reward", language))
    legend(axes)
    return _told(figure, language, rows, bool(own), bool(paths))


def _places(world: World, ref_logp, name: str, logp) -> np.ndarray:
    """KL and reward of each run, (2, runs), averaged over prompts."""
    logp = guards.policy(name, logp, tuple(world.reward.shape))
    kl = exact.kl(logp, ref_logp).mean(-1)
    reward = exact.expected_reward(logp, world.reward).mean(-1)
    return np.stack([kl.flatten(), reward.flatten()])


def _path(world: World, ref_logp, logp) -> list[np.ndarray]:
    """KL and reward at each step of (steps, ..., P, V), averaged over prompts and runs."""
    kl, reward = exact.kl(logp, ref_logp), exact.expected_reward(logp, world.reward)
    return [values.flatten(1).mean(1).numpy() for values in (kl, reward)]


def _told(figure, language: str, rows: list, own: bool, paths: bool) -> Picture:
    kinds = ["frontier_line", *["landed"] * bool(rows), *["own"] * own, *["paths"] * paths]
    caption = " ".join(text(f"caption.{kind}", language) for kind in kinds)
    heads = ["", text("curve.reward", language), text("curve.kl", language)]
    if own:
        heads += [text("head.own_reward", language), text("head.own_kl", language)]
    rows = [[*row, *["—"] * (len(heads) - len(row))] for row in rows]
    return captioned(figure, caption, "", *([[heads, *rows]] if rows else []))
