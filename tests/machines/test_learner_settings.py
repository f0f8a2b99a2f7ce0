"""Whatever a learner has switched on before, the course works and looks the same."""

import contextlib
import os
import subprocess
import sys

import matplotlib
import matplotlib.style
import numpy as np
import pytest
import torch
from matplotlib import rcParams

import toycore as tc
from course import ROOT, long
from toycore.bench import arms as bench_arms
from toycore.bench import quantization as bench_quantization
from toycore.broken.dpo import DPO_RECIPES

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
    lengths = tc.train_length(world, tc.LengthConfig(loss_type=["grpo", "dr_grpo"], steps=2))
    at_end = ppo.history.reward.isel(step=-1)
    drawn = {
        "against": lambda: tc.plots.against(world, "reward", ppo=at_end),
        "answers": lambda: tc.plots.answers(world, 0, before=ref_logp, after=logp),
        "closing_in": lambda: tc.plots.closing_in(world, counts, {"kl": tries}, {"kl": 0.2}),
        "curves": lambda: tc.plots.curves(ppo, "reward", "kl"),
        "frontier": lambda: tc.plots.frontier(ppo),
        "goodhart": lambda: tc.plots.goodhart(world, ref_logp, proxy=world.reward),
        "group_weights": lambda: tc.plots.group_weights(world, [2, 8]),
        "landings": lambda: tc.plots.landings(
            world, ref_logp, own={"ppo": logp}, zoom=["ppo"], ppo=logp
        ),
        "lengths": lambda: tc.plots.lengths(world, lengths),
        "loop": lambda: tc.plots.loop(world, ref_logp, 0, 5),
        "heat_map": lambda: tc.plots.heat_map(world, "reward", ppo=ppo.history.reward),
        "plane": lambda: tc.plots.plane(sft),
        "policies": lambda: tc.plots.policies(world, before=ref_logp, after=logp),
        "ratios": lambda: tc.plots.ratios(world, 0.2, {1: ratio, 4: ratio}),
        "rewards": lambda: tc.plots.rewards(world),
        "rounding": lambda: tc.plots.rounding(world, row, 4),
        "grids": lambda: tc.plots.grids(world, row, symmetric=tc.Grid.symmetric(1, 4)),
        "thresholds": lambda: tc.plots.thresholds(world, row, 4),
        "surrogate": lambda: tc.plots.surrogate(world, 0.2),
        "tradeoff": lambda: tc.plots.tradeoff(world, ref_logp, [0.1, 0.5]),
        "update": lambda: tc.plots.update(world, 0, ref_logp, [1.0] * 11, 0.2, clipped=logp),
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


# --- torch ----------------------------------------------------------------------------------------

SWITCHES = {
    "no gradients": lambda: torch.set_grad_enabled(False),
    "meta": lambda: torch.set_default_device("meta"),
    "float64": lambda: torch.set_default_dtype(torch.float64),
    "bfloat16": lambda: torch.set_default_dtype(torch.bfloat16),
}


def switches() -> tuple:
    """What a learner may have set of torch's; a tensor says where tensors are made."""
    kind = torch.empty(1)
    return torch.is_grad_enabled(), kind.device, kind.dtype, torch.is_inference_mode_enabled()


@contextlib.contextmanager
def switched(name: str):
    """With one of torch's switches set as a learner may have; at the end they are as imported."""
    with torch.inference_mode() if name == "inference" else contextlib.nullcontext():
        try:
            SWITCHES.get(name, bool)()
            before = switches()
            yield
            assert switches() == before
        finally:
            torch.set_grad_enabled(True)
            torch.set_default_device(None)
            torch.set_default_dtype(torch.float32)


def plainly(value):
    """Tensors in all that a piece of the course gives, as arrays."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), value.detach().double().numpy()
    if isinstance(value, torch.nn.Module):
        return [(name, *plainly(each)) for name, each in value.state_dict().items()]
    if isinstance(value, list | tuple):
        return [plainly(each) for each in value]
    return value


def same(one, other) -> bool:
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f")


def trained(train, config):
    run = train(tc.World(), config)
    curves = [curve.values for curve in run.history.values()]
    chosen = run.sel(**{name: values[0] for name, values in run.config.swept.items()})
    assert all(weight.is_leaf for weight in run.model.parameters())
    return run.model, chosen.model, run.logp.values, run.ref_logp.values, *curves


def lab(train, config, *pairs):
    run = train(tc.World(), config, *pairs)
    ends = tc.broken.verdict(run)
    return ends.values.tolist(), *(tc.broken.own_optimum(run.sel(recipe=r)) for r in ends.index)


def models():
    """Of modules; and what a merged layer, a copy in INT8 and a table of a policy are."""
    model, mlp = tc.ToyLM((0, 1), lora_rank=2), tc.TinyMLP(8, 8, 4)
    layer = tc.LoRALinear(6, 5, 2, 4.0, generator=torch.Generator().manual_seed(1))
    layer.merge()
    int8 = tc.quantize_dynamic(mlp)
    logp, alone = model.logp(), model.select(torch.from_numpy(np.array([1])))
    sizes = tc.tensor_bytes(int8), tc.serialized_bytes(int8)
    return model, alone, logp, layer, tc.ValueNet(2), mlp, int8, int8(mlp.fc1.weight), sizes


def oracle():
    world = tc.World(reward=np.linspace(-1, 1, 66).reshape(6, 11))
    logp = tc.ToyLM((0,)).logp()
    best = tc.exact.optimal_policy(logp, world.reward, 0.5)
    pairs = world.pairs([(0, 1, 2), (1, 3, 4)]), world.sample_preferences(logp, 20, 0)
    noise = tc.noise.uniforms((0, 1), (2, 5), "rollouts")
    drawn = tc.noise.sample_answer(logp, noise[:1, 0])
    attained = tc.exact.attained(best, logp, world.reward, [[0.5]])
    return world.reward, best, *pairs, noise, *drawn, attained, tc.exact.kl(best, logp)


def rounded():
    weight = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6)
    q = tc.quantize(weight, 4)
    ours = q.values, q.scale, q.dequantize()
    return *ours, tc.snr_db(weight, ours[2]), tc.predicted_snr_db(weight, 4)


def timed():
    """The arms of both speed tables that are the course's own, called once."""
    sizes, arms = next(bench_quantization.cases())
    config = tc.PPOConfig(rollouts=2, epochs=2, batch_size=8)
    with torch.random.fork_rng(devices=()):
        torch.default_generator.manual_seed(0)  # where the plain critic is drawn from
        plain = bench_arms.train_plain(tc.World(), config, tc.ToyLM((0,)))
    return [*sizes.values()], [(name, arm()) for name, arm in arms.items()], plain


def shown():
    logp = tc.ToyLM((0,)).logp()
    picture = tc.plots.policies(tc.World(), before=logp)
    return picture.alt, picture.png


def judged():
    answers = ("kl", "lora_forward", "clipped_loss", "dpo_loss", "round_trip")
    found = [getattr(tc.checks, name) for name in answers]
    return [str(exercise(exercise.right.answer)) for exercise in found]


PPO = {"recipe": ["k1_in_reward", "reloaded_reference"], "rollouts": 2, "seeds": 2}
DPO = {"recipe": list(DPO_RECIPES)[:2], "steps": 2, "seeds": 2}
PIECES = {
    "sft": lambda: trained(tc.train_sft, tc.SFTConfig(lora_rank=[1, 2], steps=[3, 4])),
    "ppo": lambda: trained(tc.train_ppo, tc.PPOConfig(kl_beta=[0.1, 0.5], rollouts=2)),
    "dpo": lambda: trained(tc.train_dpo, tc.DPOConfig(beta=[0.1, 0.5], steps=3)),
    "grpo": lambda: trained(tc.train_grpo, tc.GRPOConfig(kl_beta=[0.1, 0.5], rollouts=2)),
    "length": lambda: [tc.train_length(tc.World(), tc.LengthConfig(steps=2)).long.values],
    "ppo lab": lambda: lab(tc.broken.train_ppo, tc.broken.PPOLabConfig(**PPO)),
    "dpo lab": lambda: lab(tc.broken.train_dpo, tc.broken.DPOLabConfig(**DPO), [(0, 1, 2)]),
    "models": models,
    "oracle": oracle,
    "rounding": rounded,
    "bench": timed,
    "pictures": shown,
    "checks": judged,
}
DUE = {}


@pytest.mark.parametrize("switch", [*SWITCHES, "inference"])
@pytest.mark.parametrize("piece", PIECES)
def test_every_piece_gives_the_same_numbers_however_torch_is_set(piece, switch):
    if piece not in DUE:
        DUE[piece] = plainly(PIECES[piece]())
    with switched(switch):
        found = plainly(PIECES[piece]())
    assert same(found, DUE[piece])


# --- the interpreter and its streams --------------------------------------------------------------

PRINTS = """
import toycore as tc
import toycore.bench
for language in ("tr", "en"):
    world = tc.World(language=language)
    print(tc.checks.kl(..., language=language), world.tokens, world.prompts)
    print(tc.glossary.table(language))
print(tc.bench.compare({"β": lambda: 1}, 3))
print("ş → β ✓ 😀")
"""


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """A fresh interpreter with these settings; no progress bars."""
    env = {**os.environ, "TQDM_DISABLE": "1", "PYTHONUTF8": "0", **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, check=False)


@pytest.mark.parametrize(
    ("encoding", "due"), [("cp1254", "ş -> beta + ?"), ("ascii", "s -> beta + ?")]
)
def test_a_pipe_that_lacks_a_sign_is_written_another(encoding, due):
    done = python("-c", PRINTS, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr.decode()
    text = done.stdout.decode(encoding)
    assert text.startswith("... ")
    assert text.splitlines()[-1] == due


def test_the_build_is_called_without_its_docstrings():
    done = python("-OO", "notebooks/source/build.py", "--help")
    assert done.returncode == 0, done.stderr.decode()


@long  # such an interpreter compiles all of torch for itself
def test_the_course_works_without_docstrings_and_asserts():
    code = (
        "import toycore as tc; world = tc.World(); tc.train_ppo(world, tc.PPOConfig(rollouts=1));"
        "tc.plots.rewards(world).png; right = tc.checks.kl.right.answer;"
        "raise SystemExit(not tc.checks.kl(right).passed)"
    )
    done = python("-OO", "-c", code)
    assert done.returncode == 0, done.stderr.decode()
