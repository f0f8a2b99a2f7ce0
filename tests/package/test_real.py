"""Lesson 8's part of the package where its libraries are missing, too old or broken: no trainer.

The rest, with them, is in tests/real/.
"""

import functools
import importlib.metadata
import json
import os
import random
import sys
from types import ModuleType

import numpy as np
import pytest
import torch

import toycore as tc
from course import ROOT
from stored_real import NAMED, settings
from toycore import errors, real
from toycore.real import libraries

WORLD = tc.World()


@pytest.fixture
def installed(monkeypatch):
    """Pretend that these versions are installed, and no other of the three."""

    def installed(**versions: str) -> None:
        def version(name: str) -> str:
            if name in versions:
                return versions[name]
            raise importlib.metadata.PackageNotFoundError(name)

        monkeypatch.setattr(libraries.metadata, "version", version)

    return installed


GOOD = {"transformers": "5.23.0", "peft": "0.21.2", "trl": "1.16.0"}


@pytest.mark.parametrize("gone", GOOD)
def test_what_is_missing_is_named(gone, installed):
    installed(**{name: version for name, version in GOOD.items() if name != gone})
    assert real.guard() == f"{gone} is not installed."
    assert real.guard("tr") == f"{gone} kurulu değil."


@pytest.mark.parametrize("old", ["1.15.9", "1.9.0", "0.99"])
def test_what_is_too_old_is_told_what_it_takes(old, installed):
    installed(**GOOD | {"trl": old})
    assert real.guard() == f"trl {old} is too old: it takes 1.16 or later."
    assert real.guard("tr") == f"trl {old} eski kalıyor: en az 1.16 gerekir."


@pytest.mark.parametrize("newer", ["1.16.0rc1", "1.16.3", "1.20.0", "2.0"])
def test_a_newer_one_is_tried(newer, installed, monkeypatch):
    installed(**GOOD | {"trl": newer})
    monkeypatch.setattr(libraries, "_try_all", lambda: None)
    monkeypatch.setattr(libraries, "_silent", lambda: libraries.contextlib.nullcontext())
    assert real.guard() is None


def test_peft_beside_an_old_torchao_raises_only_when_an_adapter_is_built(installed, monkeypatch):
    """As on Colab and Kaggle: the import succeeds."""
    said = "Found an incompatible version of torchao. Found version 0.10.0\nand more"

    def inject_adapter_in_model(*_):
        raise ImportError(said)

    peft = ModuleType("peft")
    peft.LoraConfig = lambda **_: None
    peft.inject_adapter_in_model = inject_adapter_in_model
    monkeypatch.setitem(sys.modules, "peft", peft)
    monkeypatch.setattr(libraries, "_silent", lambda: libraries.contextlib.nullcontext())
    installed(**GOOD)
    why = real.guard("tr")
    assert why.startswith("Kitaplıklar kurulu, ama burada çalışmıyor: ImportError: Found an inc")
    assert "\n" not in why
    assert real.guard().startswith("The libraries are installed, but do not run here: ImportError")


@pytest.mark.parametrize("language", ["tr", "en"])
def test_without_them_each_function_says_why_in_the_learners_language(
    language, installed, monkeypatch
):
    """Which need not be that of the words that the model knows."""
    installed()
    monkeypatch.setattr(errors, "SESSION", language)
    world = tc.World()
    why = {"tr": "transformers kurulu değil", "en": "transformers is not installed"}[language]
    pairs = torch.zeros(1, 3)
    for work in (
        lambda: real.pretrain(world),
        lambda: real.tokenizer(world),
        lambda: real.lora_sft(None, world),
        lambda: real.start(world),
        lambda: real.dpo(None, world, pairs),
        lambda: real.grpo(None, world),
        lambda: real.rloo(None, world),
    ):
        with pytest.raises(ImportError, match=why):
            work()


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_library_sets_is_put_back(fails, monkeypatch):
    """Whatever they may do: tests/real/ sees what they do."""
    monkeypatch.setattr(libraries, "guard", lambda: None)
    monkeypatch.setattr(libraries, "_silent", lambda: libraries.contextlib.nullcontext())
    monkeypatch.setenv("CHANGED", "1")
    monkeypatch.setenv("GONE", "1")
    seen = []

    @libraries.undisturbed
    def work():
        seen.append((torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()))
        os.environ |= {"CHANGED": "2", "NEW": "1"}
        del os.environ["GONE"]
        for seed in (random.seed, np.random.seed, torch.manual_seed):
            seed(0)
        torch.set_num_threads(3)
        if fails:
            raise ZeroDivisionError

    def state() -> list:
        drawn = [random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()]  # noqa: NPY002
        return [*drawn, dict(os.environ), torch.get_num_threads(), torch.get_default_dtype()]

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        torch.set_default_dtype(torch.float64)
        with torch.no_grad():
            before = state()
            with pytest.raises(ZeroDivisionError) if fails else libraries.contextlib.nullcontext():
                work()
            assert state() == before
            assert not torch.is_grad_enabled()
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(torch.float32)
    assert seen == [(1, torch.float32, True)]


@pytest.mark.parametrize("language", ["tr", "en"])
def test_every_word_earns_what_the_function_pays(language):
    world = tc.World(reward=torch.arange(66).view(6, 11) / 66, language=language)
    worth, judge, known = real.reward(world), real.reward_function(world), real.words(world)
    assert len(set(known)) == len(known)
    for prompt, row in zip(world.prompts, worth, strict=True):
        # as TRL gives them: marks are gone from the text
        texts = ["" if word in known[:3] else f" {word}" for word in known]
        assert judge([prompt] * len(known), texts, completion_ids=None) == row.tolist()
    assert (worth == real.OTHER).sum() == 6 * (len(known) - 11)
    at = [known.index(token) for token in world.tokens]
    assert torch.equal(worth[:, at], world.reward)


def test_answers_and_mass_are_parts_of_the_table():
    logp = torch.randn(2, 6, 24, generator=torch.Generator().manual_seed(0)).double()
    logp = logp.log_softmax(-1)
    known = real.words(WORLD)
    for y, token in enumerate(WORLD.tokens):
        joint = logp[..., known.index(token)].exp()
        part = real.mass(logp, WORLD) * real.answers(logp, WORLD)[..., y].exp()
        assert torch.allclose(joint, part, rtol=0, atol=1e-15)
    assert torch.allclose(real.answers(logp, WORLD).exp().sum(-1), torch.ones(2, 6).double())


def test_own_optima_are_those_of_lesson_7():
    """Of a table with 24 words: π* for RLOO and DPO, less and other for the rest."""
    logits = torch.randn(6, 24, generator=torch.Generator().manual_seed(0)).double()
    ref, worth = logits.log_softmax(-1), real.reward(WORLD)
    star = tc.exact.optimal_policy(ref, worth, 0.5)
    for method in ("rloo", "dpo"):
        assert torch.equal(real.own_optimum(method, ref, WORLD, beta=0.5), star)
    # RLOO's mean of the others is left out: 15/16 of the reward, so as if β were 16/15 of it
    dr = real.own_optimum("dr_grpo", ref, WORLD, beta=0.5)
    assert torch.allclose(dr, tc.exact.optimal_policy(ref, worth, 0.5 * 16 / 15), atol=1e-12)
    grpo = real.landing(real.own_optimum("grpo", ref, WORLD, beta=0.5), ref, WORLD, 0.5)
    assert grpo["attained"] < 0.95
    assert grpo["kl"] > 1.2 * real.landing(star, ref, WORLD, 0.5)["kl"]
    assert real.landing(star, ref, WORLD, 0.5)["attained"] == pytest.approx(1)
    with pytest.raises(ValueError, match="method must be one of rloo, dr_grpo, grpo, dpo"):
        real.own_optimum("ppo", ref, WORLD, beta=0.5)


# --- what is stored -------------------------------------------------------------------------------

STORED = real.stored()
ALIKE = {"rel": 0, "abs": 2e-3}  # four decimals are stored, of the start's logarithms too
VARIANTS = ("initializer_range", "sft_weight", "every_word")
PLAIN = [run for run in STORED["runs"] if not any(name in run for name in VARIANTS)]


def test_each_setting_is_stored_in_three_seeds_and_once():
    due = [one | {"seed": seed} for one in settings() for seed in (0, 1, 2)]
    got = [{key: run[key] for key in NAMED if key in run} for run in STORED["runs"]]
    order = functools.partial(json.dumps, sort_keys=True)
    assert sorted(map(order, got)) == sorted(map(order, due))


def test_it_was_measured_with_the_versions_that_are_installed_for_it():
    pinned = (ROOT / "tests" / "versions" / "real.txt").read_text(encoding="utf-8")
    for name, version in STORED["versions"].items():
        assert name == "python" or f"\n{name}=={version.partition('+')[0]}\n" in pinned, name


def named(run: dict) -> str:
    return "-".join(str(run.get(key, "")) for key in NAMED)


@pytest.mark.parametrize("run", PLAIN, ids=named)
def test_what_is_stored_is_what_the_oracle_says_of_its_start(run):
    beta, ref = run["beta"], torch.tensor(STORED["starts"][str(run["seed"])]["ref_logp"])
    ref = ref.double().log_softmax(-1)
    recipe = {name: run[name] for name in ("beta", "num_generations") if name in run}
    due = {
        "own": real.own_optimum(run["method"], ref, WORLD, **recipe),
        "star": tc.exact.optimal_policy(ref, real.reward(WORLD), beta),
    }
    for name, logp in due.items():
        assert run[name] == pytest.approx(real.landing(logp, ref, WORLD, beta), **ALIKE), name
    first = real.landing(ref, ref, WORLD, beta)
    logp = torch.tensor(run["logp"]).double().log_softmax(-1)
    here = real.landing(logp, ref, WORLD, beta)
    assert {name: run[name] for name in here} == pytest.approx(here, **ALIKE)
    curve = run["curve"]
    for name in ("reward", "kl", "mass"):
        assert curve[name][0] == pytest.approx(first[name], **ALIKE)
        assert curve[name][-1] == pytest.approx(run[name], **ALIKE)
    gain, most = (one["reward"] - beta * one["kl"] - first["reward"] for one in (run, run["star"]))
    assert run["attained"] == pytest.approx(gain / most, abs=0.01)
    assert run["attained"] <= 1 + 1e-4


@pytest.mark.parametrize("run", PLAIN, ids=named)
def test_what_lesson_8_shows_is_what_lesson_7_predicts(run):
    method, beta, here, own = run["method"], run["beta"], run["attained"], run["own"]
    if method in ("rloo", "dr_grpo"):
        assert here > 0.95
    if method == "grpo":  # beyond π*, the more so the shorter the leash ought to be
        assert here == pytest.approx(own["attained"], abs=0.2)
        small = run["num_generations"] == 4  # the larger a group, the farther
        assert beta < 0.5 or run["kl"] > (1.3 if small else 1.8) * run["star"]["kl"]
        assert here < {0.1: 1, 0.25: 0.98, 0.5: 0.95 if small else 0.85, 1.0: 0.5}[beta]
    if method == "dpo" and beta >= 0.5:
        assert here > 0.75
    leaks = method == "dpo" and beta == 0.1
    assert run["mass"] < 0.97 if leaks else run["mass"] > 0.95


@pytest.mark.parametrize("setting", ["beta", "num_generations", "rank"])
def test_runs_over_a_setting_are_those_that_are_stored(setting):
    usual = {"beta": 0.5, "num_generations": 16, "rank": 8}
    over = real.runs(setting)
    trainers = ["rloo", "grpo", "dr_grpo", "dpo"][: 3 if setting == "num_generations" else 4]
    assert over.trainer.values.tolist() == trainers
    for run in PLAIN:
        others = (run.get(name, value) == value for name, value in usual.items() if name != setting)
        if setting not in run or not all(others):
            continue
        here = over.sel({"trainer": run["method"], setting: run[setting], "seed": run["seed"]})
        assert float(here.kl) == run["kl"]
        assert float(here.own_attained) == run["own"]["attained"]
        assert float(here.star_reward) == run["star"]["reward"]
        assert here.mass_at.values.tolist() == run["curve"]["mass"]
        assert np.allclose(here.logp, run["logp"], atol=1e-3)
        assert np.allclose(np.exp(here.logp).sum("word"), 1, rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="setting must be one of beta, num_generations, rank"):
        real.runs("lr")


def test_starts_leaks_ceilings_and_int8_are_those_that_are_stored():
    starts, leaks, ceilings, eight = real.starts(), real.leaks(), real.ceilings(), real.int8()
    for seed, start in STORED["starts"].items():
        assert np.allclose(starts.base_logp.sel(seed=int(seed)), start["base_logp"], atol=1e-3)
    assert dict(leaks.sizes) == {"start": 2, "cure": 3, "seed": 3}
    for run in STORED["runs"]:
        if run["method"] == "dpo" and run.get("initializer_range") == 0.02:
            cure = "sft" if "sft_weight" in run else "every_word" if "every_word" in run else "none"
            here = leaks.sel(start="narrow", cure=cure, seed=run["seed"])
            assert (float(here.mass), run["beta"]) == (run["mass"], 0.5)
        if "int8" in run:
            assert (run["method"], run["beta"], run["rank"]) == ("rloo", 0.5, 8)
            assert eight.bytes.sel(seed=run["seed"]).values.tolist() == run["int8"]["bytes"]
    assert eight.sizes["seed"] == 3
    usual = leaks.sel(start="usual", cure="none").mass
    assert usual.equals(
        real.runs().mass.sel(trainer="dpo", beta=0.1, drop=True).assign_coords(usual.coords)
    )
    for one in STORED["ceilings"]:
        where = {"initializer_range": one["initializer_range"], "rank": str(one["rank"] or "all")}
        assert float(ceilings.sel(where | {"seed": one["seed"]})) == one["attained"]
