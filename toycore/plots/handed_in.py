"""What a class handed in: exercises across, learners down, a colour and a sign in each cell."""

from collections.abc import Sequence

from matplotlib.colors import ListedColormap

from toycore.language import text
from toycore.plots.style import (
    COLORS,
    FADED,
    Picture,
    captioned,
    panels,
    same_look,
    write_cells,
)

SIGNS = {"passed": "✓", "tried": "✗", "unwritten": "–"}
SHADES = ListedColormap([COLORS[0], COLORS[1], FADED])
ROW, TOP = 0.3, 0.5  # inches: a learner, the names of the exercises
LONG = 30  # letters of a learner's name
Work = tuple[str, int]  # how an exercise ended: one of SIGNS; after how many tries


def signed(state: str, tries: int) -> str:
    """✓ 3: passed, after three tries."""
    return f"{SIGNS[state]} {tries}" if tries else SIGNS[state]


@same_look
def handed_in(
    learners: Sequence[str],
    exercises: Sequence[str],
    work: Sequence[Sequence[Work]],
    language: str,
) -> Picture:
    """A row for each learner, a column for each exercise; work: (learners, exercises)."""
    figure, (axes,) = panels(1, ROW * len(learners) + TOP)
    states = [[[*SIGNS].index(state) for state, _ in row] for row in work]
    image = axes.imshow(states, cmap=SHADES, vmin=0, vmax=len(SIGNS) - 1, aspect="auto")
    write_cells(axes, image, [[signed(*one) for one in row] for row in work], 12)
    names = [name if len(name) <= LONG else f"{name[: LONG - 1]}…" for name in learners]
    # A name may hold dollars, which would begin a formula.
    axes.set_yticks(range(len(names)), names, fontsize=12, parse_math=False)
    axes.set_xticks(range(len(exercises)), exercises, fontsize=12)
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_xticks([at - 0.5 for at in range(1, len(exercises))], minor=True)
    axes.set_yticks([at - 0.5 for at in range(1, len(names))], minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="minor", length=0)
    told = text("class.states", language)
    columns = [[state for state, _ in column] for column in zip(*work, strict=True)]
    sums = [
        told.format(name, *map(column.count, SIGNS))
        for name, column in zip(exercises, columns, strict=True)
    ]
    return captioned(figure, text("class.signs", language), " ".join(sums))
