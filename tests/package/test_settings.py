"""What every setting is by default, and what it may be: each is a promise.

Curves of two releases can only be laid over each other while defaults stay: whoever changes one
here says so in CHANGELOG.md.
"""

import dataclasses

import pytest

import toycore as tc

CONTRACT = {
    tc.SFTConfig: {
        "lora_rank": (8, "a whole number of at least 1 and at most 11"),
        "lora_alpha": (8.0, "a finite number above 0"),
        "steps": (38, "a whole number of at least 1"),
        "lr": (1e-2, "a finite number above 0"),
        "seeds": (1, None),
    },
    tc.PPOConfig: {
        "kl_beta": (0.05, "a finite number of at least 0"),
        "clip_range": (0.2, "a finite number above 0"),
        "vf_coef": (0.5, "a finite number of at least 0"),
        "ent_coef": (0.01, "a finite number of at least 0"),
        "lr": (6e-2, "a finite number above 0"),
        "rollouts": (100, "a whole number of at least 1"),
        "epochs": (4, "a whole number of at least 1"),
        "batch_size": (256, "a whole number of at least 2"),
        "target_kl": (None, r"a finite number above 0 \(or None\)"),
        "seeds": (1, None),
    },
    tc.DPOConfig: {
        "beta": (0.3, "a finite number above 0"),
        "loss_type": ("sigmoid", "one of sigmoid, ipo"),
        "reference_free": (False, "True or False"),
        "sft_weight": (0.0, "a finite number of at least 0"),
        "lr": (3e-2, "a finite number above 0"),
        "steps": (200, "a whole number of at least 1"),
        "seeds": (1, None),
    },
    tc.RewardModelConfig: {
        "rank": (6, "a whole number of at least 0 and at most 6"),
        "ridge": (1e-3, "a finite number of at least 0"),
        "lr": (0.1, "a finite number above 0"),
        "steps": (200, "a whole number of at least 1"),
        "seeds": (1, None),
    },
}
PROMISES = [
    pytest.param(config, name, *promise, id=f"{config.__name__}-{name}")
    for config, settings in CONTRACT.items()
    for name, promise in settings.items()
]


@pytest.mark.parametrize("config", CONTRACT)
def test_these_are_all_the_settings_in_this_order(config):
    assert [field.name for field in dataclasses.fields(config)] == [*CONTRACT[config]]


@pytest.mark.parametrize(("config", "name", "default", "rule"), PROMISES)
def test_a_setting_is_what_it_was_and_refuses_what_it_refused(config, name, default, rule):
    (found,) = (field.default for field in dataclasses.fields(config) if field.name == name)
    assert (found, type(found)) == (default, type(default))
    if rule is not None:
        with pytest.raises((TypeError, ValueError), match=f"{name} must be {rule}; got 'x'"):
            config(**{name: "x"})
    if rule and "at least" in rule:
        least = int(rule.split("at least ")[1].split()[0])
        assert getattr(config(**{name: least}), name) == least


@pytest.mark.parametrize(
    ("config", "typo", "meant"),
    [
        (tc.PPOConfig, "kl_bata", "kl_beta"),
        (tc.PPOConfig, "learning_rate_clip_range", None),
        (tc.DPOConfig, "Beta", "beta"),
        (tc.SFTConfig, "lora_ranks", "lora_rank"),
    ],
)
def test_a_mistyped_setting_is_answered_with_the_one_that_was_meant(config, typo, meant):
    with pytest.raises(TypeError) as error:
        config(**{typo: 1})
    guess = f" (did you mean {meant}?)" if meant else ""
    assert f"{config.__name__} has no setting '{typo}'{guess}; its settings: " in str(error.value)
