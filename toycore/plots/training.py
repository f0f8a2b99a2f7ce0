"""Curves over training, and the reward–KL frontier with the points where runs ended."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from toycore.engine import guards
from toycore.engine.guards import Choice
from toycore.errors import Phrase, say
from toycore.language import number, text, word
from toycore.plots.optima import optima
from toycore.plots.style import (
    COLORS,
    EXACT,
    MARKERS,
    STYLES,
    Picture,
    bars,
    captioned,
    color,
    finish,
    hold,
    label,
    legend,
    middle,
    panels,
    same_look,
)
from toycore.run import Run

# Two methods on one frontier: a small mark inside a large one, so that neither hides the other.
ROADS = (
    {"marker": "o", "markersize": 12},
    {"marker": "D", "markersize": 6, "markeredgecolor": "white"},
)

OF_UPDATES = ("policy_loss", "value_loss", "clip_fraction", "approx_kl")


@same_look
def curves(
    run: Run, *names: str, highlight: float | str | None = None, optimum: bool | None = None
) -> Picture:
    """Curves of a run's history, a panel for each name: mean over seeds, band of the middle 80%.

    One line for each value of the one swept setting. highlight: that value in colour, the
    others grey. optimum: whether reward, KL and attained of the exact optimum at each kl_beta (or
    beta) are drawn dashed; None: if PPO's leash is swept, as it is then the goal in any case.
    """
    setting, language = _swept(run), run.world.language
    for name in names:
        Choice(tuple(run.history)).check(Phrase("a_curve"), name)
    highlight = _on_the_grid(run, highlight)
    optimum = setting == "kl_beta" if optimum is None else optimum
    guards.instance("optimum", optimum, bool)
    values = run.config.swept[setting]
    goals = _optima(run, [_leash(run, value) for value in values]) if optimum else {}
    figure, axes_of = panels(len(names))
    for axes, name in zip(axes_of, names, strict=True):
        low, mean, high = _over_seeds(run, name)
        steps = run.history.step.values
        # What is hidden still counts for the axis limits: the axes stay put as a slider moves.
        best = goals.get(name, np.empty(0))
        hold(axes, np.concatenate([low.ravel(), high.ravel(), best]))
        for index, value in enumerate(values):
            shown = highlight in (None, value)
            if shown:
                band = {"color": color(index), "alpha": 0.18, "lw": 0}
                axes.fill_between(steps, low[index], high[index], **band)
            axes.plot(
                steps,
                mean[index],
                color=color(index, shown),
                linestyle=STYLES[index % len(STYLES)],
                linewidth=2.2 if shown else 1.2,
                label=label(value, language),
                zorder=2 + shown,
            )
            if shown and len(best):
                axes.axhline(best[index], **EXACT)
        finish(axes, language, _time_axis(run), text(f"curve.{name}", language))
    legend(axes_of[-1], title=word("setting", setting, language))
    note = _note(figure, run, *names)
    caption = " ".join(_marks(run, names, highlight, optimum))
    return captioned(figure, caption, note, _numbers(run, names, highlight))


@same_look
def frontier(*runs: Run, highlight: float | None = None) -> Picture:
    """Reward against KL: the exact frontier, and where each leash of the runs ended.

    Each run sweeps kl_beta (PPO) or beta (DPO), or something else on a fixed leash, from the same
    start. No policy lies above the dashed line: it is the best reward at each KL. Hollow squares:
    the exact optimum of each leash. Filled marks: where training ended, mean and middle 80%; a
    shape for each run.
    """
    if not 1 <= len(runs) <= len(ROADS):
        raise ValueError(say("frontier", most=len(ROADS), got=len(runs)))
    for run in runs:
        highlight = _on_the_grid(run, highlight)
    first = runs[0]
    language = first.world.language
    figure, (axes,) = panels(1, height=3.6)  # with its caption it fits a slide
    line = _optima(first, np.geomspace(1e-2, 50, 60))
    axes.plot(line["kl"], line["reward"], **EXACT, label=text("label.frontier", language))
    for road, run in enumerate(runs):
        setting = _swept(run)
        values = run.config.swept[setting]
        best = _optima(run, [_leash(run, value) for value in values])
        axes.plot(best["kl"], best["reward"], "s", mfc="none", mec="black", ms=13, zorder=2)
        ends = [np.stack(_over_seeds(run, name))[..., -1] for name in ("kl", "reward")]
        for index, value in enumerate(values):
            shown = highlight in (None, value)
            style: dict[str, Any] = {"color": color(index, shown), "zorder": 3 + shown}
            x, y = (end[:, index] for end in ends)
            bars(axes, x, y, **style)
            style |= ROADS[road] if len(runs) > 1 else {"marker": MARKERS[index % len(MARKERS)]}
            style |= {"label": label(value, language)} if road == 0 else {}
            axes.plot(x[1], y[1], linestyle="none", **{"markersize": 8} | style)
    if len(runs) > 1:
        for run, style in zip(runs, ROADS, strict=True):
            axes.plot([], [], linestyle="none", color="black", label=_method(run), **style)
    finish(axes, language, text("curve.kl", language), text("curve.reward", language))
    legend(axes, title=word("setting", _swept(first), language))
    tables = [_numbers(run, ("reward", "kl"), highlight) for run in runs]
    if len(runs) > 1:
        for run, (head, *_) in zip(runs, tables, strict=True):
            head[0] = f"{_method(run)}, {head[0]}"
    return captioned(figure, text("caption.frontier", language), "", *tables)


def _method(run: Run) -> str:
    """PPO or DPO: how the run was trained."""
    return "PPO" if hasattr(run.config, "rollouts") else "DPO"


def _over_seeds(run: Run, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The curves of the one swept setting: low, mean and high, (values, steps) each.

    Low and high are the ends of the middle 80%. Where one seed has diverged, all three are NaN.
    """
    return middle(_each(run, name), 1)


def _each(run: Run, name: str) -> np.ndarray:
    """A curve of every run: (values, seeds, steps)."""
    return run.history[name].transpose(_swept(run), "seed", "step").values


def _leash(run: Run, value):
    """The kl_beta (or beta) of a swept value: itself, or that of the whole run."""
    leash = "kl_beta" if hasattr(run.config, "kl_beta") else "beta"
    return value if _swept(run) == leash else getattr(run.config, leash)


def _optima(run: Run, leashes) -> dict[str, np.ndarray]:
    """Reward, KL and attained of π* at each leash, averaged over prompts and seeds."""
    alike = dict.fromkeys(run.config.swept, 0)  # one reference per seed, whatever is swept
    ref_logp = torch.as_tensor(run.ref_logp.isel(alike).values)
    kl, reward = optima(run.world.reward, ref_logp, leashes).mean(-1)
    return {"reward": reward, "kl": kl, "attained": np.ones_like(kl)}


def _note(figure, run: Run, *names: str) -> str:
    """Above the figure, and returned for its text: which values diverged, and when."""
    setting, language = _swept(run), run.world.language
    named, told = word("setting", setting, language), []
    finite = np.isfinite([_each(run, name) for name in names]).all((0, 2))  # (values, steps)
    for value, held in zip(run.config.swept[setting], finite, strict=True):
        if not held.all():
            key = f"note.left_finite_{_unit(run)}"
            told.append(text(key, language).format(named, label(value, language), held.argmin()))
    if told:
        figure.suptitle("\n".join(told), fontsize=13, color=COLORS[1])
    return " ".join(f"{one}." for one in told)


def _unit(run: Run) -> str:
    return "rollout" if hasattr(run.config, "rollouts") else "step"


def _time_axis(run: Run) -> str:
    return text(f"axis.{_unit(run)}", run.world.language)


def _swept(run: Run) -> str:
    guards.instance("run", run, Run)
    if len(run.config.swept) != 1:
        raise ValueError(say("one_swept", names=", ".join(run.config.swept) or Phrase("nothing")))
    return next(iter(run.config.swept))


def _on_the_grid(run: Run, highlight: float | str | None) -> float | str | None:
    """The value as it was swept, or None; ValueError for any other: no line would stand out."""
    setting = _swept(run)
    if highlight is None:
        return None
    plain = highlight if isinstance(highlight, str) else guards.number("highlight", highlight)
    if plain not in (values := run.config.swept[setting]):
        allowed = Phrase("value_of", setting=setting, values=values)
        raise ValueError(guards.must("highlight", allowed, repr(highlight)))
    return plain


def _marks(run: Run, names: tuple[str, ...], highlight, optimum: bool) -> Iterator[str]:
    """What the lines are, and from which moment the numbers in the table: sentence by sentence.

    The same number of lines for every highlight, so that a slider's pictures are of one size.
    """
    language, seeds = run.world.language, len(run.config.seeds)
    yield text("caption.curves" if seeds > 1 else "caption.curve", language).format(seeds)
    if optimum and {"reward", "kl", "attained"}.intersection(names):
        yield text("caption.optimum", language)
    if highlight is not None:
        yield text("caption.others", language)
    of_updates = [text(f"curve.{name}", language) for name in names if name in OF_UPDATES]
    when = "over_updates" if len(of_updates) == len(names) else "at_the_end_and_over_updates"
    key = f"caption.{when if of_updates else 'at_the_end'}"
    yield text(key, language).format(", ".join(of_updates))


def _numbers(run: Run, names: tuple[str, ...], highlight: float | str | None) -> list[list[str]]:
    """What each curve comes to: a column for each value of the setting, a row for each curve."""
    setting, language = _swept(run), run.world.language
    values = run.config.swept[setting]
    shown = [index for index, value in enumerate(values) if highlight in (None, value)]
    table = [[word("setting", setting, language), *(label(values[i], language) for i in shown)]]
    for name in names:
        _, mean, _ = _over_seeds(run, name)
        told = (_coming_to(mean[index], name, language) for index in shown)
        table.append([text(f"curve.{name}", language), *told])
    return table


def _coming_to(curve, name: str, language: str) -> str:
    """A curve's last value; for what updates do, the mean over all updates."""
    return number(float(curve[1:].mean() if name in OF_UPDATES else curve[-1]), language)
