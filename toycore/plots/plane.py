"""What rank 2 means: prompts as points and tokens as arrows in one plane."""

import numpy as np

from toycore.engine import guards
from toycore.errors import Phrase, say
from toycore.language import text
from toycore.plots.style import (
    COLORS,
    MARKERS,
    Picture,
    captioned,
    finish,
    legend,
    panels,
    same_look,
)
from toycore.run import Run


@same_look
def plane(run: Run, seed: int = 0) -> Picture:
    """The plane in which an adapter of rank 2 works, for one seed of an SFT run.

    Prompt x stands at A e_x and token y points along its row of B; points and arrows are scaled so
    that the furthest point is at 0.6 and the longest arrow at 1. The update of a logit is their
    inner product, times α/r: a prompt prefers the token that reaches furthest in its direction.
    Tokens that are taught to no prompt stay grey.
    """
    guards.instance("run", run, Run)
    seed = guards.number("seed", seed, guards.Rule(int, 0))
    world, language = run.world, run.world.language
    points, arrows = _in_the_plane(run, seed)
    targets = world.sft_targets.tolist()
    figure, (axes,) = panels(1, height=5.3)
    for token, arrow in enumerate(arrows):
        taught = token in targets
        color = COLORS[targets.index(token)] if taught else "#888888"
        axes.annotate("", arrow, (0, 0), arrowprops={"arrowstyle": "-|>", "color": color, "lw": 2})
        if taught:
            x, y = arrow * (1 + 0.19 / np.linalg.norm(arrow))
            style = {"ha": "center", "va": "center", "fontsize": 13, "color": color}
            axes.text(x, y, world.tokens[token], **style, zorder=4)
    for prompt, (x, y) in enumerate(points):
        style = {"color": COLORS[prompt], "marker": MARKERS[prompt], "ls": "none"}
        axes.plot(x, y, **style, ms=12, mec="black", label=world.prompts[prompt])
    axes.set(aspect="equal", xlim=(-1.55, 1.55), ylim=(-1.3, 1.3))
    finish(axes, language, *(text("axis.direction", language).format(i) for i in (1, 2)))
    legend(axes)
    furthest = (points @ arrows.T).argmax(1)
    pairs = zip(world.prompts, (world.tokens[i] for i in furthest), strict=True)
    answers = "; ".join(f"{prompt} → {token}" for prompt, token in pairs)
    return captioned(figure, text("caption.plane", language).format(answers))


def _in_the_plane(run: Run, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Prompts (P, 2), the furthest at 0.6, and tokens (V, 2), the longest at 1."""
    if run.config.swept or getattr(run.config, "lora_rank", None) != 2:
        raise ValueError(say("plane"))
    if seed not in run.config.seeds:
        allowed = Phrase("one_of", options=", ".join(map(str, run.config.seeds)))
        raise ValueError(guards.must("seed", allowed, seed))
    index, model = run.config.seeds.index(seed), run.model
    # A model that was swept together with larger ranks has rows of zeros beyond its own two.
    points = model.prompt_embed[index] @ model.head.lora_A[index, :2].mT
    arrows = model.head.lora_B[index, :, :2]
    tables = (table.detach().numpy() for table in (points, arrows))
    points, arrows = (table / np.linalg.norm(table, axis=1).max() for table in tables)
    return 0.6 * points, arrows  # away from the tips of the arrows, where the words are
