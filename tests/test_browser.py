"""What a learner does, in a real browser: open the lesson, run it, move the slider by keyboard."""

import base64
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

import lab_server
import lesson_runs as runs
import toycore as tc
from accessibility import findings
from course import gist, quizzes
from toycore.language import number

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab over a copy of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with lab_server.serve(folder) as lab:
        yield lab


@pytest.fixture(scope="module")
def page(browser):
    return browser.new_page(viewport={"width": 1280, "height": 1000})


UNRUN = """window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
    .filter(cell => cell.cell_type === 'code' && cell.execution_count === null).length"""


SHOWN = "figure => [...figure.querySelectorAll('img')].filter(i => i.offsetParent).map(i => i.src)"


class Slider(NamedTuple):
    """A slider of a lesson: where it stands at first, which keys move it, and what it must show."""

    notebook: str
    name: str  # the label beside the slider
    start: float
    keys: list[tuple[str, float]]  # key → the value that it leads to
    draw: Callable[[float], tc.plots.Picture]


def optimum(kl_beta: float) -> tc.plots.Picture:
    logp = runs.start().logp
    best = tc.exact.optimal_policy(logp, runs.WORLD.reward, kl_beta)
    return tc.plots.policies(tc.World(language="tr"), before=logp, optimal=best)


def edited(helpful: float) -> tc.plots.Picture:
    world, logp = tc.World(helpful=helpful, language="tr"), runs.start().logp
    best = tc.exact.optimal_policy(logp, world.reward, 0.5)
    return tc.plots.policies(world, before=logp, optimal=best)


def ranks(rank: float) -> tc.plots.Picture:
    return tc.plots.curves(runs.lora_ranks(), "loss", "accuracy", highlight=rank)


def leashes(kl_beta: float) -> tc.plots.Picture:
    return tc.plots.curves(runs.leashes(), "reward", "kl", highlight=kl_beta)


def betas(beta: float) -> tc.plots.Picture:
    run = runs.in_language(runs.betas(), "tr")
    return tc.plots.curves(run, "reward", "kl", highlight=beta, optimum=True)


def rounded(bits: float) -> tc.plots.Picture:
    model = runs.judged().model.select(torch.arange(16))
    model.head.merge()
    logp, grid = model.logp().detach(), tc.quantize(model.head.weight, bits)
    logits = model.prompt_embed @ grid.dequantize().mT + model.head.bias[:, None]
    quantized = logits.log_softmax(-1).detach()
    return tc.plots.policies(runs.WORLD, before=logp, quantized=quantized)


QUIZ = "en/05_quantization"  # the last lesson above: it is open already
RIGHT, LEFT = "ArrowRight", "ArrowLeft"
SLIDERS = [
    Slider("tr/01_ortam", "kl_beta", 0.5, [(LEFT, 0.2), ("Home", 0.1), ("End", 5.0)], optimum),
    Slider("tr/01_ortam", "yardımsever", 1.0, [(RIGHT, 2.0), ("Home", -1.0)], edited),
    Slider("en/02_lora_sft", "lora_rank", 2, [(LEFT, 1), ("End", 11), (LEFT, 8)], ranks),
    Slider("en/03_ppo", "kl_beta", 0.1, [(RIGHT, 0.2), ("Home", 0.0), ("End", 1.0)], leashes),
    Slider("tr/04_dpo", "beta", 0.3, [(RIGHT, 0.5), ("Home", 0.1), ("End", 2.0)], betas),
    Slider("en/05_quantization", "bits", 8, [("Home", 2), (RIGHT, 3), ("End", 8)], rounded),
]


@pytest.fixture(scope="module")
def run_lesson(lab, page):
    """Open a lesson and run all its cells, as a learner does; once, if it is open already."""
    opened = []

    def run(notebook: str):
        if opened[-1:] != [notebook]:
            lab_server.open_notebook(page, lab, notebook)
            for command in ("clear-all-cell-outputs", "run-all-cells"):
                page.evaluate(f"void window.jupyterapp.commands.execute('notebook:{command}')")
            page.wait_for_function(
                f"{UNRUN} === 0 && {lab_server.KERNEL}?.status === 'idle'", timeout=120_000
            )
            opened.append(notebook)
        return page

    return run


@pytest.mark.parametrize("slider", SLIDERS, ids=lambda s: f"{s.notebook}-{s.name}")
def test_a_slider_shows_the_picture_of_its_value(run_lesson, slider):
    page = run_lesson(slider.notebook)
    figure = page.locator(".widget-vbox", has=page.get_by_text(slider.name, exact=True)).last
    figure.scroll_into_view_if_needed()
    values = {slider.start, *(value for _, value in slider.keys)}
    due = {value: slider.draw(value) for value in values}
    assert len({picture.png for picture in due.values()}) == len(due)

    def shows(value: float) -> None:
        source = f"data:image/png;base64,{base64.b64encode(due[value].png).decode()}"
        page.wait_for_function(
            f"([figure, src]) => String(({SHOWN})(figure)) === src",
            arg=[figure.element_handle(), source],
            timeout=10_000,
        )
        assert figure.locator("img:visible").get_attribute("alt") == due[value].alt

    language = slider.notebook[:2]
    shows(slider.start)
    line = figure.locator(".widget-hbox", has=page.get_by_text(slider.name, exact=True)).last
    line.locator(".noUi-handle").focus()
    for key, value in slider.keys:
        page.keyboard.press(key)
        shows(value)
        said = "s => s.selectedOptions[0].text"
        assert line.get_by_label(slider.name).evaluate(said) == number(value, language)
    # The list beside the slider is what a screen reader can name; it moves the slider as well.
    line.get_by_label(slider.name).select_option(label=number(slider.start, language))
    shows(slider.start)


def test_a_quiz_answers_at_once_to_mouse_and_keyboard(run_lesson):
    page = run_lesson(QUIZ)
    (questions,) = quizzes(ROOT / "notebooks" / "lessons" / f"{Path(QUIZ).name}.py")["en"]
    quiz = page.locator(".tc-quiz")
    quiz.scroll_into_view_if_needed()
    told = quiz.locator("[role=status] p:visible")
    assert quiz.locator(":checked").count() == told.count() == 0
    active = f"({lab_server.PANEL}).content.activeCellIndex"
    for asked, question in enumerate(questions, 1):
        group = quiz.get_by_role("group", name=re.compile(rf"^{asked}\. "))
        assert group.get_by_role("radio").count() == len(question.answers)
        group.get_by_role("radio").first.click()
        cell = page.evaluate(active)
        for place, answer in enumerate(question.answers):
            if place:
                page.keyboard.press("ArrowDown")
            said = group.locator("[role=status] p:visible").inner_text()
            assert said.startswith("✓ Right:" if answer.right else "✗ Wrong:")
            assert gist(answer.why) in said
            assert told.count() == asked  # one answer a question
        assert page.evaluate(active) == cell, "an arrow key left the cell"
    assert quiz.locator("mjx-container").count() > 0
    assert "$" not in quiz.inner_text()


# What axe finds that is ipywidgets' or JupyterLab's own (2026-11): a slider has no name of its own
# (the list beside it has one); the text of a picture is not made its alt.
KNOWN = ("noUi-handle", "image-alt: ")


def test_axe_finds_nothing_serious_in_what_a_lesson_shows(run_lesson, axe):
    found = findings(run_lesson(QUIZ), axe, ".jp-OutputArea-output")
    assert [fault for fault in found if not any(known in fault for known in KNOWN)] == []
