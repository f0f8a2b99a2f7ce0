"""The optional model itself, where its packages are installed: about two minutes, 2 GiB."""

import pytest
import torch

from toycore.real import smollm2

pytestmark = pytest.mark.long


def test_a_few_steps_make_it_answer_in_one_word(capfd, monkeypatch):
    why = smollm2.hindrance()
    if why is not None:
        pytest.skip(why)
    monkeypatch.setattr("toycore.progress.DELAY", 1e9)
    torch.manual_seed(7)
    drawn = torch.get_rng_state()
    capfd.readouterr()
    rows = smollm2.before_and_after()
    assert capfd.readouterr() == ("", "")
    assert torch.equal(torch.get_rng_state(), drawn)
    prompts, before, after = zip(*rows, strict=True)
    assert prompts == smollm2.PROMPTS
    assert after == smollm2.ANSWERS
    for said, fact in zip(before, ("Paris", "4", "7 days"), strict=True):
        assert fact in said
        assert len(said.split()) > 4
