"""Climbing a proxy: what the gold reward does meanwhile, and where it turns."""

import numpy as np
import torch

from toycore import exact
from toycore.engine import guards
from toycore.language import number, text, word
from toycore.plots.style import (
    COLORS,
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

TILTS = np.concatenate([[1e-6], np.geomspace(1e-2, 1e3, 240)])  # λ = 1/β, from leash to none


@same_look
def goodhart(world: World, ref_logp, *, highlight: str | None = None, **proxies) -> Picture:
    """The gold reward and its covariance with a proxy, along the exact optima of the proxy.

    The policies are π_λ ∝ π_ref e^(λ proxy); along them dE[gold]/dλ = Cov_λ(gold, proxy), so the
    gold peaks where the covariance is 0 (an exponential family; Gao et al. 2022 call it
    overoptimisation). Left the expected gold, right the covariance, both against √KL.

    world      its reward is the gold
    ref_logp   (..., P, V) log-probabilities of the reference; leading axes are averaged
    proxies    by name, rewards (..., P, V) that are climbed in place of the gold
    highlight  the one name in colour; None: all
    """
    guards.instance("world", world, World)
    ref_logp = guards.policy("ref_logp", ref_logp, tuple(world.reward.shape))
    if not proxies:
        raise ValueError("there must be at least one proxy, by keyword; got none")
    if highlight not in (None, *proxies):
        raise ValueError(f"highlight must be one of {', '.join(proxies)}; got {highlight!r}")
    language, rows = world.language, []
    figure, (left, right) = panels(2)
    right.axhline(0, **EXACT)
    for index, (name, proxy) in enumerate(proxies.items()):
        proxy = guards.table(name, proxy).detach().double()
        shown = highlight in (None, name)
        d, gold, slope = (np.array(one) for one in zip(*_climb(world, ref_logp, proxy), strict=True))
        style = {"color": color(index, shown), "linestyle": STYLES[index % len(STYLES)]}
        style |= {"linewidth": 2.2 if shown else 1.2, "zorder": 2 + shown}
        left.plot(d, gold, **style, label=word("way", name, language))
        right.plot(d, slope, **style)
        peak = int(gold.argmax())
        if shown:
            rows.append([word("way", name, language), *(number(v, language) for v in (gold[peak], d[peak], gold[-1]))])
            left.plot(d[peak], gold[peak], "*", color=style["color"], ms=14, zorder=4)
    finish(left, language, text("axis.distance", language), text("curve.gold", language))
    finish(right, language, text("axis.distance", language), text("curve.covariance", language))
    right.set_xlim(left.get_xlim())
    legend(left)
    heads = ["", *(text(f"head.{kind}", language) for kind in ("peak", "peak_at", "no_leash"))]
    return captioned(figure, text("caption.goodhart", language), "", [heads, *rows])


def _climb(world: World, ref_logp, proxy):
    """√KL, gold and the covariance of gold and proxy at each tilt, averaged."""
    for tilt in TILTS:
        logp = (ref_logp + tilt * proxy).log_softmax(-1)
        gold, mean = (exact.expected_reward(logp, one) for one in (world.reward, proxy))
        both = exact.expected_reward(logp, world.reward * proxy)
        kl = exact.kl(logp, ref_logp).mean().clamp(min=0)
        yield float(kl.sqrt()), float(gold.mean()), float((both - gold * mean).mean())
