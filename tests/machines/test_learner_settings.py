"""Whatever a learner has switched on before, the course works and looks the same."""

import matplotlib
import matplotlib.style
import numpy as np
import pytest
from matplotlib import rcParams

import toycore as tc

# --- Matplotlib -----------------------------------------------------------------------------------

ODD = dict(matplotlib.style.library["dark_background"]) | {
    "text.usetex": True,
    "font.size": 30,
    "font.family": ["monospace"],
    "axes.titlesize": 30,
    "figure.constrained_layout.use": True,
    "figure.dpi": 50,
    "figure.figsize": (2, 2),
    "axes.prop_cycle": matplotlib.cycler(color="rgb"),
    "axes.grid": True,
    "axes.xmargin": 0.4,
    "lines.linewidth": 9,
    "path.sketch": (1, 100, 2),
    "hatch.linewidth": 4,
    "savefig.dpi": 50,
    "savefig.bbox": "tight",
    "svg.fonttype": "none",
    "text.antialiased": False,
    "path.snap": False,
    "axes.formatter.limits": (0, 0),
}


@pytest.fixture(scope="module")
def pictures(world) -> dict:
    """Each figure of the package, by the name of its function: what makes it anew."""
    ppo = tc.train_ppo(world, tc.PPOConfig(kl_beta=[0.1, 0.5], rollouts=3, seeds=2))
    sft = tc.train_sft(world, tc.SFTConfig(lora_rank=2, steps=3))
    logp, ref_logp = ppo.logp.sel(kl_beta=0.1), ppo.ref_logp.sel(kl_beta=0.1)
    ratio, row = np.linspace(0.5, 1.5, 40), np.linspace(-1, 1, 30)[None]
    counts, tries = [10, 100], np.array([[0.1, 0.2], [0.3, 0.25]])
    at_end = ppo.history.reward.isel(step=-1)
    drawn = {
        "against": lambda: tc.plots.against(world, "reward", ppo=at_end),
        "answers": lambda: tc.plots.answers(world, 0, before=ref_logp, after=logp),
        "closing_in": lambda: tc.plots.closing_in(world, counts, {"kl": tries}, {"kl": 0.2}),
        "curves": lambda: tc.plots.curves(ppo, "reward", "kl"),
        "frontier": lambda: tc.plots.frontier(ppo),
        "plane": lambda: tc.plots.plane(sft),
        "policies": lambda: tc.plots.policies(world, before=ref_logp, after=logp),
        "ratios": lambda: tc.plots.ratios(world, 0.2, {1: ratio, 4: ratio}),
        "rewards": lambda: tc.plots.rewards(world),
        "rounding": lambda: tc.plots.rounding(world, row, 4),
        "surrogate": lambda: tc.plots.surrogate(world, 0.2),
        "tradeoff": lambda: tc.plots.tradeoff(world, ref_logp, [0.1, 0.5]),
    }
    assert {*drawn, "Picture"} == set(tc.plots.__all__)
    return drawn


@pytest.mark.parametrize("name", sorted(set(tc.plots.__all__) - {"Picture"}))
def test_a_figure_is_the_same_to_the_byte_whatever_matplotlib_is_set_to(name, pictures):
    due = pictures[name]().png
    with matplotlib.rc_context(ODD):
        before = dict(dict.items(rcParams))
        assert pictures[name]().png == due
        assert dict(dict.items(rcParams)) == before


def test_so_is_one_that_was_made_before_the_settings_and_is_drawn_after_them(pictures):
    due, made = pictures["surrogate"]().png, pictures["surrogate"]()
    with matplotlib.rc_context(ODD):
        assert made.png == due


def test_a_list_of_fonts_changed_in_place_changes_no_figure(pictures):
    due, fonts = pictures["surrogate"]().png, rcParams["font.sans-serif"]
    fonts.insert(0, "DejaVu Serif")
    try:
        assert pictures["surrogate"]().png == due
    finally:
        fonts.remove("DejaVu Serif")
