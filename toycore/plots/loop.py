"""Learning by reward, drawn: prompt → sample → reward → advantage → update, and round again."""

from matplotlib.patches import FancyBboxPatch

from toycore.engine import guards
from toycore.language import number, signed, text
from toycore.plots.policy import probability
from toycore.plots.style import COLORS, Picture, captioned, panels, same_look
from toycore.world import World

STATIONS = ("prompt", "sample", "reward", "advantage", "update")
WIDTH, FIRST, APART = 1.72, 1.0, 2.05  # a box's width, the first one's middle, middle to middle


@same_look
def loop(world: World, logp, prompt: str | int, token: str | int) -> Picture:
    """One sample's way through a rollout, with its own numbers.

    logp: (..., P, V) log-probabilities of the policy that samples; leading axes are averaged. The
    advantage is the exact one, without a leash: r(x, y) − E[r(x, ·)].
    """
    guards.instance("world", world, World)
    chance = probability(world, "logp", logp)
    row, column = world.prompt(prompt), world.token(token)
    reward = float(world.reward[row, column])
    advantage = reward - float((chance[row] * world.reward[row].numpy()).sum())
    language = world.language
    better = "likelier" if advantage > 0 else "rarer"
    example = {
        "prompt": world.prompts[row],
        "sample": f"{world.tokens[column]}\n({number(chance[row, column], language)})",
        "reward": signed(reward, language),
        "advantage": signed(advantage, language),
        "update": text(f"loop.{better}", language).format(world.tokens[column]),
    }
    figure, (axes,) = panels(1, height=2.3)
    axes.set(xlim=(0, 10.2), ylim=(0, 2.6))
    axes.axis("off")
    for index, station in enumerate(STATIONS):
        _box(axes, FIRST + index * APART, text(f"loop.{station}", language), example[station])
    for index in range(len(STATIONS) - 1):
        _arrow(axes, index, index + 1)
    _back(axes, text("loop.back", language))
    names = (text(f"loop.{station}", language).splitlines()[0] for station in STATIONS)
    told = (
        f"{name}: {' '.join(example[s].split())}" for name, s in zip(names, STATIONS, strict=True)
    )
    return captioned(figure, text("caption.loop", language).format(" → ".join(told)))


def _box(axes, middle: float, title: str, example: str) -> None:
    """A station: its name and formula above, the example below."""
    shape = FancyBboxPatch(
        (middle - WIDTH / 2, 1.05),
        WIDTH,
        1.4,
        boxstyle="round,pad=0.06",
        fc="#EEF4F9",
        ec=COLORS[0],
    )
    axes.add_patch(shape)
    axes.text(middle, 2.12, title, ha="center", va="center", fontsize=12, weight="bold")
    axes.text(middle, 1.4, example, ha="center", va="center", fontsize=12, color=COLORS[4])


def _arrow(axes, start: int, end: int) -> None:
    ends = (FIRST + start * APART + WIDTH / 2, FIRST + end * APART - WIDTH / 2)
    axes.annotate("", (ends[1], 1.75), (ends[0], 1.75), arrowprops={"arrowstyle": "-|>", "lw": 2})


def _back(axes, words: str) -> None:
    """From the update to the next samples, below the boxes."""
    start, end = FIRST + 4 * APART, FIRST + APART
    line = {"arrowstyle": "-|>", "lw": 2, "connectionstyle": "bar,fraction=-0.08"}
    axes.annotate("", (end, 0.95), (start, 0.95), arrowprops=line)
    axes.text((start + end) / 2, 0.12, words, ha="center", va="bottom", fontsize=12)
