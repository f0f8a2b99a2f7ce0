"""Sliders: the right picture at every value, with and without ipywidgets' Stack."""

import asyncio
import base64

import ipywidgets
import pytest

import toycore as tc
from toycore.widgets import sliders

VALUES = [0.0, 0.05, 0.5, 1.0]


@pytest.fixture(scope="module")
def run():
    config = tc.PPOConfig(kl_beta=VALUES, rollouts=2, seeds=2)
    return tc.train_ppo(tc.World(language="tr"), config)


@pytest.fixture
def make(run):
    def draw(value):
        return tc.plots.curves(run, "kl", highlight=value)

    def make(**options):
        return tc.widgets.slider("kl_beta", VALUES, draw, language="tr", **options)

    return make


def image(picture) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"


def leaf(widget):
    """The image that the view holds for the place where the sliders stand."""
    view = widget.view
    for index in widget.position:
        view = view.children[index] if hasattr(view, "children") else view
    return view.value


def test_the_slider_offers_the_grids_values_as_the_language_writes_them(make):
    (selector,) = make().selectors
    assert [label for label, _ in selector.options] == ["0", "0,05", "0,5", "1"]


def test_a_dropdown_beside_the_slider_has_its_name_its_values_and_its_place(make):
    widget = make(start=0.5)
    named, moved = widget.children[0].children
    assert (named.description, named.options) == ("kl_beta", moved.options)
    assert named.index == moved.index == 2
    assert widget.names == ("kl_beta",)


@pytest.mark.skipif(not hasattr(ipywidgets, "Stack"), reason="ipywidgets 7 has no Stack")
def test_the_stack_holds_each_values_picture_in_order_with_its_text(make, run):
    slider = make(start=0.05)
    assert slider.position == (slider.view.selected_index,) == (1,)
    assert len({child.value for child in slider.view.children}) == len(VALUES)
    for value, label, child in zip(
        VALUES, ("0", "0,05", "0,5", "1"), slider.view.children, strict=True
    ):
        assert image(tc.plots.curves(run, "kl", highlight=value)) in child.value
        assert f"kl_beta = {label}:" in child.value


def test_without_a_stack_a_callback_exchanges_the_picture(make, monkeypatch):
    monkeypatch.delattr(ipywidgets, "Stack", raising=False)
    slider = make(start=0.0)
    for index in (1, 3, 0, 2):
        slider.selectors[0].index = index
        assert image(slider.picture((index,))) in slider.view.value


def test_a_saved_page_keeps_the_picture_and_its_text(make):
    slider = make(start=0.5)
    bundle, metadata = slider._repr_mimebundle_()
    assert bundle["text/plain"] == metadata["image/png"]["alt"]
    assert bundle["image/png"] == base64.b64encode(slider.picture((2,)).png).decode()
    assert "kl_beta = 0,5:" in bundle["text/plain"]
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == slider.model_id


@pytest.mark.parametrize(
    ("values", "start", "message"), [([], None, "at least one"), ([0.1, 0.2], 0.3, "one of")]
)
def test_a_slider_that_cannot_be_is_an_error_before_anything_is_drawn(values, start, message):
    def draw(value):
        raise AssertionError("drawn")

    with pytest.raises(ValueError, match=message):
        tc.widgets.slider("kl_beta", values, draw, start=start)


GRID = [-2.0, -1.0, 0.2, 1.0]
START = {"helpful": 1.0, "harmful": -1.0}


@pytest.fixture(params=[60, 4], ids=["framed", "live"])
def editor(request, monkeypatch):
    """Two settings; the pictures drawn beforehand, or as they are asked for. `drawn` counts."""
    monkeypatch.setattr(sliders, "FRAMES", request.param)
    drawn = []

    def draw(**rewards):
        drawn.append(rewards)
        return tc.plots.rewards(tc.World(**rewards, language="tr"))

    editor = tc.widgets.editor(draw, {"helpful": GRID, "harmful": GRID}, START, language="tr")
    editor.drawn = drawn
    return editor


def test_an_editor_shows_the_picture_of_every_combination(editor):
    assert editor.names == ("yardımsever", "zararlı")
    for helpful, harmful in ((3, 1), (3, 0), (0, 3), (2, 2), (3, 1)):
        editor.selectors[0].index, editor.selectors[1].index = helpful, harmful
        world = tc.World(helpful=GRID[helpful], harmful=GRID[harmful], language="tr")
        assert image(tc.plots.rewards(world)) in leaf(editor)


def test_an_editor_draws_each_combination_once(editor):
    framed = isinstance(editor, tc.widgets.Framed)
    assert len(editor.drawn) == (len(GRID) ** 2 if framed else 1)
    for index in (0, 1, 0, 1):
        editor.selectors[1].index = index
        editor._repr_mimebundle_()
    assert len(editor.drawn) == (len(GRID) ** 2 if framed else 2)


@pytest.mark.parametrize(("seconds", "continuous"), [(0.1, True), (0.2, False)])
def test_a_live_slider_that_draws_slowly_waits_until_it_is_let_go(monkeypatch, seconds, continuous):
    clock = iter([0.0, seconds])
    monkeypatch.setattr(sliders, "FRAMES", 1)
    monkeypatch.setattr(sliders.time, "perf_counter", lambda: next(clock))
    picture = tc.plots.rewards(tc.World())
    editor = tc.widgets.editor(lambda **_: picture, {"helpful": GRID}, {"helpful": 1.0})
    assert [selector.continuous_update for selector in editor.selectors] == [continuous]


def drawn_after(moves: list[int], monkeypatch) -> list[float]:
    """What a live slider over GRID has drawn when a kernel's loop has come to rest after moves."""
    monkeypatch.setattr(sliders, "FRAMES", 1)
    drawn = []

    def draw(helpful):
        drawn.append(GRID.index(helpful))
        return tc.plots.rewards(tc.World(helpful=helpful))

    async def kernel():
        slider = tc.widgets.slider("helpful", GRID, draw, start=GRID[0])
        for place in moves:
            slider.selectors[0].index = place
        for _ in range(3):
            await asyncio.sleep(0)

    asyncio.run(kernel())
    return drawn


def test_a_live_slider_draws_the_neighbours_once_it_has_shown_the_place_it_stands_on(monkeypatch):
    assert drawn_after([], monkeypatch) == [0]
    assert drawn_after([1], monkeypatch) == [0, 1, 2]  # 0 is there already
    assert drawn_after([2], monkeypatch) == [0, 2, 3, 1]  # the one further on comes first
    assert drawn_after([3], monkeypatch) == [0, 3, 2]  # no place beyond the last
    assert drawn_after([2, 3], monkeypatch) == [0, 2, 3]  # moved on: 1 is no neighbour now


@pytest.mark.parametrize(
    ("start", "message"), [({}, "start must name a"), ({"a": 3.0}, "start of 'a' must be one of")]
)
def test_an_editor_that_cannot_start_is_an_error_before_anything_is_drawn(start, message):
    def draw(**settings):
        raise AssertionError("drawn")

    with pytest.raises(ValueError, match=message):
        tc.widgets.editor(draw, {"a": [1.0, 2.0]}, start)


@pytest.mark.parametrize(
    ("value", "tr", "en"),
    [(0.05, "0,05", "0.05"), (-1, "−1", "−1"), (10_000, "10.000", "10,000"), (1.0, "1", "1")],
)
def test_numbers_are_written_as_the_language_does(value, tr, en):
    assert tc.language.number(value, "tr") == tr
    assert tc.language.number(value, "en") == en


@pytest.mark.parametrize("value", [-1e-17, 0.0, -0.0, 1e-9, -0.00004])
def test_what_rounds_to_zero_has_no_sign(value):
    """It would be that of a processor's last digit."""
    written = (tc.language.number, tc.language.fixed, tc.language.signed)
    assert [write(value, "en") for write in written] == ["0", "0.00", "0"]


def test_a_sign_is_kept_by_what_does_not_round_to_zero():
    assert [tc.language.signed(value, "tr") for value in (0.25, -0.25)] == ["+0,25", "−0,25"]
