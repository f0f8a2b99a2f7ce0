"""Curves over training, and the reward–KL frontier with the points where runs have landed."""

import numpy as np

from toycore import exact
from toycore.language import number, text
from toycore.plots.style import EXACT, MARKERS, STYLES, Picture, color, finish, legend, panels
from toycore.run import Run


def curves(run: Run, *names: str, highlight: float | None = None) -> Picture:
    """Curves of a run's history, a panel for each name: mean over seeds, band of the middle 80 %.

    One line for each value of the one swept setting. highlight: that value in colour, the
    others grey. Where the leash is swept, the exact optimum of reward and KL is dashed.
    """
    setting, language = _swept(run), run.world.language
    figure, axes_of = panels(len(names))
    for axes, name in zip(axes_of, names, strict=True):
        for place, value in enumerate(run.config.swept[setting]):
            shown = highlight in (None, value)
            curve = run.history[name].sel({setting: value})
            low, high = curve.quantile([0.1, 0.9], "seed", skipna=False)  # many times faster so
            # A hidden band still counts for the axis limits: the axes stay put as a slider moves.
            alpha = 0.18 if shown else 0
            axes.fill_between(curve.step, low, high, color=color(place), alpha=alpha, lw=0)
            axes.plot(
                curve.step,
                curve.mean("seed"),
                color=color(place, shown),
                linestyle=STYLES[place % len(STYLES)],
                linewidth=2.2 if shown else 1.2,
                label=number(value, language),
                zorder=2 + shown,
            )
            if shown and setting == "kl_beta" and name in ("reward", "kl"):
                axes.axhline(optimum(run, value)[name], **EXACT)
        finish(axes, language, _time_axis(run), text(f"curve.{name}", language))
    legend(axes_of[-1], title=setting)
    return Picture(figure, _in_words(run, names, highlight))


def frontier(run: Run, *, highlight: float | None = None) -> Picture:
    """Reward against KL: the exact frontier, and where each kl_beta of the run has landed.

    No policy lies above the dashed line: it is the best reward at each KL. Hollow squares: the
    exact optimum of each kl_beta. Filled marks: where training ended, mean and middle 80 %.
    """
    language = run.world.language
    figure, (axes,) = panels(1, height=4.4)
    line = [optimum(run, kl_beta) for kl_beta in np.geomspace(1e-2, 50, 60)]
    axes.plot(
        [at["kl"] for at in line],
        [at["reward"] for at in line],
        **EXACT,
        label=text("label.frontier", language),
    )
    last = run.history[["kl", "reward"]].isel(step=-1)
    for place, value in enumerate(run.config.swept["kl_beta"]):
        shown, end, goal = highlight in (None, value), last.sel(kl_beta=value), optimum(run, value)
        mean = end.mean("seed")
        low, high = mean - end.quantile(0.1, "seed"), end.quantile(0.9, "seed") - mean
        axes.plot(goal["kl"], goal["reward"], "s", mfc="none", mec="black", markersize=13, zorder=2)
        axes.errorbar(
            mean.kl,
            mean.reward,
            xerr=np.maximum([[low.kl], [high.kl]], 0),
            yerr=np.maximum([[low.reward], [high.reward]], 0),
            color=color(place, shown),
            marker=MARKERS[place % len(MARKERS)],
            markersize=8,
            linestyle="none",
            capsize=3,
            zorder=3 + shown,
            label=number(value, language),
        )
    finish(axes, language, text("curve.kl", language), text("curve.reward", language))
    legend(axes, title="kl_beta")
    return Picture(figure, _in_words(run, ("reward", "kl"), highlight))


def optimum(run: Run, kl_beta: float) -> dict[str, float]:
    """Reward and KL of the exact optimum at a kl_beta, averaged over prompts and seeds."""
    alike = dict.fromkeys(run.config.swept, 0)  # one reference a seed, whatever is swept
    ref_logp = run.ref_logp.isel(alike)
    best = exact.optimal_policy(ref_logp, run.world.reward, kl_beta)
    return {
        "reward": float(exact.expected_reward(best, run.world.reward).mean()),
        "kl": float(exact.kl(best, ref_logp).mean()),
    }


def _time_axis(run: Run) -> str:
    unit = "rollout" if hasattr(run.config, "rollouts") else "step"
    return text(f"axis.{unit}", run.world.language)


def _swept(run: Run) -> str:
    if len(run.config.swept) != 1:
        names = ", ".join(run.config.swept) or "none"
        raise ValueError(f"the figure needs a run with one swept setting; this one sweeps: {names}")
    return next(iter(run.config.swept))


def _in_words(run: Run, names: tuple[str, ...], highlight: float | None) -> str:
    """The last value of each curve, as a sentence: what a reader who sees no figure gets."""
    setting, language = _swept(run), run.world.language
    last = run.history.isel(step=-1).mean("seed")
    values = run.config.swept[setting] if highlight is None else (highlight,)
    parts = []
    for value in values:
        point = last.sel({setting: value})
        ends = (
            f"{text(f'curve.{name}', language)} {number(float(point[name]), language)}"
            for name in names
        )
        parts.append(f"{setting} = {number(value, language)}: {', '.join(ends)}")
    return text("alt.ends", language).format("; ".join(parts))
