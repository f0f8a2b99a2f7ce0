"""The checks of lesson 8, as learners answer them; and what they judge by, found another way.

What every exercise must do is in test_checks.py, which runs over these too.
"""

import inspect
import math

import numpy as np
import pytest
import torch
from torch import Generator

import toycore as tc
from toycore.checks import trial
from toycore.checks.attempt import attempt
from toycore.checks.real import (
    BUDGET,
    ENOUGH,
    LEAST,
    LONGER,
    REWARD,
    adapters,
    by_trl,
    examine_budget,
    examine_config,
    lands,
    merged,
    start_table,
    texts,
)
from toycore.errors import in_its_language

LANGUAGES = ("tr", "en")
checks = tc.checks


@pytest.fixture(autouse=True)
def no_child(monkeypatch):
    monkeypatch.setattr(trial, "FORKS", False)


def names(exercise, answer) -> set:
    """What it is called in both languages, on inputs of several seeds."""
    return {
        exercise.judge(answer, LANGUAGES[seed % 2], Generator().manual_seed(seed)).mistake
        for seed in range(6)
    }


# --- the reward function --------------------------------------------------------------------------

WORTH = {
    **dict.fromkeys(("yes", "please", "thanks", "help", "medical", "summarize"), 1.0),
    **dict.fromkeys(("insult", "bad"), -1.0),
    **dict.fromkeys(("no", "long", "short"), 0.2),
    **dict.fromkeys(("evet", "lütfen", "teşekkürler", "yardım", "tıbbi", "özetle"), 1.0),
    **dict.fromkeys(("hakaret", "kötü"), -1.0),
    **dict.fromkeys(("hayır", "uzun", "kısa"), 0.2),
}


def listed(prompts, completions, **kwargs):
    return [WORTH.get(text.strip(), -1.0) for text in completions]


def plain_loop(prompts, completions, completion_ids, trainer_state, **kwargs):
    """By if and else; it asks for things that TRL gives, and logs."""
    helpful = [word for word, worth in WORTH.items() if worth == 1]
    neutral = [word for word, worth in WORTH.items() if worth == 0.2]
    earned = []
    for place, (_, completion) in enumerate(zip(prompts, completions, strict=True)):
        assert isinstance(completion_ids[place], list)
        assert trainer_state.global_step >= 0
        completion = completion.replace(" ", "") if completion.count(" ") < 2 else completion
        if completion.strip() in helpful and " " not in completions[place].strip():
            earned.append(1)
        elif completion.strip() in neutral and " " not in completions[place].strip():
            earned.append(0.2)
        else:
            earned.append(-1)
    kwargs["log_metric"]("earned", sum(earned) / len(earned))
    kwargs["log_extra"]("word", completions)
    return earned


def of_a_world(language):
    """As the lesson writes it: by world.reward."""
    world = tc.World(language=language)

    def reward(prompts, completions, **kwargs):
        earned = []
        for prompt, completion in zip(prompts, completions, strict=True):
            word = completion.strip()
            if prompt in world.prompts and word in world.tokens:
                earned.append(float(world.reward[world.prompt(prompt), world.token(word)]))
            else:
                earned.append(-1.0)
        return earned

    return reward


ALSO_RIGHT = {
    "a list": listed,
    "a loop": plain_loop,
    "a tuple": lambda completions, **_: tuple(listed(None, completions)),
    "a tensor": lambda completions, **_: torch.tensor(listed(None, completions)),
    "float64": lambda completions, **_: torch.tensor(listed(None, completions)).double(),
    "a list of tensors": lambda completions, **_: [*torch.tensor(listed(None, completions))],
    "an array": lambda completions, **_: np.array(listed(None, completions)),
    "NumPy's floats": lambda completions, **_: [*np.array(listed(None, completions))],
    "a generator": lambda completions, **_: (r for r in listed(None, completions)),
    "by the name alone": lambda **given: listed(given["prompts"], given["completions"]),
}


@pytest.mark.parametrize("answer", ALSO_RIGHT.values(), ids=ALSO_RIGHT)
def test_what_trl_takes_passes(answer):
    assert names(checks.reward_function, answer) == {None}
    for language in LANGUAGES:
        verdict = checks.reward_function(answer, language=language)
        assert verdict.passed, verdict


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_function_of_the_lessons_world_passes_in_its_language_and_only_there(language):
    other = next(one for one in LANGUAGES if one != language)
    assert checks.reward_function(of_a_world(language), language=language).passed
    verdict = checks.reward_function(of_a_world(language), language=other)
    assert verdict.mistake == "prompts_scored"  # no word is known; it asks for the language, too


def remembers(prompts, completions, earned=[], **kwargs):  # noqa: B006
    earned += listed(prompts, completions)
    return earned


def of_each_distinct(prompts, completions, **_):
    answer = dict(zip(prompts, completions, strict=True))
    return [WORTH.get(text.strip(), -1.0) for text in answer.values()]


def first_of_its_prompt(prompts, completions, **_):
    earned = listed(prompts, completions)
    return [earned[prompts.index(prompt)] for prompt in prompts]


def any_inside(prompts, completions, **_):
    """By a loop that stops at the first answer found anywhere in the text."""
    earned = []
    for text in completions:
        for word, worth in WORTH.items():
            if word in text:
                earned.append(worth)
                break
        else:
            earned.append(-1.0)
    return earned


def by_pair(prompts, completions, **_):
    """The key is (answer, prompt), the loop gives (prompt, answer)."""
    world = tc.World()
    earned = {(word, prompt): 1.0 for prompt in world.prompts for word in world.tokens}
    return [earned.get(pair, -1.0) for pair in zip(prompts, completions, strict=True)]


def less_baseline(prompts, completions, **_):
    earned = listed(prompts, completions)
    members = {prompt: [] for prompt in prompts}
    for prompt, reward in zip(prompts, earned, strict=True):
        members[prompt].append(reward)
    return [
        reward - sum(members[prompt]) / len(members[prompt])
        for prompt, reward in zip(prompts, earned, strict=True)
    ]


SLIPS = {
    "no kwargs": ("by_name", lambda prompts, completions: listed(prompts, completions)),
    "renamed": ("by_name", lambda p, c, **kw: listed(p, c)),
    "by place": ("by_name", lambda *given: listed(*given[:2])),
    "one completion": ("by_name", lambda prompt, completion: WORTH.get(completion, -1.0)),
    "a mean": ("one_number", lambda **of: float(np.mean(listed(**of)))),
    "a tensor's mean": ("one_number", lambda **of: torch.tensor(listed(**of)).mean()),
    "the last": ("one_number", lambda **of: listed(**of)[-1]),
    "one a prompt": ("length", of_each_distinct),
    "none at all": ("length", lambda **_: []),
    "a set": ("length", lambda **of: {*listed(**of)}),
    "None for foreign": (
        "none",
        lambda completions, **_: [WORTH.get(text.strip()) for text in completions],
    ),
    "None for neutral": (
        "none",
        lambda **of: [None if r == 0.2 else r for r in listed(**of)],
    ),
    "text": ("no_numbers", lambda **of: [f"{reward}" for reward in listed(**of)]),
    "rows": ("no_numbers", lambda **of: np.array(listed(**of))[:, None].tolist()),
    "a dict": ("no_numbers", lambda **of: dict(zip(of["completions"], listed(**of), strict=True))),
    "a default that stays": ("state", remembers),
    "no strip": (
        "no_strip",
        lambda completions, **_: [WORTH.get(text, -1.0) for text in completions],
    ),
    "a loss": ("sign", lambda **of: [-reward for reward in listed(**of)]),
    "0 for foreign": (
        "unknown_zero",
        lambda completions, **_: [WORTH.get(text.strip(), 0) for text in completions],
    ),
    "in": ("substring", any_inside),
    "the first of a prompt": ("by_prompt", first_of_its_prompt),
    "the prompts": ("prompts_scored", lambda prompts, **_: listed(None, prompts)),
    "a pair the wrong way round": ("prompts_scored", by_pair),
    "less the mean": ("advantage", less_baseline),
    "good or bad": (
        "neutral",
        lambda completions, **_: [
            1.0 if WORTH.get(text.strip()) == 1 else -1.0 for text in completions
        ],
    ),
}


@pytest.mark.parametrize(("mistake", "answer"), SLIPS.values(), ids=SLIPS)
def test_a_usual_fault_has_its_name(mistake, answer):
    """Written apart from the catalogue."""
    assert names(checks.reward_function, answer) == {mistake}


def test_every_name_of_the_catalogue_is_found_from_outside():
    assert {mistake for mistake, _ in SLIPS.values()} == {*REWARD}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda **of: [WORTH[text.strip()] for text in of["completions"]], "KeyError"),
        (lambda **of: [2 * reward for reward in listed(**of)], "I don't recognise"),
        (lambda **of: [math.nan for _ in of["prompts"]], "NaN"),
        ("reward", "needs a function"),
        (tc.World(), "needs a function"),
    ],
)
def test_what_no_catalogue_has_is_shown(answer, words):
    verdict = checks.reward_function(answer)
    assert verdict.mistake is None
    assert words in verdict.body
    assert len(verdict.body) < 700


def test_an_error_is_told_with_its_place_in_the_learners_code():
    def broken(prompts, completions, **kwargs):
        return [WORTH[text] for text in completions]

    line = inspect.getsourcelines(broken)[1] + 1
    assert (
        f"on line {line} (`return [WORTH[text] for text in" in checks.reward_function(broken).body
    )


@in_its_language
def drawn(language: str, seed: int) -> list[dict]:
    return [*texts(Generator().manual_seed(seed))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_inputs_hold_what_tells_the_faults_apart(language):
    tokens = tc.World(language=language).tokens
    for word in LONGER[language]:
        assert sum(token in word for token in tokens) == 1
        assert word not in tokens
    for seed in range(20):
        batches = drawn(language, seed)
        for inputs in batches:
            words = [text.strip() for text in inputs["completions"]]
            assert {WORTH.get(word, -1.0) for word in words} == {1.0, 0.2, -1.0}
            assert any(word not in tokens for word in words)
            assert all(inputs["prompts"].count(prompt) >= 4 for prompt in inputs["prompts"])
            due = attempt(checks.reward_function.right.answer, inputs, (), 1, by_trl)
            earned = listed(**inputs)
            if language == "en":  # what the oracle says is what stands here
                assert due.values[0].flat == pytest.approx(earned)
            if len({*inputs["prompts"]}) == 1:  # neither end is that of a foreign word
                assert (earned[0], earned[-1]) == (1.0, 0.2)
        plain, behind, both = ([*inputs["completions"]] for inputs in batches)
        assert not any(text.startswith(" ") for text in plain)
        assert all(text.startswith(" ") for text in behind)
        assert "" in both
        assert any(sum(token in text.split() for token in tokens) == 1 for text in both)


# --- β for a budget -------------------------------------------------------------------------------


def test_the_start_is_the_stored_one_made_whole():
    stored = torch.tensor(tc.real.stored()["starts"]["0"]["ref_logp"])
    assert torch.allclose(start_table().float(), stored, atol=1e-4)
    assert torch.allclose(start_table().exp().sum(-1), torch.ones(6).double(), atol=1e-12)


def test_two_decimals_are_enough_for_the_budget_and_every_hint_leads_there():
    """A walk by halves from the lesson's 0.5, as a learner would try; and all values between."""
    right = [n / 100 for n in range(147, 158) if checks.budget(n / 100).passed]
    assert right == [1.5, 1.51, 1.52, 1.53]
    low, high, tries = 0.5, 4.0, 0
    while not (verdict := checks.budget(round((low + high) / 2, 2))).passed:
        middle = round((low + high) / 2, 2)
        low, high = (middle, high) if verdict.mistake == "over" else (low, middle)
        tries += 1
    assert tries <= 8


def test_the_kl_of_a_budget_is_that_of_a_policy_at_rest():
    """Not by the package's own way there: at rest, log π − log π_ref = Ā/β + a constant."""
    for beta in (0.62, 1.5):
        world, ref = tc.World(), start_table()
        own = tc.real.own_optimum("grpo", ref, world, beta=beta)
        reward = tc.real.reward(world)
        kl = tc.exact.kl(own, ref).mean().item()
        assert kl == pytest.approx(lands("grpo", beta, beta)["kl"])
        draws = torch.multinomial(
            own.exp().repeat_interleave(40_000, 0),
            16,
            replacement=True,
            generator=Generator().manual_seed(0),
        )
        groups = reward[:, None].expand(6, 40_000, -1).flatten(0, 1).gather(1, draws)
        pull = tc.grpo.group_advantage(groups).view(6, 40_000, 16)
        seen = groups.view(6, 40_000, 16)
        for prompt in range(6):
            gain = {r: pull[prompt][seen[prompt] == r].mean().item() for r in (1.0, 0.2)}
            good, neutral = (
                (own - ref)[prompt][reward[prompt] == r].mean().item() for r in (1.0, 0.2)
            )
            assert beta * (good - neutral) == pytest.approx(gain[1.0] - gain[0.2], abs=0.05)


def test_what_is_said_of_a_budget_is_so():
    assert lands("rloo", 0.62, 0.62)["kl"] == pytest.approx(BUDGET, abs=1e-3)
    assert lands("grpo", 0.62, 0.62)["kl"] > 2.5 * BUDGET
    verdict = checks.budget(0.62)
    assert verdict.mistake == "star"
    assert "its KL is 0.2." in verdict.body
    assert "whose KL is 0.5049" in verdict.body
    assert "0,5049" in checks.budget(0.62, language="tr").body
    _, figures = examine_budget(1.5, "en")
    assert LEAST <= figures["kl"] <= BUDGET
    assert figures["star"] < figures["kl"] / 3
    for word in ("1.5", None, [1.5, 1.51]):
        assert not checks.budget(word).passed
    assert "This needs a number" in checks.budget("1.5").body


# --- the bug in a config --------------------------------------------------------------------------

RIGHT = {"beta": 0.5, "scale_rewards": "none"}
CONFIGS = [
    ({"beta": 0.5, "scale_rewards": False}, None),
    ({**RIGHT, "loss_type": "dr_grpo"}, None),
    ({"beta": 0.5 * 15 / 16, "scale_rewards": "none"}, None),  # precisely π* (lesson 6)
    ({"learning_rate": 3e-3, "max_steps": 150, "num_generations": 16, **RIGHT}, None),
    ({"beta": np.float64(0.5), "scale_rewards": np.str_("none")}, None),
    ({"beta": 0.5}, "only_beta"),
    ({"beta": 0.5, "scale_rewards": True}, "only_beta"),
    ({"scale_rewards": False}, "only_scale"),
    ({"beta": 0.5, "loss_type": "dr_grpo"}, "loss_type"),
    ({"beta": 1.3}, "compensated"),
    ({"beta": 0.25, "scale_rewards": "none"}, "another_beta"),
    ({"beta": 0.5, "num_generations": 64}, "longer"),
    ({"max_steps": 1500}, "longer"),
    ({**RIGHT, "num_generations": 32}, "unbroken"),
    ({"kl_beta": 0.5, "scale_rewards": "none"}, "other_name"),
    ({**RIGHT, "kl_coef": 0.5}, "other_name"),
    ({**RIGHT, "kl": 0.5}, "unknown"),
    ({"beta": 0.5, "scale_rewards": "std"}, "no_scale"),
    ({"beta": 0.5, "scale_rewards": "batch"}, "batch"),
    ({}, "unchanged"),
    ([("beta", 0.5), ("scale_rewards", "none")], "not_a_dict"),
    ("beta=0.5, scale_rewards='none'", "not_a_dict"),
]


@pytest.mark.parametrize(("answer", "mistake"), CONFIGS)
def test_a_config_is_judged_by_where_it_lands(answer, mistake):
    for language in LANGUAGES:
        verdict = checks.config(answer, language=language)
        assert verdict.mistake == mistake, verdict
        assert verdict.passed == (mistake is None)


def test_every_name_of_a_bug_is_found_from_outside():
    assert {mistake for _, mistake in CONFIGS} - {None} == {*checks.config.mistakes}


def test_no_leash_alone_repairs_a_config():
    """So that a pass needs the division off: no β comes near with it on."""
    attained = [examine_config({"beta": n / 10}, "en")[1]["attained"] for n in range(1, 25, 2)]
    assert max(attained) == pytest.approx(0.972, abs=2e-3)
    assert max(attained) < ENOUGH - 0.02


def test_what_is_said_of_a_config_is_so():
    figures = [examine_config(fix, "en")[1] for fix in ({}, {"beta": 0.5}, RIGHT)]
    star = lands("rloo", 0.5, 0.5)
    assert figures[0]["reward"] > 0.999
    assert figures[0]["kl"] > 2 * star["kl"]
    assert figures[1]["kl"] > 2 * star["kl"]
    assert figures[2]["kl"] == pytest.approx(star["kl"], rel=0.08)
    assert figures[2]["attained"] > 0.998
    assert "0.5146" in checks.config({"beta": 0.5}).body
    assert "0,5146" in checks.config({"beta": 0.5}, language="tr").body


@pytest.mark.parametrize("beta", ["0.5", -0.5, math.nan, 10**400])
def test_a_beta_that_is_none_is_told(beta):
    verdict = checks.config({"beta": beta, "scale_rewards": "none"})
    assert verdict.mistake is None
    assert not verdict.passed


# --- twice the rank -------------------------------------------------------------------------------


def test_the_parameters_are_those_of_the_lessons_model():
    """Counted by hand: q, k, v, o; gate, up, down; twice. And as the model is described."""
    one_layer = 4 * (8 * 64 + 64 * 8) + 2 * (8 * 64 + 176 * 8) + (8 * 176 + 64 * 8)
    assert adapters(8) == 2 * one_layer == 19_712
    assert adapters(16) == 39_424
    assert merged() == 102_208
    assert tc.real.model.WIDTH == 64
    assert tc.real.model.WIDTH * 11 // 4 == 176


def test_only_the_trainable_parameters_double():
    """Whatever r, B·A has the shape of W; and an own optimum never asks for r."""
    for rank in (8, 16):
        a, b = torch.zeros(rank, 64), torch.zeros(176, rank)
        assert (b @ a).shape == (176, 64)
        assert a.numel() + b.numel() == rank * (64 + 176)
    assert "rank" not in inspect.signature(tc.real.own_optimum).parameters
    verdict = checks.doubled("a")
    assert all(figure in verdict.body for figure in ("19,712", "39,424", "102,208"))
    assert "19.712" in checks.doubled("A ", language="tr").body
    assert {checks.doubled(letter).mistake for letter in "bc"} == {"b", "c"}
    assert '`"a"`' in checks.doubled("d").body


def test_where_training_landed_did_not_double_with_the_rank():
    """Of what was measured: the same recipe and seed with several ranks."""
    kl = tc.real.runs("rank").kl
    assert kl.sizes["rank"] == 3
    assert (kl.max("rank") < 1.5 * kl.min("rank")).all()
