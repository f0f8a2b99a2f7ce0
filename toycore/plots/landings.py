"""One frontier for all methods: where their policies have landed, by which way, and where to."""


import numpy as np

from toycore import exact
from toycore.engine import guards
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
    own, paths = dict(own or {}), dict(paths or {})
    cells, language = tuple(world.reward.shape), world.language
    ref_logp = guards.policy("ref_logp", ref_logp, cells)
    if not landed and not paths:
        raise ValueError("there must be at least one policy, by keyword, or a path; got none")
    figure, (axes,) = panels(1, height=4.6)
    line = [exact.optimal_policy(ref_logp, world.reward, beta) for beta in np.geomspace(1e-2, 50, 60)]
    at = [_at(world, ref_logp, one) for one in line]
    axes.plot(*np.mean(at, axis=-1).T, **EXACT, label=text("label.frontier", language))
    for index, (name, tables) in enumerate(paths.items()):
        way = [_at(world, ref_logp, one) for one in guards.policy(name, tables, cells)]
        style = {"color": color(index), "linestyle": STYLES[index % len(STYLES)], "linewidth": 2.2}
        axes.plot(*np.mean(way, axis=-1).T, **style, label=word("way", name, language))
    rows = []
    for index, (name, table) in enumerate(landed.items()):
        style = {"color": color(index), "marker": SHAPES[index % len(SHAPES)], "ls": "none"}
        kl, reward = _at(world, ref_logp, guards.policy(name, table, cells))
        called = word("way", name, language)
        low, high = np.quantile([kl, reward], [0.1, 0.9], axis=-1)
        middle = np.mean([kl, reward], axis=-1)
        bars = {"xerr": [[x] for x in np.abs(np.stack([low, high]) - middle)[:, 0]]}
        bars |= {"yerr": [[y] for y in np.abs(np.stack([low, high]) - middle)[:, 1]]}
        axes.errorbar(*middle, **bars, **style, ms=9, elinewidth=1, zorder=3, label=called)
        row = [called, *(number(value, language) for value in (middle[1], middle[0]))]
        if name in own:
            kl, reward = _at(world, ref_logp, guards.policy(f"own {name}", own[name], cells))
            axes.plot(kl.mean(), reward.mean(), **style, ms=15, mfc="none", zorder=2)
            row += [number(reward.mean(), language), number(kl.mean(), language)]
        rows.append(row)
    finish(axes, language, text("curve.kl", language), text("curve.reward", language))
    legend(axes)
    return _told(figure, language, rows, bool(own), bool(paths))


def _at(world: World, ref_logp, logp) -> tuple[np.ndarray, np.ndarray]:
    """KL and reward of each run, (runs,), averaged over prompts."""
    kl = exact.kl(logp, ref_logp).mean(-1).flatten()
    reward = exact.expected_reward(logp, world.reward).mean(-1).flatten()
    return kl.numpy(), reward.numpy()


def _told(figure, language: str, rows: list, own: bool, paths: bool) -> Picture:
    kinds = ["caption.frontier_line"]
    kinds += ["caption.landed"] * bool(rows) + ["caption.own"] * own + ["caption.paths"] * paths
    heads = ["", text("curve.reward", language), text("curve.kl", language)]
    if own:
        heads += [text("head.own_reward", language), text("head.own_kl", language)]
        rows = [row + ["—"] * (len(heads) - len(row)) for row in rows]
    tables = [[heads, *rows]] if rows else []
    return captioned(figure, " ".join(text(kind, language) for kind in kinds), "", *tables)
