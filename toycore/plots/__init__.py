"""Figures of the course: the only folder that imports matplotlib, and never pyplot.

    style.py      Picture, panels, fonts, colours, decimal signs
    optima.py     where the exact optima lie
    kept.py       one figure for all frames of a slider
    training.py   curves over training, the reward–KL frontier
    sweep.py      where training ends, over a setting or two
    plane.py      what an adapter of rank 2 does
    policy.py     policies as heat maps, one prompt's answers as bars
    clipping.py   the clipped surrogate, histograms of the ratio
    loop.py       one sample's way through a rollout
    landings.py   all methods under one frontier
    proxy.py      climbing a proxy
    groups.py     how strongly a group updates a prompt
    length.py     how long answers grow
    update.py     one update under a magnifying glass
    rounding.py   weights on the grid of a few bits
    grids.py      where a grid ends and where its zero lies: two errors, numbers over grids
    handed_in.py  what a class handed in, for toycore.classroom
    world.py      the reward table, the exact frontier, estimates that close in

Every function returns a Picture: a finished image with a text that says what it shows, which
Jupyter, a saved page and a screen reader can use.
"""

from toycore.plots.clipping import ratios, surrogate
from toycore.plots.grids import grids, thresholds
from toycore.plots.groups import group_weights
from toycore.plots.landings import landings
from toycore.plots.length import lengths
from toycore.plots.loop import loop
from toycore.plots.plane import plane
from toycore.plots.policy import answers, policies
from toycore.plots.proxy import goodhart
from toycore.plots.rounding import rounding
from toycore.plots.style import Picture
from toycore.plots.sweep import against, heat_map
from toycore.plots.training import curves, frontier
from toycore.plots.update import update
from toycore.plots.world import closing_in, rewards, tradeoff

__all__ = [
    "Picture",
    "against",
    "answers",
    "closing_in",
    "curves",
    "frontier",
    "goodhart",
    "grids",
    "group_weights",
    "heat_map",
    "landings",
    "lengths",
    "loop",
    "plane",
    "policies",
    "ratios",
    "rewards",
    "rounding",
    "surrogate",
    "thresholds",
    "tradeoff",
    "update",
]
