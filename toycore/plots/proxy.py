"""Climbing a proxy: what the gold reward does meanwhile, and where it turns."""

from typing import Any

import torch
from torch import Tensor

from toycore import exact
from toycore.engine import guards
from toycore.errors import Phrase, say
from toycore.language import number, text, word
from toycore.plots.kept import once
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

# λ = 1/β times the range of the proxy, from a short leash to none
TILTS = torch.cat([torch.zeros(1).double(), torch.logspace(-2, 4, 120, dtype=torch.float64)])
Climbed = tuple[Tensor, Tensor, Tensor]  # √KL, gold, covariance


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
    climbed = {name: _tables(world, ref_logp, name, proxy) for name, proxy in proxies.items()}
    language, rows = world.language, []
    figure, (left, right) = panels(2)
    right.axhline(0, **EXACT)
    for index, (name, tables) in enumerate(climbed.items()):
        shown, called = highlight in (None, name), word("way", name, language)
        tilts = TILTS / (float(-tables[1].min()) or 1.0)
        line = once(_climb, world.reward, *tables, tilts)
        style: dict[str, Any] = {"color": color(index, shown), "zorder": 2 + shown}
        dashes = {"linestyle": STYLES[index % len(STYLES)], "linewidth": 2.2 if shown else 1.2}
        for axes, which in ((left, 1), (right, 2)):
            axes.plot(line[0], line[which], **style, **dashes, label=called)
        if shown:
            peak = _peak(world.reward, *tables, tilts, int(line[1].argmax()))
            star = {"marker": "*", "markersize": 14, "markeredgecolor": "white", "zorder": 4}
            for axes, which in ((left, 1), (right, 2)):
                axes.plot(peak[0], peak[which], **style | star)
            told = (float(value) for value in (peak[1], peak[0], line[1][-1]))
            rows.append([called, *(number(value, language) for value in told)])
    for axes, kind in ((left, "gold"), (right, "covariance")):
        axes.update_datalim([(0.01, 0)], updatey=False)  # where the policy does not move at all
        finish(axes, language, text("axis.distance", language), text(f"curve.{kind}", language))
    legend(left)
    heads = ["", *(text(f"head.{kind}", language) for kind in ("peak", "peak_at", "no_leash"))]
    kinds = ("goodhart", *["others"] * (highlight is not None))
    caption = " ".join(text(f"caption.{kind}", language) for kind in kinds)
    return captioned(figure, caption, "", [heads, *rows])


def _tables(world: World, ref_logp: Tensor, name: str, proxy) -> tuple[Tensor, Tensor]:
    """Reference and proxy, of one shape; the proxy from its best reward downwards.

    A constant added at a prompt changes no policy and no covariance.
    """
    proxy, cells = guards.table(name, proxy).detach().double(), tuple(world.reward.shape)
    if proxy.shape[-2:] != cells or not proxy.numel():
        due = f"(..., {cells[0]}, {cells[1]})"
        raise ValueError(say("shape", name=name, shape=due, got=tuple(proxy.shape)))
    if not proxy.isfinite().all():
        raise ValueError(say("not_finite", name=name))
    shapes = {"ref_logp": ref_logp.shape, name: proxy.shape}
    guards.fit(2, Phrase("prompts_tokens"), **shapes)
    ref_logp, proxy = torch.broadcast_tensors(ref_logp, proxy)
    return ref_logp, proxy - proxy.amax(-1, keepdim=True)


def _peak(gold: Tensor, ref_logp: Tensor, proxy: Tensor, tilts: Tensor, at: int) -> Climbed:
    """Where the gold is highest, around the tilt `at`: the covariance turns from + to − there."""
    low, high = tilts[max(at - 1, 0)], tilts[min(at + 1, len(tilts) - 1)]
    for _ in range(25):
        middle = (low + high) / 2
        peak = _climb(gold, ref_logp, proxy, middle[None])
        low, high = (middle, high) if peak[2] > 0 else (low, middle)
    return peak


def _climb(gold: Tensor, ref_logp: Tensor, proxy: Tensor, tilts: Tensor) -> Climbed:
    """√KL, gold and the covariance of gold and proxy at each tilt λ, averaged."""
    logp = (ref_logp + tilts.view(-1, *[1] * ref_logp.ndim) * proxy).log_softmax(-1)
    reward, mean, product = (
        exact.expected_reward(logp, worth) for worth in (gold, proxy, gold * proxy)
    )
    each = (exact.kl(logp, ref_logp), reward, product - reward * mean)
    kl, reward, covariance = (values.flatten(1).mean(1) for values in each)
    return kl.clamp(min=0).sqrt(), reward, covariance
