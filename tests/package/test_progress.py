"""Long work shows a bar in the learner's language, and nothing of it stays in a notebook."""

import subprocess
import sys

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbformat.v4 import new_code_cell, new_notebook

from builder.execution import execute
from course import said
from toycore import progress as bars
from toycore.progress import progress

AT_ONCE = """
import time
from toycore import progress
progress.DELAY = 0
print("before")
for _ in progress.progress(range(3), "progress.ppo", "tr"):
    print("within")
    time.sleep(0.2)  # a bar is not drawn more often than that
"""


@pytest.mark.parametrize(("language", "word"), [("tr", "PPO eğitimi"), ("en", "PPO training")])
def test_long_work_shows_a_bar_in_the_learners_language(language, word, monkeypatch, capsys):
    monkeypatch.setattr(bars, "DELAY", 0)
    assert list(progress(range(3), "progress.ppo", language)) == [0, 1, 2]
    assert word in capsys.readouterr().err


def test_short_work_shows_nothing(monkeypatch, capsys):
    monkeypatch.setattr(bars, "DELAY", 1e9)  # no machine is that slow
    assert list(progress(range(3), "progress.ppo", "en")) == [0, 1, 2]
    assert capsys.readouterr().err == ""


@pytest.fixture(scope="module")
def messages():
    """What a kernel sends while bars appear at once: the type and the content of each message."""
    manager, client = start_new_kernel()
    sent = []
    try:
        client.execute_interactive(
            AT_ONCE, timeout=60, output_hook=lambda m: sent.append((m["msg_type"], m["content"]))
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return sent


def test_a_bar_is_seen_in_a_notebook_while_the_work_goes_on(messages):
    seen = [sent["data"].get("text/plain", "") for kind, sent in messages if "display_data" in kind]
    bar = [text for text in seen if text.startswith("PPO eğitimi") and "█" in text]
    assert len(bar) > 1
    assert all("\r" not in text for text in seen)


def test_a_bars_output_is_empty_before_and_after(messages):
    first, *_, last = [sent["data"] for kind, sent in messages if "display_data" in kind]
    assert first == last == {}
    shown = {kind for kind, _ in messages} - {"status", "execute_input"}
    assert shown == {"stream", "display_data", "update_display_data"}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A notebook, executed, that has shown a bar."""
    path = tmp_path_factory.mktemp("bar") / "a.ipynb"
    return execute(path, new_notebook(cells=[new_code_cell(AT_ONCE, id="bar")]))


def test_a_notebook_that_has_shown_a_bar_says_what_it_says_without_one(done):
    assert said(done) == {"bar": ["before\nwithin\nwithin\nwithin\n"]}
    assert [output.output_type for output in done.cells[0].outputs] == ["stream"]


def test_nbval_alone_finds_no_difference_where_a_bar_has_been(done, tmp_path):
    """As somebody runs it, without the settings of this project."""
    path = tmp_path / "a.ipynb"
    nbformat.write(done, path)
    options = ["-c", "none.ini", "--rootdir", tmp_path, "-p", "no:cacheprovider"]
    (tmp_path / "none.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", *options, path]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout
