"""Wrong input is an error before any work; the message names setting, value and rule."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import toycore as tc
from toycore.run import History

NAN, INF = math.nan, math.inf


@pytest.fixture(scope="module")
def given(world) -> SimpleNamespace:
    """A world, a start of seeds 0 and 1, and a sweep over ranks."""
    start = tc.train_sft(world, tc.SFTConfig(steps=1, seeds=2))
    sweep = tc.train_sft(world, tc.SFTConfig(steps=1, lora_rank=[1, 2], seeds=2))
    return SimpleNamespace(world=world, start=start, sweep=sweep)


@pytest.fixture
def no_work(given, monkeypatch):
    """From here on, a model or a history that is made is work that has begun."""

    def begun(*_, **__):
        raise AssertionError("work began before the input was checked")

    for worker in (tc.ToyLM, tc.ValueNet, History):
        monkeypatch.setattr(worker, "__init__", begun)
    monkeypatch.setattr(tc.ToyLM, "select", begun)


def check_message(error, *parts) -> None:
    for part in parts:
        assert str(part) in str(error.value)


# Every setting of every config

RULES = {
    (tc.SFTConfig, "lora_rank"): ("a whole number of at least 1 and at most 11", 0, 12),
    (tc.SFTConfig, "lora_alpha"): ("a finite number above 0", 0.0),
    (tc.SFTConfig, "steps"): ("a whole number of at least 1", 0),
    (tc.SFTConfig, "lr"): ("a finite number above 0", 0),
    (tc.PPOConfig, "kl_beta"): ("a finite number of at least 0", -1e-9),
    (tc.PPOConfig, "clip_range"): ("a finite number above 0", 0),
    (tc.PPOConfig, "vf_coef"): ("a finite number of at least 0", -0.5),
    (tc.PPOConfig, "ent_coef"): ("a finite number of at least 0", -0.01),
    (tc.PPOConfig, "lr"): ("a finite number above 0", 0.0),
    (tc.PPOConfig, "rollouts"): ("a whole number of at least 1", 0),
    (tc.PPOConfig, "epochs"): ("a whole number of at least 1", 0),
    (tc.PPOConfig, "batch_size"): ("a whole number of at least 2", 1),
    (tc.PPOConfig, "target_kl"): ("a finite number above 0", 0),
    (tc.GRPOConfig, "kl_beta"): ("a finite number of at least 0", -1e-9),
    (tc.GRPOConfig, "num_generations"): ("a whole number of at least 2", 1),
    (tc.GRPOConfig, "clip_range"): ("a finite number above 0", 0),
    (tc.GRPOConfig, "lr"): ("a finite number above 0", 0),
    (tc.GRPOConfig, "rollouts"): ("a whole number of at least 1", 0),
    (tc.GRPOConfig, "epochs"): ("a whole number of at least 1", 0),
    (tc.GRPOConfig, "answers_per_prompt"): ("a whole number of at least 1", 0),
    (tc.LengthConfig, "lr"): ("a finite number above 0", 0),
    (tc.LengthConfig, "steps"): ("a whole number of at least 1", 0),
    (tc.DPOConfig, "beta"): ("a finite number above 0", 0),
    (tc.DPOConfig, "sft_weight"): ("a finite number of at least 0", -0.1),
    (tc.DPOConfig, "lr"): ("a finite number above 0", -0.0),
    (tc.DPOConfig, "steps"): ("a whole number of at least 1", 0),
}
BELOW = [(*key, rule, value) for key, (rule, *values) in RULES.items() for value in values]


def name_of(value) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


@pytest.mark.parametrize(("config", "name", "rule", "value"), BELOW, ids=name_of)
def test_a_setting_out_of_its_bounds_is_an_error(config, name, rule, value):
    for wrong in (value, [3, value], np.array([value])):
        with pytest.raises(ValueError, match=name) as error:
            config(**{name: wrong})
        check_message(error, name, rule, value)


@pytest.mark.parametrize("value", [-1, NAN, INF, -INF, True, "0.1", 1j, {0.1}, [[1], [2]]], ids=str)
@pytest.mark.parametrize(("config", "name"), RULES, ids=name_of)
def test_a_setting_that_is_no_number_of_its_kind_is_an_error(config, name, value):
    with pytest.raises((TypeError, ValueError), match=name) as error:
        config(**{name: value})
    shown = value[0] if isinstance(value, list) else value
    check_message(error, name, RULES[config, name][0], shown)


@pytest.mark.parametrize(("config", "name"), RULES, ids=name_of)
def test_an_empty_or_repeating_sequence_is_an_error(config, name):
    with pytest.raises(ValueError, match=f"{name} must have at least one value") as error:
        config(**{name: []})
    check_message(error, RULES[config, name][0], "empty")
    for repeating in ([3, 4, 3], (3, 3.0) if "finite" in RULES[config, name][0] else (3, 3)):
        with pytest.raises(ValueError, match=f"{name} must have distinct values") as error:
            config(**{name: repeating})
        check_message(error, repeating)


@pytest.mark.parametrize(("config", "name"), RULES, ids=name_of)
def test_none_is_an_error_but_for_a_target_kl_that_is_off(config, name):
    if name == "target_kl":
        assert config(target_kl=None).target_kl is None
    else:
        with pytest.raises(TypeError, match=f"{name} must be .* got None"):
            config(**{name: None})
    with pytest.raises(TypeError, match=name):
        config(**{name: [None, 3]})


@pytest.mark.parametrize(("config", "name"), RULES, ids=name_of)
def test_a_fraction_where_a_whole_number_belongs_is_an_error(config, name):
    if "whole" in RULES[config, name][0]:
        for value in (2.5, 2.0):
            with pytest.raises(TypeError, match=f"{name} must be a whole number .*; got {value}"):
                config(**{name: value})
    else:
        assert getattr(config(**{name: 1}), name) == 1.0


CONFIGS = (tc.SFTConfig, tc.PPOConfig, tc.DPOConfig, tc.GRPOConfig, tc.LengthConfig)
SEEDS = {
    "no runs": 0,
    "less than none": -1,
    "a bool": True,
    "a fraction": 1.5,
    "a string": "3",
    "nothing": None,
    "an empty sequence": [],
    "an empty range": range(0),
    "a repeated seed": [1, 1],
    "a negative seed": [0, -1],
    "a seed that is a fraction": [0.5],
    "a seed that is a bool": [True],
    "a set": {1, 2},
    "more than a memory holds": 10**30,
    "one more than the most": 100_001,
}


@pytest.mark.parametrize("seeds", SEEDS.values(), ids=SEEDS)
@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_seeds_are_a_count_or_distinct_whole_numbers_from_0(config, seeds):
    with pytest.raises((TypeError, ValueError), match="seeds must"):
        config(seeds=seeds)


@pytest.mark.parametrize("value", ["no", None, [True, False]], ids=str)
def test_reference_free_is_true_or_false_and_nothing_else(value):
    with pytest.raises((TypeError, ValueError), match="reference_free") as error:
        tc.DPOConfig(reference_free=value)
    check_message(error, value)


WORDS = {
    (tc.GRPOConfig, "baseline"): "mean, leave_one_out",
    (tc.GRPOConfig, "scale_rewards"): "group, none",
    (tc.GRPOConfig, "kl_in"): "loss, reward",
    (tc.GRPOConfig, "kl_estimator"): "k1, k2, k3",
    (tc.LengthConfig, "loss_type"): "grpo, dr_grpo",
}


@pytest.mark.parametrize("value", ["batch", "K3", "", None, 1, True, ["k1", "x"], []], ids=repr)
@pytest.mark.parametrize(("config", "name"), WORDS, ids=name_of)
def test_a_setting_in_words_is_one_of_them(config, name, value):
    with pytest.raises((TypeError, ValueError), match=name) as error:
        config(**{name: value})
    check_message(error, WORDS[config, name])


@pytest.mark.parametrize("value", ["dpo", "IPO", "", None, 1, True, ["ipo", "dpo"], []], ids=repr)
def test_a_loss_type_is_one_of_its_names(value):
    with pytest.raises((TypeError, ValueError), match="loss_type") as error:
        tc.DPOConfig(loss_type=value)
    check_message(error, "sigmoid, ipo")
    if not isinstance(value, list):
        one = torch.zeros(1)
        with pytest.raises((TypeError, ValueError), match="loss_type must be one of sigmoid, ipo"):
            tc.dpo.dpo_loss(one, one, one, one, loss_type=value)


def test_a_misspelt_setting_is_answered_with_the_settings_there_are():
    with pytest.raises(TypeError, match="kl_betta") as error:
        tc.PPOConfig(kl_betta=0.1)
    check_message(error, "PPOConfig", "kl_beta", "clip_range", "seeds")
    with pytest.raises(TypeError, match="loraRank") as error:
        tc.SFTConfig(loraRank=4)
    check_message(error, "lora_rank")


def test_a_config_cannot_be_changed_once_made():
    config = tc.PPOConfig(kl_beta=[0.1, 0.2])
    with pytest.raises(AttributeError):
        config.kl_beta = -1


def test_every_setting_of_every_config_is_in_these_tables():
    for config in CONFIGS:
        named = {name for owner, name in (*RULES, *WORDS) if owner is config} | {
            "seeds",
            "reference_free",
            "loss_type",
        }
        assert set(config.__dataclass_fields__) <= named


# The world

WORLDS = {
    "helpful is NaN": ({"helpful": NAN}, ("helpful", "nan", "finite")),
    "harmful is infinite": ({"harmful": -INF}, ("harmful", "-inf", "finite")),
    "neutral is a string": ({"neutral": "1"}, ("neutral", "'1'", "number")),
    "helpful is a bool": ({"helpful": True}, ("helpful", "True", "number")),
    "a table of the wrong shape": (
        {"reward": np.ones((11, 6))},
        ("reward", "(11, 6)", "(6, 11)"),
    ),
    "a row for a table": ({"reward": [0.0] * 11}, ("reward", "(11,)", "(6, 11)")),
    "a table with NaN": ({"reward": np.full((6, 11), NAN)}, ("reward", "NaN", "finite")),
    "a table with infinity": ({"reward": torch.full((6, 11), INF)}, ("reward", "infin", "finite")),
    "a table of words": ({"reward": "high"}, ("reward", "high")),
    "a ragged table": ({"reward": [[1.0], [1.0, 2.0]]}, ("reward", "(6, 11)")),
    "classes and a table": (
        {"helpful": 2.0, "reward": np.ones((6, 11))},
        ("class", "table", "reward", "not both"),
    ),
    "an unknown language": ({"language": "de"}, ("language", "'de'", "tr, en")),
    "no language": ({"language": np.array([])}, ("language", "array([]", "tr, en")),
    "two languages": ({"language": np.array(["tr", "en"])}, ("language", "array([", "tr, en")),
    "no number beside a table": (
        {"helpful": np.array([]), "reward": np.ones((6, 11))},
        ("helpful", "array([]", "finite number"),
    ),
}


@pytest.mark.parametrize(("settings", "parts"), WORLDS.values(), ids=WORLDS)
def test_a_world_that_cannot_be_is_an_error(settings, parts):
    with pytest.raises((TypeError, ValueError)) as error:
        tc.World(**settings)
    check_message(error, *parts)


@pytest.mark.parametrize("label", ["bana yardım et", "Hello", 6, -1, 0.0, True, None], ids=repr)
def test_an_unknown_prompt_is_answered_with_the_prompts_there_are(world, label):
    with pytest.raises(ValueError, match="unknown prompt") as error:
        world.prompt(label)
    check_message(error, repr(label), ", ".join(world.prompts), "0 to 5")


@pytest.mark.parametrize("label", ["evet", "", 11, -1, 0.0, False, None], ids=repr)
def test_an_unknown_token_is_answered_with_the_tokens_there_are(world, label):
    with pytest.raises(ValueError, match="unknown token") as error:
        world.token(label)
    check_message(error, repr(label), ", ".join(world.tokens), "0 to 10")


PREFERENCES = {
    "no pairs asked for": ({"n": 0}, ("n", "0", "at least 1")),
    "a fraction of a pair": ({"n": 2.5}, ("n", "2.5", "whole number")),
    "a negative seed": ({"seed": -1}, ("seed", "-1", "at least 0")),
    "no seed": ({"seed": None}, ("seed", "None", "whole number")),
    "a table of the wrong shape": (
        {"ref_logp": np.zeros((6, 10))},
        ("ref_logp", "6, 11", "(6, 10)"),
    ),
    "logits": ({"ref_logp": np.zeros((6, 11))}, ("ref_logp", "log-probabilities")),
    "NaN": ({"ref_logp": np.full((6, 11), NAN)}, ("ref_logp", "log-probabilities")),
}


@pytest.mark.parametrize(("settings", "parts"), PREFERENCES.values(), ids=PREFERENCES)
def test_preferences_that_cannot_be_sampled_are_an_error(given, settings, parts):
    usual = {"ref_logp": given.start.logp, "n": 5, "seed": 0}
    with pytest.raises((TypeError, ValueError)) as error:
        given.world.sample_preferences(**(usual | settings))
    check_message(error, *parts)


# The trainers: each call with what its message must say

PPO, DPO = tc.PPOConfig(seeds=2), tc.DPOConfig(seeds=2)
CALLS = {
    "PPO, start of fewer seeds": (
        lambda g: tc.train_ppo(g.world, tc.PPOConfig(seeds=3), g.start),
        ("start", "seeds", "(0, 1, 2)", "(0, 1)"),
    ),
    "DPO, start of other seeds": (
        lambda g: tc.train_dpo(g.world, tc.DPOConfig(seeds=[0, 2]), start=g.start),
        ("start", "seeds", "(0, 2)", "(0, 1)"),
    ),
    "PPO, start of the same seeds in another order": (
        lambda g: tc.train_ppo(g.world, tc.PPOConfig(seeds=[1, 0]), g.start),
        ("start", "seeds", "(1, 0)", "(0, 1)"),
    ),
    "PPO, start that is a sweep": (
        lambda g: tc.train_ppo(g.world, PPO, g.sweep),
        ("start", "lora_rank", "start.sel"),
    ),
    "DPO, start that is a sweep": (
        lambda g: tc.train_dpo(g.world, DPO, start=g.sweep),
        ("start", "lora_rank", "start.sel"),
    ),
    "PPO, start that is a model": (
        lambda g: tc.train_ppo(g.world, PPO, g.start.model),
        ("start", "Run", "None", "ToyLM"),
    ),
    "DPO, start that is a string": (
        lambda g: tc.train_dpo(g.world, DPO, start="sft"),
        ("start", "Run", "None", "'sft'"),
    ),
    "SFT, no world": (lambda g: tc.train_sft("en"), ("world", "World", "'en'")),
    "PPO, the class for a world": (lambda g: tc.train_ppo(tc.World, PPO), ("world", "World")),
    "DPO, a config for a world": (lambda g: tc.train_dpo(DPO), ("world", "World", "DPOConfig")),
    "SFT, PPO's config": (lambda g: tc.train_sft(g.world, PPO), ("SFTConfig", "PPOConfig")),
    "PPO, DPO's config": (lambda g: tc.train_ppo(g.world, DPO), ("PPOConfig", "DPOConfig")),
    "DPO, a class for a config": (
        lambda g: tc.train_dpo(g.world, tc.DPOConfig),
        ("config", "DPOConfig"),
    ),
    "PPO, a dict for a config": (
        lambda g: tc.train_ppo(g.world, {"kl_beta": 0.1}),
        ("config", "PPOConfig", "'kl_beta'"),
    ),
    "PPO, a setting beside the config": (
        lambda g: tc.train_ppo(g.world, kl_beta=0.1),
        ("kl_beta",),
    ),
    "sel, a value that was not swept": (
        lambda g: g.sweep.sel(lora_rank=4),
        ("lora_rank", "4", "(1, 2)"),
    ),
    "sel, one value of a list that was not swept": (
        lambda g: g.sweep.sel(lora_rank=[1, 4]),
        ("lora_rank", "4", "(1, 2)"),
    ),
    "sel, a setting that was not swept": (
        lambda g: g.sweep.sel(kl_beta=0.1),
        ("kl_beta", "lora_rank"),
    ),
}

PAIRS = {
    "chosen is rejected": ([("hello", "yes", "yes")], ("differ", "'yes'")),
    "an unknown prompt": ([("selam", "yes", "no")], ("prompt", "'selam'", "hello")),
    "an unknown token": ([("hello", "evet", "no")], ("token", "'evet'", "yes")),
    "an index too high": ([(0, 3, 11)], ("token", "11", "0 to 10")),
    "a negative index": ([(0, -1, 3)], ("token", "-1", "0 to 10")),
    "a fraction": (torch.tensor([[0.0, 1.0, 2.0]]), ("whole numbers", "float32")),
    "a table of truths": (torch.ones(5, 3).bool(), ("whole numbers", "bool")),
    "a table with a prompt too high": (torch.tensor([[0, 1, 2], [6, 1, 2]]), ("prompt", "6")),
    "a table with a token too low": (torch.tensor([[0, 1, 2], [5, 1, -3]]), ("token", "-3")),
    "a table where chosen is rejected": (
        torch.tensor([[0, 1, 2], [0, 3, 3]]),
        ("differ", "'hello'", "'thanks'"),
    ),
    "no rows in a table": (torch.ones(0, 3).long(), ("(prompt, chosen, rejected)", "(0, 3)")),
    "rows of two": (torch.ones(5, 2).long(), ("(prompt, chosen, rejected)", "(5, 2)")),
    "rows of four": ([(0, 1, 2, 3)], ("(prompt, chosen, rejected)", "(0, 1, 2, 3)")),
    "one row for a table": (torch.tensor([0, 1, 2]), ("(prompt, chosen, rejected)",)),
    "no rows": ([], ("pairs", "[]")),
    "a string": ("yes > no", ("pairs", "'yes > no'")),
    "a number": (5, ("pairs", "5")),
    "sets of sets": (torch.tensor([[[[0, 1, 2]]]] * 2), ("(N, 3)", "(2, 1, 1, 3)")),
    "sets for three seeds": (torch.tensor([[[0, 1, 2]]] * 3), ("pairs", "S = 2", "(3, 1, 3)")),
}


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(("call", "parts"), CALLS.values(), ids=CALLS)
def test_a_wrong_call_is_an_error_before_any_work(given, call, parts):
    with pytest.raises((TypeError, ValueError)) as error:
        call(given)
    check_message(error, *parts)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(("pairs", "parts"), PAIRS.values(), ids=PAIRS)
def test_wrong_pairs_are_an_error_before_any_work(given, pairs, parts):
    for start in (given.start, None):
        with pytest.raises((TypeError, ValueError)) as error:
            tc.train_dpo(given.world, DPO, pairs, start)
        check_message(error, *parts)


@pytest.mark.usefixtures("no_work")
def test_the_guard_itself_tells_when_work_begins(given):
    for call in (
        lambda: tc.train_sft(given.world),
        lambda: tc.train_ppo(given.world, PPO, given.start),
        lambda: tc.train_dpo(given.world, DPO, start=given.start),
    ):
        with pytest.raises(AssertionError, match="work began"):
            call()
