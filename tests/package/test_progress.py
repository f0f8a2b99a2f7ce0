"""Long work shows a bar in the learner's language; short work, and a build, show nothing."""

import time

import pytest

from toycore.run import progress


@pytest.mark.parametrize(("language", "word"), [("tr", "PPO eğitimi"), ("en", "PPO training")])
def test_work_of_over_a_second_shows_a_bar_in_the_learners_language(
    language, word, monkeypatch, capsys
):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    for _ in progress(range(3), "progress.ppo", language):
        time.sleep(0.6)
    assert word in capsys.readouterr().err


def test_short_work_shows_nothing(monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    assert list(progress(range(3), "progress.ppo", "en")) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_a_build_shows_nothing_however_long_it_takes(monkeypatch, capsys):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    for _ in progress(range(2), "progress.ppo", "en"):
        time.sleep(0.7)
    assert capsys.readouterr().err == ""
