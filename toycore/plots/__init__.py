"""Figures of the course: the only folder that imports matplotlib, and never pyplot.

    style.py      Picture, panels, fonts, colours, decimal signs
    training.py   curves over training, the reward–KL frontier
    policy.py     policies as heat maps, one prompt's answers as bars
    clipping.py   the clipped surrogate, histograms of the ratio

Every function returns a Picture: a finished image with a text that says what it shows, which
Jupyter, a saved page and a screen reader can use.
"""

from toycore.plots.clipping import ratios, surrogate
from toycore.plots.policy import answers, policies
from toycore.plots.style import Picture
from toycore.plots.training import curves, frontier

__all__ = ["Picture", "answers", "curves", "frontier", "policies", "ratios", "surrogate"]
