"""Sliders: the right picture at every value, with and without ipywidgets' Stack."""

import base64

import ipywidgets
import pytest

import toycore as tc

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


def test_the_slider_offers_the_grids_values_as_the_language_writes_them(make):
    labels = [label for label, _ in make().selector.options]
    assert labels == ["0", "0,05", "0,5", "1"]


@pytest.mark.skipif(not hasattr(ipywidgets, "Stack"), reason="ipywidgets 7 has no Stack")
def test_the_stack_holds_each_values_picture_in_order_with_its_text(make, run):
    slider = make(start=0.05)
    assert slider.selector.index == slider.view.selected_index == 1
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
        slider.selector.index = index
        assert image(slider.pictures[index]) in slider.view.value


def test_a_saved_page_keeps_the_picture_and_its_text(make):
    slider = make(start=0.5)
    bundle = slider._repr_mimebundle_()
    assert bundle["image/png"] == base64.b64encode(slider.pictures[2].png).decode()
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


def test_an_editor_draws_each_setting_once_and_shows_what_its_sliders_say():
    drawn = []

    def draw(**rewards):
        drawn.append(rewards)
        world = tc.World(**rewards, language="tr")
        return tc.plots.rewards(world)

    grid = [-2.0, -1.0, 0.2, 1.0]
    start = {"helpful": 1.0, "harmful": -1.0}
    editor = tc.widgets.editor(draw, {"helpful": grid, "harmful": grid}, start, language="tr")
    assert drawn == [start]
    assert [selector.description for selector in editor.selectors] == ["yardımsever", "zararlı"]
    editor.selectors[1].index = 0
    assert drawn[1:] == [{"helpful": 1.0, "harmful": -2.0}]
    assert image(tc.plots.rewards(tc.World(harmful=-2.0, language="tr"))) in editor.view.value
    editor.selectors[1].index = 1
    editor._repr_mimebundle_()
    assert len(drawn) == 2
    assert image(tc.plots.rewards(tc.World(language="tr"))) in editor.view.value


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
