"""Policies as pictures: heat maps of the whole table, bars for the answers to one prompt."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toycore.engine import guards
from toycore.errors import Phrase, say
from toycore.language import number, text
from toycore.plots.style import (
    SLANTED,
    Picture,
    captioned,
    color,
    finish,
    largest,
    legend,
    panels,
    same_look,
    write_cells,
)
from toycore.world import World


@same_look
def policies(world: World, **tables) -> Picture:
    """Heat maps side by side, one for each keyword (before, after, optimal): P(token | prompt).

    Each cell shows its probability, rounded to a whole per cent.
    Each table: (..., P, V) log-probabilities; leading axes, such as seeds, are averaged.
    """
    chances = _by_name(world, tables)
    language = world.language
    figure, axes_of = _heat_maps(len(chances))
    for axes, (name, table) in zip(axes_of, chances.items(), strict=True):
        image = axes.imshow(table, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        cells = [[_per_cent(chance) for chance in row] for row in table]
        # "100" is as wide as the cell of a third table
        write_cells(axes, image, cells, size=min(12, 26 / len(chances)))
        axes.set_title(text(f"policy.{name}", language), fontsize=14)
        axes.set_xticks(range(len(world.tokens)), world.tokens, rotation=90, fontsize=12)
        axes.set_yticks([])
    axes_of[0].set_yticks(range(len(world.prompts)), world.prompts, fontsize=12)
    likeliest = (_likeliest(world, name, table) for name, table in chances.items())
    more = text("alt.policies", language).format("; ".join(likeliest))
    return captioned(figure, text("caption.policies", language), more)


def _heat_maps(count: int) -> tuple[Figure, list[Axes]]:
    """Panels whose positions do not depend on their contents.

    The words around them are always the same, so no layout has to be computed: that would take a
    third of the time of a picture, and an editor draws dozens.
    """
    figure, axes_of = panels(count, 4.1, layout="none")
    figure.subplots_adjust(left=0.17, right=0.99, bottom=0.29, top=0.92, wspace=0.05)
    return figure, axes_of


@same_look
def answers(world: World, prompt: str | int, **tables) -> Picture:
    """Bars: how likely each token is at one prompt, for each policy given by keyword."""
    chances = _by_name(world, tables)
    row, language = world.prompt(prompt), world.language
    figure, (axes,) = panels(1)
    width, middles = 0.8 / len(chances), np.arange(len(world.tokens))
    for index, (name, table) in enumerate(chances.items()):
        bars = axes.bar(
            middles + (index + 0.5) * width - 0.4,
            table[row],
            width,
            color=color(index),
            hatch=("", "//", "..", "xx")[index % 4],
            edgecolor="white",
            label=text(f"policy.{name}", language),
        )
        axes.bar_label(bars, [_per_cent(chance) for chance in table[row]], fontsize=12)
    axes.set_ylim(0, 1.08)  # room for the number above a bar of 1
    finish(axes, language, y=text("axis.probability", language), title=world.prompts[row])
    axes.set_xticks(middles, world.tokens, fontsize=12, **SLANTED)
    legend(axes)
    tops = (
        f"{world.tokens[largest(table[row])]} ({number(table[row].max(), language)})"
        for table in chances.values()
    )
    names = (text(f"policy.{name}", language) for name in chances)
    table = [("", *names), (text("row.likeliest", language), *tops)]
    caption = text("caption.answers", language).format(world.prompts[row])
    return captioned(figure, caption, "", table)


def _by_name(world: World, tables: dict) -> dict[str, np.ndarray]:
    """The mean probabilities of each table, (P, V); an error before anything is drawn."""
    guards.instance("world", world, World)
    if not tables:
        raise ValueError(say("none_given", what=Phrase("by_keyword", example="before")))
    for name in tables:
        text(f"policy.{name}", world.language)  # a ValueError names the known ones
    return {name: probability(world, name, table) for name, table in tables.items()}


def probability(world: World, name: str, table) -> np.ndarray:
    """Mean probabilities (P, V) of log-probabilities (..., P, V)."""
    cells = (len(world.prompts), len(world.tokens))
    logp = guards.policy(name, table, cells).numpy()
    return np.exp(logp).reshape(-1, *cells).mean(0)


def _per_cent(chance: float) -> str:
    return f"{chance:.0%}".removesuffix("%")


def _likeliest(world: World, name: str, chances: np.ndarray) -> str:
    """A policy in words: the likeliest token of each prompt, and how likely it is."""
    best = (
        f"{prompt} → {world.tokens[largest(row)]} ({number(row.max(), world.language)})"
        for prompt, row in zip(world.prompts, chances, strict=True)
    )
    return f"{text(f'policy.{name}', world.language)}: {', '.join(best)}"
