"""The world in pictures, all exact: rewards, the frontier, and estimates that close in on it."""

from collections.abc import Mapping

import numpy as np

from toycore.engine import guards
from toycore.errors import say
from toycore.language import number, text
from toycore.plots.optima import optima
from toycore.plots.style import (
    COLORS,
    EXACT,
    MARKERS,
    SLANTED,
    Picture,
    captioned,
    color,
    decimals,
    finish,
    label,
    legend,
    panels,
    same_look,
    write_cells,
)
from toycore.world import World


@same_look
def rewards(world: World) -> Picture:
    """The reward table as a heat map: brown costs, purple earns, white is worth nothing."""
    guards.instance("world", world, World)
    language, table = world.language, world.reward.numpy()
    figure, (axes,) = panels(1, height=4.0)
    limit = max(abs(table).max(), 1e-9)
    image = axes.imshow(table, cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
    write_cells(axes, image, [[number(value, language) for value in row] for row in table], 12)
    axes.set_xticks(range(len(world.tokens)), world.tokens, fontsize=12, **SLANTED)
    axes.set_yticks(range(len(world.prompts)), world.prompts, fontsize=12)
    bar = figure.colorbar(image, ax=axes)
    bar.set_label(text("axis.reward", language), fontsize=13)
    decimals(bar.ax.yaxis, language)
    best = (
        f"{prompt}: {', '.join(world.tokens[i] for i in np.flatnonzero(row == row.max()))}"
        for prompt, row in zip(world.prompts, table, strict=True)
    )
    more = text("alt.rewards", language).format("; ".join(best))
    return captioned(figure, text("caption.rewards", language), more)


@same_look
def tradeoff(world: World, ref_logp, kl_betas) -> Picture:
    """Reward against KL of the exact optimum, over kl_beta: the frontier, without any training.

    ref_logp: (..., P, V) log-probabilities of the reference; leading axes are averaged.
    """
    guards.instance("world", world, World)
    ref_logp = guards.policy("ref_logp", ref_logp, tuple(world.reward.shape))
    given = guards.table("kl_betas", kl_betas).flatten().tolist()
    leashes = [guards.NOT_NEGATIVE.check("kl_betas", leash) for leash in given]
    if not leashes:
        raise ValueError(say("empty", name="kl_betas", rule=guards.NOT_NEGATIVE))
    language = world.language
    line, places = (
        optima(world.reward, ref_logp, one).mean(-1)
        for one in (np.geomspace(1e-2, 50, 60), leashes)
    )
    figure, (axes,) = panels(1, height=4.2)
    axes.plot(*line, **EXACT, label=text("label.frontier", language))
    marks = dict(zip((label(leash, language) for leash in leashes), places.T, strict=True))
    for index, (value, (kl, reward)) in enumerate(marks.items()):
        shape = MARKERS[index % len(MARKERS)]
        axes.plot(kl, reward, shape, color=color(index), markersize=9, ls="none", label=value)
    finish(axes, language, text("curve.kl", language), text("curve.reward", language))
    legend(axes, title="kl_beta")
    rows = (
        (text(f"curve.{name}", language), *(number(at[place], language) for at in marks.values()))
        for name, place in (("reward", 1), ("kl", 0))
    )
    table = [("kl_beta", *marks), *rows]
    return captioned(figure, text("caption.tradeoff", language), "", table)


@same_look
def closing_in(world: World, counts, estimates: dict, exact_values: dict) -> Picture:
    """Estimates from samples against the exact values, over the number of samples.

    counts        n numbers of samples
    estimates     curve name (reward, entropy, kl) → (repeats, n), each row a fresh try
    exact_values  curve name → the number that they estimate
    """
    guards.instance("world", world, World)
    guards.instance("estimates", estimates, Mapping)
    guards.instance("exact_values", exact_values, Mapping)
    counts = guards.table("counts", counts).detach().double().numpy()
    if missing := sorted(set(estimates) - set(exact_values)):
        raise ValueError(say("lacks", names=", ".join(missing)))
    language, rows = world.language, []
    figure, axes_of = panels(len(estimates))
    for axes, (name, tries) in zip(axes_of, estimates.items(), strict=True):
        tries = guards.table(name, tries).detach().double().numpy()
        if tries.ndim != 2 or tries.shape[1:] != counts.shape or not len(tries):
            due = f"(N, {counts.size})"
            raise ValueError(say("shape", name=name, shape=due, got=tries.shape))
        true_value = float(guards.number(f"exact_values[{name!r}]", exact_values[name]))
        low, middle, high = np.quantile(tries, [0.1, 0.5, 0.9], axis=0)
        axes.set_xscale("log")
        axes.axhline(true_value, **EXACT, label=text("label.exact", language))
        axes.fill_between(counts, low, high, color=COLORS[0], alpha=0.2, lw=0)
        axes.plot(counts, middle, color=COLORS[0], lw=2.2, label=text("label.estimate", language))
        one = text("label.one", language)
        axes.plot(counts, tries[0], color=COLORS[1], ls=(0, (3, 1)), label=one)
        title, x = text(f"curve.{name}", language), text("axis.samples", language)
        finish(axes, language, x, title=title)
        ends = ((number(low[i], language), number(high[i], language)) for i in (0, -1))
        rows.append((title, number(true_value, language), *(" … ".join(end) for end in ends)))
    legend(axes_of[-1])
    heads = (text("head.samples", language).format(number(counts[i], language)) for i in (0, -1))
    table = [("", text("label.exact", language), *heads), *rows]
    return captioned(figure, text("caption.closing_in", language), "", table)
