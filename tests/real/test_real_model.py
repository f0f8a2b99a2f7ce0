"""The model, its table, its adapters; and that the libraries leave everything as it was."""

import logging
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import toycore as tc
from toycore import real

pytestmark = pytest.mark.long

WORLD = tc.World()
TARGETS = (torch.arange(6), real.oracle.places(WORLD)[WORLD.sft_targets])


@pytest.fixture(scope="module")
def base():
    return real.pretrain(WORLD)


@pytest.fixture(scope="module")
def taught(base):
    return real.lora_sft(base, WORLD)


def same(one: torch.Tensor, other: torch.Tensor, tolerance: float) -> bool:
    return torch.allclose(one, other, rtol=0, atol=tolerance)


def test_the_model_is_as_small_as_is_said():
    assert sum(one.numel() for one in real.pretrain(WORLD, steps=1).parameters()) == 102_208
    assert len(real.words(WORLD)) == 24


@pytest.mark.parametrize("language", ["tr", "en"])
def test_each_word_is_one_token_and_comes_back(language):
    world = tc.World(language=language)
    told, known = real.tokenizer(world), real.words(world)
    for place, word in enumerate(known[3:], 3):
        assert told(word).input_ids == [place]
        assert told.decode([place]) == word
    assert told("xyz").input_ids == [known.index("<unk>")]
    assert [len(row) for row in told([*world.prompts]).input_ids] == [
        len(prompt.split()) for prompt in world.prompts
    ]


def test_the_base_gives_each_answer_alike(base):
    logp = real.table(base, WORLD)
    assert real.mass(logp, WORLD).min() > 0.99
    assert same(real.answers(logp, WORLD).exp(), torch.full((6, 11), 1 / 11).double(), 0.01)


def test_the_table_is_the_model_asked_one_prompt_at_a_time(taught):
    told = real.tokenizer(WORLD)
    for prompt, row in zip(WORLD.prompts, taught.logp, strict=True):
        with torch.no_grad():
            logits = taught.model(torch.tensor([told(prompt).input_ids])).logits
        assert logits.shape[1] == len(prompt.split())
        assert same(logits[0, -1].double().log_softmax(-1), row, 1e-4)


def test_the_model_is_asked_where_it_is_and_the_table_is_here():
    """As on a GPU; "meta" stands in for one, where a number has a place and no value."""

    class Elsewhere(torch.nn.Module):
        device = torch.device("meta")

        def forward(self, **asked):
            assert {one.device for one in asked.values()} == {self.device}
            return SimpleNamespace(logits=torch.zeros(6, 4, 24))

    assert real.table(Elsewhere(), WORLD).shape == (6, 24)


def test_the_table_is_what_generate_samples(taught):
    told, n = real.tokenizer(WORLD), 4000
    asked = told([*WORLD.prompts], padding=True, return_tensors="pt")
    torch.manual_seed(0)
    drawn = taught.model.generate(
        **asked, do_sample=True, top_k=0, max_new_tokens=1, num_return_sequences=n
    )
    counts = torch.nn.functional.one_hot(drawn[:, -1].view(6, n), 24).sum(1)
    p = taught.logp.exp()
    spread = (n * p * (1 - p)).sqrt()
    assert ((counts - n * p).abs() < 5 * spread + 1).all()


def test_what_is_no_answer_earns_the_same_in_the_table_and_by_the_function():
    world = tc.World(reward=torch.arange(66).view(6, 11) / 66)
    worth, judge, known = real.reward(world), real.reward_function(world), real.words(world)
    for x, prompt in enumerate(world.prompts):
        # as TRL gives it: marks are gone from the text
        texts = ["" if word in known[:3] else f" {word}" for word in known]
        assert judge([prompt] * 24, texts, completion_ids=None) == worth[x].tolist()
    assert (worth == real.OTHER).sum() == 6 * 13


def test_sft_counts_the_answer_alone(base):
    """The first loss is what the base gives the targets: the prompts' words are not in it."""
    _, first = real.lora_sft(base, WORLD, steps=1).curve["loss"]
    due = -real.table(base, WORLD)[TARGETS].mean()
    assert first == pytest.approx(due.item(), rel=1e-4)


def test_sft_teaches_the_targets_and_leaves_the_base_alone(base):
    before = {name: one.clone() for name, one in base.state_dict().items()}
    taught = real.lora_sft(base, WORLD)
    assert all(torch.equal(one, before[name]) for name, one in base.state_dict().items())
    assert torch.equal(taught.ref_logp, real.table(base, WORLD))
    assert (taught.logp[TARGETS] > taught.ref_logp[TARGETS] + 0.5).all()
    assert (taught.logp.argmax(-1) == TARGETS[1]).all()


def test_the_trainable_share_is_pefts(taught, capsys):
    taught.model.print_trainable_parameters()
    percent = float(re.search(r"trainable%: ([\d.]+)", capsys.readouterr().out)[1])
    assert 100 * real.trainable_share(taught.model) == pytest.approx(percent, abs=1e-4)


@pytest.mark.parametrize(("rank", "alpha"), [(2, None), (8, 4.0)])
def test_merged_weights_answer_as_the_adapters_do(base, rank, alpha):
    taught = real.lora_sft(base, WORLD, rank=rank, alpha=alpha)
    merged = real.merged(taught.model)
    assert not any("lora" in name for name, _ in merged.named_parameters())
    assert same(real.table(merged, WORLD), taught.logp, 1e-4)
    assert not same(real.table(merged, WORLD), taught.ref_logp, 0.1)
    assert torch.equal(real.table(taught.model, WORLD), taught.logp)  # which still has its own
    layer = taught.model.base_model.model.model.layers[0].mlp.down_proj
    assert layer.scaling["default"] == (2.0 if alpha is None else alpha / rank)


# --- trainers -------------------------------------------------------------------------------------


def test_the_first_loss_of_dpo_is_ln_2(start):
    pairs = real.preferences(real.table(start(), WORLD), WORLD, 200)
    for weight in (0.0, 0.2):
        run = real.dpo(start(), WORLD, pairs[:96], sft_weight=weight, steps=1)
        _, first = run.curve["loss"]
        chosen = -real.table(start(), WORLD)[pairs[:96, 0], pairs[:96, 1]].mean()
        assert first == pytest.approx(math.log(2) + weight * chosen.item(), rel=1e-3)


def test_pairs_are_drawn_from_the_reference_and_judged_by_bradley_terry(start):
    ref, n = real.table(start(), WORLD), 40_000
    pairs = real.preferences(ref, WORLD, n)
    assert (pairs[:, 1] != pairs[:, 2]).all()
    at = real.oracle.places(WORLD)
    assert torch.isin(pairs[:, 1:], at).all()
    judged = torch.zeros(6, 24, 24).index_put((*pairs.T,), torch.ones(n), accumulate=True)
    p = real.answers(ref, WORLD).exp()
    either = p[:, :, None] * p[:, None, :] * (1 / (1 - p)[:, :, None] + 1 / (1 - p)[:, None, :])
    wins = torch.sigmoid(WORLD.reward[:, :, None] - WORLD.reward[:, None, :])
    due = n / 6 * either * wins * (1 - torch.eye(11))
    got = judged[:, at][:, :, at]
    assert ((got - due).abs() < 6 * due.sqrt() + 3).all()


def few(name: str, model):
    """A few steps of a training, which return a model."""
    pairs = real.preferences(real.table(model, WORLD), WORLD, 96)
    return {
        "pretrain": lambda: real.pretrain(WORLD, steps=2),
        "lora_sft": lambda: real.lora_sft(model, WORLD, steps=2).model,
        "merged": lambda: real.merged(real.lora_sft(model, WORLD, steps=1).model),
        "dpo": lambda: real.dpo(model, WORLD, pairs, steps=2).model,
        "grpo": lambda: real.grpo(model, WORLD, steps=2).model,
        "rloo": lambda: real.rloo(model, WORLD, steps=2).model,
    }[name]


EACH = ("pretrain", "lora_sft", "merged", "dpo", "grpo", "rloo")


def surroundings() -> dict:
    import datasets
    from transformers.utils import logging as told

    return {
        "python": random.getstate(),
        "numpy": str(np.random.get_state()),  # noqa: NPY002
        "torch": torch.get_rng_state().tolist(),
        "environment": dict(os.environ),
        "threads": torch.get_num_threads(),
        "dtype": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "bars": (datasets.are_progress_bars_disabled(), told.is_progress_bar_enabled()),
        "verbosity": told.get_verbosity(),
        "warnings": list(map(str, warnings.filters)),
        "logging": logging.root.level,
        "folder": sorted(map(str, Path.cwd().rglob("*"))),
    }


@pytest.mark.parametrize("name", EACH)
def test_what_a_learner_has_set_is_as_it_was(name, start, monkeypatch, tmp_path, capfd):
    import datasets
    from transformers.utils import logging as told

    work = few(name, start())
    gone = tmp_path / "temporary"
    gone.mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(tempfile, "tempdir", str(gone))
    monkeypatch.setenv("A_LEARNERS_OWN", "1")
    monkeypatch.setattr("toycore.progress.DELAY", 1e9)  # our own bar, on a slow machine
    datasets.enable_progress_bars()
    told.enable_progress_bar()
    told.set_verbosity_info()
    for seed in (random.seed, np.random.seed, torch.manual_seed):  # not as TRL sets them
        seed(7)
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    capfd.readouterr()
    before = surroundings()
    try:
        work()
        after = surroundings()
    finally:
        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
    for what, was in before.items():
        assert after[what] == was, what
    assert capfd.readouterr() == ("", "")
    told.set_verbosity_warning()
    assert not list(gone.rglob("*"))


def test_the_first_use_leaves_no_variables():
    """What an import sets included: in a process of its own."""
    code = "import os; from toycore import real; before = dict(os.environ)"
    code += "; assert real.guard() is None; assert dict(os.environ) == before"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", EACH)
def test_the_same_seed_gives_the_same_whatever_was_drawn_before(name, start):
    work, tables = few(name, start()), []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        tables.append(real.table(work(), WORLD))
    assert torch.equal(*tables)


def test_a_curve_has_its_start_its_end_and_both_judges(start):
    run = real.grpo(start(), WORLD, steps=30)
    assert run.curve["step"] == [*range(0, 31, 2)]
    for place, logp in ((0, run.ref_logp), (-1, run.logp)):
        here = real.landing(logp, run.ref_logp, WORLD, 0.5)
        for name in ("reward", "kl", "mass"):
            assert run.curve[name][place] == here[name]
    assert run.curve["loss"][0] is None
    assert all(isinstance(loss, float) for loss in run.curve["loss"][1:])
    assert len({*map(len, run.curve.values())}) == 1
