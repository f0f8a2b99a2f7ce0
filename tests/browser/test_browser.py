"""What a learner does, in a real browser: open the lesson, run it, move the slider by keyboard."""

import base64
import re
import shutil
from collections.abc import Callable
from typing import NamedTuple

import nbformat
import pytest
import torch

import lab_server
import lesson_runs as runs
import toycore as tc
from accessibility import findings
from builder import predict
from builder.execution import outputs
from course import LESSONS, ROOT, gist, long, quizzes
from slider_texts import CHANGED
from storm import SHOWS, weather
from toycore.language import number


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab over a copy of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with lab_server.serve(folder) as lab:
        yield lab


class Slider(NamedTuple):
    """A slider of a lesson: where it stands at first, which keys move it, and what it must show."""

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
    return tc.plots.policies(runs.WORLD, before=logp[CHANGED], quantized=quantized[CHANGED])


def sham(kl_beta: float) -> tc.plots.Picture:
    run = runs.in_language(runs.sham(), "tr")
    return tc.plots.curves(run, "reward", "kl", highlight=kl_beta)


RIGHT, LEFT = "ArrowRight", "ArrowLeft"
SLIDERS = {
    "tr/01_ortam": [
        Slider("kl_beta", 0.5, [(LEFT, 0.2), ("Home", 0.1), ("End", 5.0)], optimum),
        Slider("yardımsever", 1.0, [(RIGHT, 2.0), ("Home", -1.0)], edited),
    ],
    "en/02_lora_sft": [Slider("lora_rank", 2, [(LEFT, 1), ("End", 11), (LEFT, 8)], ranks)],
    "en/03_ppo": [Slider("kl_beta", 0.1, [(RIGHT, 0.2), ("Home", 0.0), ("End", 1.0)], leashes)],
    "tr/04_dpo": [Slider("beta", 0.3, [(RIGHT, 0.5), ("Home", 0.1), ("End", 2.0)], betas)],
    "en/05_quantization": [Slider("bits", 8, [("Home", 2), (RIGHT, 3), ("End", 8)], rounded)],
    "tr/06_bozuk_laboratuvar": [
        Slider("kl_beta", 0.5, [(RIGHT, 1.0), ("Home", 0.0), (RIGHT, 0.1)], sham)
    ],
}


# Lesson 1 has a slider of each kind: one setting, and several.
NAMES = [pytest.param(name, marks=[long] * (name[3:5] > "01")) for name in SLIDERS]


@pytest.fixture(scope="module", params=NAMES)
def lesson(request, lab, browser):
    """A lesson's name and its page, opened and run as a learner does: once for all that follows."""
    with lab_server.running(lab, browser, request.param) as page:
        yield request.param, page


def test_a_slider_shows_the_picture_of_its_value(lesson):
    name, page = lesson
    for slider in SLIDERS[name]:
        follow(page, slider, name[:2])


def follow(page, slider: Slider, language: str) -> None:
    figure = page.locator(".widget-vbox", has=page.get_by_text(slider.name, exact=True)).last
    figure.scroll_into_view_if_needed()
    values = {slider.start, *(value for _, value in slider.keys)}
    due = {value: slider.draw(value) for value in values}
    assert len({picture.png for picture in due.values()}) == len(due)

    def shows(value: float) -> None:
        source = f"data:image/png;base64,{base64.b64encode(due[value].png).decode()}"
        page.wait_for_function(SHOWS, arg=[figure.element_handle(), source], timeout=60_000)
        assert figure.locator("img:visible").get_attribute("alt") == due[value].alt

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


def test_a_quiz_answers_at_once_to_mouse_and_keyboard(lesson):
    name, page = lesson
    language = name[:2]
    (source,) = (path for path in LESSONS if path.stem[:2] == name[3:5])
    (questions,) = quizzes(source)[language]
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
            assert said.startswith("✓" if answer.right else "✗")
            assert gist(answer.why) in said
            assert told.count() == asked  # one answer a question
        assert page.evaluate(active) == cell, "an arrow key left the cell"
    assert quiz.locator("mjx-container").count() > 0
    assert "$" not in quiz.inner_text()


def test_after_a_storm_of_keys_a_slider_shows_its_last_value(lesson):
    weather(lesson[1])


# --- predictions ----------------------------------------------------------------------------------

CELL = f"({lab_server.PANEL}).content.widgets[{{}}]"
HIDDEN = f"{CELL}.outputHidden"
GO_TO = f"({lab_server.PANEL}).content.scrollToItem({{}}, 'center')"


SAID = [
    ("You said b", "The answer is a"),  # wrongly
    ("You said b", "Correct"),  # rightly
    ("You made no prediction", "The answer is c"),
    ("You made no prediction", "The answer is b"),
]


def places(notebook, tag: str) -> list[int]:
    return [k for k, cell in enumerate(notebook.cells) if predict.tagged(cell, tag)]


def shown_at(page, place: int) -> str:
    """What can be read of a cell in the page."""
    page.evaluate(GO_TO.format(place))
    page.wait_for_function(f"{CELL.format(place)}.node.isConnected")
    page.wait_for_timeout(200)
    return page.evaluate(f"{CELL.format(place)}.node.innerText")


def type_letter(page, place: int, letter: str) -> None:
    """As a learner does: into the cell, in place of the question mark."""
    shown_at(page, place)
    page.evaluate(f"({lab_server.PANEL}).content.activeCellIndex = {place}")
    page.locator(".jp-Cell.jp-mod-active .cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    page.keyboard.type(letter)


def test_a_prediction_is_made_before_its_answer_is_seen_and_kept_with_the_notebook(lab, browser):
    """Wrongly, rightly and not at all; what it said is there when the notebook is opened again."""
    name, letters = "en/01_environment", ("b", "b", "?", "?")
    stored = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    calls, reveals = places(stored, predict.TAG), places(stored, predict.REVEAL)
    page = browser.new_page(viewport=lab_server.VIEWPORT)
    lab_server.open_notebook(page, lab, name)
    for place, cell in enumerate(stored.cells):
        if predict.is_folded(cell):
            assert page.evaluate(HIDDEN.format(place)), "the answer lies open"
            assert "The answer is " not in shown_at(page, place)
        elif predict.tagged(cell, predict.ANSWER):
            inside = cell.source.split("\n\n")[1].split("\n")[0]
            assert gist(inside) not in shown_at(page, place), "the reasons lie open"
    for place, letter in zip(calls, letters, strict=True):
        if letter != "?":
            type_letter(page, place, letter)
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    count = f"{lab_server.PANEL}.content.model.sharedModel.cells[{len(stored.cells) - 1}]"
    page.wait_for_function(f"{count}.execution_count !== null", timeout=120_000)
    told = [shown_at(page, place) for place in reveals]
    assert not any(page.evaluate(HIDDEN.format(place)) for place in reveals), "running unfolds"
    for told_here, said in zip(told, SAID, strict=True):
        assert all(part in told_here for part in said)
    (overview,) = places(stored, predict.OVERVIEW)
    assert "Predictions that came true: 1 of 2." in shown_at(page, overview)
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function(f"!{lab_server.PANEL}.context.model.dirty")
    lab_server.close(page)

    kept = nbformat.read(lab.notebooks / f"{name}.ipynb", as_version=4)
    sources = [kept.cells[place].source for place in calls]
    assert [re.search(r'"(.)",  #', source)[1] for source in sources] == [*letters]
    again = browser.new_page(viewport=lab_server.VIEWPORT)
    lab_server.open_notebook(again, lab, name)
    assert "You said b" in shown_at(again, reveals[0])
    lab_server.close(again)


# What axe finds that is ipywidgets' own (2026-11): a slider has no name; the list beside it has.
KNOWN = "noUi-handle"


def test_axe_finds_nothing_serious_in_what_a_lesson_shows(lesson, axe):
    found = findings(lesson[1], axe, ".jp-OutputArea-output")
    assert [fault for fault in found if KNOWN not in fault] == []


def test_every_picture_is_read_aloud(lesson):
    """What a screen reader finds in JupyterLab, from the same pictures that others see."""
    name, page = lesson
    stored = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    due = [output for output in outputs(stored) if "image/png" in output.get("data", {})]
    pictures = page.locator(".jp-OutputArea-output img:visible")
    told = pictures.evaluate_all("all => all.map(image => image.alt)")
    assert len(told) == len(due)
    assert [alt for alt in told if len(alt.split()) < 5] == []


DARK = (
    """
import toycore as tc
world = tc.World()
tc.plots.rewards(world)
""",
    """
tc.widgets.slider("helpful", [0.0, 1.0], lambda value: tc.plots.rewards(tc.World(helpful=value)))
""",
)
THEMES = "@jupyterlab/apputils-extension:themes"
LOOK = """all => all.map(image => getComputedStyle(image))
    .map(style => [style.filter, style.paddingLeft, style.backgroundColor])"""
ARROW = """select => new Promise(done => {
    const arrow = new Image(18, 18), canvas = new OffscreenCanvas(18, 18).getContext("2d");
    arrow.src = getComputedStyle(select).backgroundImage.slice(5, -2);
    arrow.onload = () => {
        canvas.drawImage(arrow, 0, 0, 18, 18);
        const pixels = canvas.getImageData(0, 0, 18, 18).data;
        done(Array.from({length: 324}, (_, at) => [...pixels.slice(4 * at, 4 * at + 4)])
            .filter(pixel => pixel[3] > 250).map(pixel => pixel[0]));
    };
})"""


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_in_a_dark_theme_figures_are_dimmed_cards_and_the_arrow_of_a_list_is_light(
    theme, lab, browser
):
    lab.write("dark", *DARK)
    lab.set(THEMES, theme=theme)
    page = browser.new_page(viewport=lab_server.VIEWPORT)
    try:
        lab_server.open_notebook(page, lab, "dark")
        for place in range(len(DARK)):
            lab_server.run_cell(page, place)
        pictures, dark = page.locator(".jp-OutputArea-output img:visible"), "Dark" in theme
        pictures.nth(1).wait_for()
        look = ["brightness(0.88)", "8px"] if dark else ["none", "0px"]
        assert pictures.evaluate_all(LOOK) == [[*look, "rgb(255, 255, 255)"]] * 2
        greys = page.locator(".tc-sliders select").evaluate(ARROW)
        assert greys
        assert min(greys) > 200 if dark else max(greys) < 50
    finally:
        lab.set(THEMES, theme="JupyterLab Light")
        lab_server.close(page)


BAR = """
import time
from toycore import progress
progress.DELAY = 0
for _ in progress.progress(range(20), "progress.ppo", "tr"):
    time.sleep(0.2)
print("after")
"""


def test_a_bar_is_seen_while_the_work_goes_on_and_then_gone(lab, browser):
    lab.write("bar", BAR)
    page = browser.new_page()
    lab_server.open_notebook(page, lab, "bar")
    lab_server.start_cell(page, 0)
    shown = page.locator(".jp-OutputArea-output")
    bar = shown.get_by_text(re.compile(r"PPO eğitimi: +\d+%\|.*█"))
    bar.wait_for(timeout=60_000)
    bar.wait_for(state="detached", timeout=60_000)
    shown.get_by_text("after").wait_for(timeout=60_000)
    assert "".join(shown.all_inner_texts()).strip() == "after"
    lab_server.close(page)
