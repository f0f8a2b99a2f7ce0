"""Climbing a proxy: what the gold reward does meanwhile, and where it turns."""

import torch
from torch import Tensor

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

# λ = 1/β, from a short leash to none, beside tables (..., P, V)
TILTS = torch.logspace(-2, 3, 120, dtype=torch.float64)


@same_look
def goodhart(world: World, ref_logp, *, highlight: str | None = None, **proxies) -> Picture:
    """The gold reward and its covariance with a proxy, along the exact optima of the proxy.

    The policies are π_λ ∝ π_ref e^(λ proxy). Along them dE[gold]/dλ = Cov_λ(gold, proxy), so the
    gold peaks where the covariance is 0 (overoptimisation: Gao et al. 2023). Left the expected
    gold, right the covariance, both against √KL.

    world      its reward is the gold
    ref_logp   (..., P, V) log-probabilities of the reference; leading axes are averaged
    proxies    by name, rewards (..., P, V) that are climbed in place of the gold
    highlight  the one name in colour; None: all
    """
    guards.instance("world", world, World)
    ref_logp = guards.policy("ref_logp", ref_logp, tuple(world.reward.shape))
    if not proxies:
        raise ValueError(say("none_given", what=Phrase("by_keyword", example="rank_1")))
    if highlight is not None:
        guards.Choice(tuple(proxies)).check("highlight", highlight)
    language, rows = world.language, []
    figure, (left, right) = panels(2)
    right.axhline(0, **EXACT)
    for index, (name, proxy) in enumerate(proxies.items()):
        shown, called = highlight in (None, name), word("way", name, language)
        proxy = guards.table(name, proxy).detach().double()
        d, gold, covariance = _climb(world, ref_logp, proxy)
        style = {"color": color(index, shown), "linestyle": STYLES[index % len(STYLES)]}
        style |= {"linewidth": 2.2 if shown else 1.2, "zorder": 2 + shown}
        left.plot(d, gold, **style, label=called)
        right.plot(d, covariance, **style)
        if shown:
            peak = int(gold.argmax())
            left.plot(d[peak], gold[peak], "*", color=style["color"], markersize=14, zorder=4)
            told = (number(float(v), language) for v in (gold[peak], d[peak], gold[-1]))
            rows.append([called, *told])
    distance = text("axis.distance", language)
    finish(left, language, distance, text("curve.gold", language))
    finish(right, language, distance, text("curve.covariance", language))
    legend(left)
    heads = ["", *(text(f"head.{kind}", language) for kind in ("peak", "peak_at", "no_leash"))]
    return captioned(figure, text("caption.goodhart", language), "", [heads, *rows])


def _climb(world: World, ref_logp: Tensor, proxy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """√KL, gold and the covariance of gold and proxy at each tilt, averaged."""
    tilts = TILTS.view(-1, *[1] * ref_logp.ndim)
    logp = (ref_logp + tilts * proxy).log_softmax(-1)
    gold, mean, product = (
        exact.expected_reward(logp, worth) for worth in (world.reward, proxy, world.reward * proxy)
    )
    each = (exact.kl(logp, ref_logp), gold, product - gold * mean)
    kl, gold, covariance = (values.flatten(1).mean(1) for values in each)
    return kl.clamp(min=0).sqrt(), gold, covariance
