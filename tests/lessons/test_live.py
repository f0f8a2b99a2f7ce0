"""Each lesson executed in a fresh kernel: what it says, how long it takes, what its sliders show.

With `-m long`. Else nbval runs the lessons, test_bundles.py runs each in other versions, and
test_browser.py moves their sliders.

The kernel runs as on a learner's machine in Turkey, with another hash seed and two threads.

The kernel moves every slider through all its values and says what it shows; what it ought to
show is computed here, from the package, as the lesson's prose describes it.
"""

import itertools
import json

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell

import lesson_runs as runs
import toycore as tc
from builder.execution import execute
from course import NOTEBOOKS, long, said
from toycore.language import number, text

PROBE = """
import base64, hashlib, json, time
seconds = time.process_time()
told = []
for widget in [shown for shown in Out.values() if isinstance(shown, tc.widgets.Sliders)]:
    for name, selector in zip(widget.names, widget.selectors):
        first = selector.index
        for label, index in selector.options:
            selector.index = index
            view, shown = widget.view, widget.picture(widget.place)
            for at in widget.place:
                view = view.children[at] if hasattr(view, "children") else view
            png = base64.b64encode(shown.png).decode()
            digest = hashlib.sha256(png.encode()).hexdigest()
            told.append((name, label, shown.alt, png in view.value, digest))
        selector.index = first
print(json.dumps({"seconds": seconds, "told": told}))
"""

pytestmark = long

# The dotless i, the decimal comma; a kernel that is given other threads and another hash seed.
TURKEY = {
    "LC_ALL": "tr_TR.UTF-8",
    "TZ": "Europe/Istanbul",
    "PYTHONHASHSEED": "1",
    "OMP_NUM_THREADS": "2",
    "MKL_NUM_THREADS": "2",
}


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def live(request):
    """The lesson's number, its language, and what the kernel told."""
    path = request.param
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(new_code_cell(PROBE, id="probe"))
    with pytest.MonkeyPatch.context() as machine:
        for name, value in TURKEY.items():
            machine.setenv(name, value)
        found = said(execute(path, notebook))
    (probed,) = found.pop("probe")
    told = json.loads(probed) | {"said": found, "stored": said(nbformat.read(path, as_version=4))}
    return path.stem[:2], path.parent.name, told


def test_a_lesson_says_the_same_to_the_digit(live):
    assert live[2]["said"] == live[2]["stored"]


def test_a_lesson_runs_in_20_seconds_from_kernel_start_to_end(live):
    # The kernel's own CPU time: a busy neighbour does not count.
    assert live[2]["seconds"] <= 20


def test_every_slider_moved_shows_the_numbers_of_its_value(live):
    lesson, language, told = live
    due = DUE[lesson](language)
    assert [told_of[:2] for told_of in told["told"]] == [[name, label] for name, label, _ in due]
    for (_, _, phrases), (_, _, alt, shown, _) in zip(due, told["told"], strict=True):
        assert shown, "the view holds another picture"
        assert all(phrase in alt for phrase in phrases)


def test_two_neighbouring_values_of_a_slider_show_different_pictures(live):
    told = live[2]["told"]
    for (name, _, _, _, digest), (other, _, _, _, following) in itertools.pairwise(told):
        assert name != other or digest != following


# --- what the sliders ought to say, by lesson -----------------------------------------------------

Due = list[tuple[str, str, list[str]]]  # slider, label of the value, phrases of the picture's text


def of_curves(run: tc.Run, language: str, *curves: str) -> Due:
    """Each value with its name, and the last mean over seeds of each curve."""
    ((setting, values),) = run.config.swept.items()
    due = []
    for value in values:
        mean = run.history.sel({setting: value}).mean("seed")
        label = number(value, language)
        phrases = [f"{setting} = {label}: "]
        for curve in curves:
            per_update = curve in ("clip_fraction", "approx_kl")  # told as a mean over training
            told = mean[curve][1:].mean() if per_update else mean[curve][-1]
            phrases.append(f"{text(f'curve.{curve}', language)} {number(told, language)}")
        due.append((setting, label, phrases))
    return due


def of_optimum(world: tc.World, kl_beta: float) -> list[str]:
    """The likeliest answers under π*, by the closed form written once more."""
    ref = torch.as_tensor(runs.start().logp.values)
    return of_policy(world, (ref + world.reward / kl_beta).softmax(-1))


def of_policy(world: tc.World, chances: torch.Tensor) -> list[str]:
    """The likeliest answer to each prompt and its probability, averaged over seeds."""
    chance, token = chances.mean(0).max(-1)
    return [
        f"{prompt} → {world.tokens[t]} ({number(c, world.language)})"
        for prompt, t, c in zip(world.prompts, token.tolist(), chance.tolist(), strict=True)
    ]


def lesson_1(language: str) -> Due:
    world = tc.World(language=language)
    leashes = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
    due = [("kl_beta", number(b, language), of_optimum(world, b)) for b in leashes]
    grids = {"helpful": (-1.0, 0.0, 1.0, 2.0), "harmful": (-2.0, -1.0, 1.0)}
    grids["neutral"] = (0.0, 0.2, 1.0)
    for kind, grid in grids.items():
        for value in grid:
            edited = tc.World(**{kind: value}, language=language)
            name = text(f"setting.{kind}", language)
            due.append((name, number(value, language), of_optimum(edited, 0.5)))
    return due


def lesson_5(language: str) -> Due:
    world, due = tc.World(language=language), []
    weight = torch.randn(1, 4096, generator=torch.Generator().manual_seed(0))
    for bits in range(2, 9):
        step = weight.abs().max().item() / (2 ** (bits - 1) - 1)
        said = f"{bits} bit", str(2**bits - 1), f"Δ = {number(step, language)}."
        due.append(("bits", str(bits), list(said)))
    model = runs.judged().model.select(torch.arange(16))
    weight = (model.head.weight + model.head.delta_weight()).detach()
    for bits in range(2, 9):
        step = weight.abs().amax(-1, keepdim=True) / (2 ** (bits - 1) - 1)
        rounded = step * (weight / step).round()
        logits = model.prompt_embed @ rounded.mT + model.head.bias[:, None]
        due.append(("bits", str(bits), of_policy(world, logits.softmax(-1).detach())))
    return due


DUE = {
    "01": lesson_1,
    "02": lambda language: of_curves(runs.lora_ranks(), language, "loss", "accuracy"),
    "03": lambda language: (
        of_curves(runs.clip_ranges(), language, "clip_fraction", "approx_kl")
        + of_curves(runs.leashes(), language, "reward", "kl")
    ),
    "04": lambda language: of_curves(runs.betas(), language, "reward", "kl"),
    "05": lesson_5,
}
