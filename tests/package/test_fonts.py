"""Every sign of the course is in the font that matplotlib itself brings: no empty boxes."""

import ast
import functools
import inspect
import warnings
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import FontProperties, findfont, get_font

import toycore as tc
from course import NOTEBOOKS
from toycore import glossary, language, plots
from toycore.language import LANGUAGES

SIGNS = "çğıİöşüÇĞIÖŞÜâîûÂÎÛ" + "πβθΔρεσα≥≤−½√×·²ŵÂ→≈—…✓✗"
FONT = "DejaVu Sans"
PLOTS = sorted(Path(plots.__file__).parent.glob("*.py"))


def strings(source: str) -> set[str]:
    """Every string of a file's code, the docstrings too."""
    nodes = ast.walk(ast.parse(source))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def test_without_any_other_font_matplotlib_takes_its_own():
    found = Path(findfont(FontProperties(family=[FONT]), fallback_to_default=False))
    assert found.is_relative_to(matplotlib.get_data_path())


@pytest.mark.parametrize("source", [language, glossary, *PLOTS], ids=lambda s: str(s)[-30:])
def test_the_font_has_every_sign_of_the_texts(source):
    has = set(get_font(findfont(FONT)).get_charmap())
    text = source.read_text("utf-8") if isinstance(source, Path) else inspect.getsource(source)
    used = set("".join(strings(text))) | set(SIGNS)
    used |= {sign for letter in used for sign in (letter.upper(), letter.lower()) if len(sign) == 1}
    assert {sign for sign in used if sign.isprintable() and ord(sign) not in has} == set()


@pytest.fixture(scope="module")
def examples(start):
    """One picture of each function of `plots`, by its name: made in a language."""
    ppo = tc.train_ppo(tc.World(), tc.PPOConfig(kl_beta=[0.1, 0.5], rollouts=3, seeds=8), start)
    sft = tc.train_sft(tc.World(), tc.SFTConfig(lora_rank=2, steps=30, seeds=2))
    logp, counts = start.logp, [10, 100]
    rng = np.random.default_rng(0)
    names = ["SFT", "best-of-4", "PPO", "DPO", "RLOO", "GRPO", "Dr. GRPO"]
    tables, way, scores = dict.fromkeys(names, logp), logp.values[None], rng.normal(size=(4, 6, 11))
    grown = tc.train_length(tc.World(), tc.LengthConfig(loss_type=["grpo", "dr_grpo"], steps=3))

    def in_language(run, world):
        return tc.Run(world, *(getattr(run, f) for f in list(run.__dataclass_fields__)[1:]))

    return {
        "against": lambda w: plots.against(
            w, "reward", exact=0.5, trained=ppo.history.reward.isel(step=-1)
        ),
        "answers": lambda w: plots.answers(w, 3, before=logp, judged=logp, keyword=logp),
        "closing_in": lambda w: plots.closing_in(
            w,
            counts,
            {name: rng.normal(size=(5, 2)) for name in ("reward", "entropy", "kl")},
            {"reward": 0.0, "entropy": 0.0, "kl": 0.0},
        ),
        "curves": lambda w: plots.curves(in_language(ppo, w), *ppo.history),
        "two curves": lambda w: plots.curves(in_language(ppo, w), "reward", "kl"),
        "frontier": lambda w: plots.frontier(in_language(ppo, w)),
        "loop": lambda w: plots.loop(w, logp, 0, 5),
        "goodhart": lambda w: plots.goodhart(w, logp, **{f"rank {k}": scores[k] for k in range(4)}),
        "group_weights": lambda w: plots.group_weights(w, [2, 4, 8, 16, 64]),
        "landings": lambda w: plots.landings(w, logp, own=tables, zoom=names[:2], **tables),
        "two paths": lambda w: plots.landings(w, logp, paths={"natural": way, "plain": way}),
        "lengths": lambda w: plots.lengths(w, grown),
        "heat_map": lambda w: plots.heat_map(w, "reward", trained=ppo.history.reward[..., -2:]),
        "plane": lambda w: plots.plane(in_language(sft, w)),
        "policies": lambda w: plots.policies(w, before=logp, after=logp, quantized=logp),
        "ratios": lambda w: plots.ratios(w, 0.2, {1: np.ones(5), 8: np.ones(5)}),
        "rewards": plots.rewards,
        "rounding": lambda w: plots.rounding(w, torch.linspace(-1, 1, 64)[None], 4),
        "grids": lambda w: plots.grids(
            w,
            torch.linspace(0, 1, 64),
            symmetric=tc.Grid.symmetric(1, 4),
            affine=tc.Grid.affine(0, 1, 4),
        ),
        "thresholds": lambda w: plots.thresholds(w, torch.linspace(-1, 1, 64), 4),
        "surrogate": lambda w: plots.surrogate(w, 0.2),
        "tradeoff": lambda w: plots.tradeoff(w, logp, [0.1, 1.0]),
        "update": lambda w: plots.update(
            w, 0, logp, [-1.0, np.nan, *range(9)], 0.2, unclipped=logp, clipped=logp
        ),
    }


DRAWN = sorted(set(plots.__all__) - {"Picture"})
FITTING = [name.replace("curves", "two curves") for name in DRAWN]  # not a dozen of them
FITTING += ["two paths"]


def missing(draw) -> list[str]:
    """What matplotlib says of signs that it had to leave out."""
    with matplotlib.rc_context({"font.family": [FONT]}), warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        assert draw().png
    return [str(warning.message) for warning in w if "missing from" in str(warning.message)]


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_shows_every_sign(name, spoken, examples):
    assert missing(lambda: examples[name](tc.World(language=spoken))) == []


@pytest.fixture(scope="module")
def laid_out(examples):
    """An example in a language, drawn: only then its words have a place."""

    @functools.cache
    def laid_out(name, spoken):
        picture = examples[name](tc.World(language=spoken))
        FigureCanvasAgg(picture.figure).draw()
        return picture

    return laid_out


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("name", FITTING)
def test_nothing_runs_off_a_figure(name, spoken, laid_out):
    figure = laid_out(name, spoken).figure
    drawn, sheet = figure.get_tightbbox(), figure.bbox_inches
    assert (drawn.min >= sheet.min).all()
    assert (drawn.max <= sheet.max).all()


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("name", FITTING)
def test_every_figure_has_a_caption_below_all_that_is_drawn(name, spoken, laid_out):
    picture = laid_out(name, spoken)
    words = [word for word in picture.figure.texts if word.get_text()]
    assert len(words) >= 1
    assert picture.figure.get_figheight() <= 6.2  # higher ones have too small letters on a slide
    lowest = min(axes.get_tightbbox().y0 for axes in picture.figure.axes)
    assert max(word.get_window_extent().y1 for word in words) <= lowest
    assert all(word.get_text() in picture.alt for word in words)


def test_a_figure_shows_every_sign_and_a_missing_one_would_be_told():
    def titled(title: str):
        figure, (axes,) = plots.style.panels(1)
        plots.style.finish(axes, "tr", title=title)
        return plots.Picture(figure, title)

    assert missing(lambda: titled(SIGNS)) == []
    assert "Glyph 28450" in str(missing(lambda: titled("漢")))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_no_lesson_was_warned_of_a_missing_sign(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", ()):
            assert "missing from" not in output.get("text", "")
