"""The checks of the exercises: each mistake gets its name, and nothing that a learner does raises.

The catalogue tests run over every exercise of `tc.checks`, so a new one is covered by itself.
"""

import functools
import inspect
import itertools
import math
import sys

import numpy as np
import pytest
import torch
from torch import Generator

import toycore as tc
from builder.lesson import numbers
from terms import misused
from toycore.checks import trained, trial
from toycore.checks.compare import narrower, same_values
from toycore.checks.done import LESSONS, exercises
from toycore.checks.exercise import Exercise, Predicted, Tried, Written
from toycore.checks.frontier import examine_proxy, tripled
from toycore.checks.verdict import HEADS, PHRASES, Verdict
from toycore.errors import SCOPE

EXERCISES = {name: e for lesson in LESSONS for name, e in exercises(lesson).items()}
WRITTEN = {name: exercise for name, exercise in EXERCISES.items() if isinstance(exercise, Written)}
PREDICTED = {name: e for name, e in EXERCISES.items() if isinstance(e, Predicted)}
NUMBERED = {name: e for name, e in PREDICTED.items() if not isinstance(e.right.answer, str)}
LANGUAGES = ("tr", "en")
RARE = ("yes", "please", "insult", "bad", "long")  # where training starts

each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
each_written = pytest.mark.parametrize("exercise", WRITTEN.values(), ids=WRITTEN)
each_predicted = pytest.mark.parametrize("exercise", PREDICTED.values(), ids=PREDICTED)
each_numbered = pytest.mark.parametrize("exercise", NUMBERED.values(), ids=NUMBERED)
each_mistake = pytest.mark.parametrize(
    ("exercise", "name"),
    [(exercise, name) for exercise in EXERCISES.values() for name in exercise.mistakes],
    ids=[f"{key}-{name}" for key, exercise in EXERCISES.items() for name in exercise.mistakes],
)


def verdicts(exercise: Exercise, answer) -> list[Verdict]:
    """In both languages; on the inputs of many seeds where they are random."""
    seeds = range(20) if isinstance(exercise, Written) else range(2)
    return [
        exercise.judge(answer, LANGUAGES[seed % 2], Generator().manual_seed(seed)) for seed in seeds
    ]


@pytest.fixture(autouse=True)
def no_child(monkeypatch):
    """Answers are called in this process, as where nothing can be forked: it is faster, and the
    harder case. test_trials.py has the children, and that they say the same."""
    monkeypatch.setattr(trial, "FORKS", False)


WORKED_OUT = Written.expected


@functools.cache
def expected(exercise: Written, language: str, seed: int) -> tuple:
    return WORKED_OUT(exercise, Generator().manual_seed(seed))


@pytest.fixture
def each_input_once(monkeypatch):
    """What oracle and catalogue give for a seed is worked out for the first answer alone: it
    comes before any answer is called, and hangs on none."""

    def once(exercise, generator):
        return expected(exercise, SCOPE.get(), generator.initial_seed())

    monkeypatch.setattr(Written, "expected", once)


# --- the catalogue --------------------------------------------------------------------------------


def test_every_exercise_is_public_and_no_other_name_is():
    assert EXERCISES
    assert all(isinstance(exercise, Exercise) for exercise in EXERCISES.values())


@each_exercise
@pytest.mark.usefixtures("each_input_once")
def test_the_right_answer_passes(exercise):
    for verdict in verdicts(exercise, exercise.right.answer):
        assert verdict.passed, verdict
        assert verdict.mistake is None


@each_mistake
@pytest.mark.usefixtures("each_input_once")
def test_each_mistake_is_named_as_itself(exercise, name):
    mistake = exercise.mistakes[name]
    for answer in (mistake.answer, *mistake.also):
        for verdict in verdicts(exercise, answer):
            assert verdict.mistake == name, verdict
            assert not verdict.passed


@each_exercise
def test_the_words_of_an_exercise_say_the_same_in_both_languages(exercise):
    for words in (exercise.right, *exercise.mistakes.values()):
        assert words.tr != words.en
        assert numbers(words.tr, "tr") == numbers(words.en, "en"), words.en
        assert sorted(fields(words.tr)) == sorted(fields(words.en))
        assert misused(words.tr, "tr") == misused(words.en, "en") == []


def fields(template: str) -> list[str]:
    return [part.partition("}")[0] for part in template.split("{")[1:]]


# --- what is said and what is asked ---------------------------------------------------------------


@each_predicted
def test_a_wrong_prediction_is_not_told_what_the_run_gave(exercise):
    """Not the number, and no figures from which it could be read; `small` stands in the lesson."""
    for words in exercise.mistakes.values():
        assert set(fields(words.en)) <= {"got", "small"}


@each_numbered
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_number_hears_in_which_direction_the_answer_lies(exercise, language):
    right = exercise.right.answer
    for off, name in ((-21.5, "too_low"), (-2.6, "too_low"), (1.6, "too_high"), (50, "too_high")):
        verdict = exercise(right + off, language=language)
        assert verdict.mistake == name
        assert right not in numbers(verdict.body, language)


def refusal_table(difference: float) -> torch.Tensor:
    table = tc.World().reward.clone()
    table[3], table[3, 1] = -2.0, -2.0 + difference
    return table


def gold_table(shrunk: float = 1.0, **worth: float) -> torch.Tensor:
    """The gold of lesson 7, or its differences shrunk; with the rewards of some tokens changed."""
    world = tc.World()
    table = torch.full((6, 11), -0.2, dtype=torch.float64)
    table[:, [5, 6]] = -1.0
    table[range(6), world.sft_targets] = 1.0
    table *= shrunk
    for label, reward in worth.items():
        table[:, world.token(label)] = reward
    return table


BY_THE_FORMULA = math.log(0.95 / 0.05) - math.log(0.44 / 0.56)  # lesson 3, the hint of exercise 5
HINTED = {
    "own_rewards": [{"helpful": r, "harmful": -3, "neutral": r} for r in (0, 0.2, 1, 3)],
    "own_targets": [[3, 4, 7, 1, 8, token] for token in tc.world.HELPFUL],
    "refusal": [refusal_table(d) for d in (BY_THE_FORMULA, round(BY_THE_FORMULA, 2), 3.2, 3.25)],
    "ipo_start": [((0 - 1 / 2) / 0.25) ** 2],
    "own_pairs": [[(5, 10, token)] for token in range(10)],
    "outlier": [0, 0.0, -0.4],
    "own_bits": [[5 if token not in (5, 6, 9, 10) else 2 for token in range(11)]],
    "own_proxy": [
        *(gold_table(shrunk, **{token: 3}) for shrunk in (0.5, 0.3, 0.1, 0.01) for token in RARE),
        *(gold_table(shrunk, insult=2.5) for shrunk in (1, 0.1)),
    ],
}


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        pytest.param(EXERCISES[name], answer, id=f"{name}-{place}")
        for name, answers in HINTED.items()
        for place, answer in enumerate(answers)
    ],
)
def test_what_a_hint_leads_to_is_accepted(exercise, answer):
    verdict = exercise(answer)
    assert verdict.passed, verdict


# --- lesson 7, as learners write it ---------------------------------------------------------------


def row_by_row(reward):
    rows = []
    for row in reward:
        mean = sum(row) / len(row)
        variance = sum((one - mean) ** 2 for one in row) / (len(row) - 1)
        rows.append([float((one - mean) / (variance**0.5 + 1e-4)) for one in row])
    return rows


def in_place(reward):
    reward -= reward.mean(dim=-1, keepdim=True)
    reward /= reward.std(dim=-1, keepdim=True) + 1e-4
    return reward


def with_numpy(reward):
    rows = reward.numpy()
    spread = rows.std(-1, ddof=1, keepdims=True)
    return (rows - rows.mean(-1, keepdims=True)) / (spread + 1e-4)


def level_by_level(pi, reward, n):
    """A loop over tokens, with Python's sums; a list."""
    table = []
    for p, r in zip(pi.tolist(), reward.tolist(), strict=True):
        pairs = [*zip(pi.tolist(), reward.tolist(), strict=True)]
        most = sum(other for other, earned in pairs if earned <= r)
        less = sum(other for other, earned in pairs if earned < r)
        table.append(p / (most - less) * (most**n - less**n))
    return table


def every_draw(pi, reward, n):
    """All V^n draws enumerated, ties shared among those that were drawn: no formula at all."""
    table = [0.0] * len(pi)
    for drawn in itertools.product(range(len(pi)), repeat=n):
        tied = [one for one in drawn if reward[one] == max(reward[other] for other in drawn)]
        for one in tied:
            table[one] += math.prod(float(pi[other]) for other in drawn) / len(tied)
    return torch.tensor(table, dtype=torch.float64)


def of_distinct_rewards(pi, reward, n):
    values, level = reward.unique(return_inverse=True)
    mass = torch.zeros(len(values), dtype=pi.dtype).index_add(0, level, pi)
    top = mass.cumsum(0).clamp(max=1)
    chance = top**n - (top - mass) ** n
    return (chance / mass)[level] * pi


ALSO_RIGHT = {
    "group_advantage": [
        row_by_row,
        in_place,
        with_numpy,
        tc.grpo.group_advantage,
        lambda reward: (reward.T - reward.mean(1)).T / (reward.std(1, keepdim=True) + 1e-4),
    ],
    "best_of_n": [
        level_by_level,
        every_draw,
        of_distinct_rewards,
        lambda pi, reward, n: tc.exact.best_of_n(pi.log()[None], reward[None], n).exp()[0],
    ],
    "own_proxy": [
        gold_table(0.1, long=3).float(),
        gold_table(0.1, long=3).numpy(),
        gold_table(bad=3).tolist(),
        gold_table(insult=3).round().int(),
        gold_table(0.1, yes=3, long=2.9),
        gold_table(0.1, long=3).requires_grad_(),
    ],
}


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        pytest.param(EXERCISES[name], answer, id=f"{name}-{place}")
        for name, answers in ALSO_RIGHT.items()
        for place, answer in enumerate(answers)
    ],
)
def test_a_right_answer_of_another_kind_passes(exercise, answer):
    for language in LANGUAGES:
        verdict = exercise(answer, language=language)
        assert verdict.passed, verdict


def drawn_many_times(pi, reward, n):
    draws = torch.multinomial(pi, 10_000 * n, replacement=True).view(-1, n)
    best = draws.gather(1, reward[draws].argmax(1, keepdim=True))
    return torch.bincount(best.flatten(), minlength=len(pi)) / len(best)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("group_advantage", lambda r: (r - r.mean(-1)) / (r.std(-1) + 1e-4), "must match the size"),
        ("group_advantage", lambda r: in_place(r).float(), "of type `torch.float32`"),
        ("group_advantage", lambda r: in_place(r).sum(-1), "The shape is wrong"),
        ("group_advantage", lambda r: r - r.min(-1, keepdim=True).values, "don't recognise"),
        ("best_of_n", drawn_many_times, "gave two results"),
        ("best_of_n", lambda pi, r, n: every_draw(pi, r, n).float(), "of type `torch.float32`"),
        ("best_of_n", lambda pi, r, n: r.argmax(), "The shape is wrong"),
        ("best_of_n", lambda pi, r, n: every_draw(pi, r, n)[None], "The shape is wrong"),
        ("own_proxy", gold_table(long=3)[0], "shape"),
        ("own_proxy", gold_table(long=3).T, "shape"),
        ("own_proxy", gold_table(long=math.nan), "finite"),
        ("own_proxy", [["gold"] * 11] * 6, "cannot be used"),
        ("own_proxy", tc.World(), "you gave `World`"),
        ("own_proxy", lambda: gold_table(long=3), "you gave `function`"),
    ],
)
def test_what_is_said_of_an_answer_that_no_catalogue_has(name, answer, words):
    torch.manual_seed(0)  # for those that draw
    en, tr = (
        EXERCISES[name].judge(answer, language, Generator().manual_seed(0))
        for language in ("en", "tr")
    )
    assert en.mistake is tr.mistake is None
    assert words in en.body != tr.body


def centred(reward):
    return reward - reward.mean(dim=-1, keepdim=True)


def sorted_out(pi, reward, n):
    """Ties by place: in a sorted table every token is a level of its own."""
    order = reward.argsort(stable=True)
    top = pi[order].cumsum(0) ** n
    return torch.empty_like(pi).index_copy(0, order, top.diff(prepend=torch.zeros(1).double()))


SLIPS = {
    "group_advantage": {
        "biased": lambda r: centred(r) / (r.std(-1, unbiased=False, keepdim=True) + 1e-4),
        "another_epsilon": lambda r: centred(r) / (r.std(-1, keepdim=True) + 1e-6),
        "epsilon_outside": lambda r: centred(r) / r.std(-1, keepdim=True) + 1e-4,
        "epsilon_inside": lambda r: centred(r) / torch.sqrt(r.var(-1, keepdim=True) + 1e-4),
        "wrong_axis": lambda r: centred(r) / (torch.std(r, dim=0) + 1e-4),
        "no_epsilon": lambda r: centred(r) / r.std(-1, keepdim=True),
        "batch": lambda r: (r - r.mean()) / (r.std() + 1e-4),
    },
    "best_of_n": {
        "by_index": sorted_out,
        "greedy": lambda pi, r, n: torch.eye(len(pi))[r.argmax()].double(),
        "equal_shares": lambda pi, r, n: torch.stack(
            [(pi[r <= one].sum() ** n - pi[r < one].sum() ** n) / (r == one).sum() for one in r]
        ),
        "share_missing": lambda pi, r, n: torch.stack(
            [
                p * (pi[r <= one].sum() ** n - pi[r < one].sum() ** n)
                for p, one in zip(pi, r, strict=True)
            ]
        ),
        "logs": lambda pi, r, n: tc.exact.best_of_n(pi.log()[None], r[None], n)[0],
        "reference": lambda pi, r, n: pi,
    },
}


@pytest.mark.parametrize(
    ("exercise", "mistake", "answer"),
    [
        pytest.param(EXERCISES[exercise], mistake, answer, id=f"{exercise}-{mistake}")
        for exercise, slips in SLIPS.items()
        for mistake, answer in slips.items()
    ],
)
@pytest.mark.usefixtures("each_input_once")
def test_a_likely_slip_has_its_name(exercise, mistake, answer):
    """Written apart from the catalogue, so that a mistake cannot go missing there unnoticed."""
    for verdict in verdicts(exercise, answer):
        assert verdict.mistake == mistake, verdict


def one_prompt_only():
    proxy = gold_table()
    proxy[0, 9] = 3
    return proxy


@pytest.mark.parametrize(
    ("proxy", "mistake", "words"),
    [
        (gold_table().float(), "unchanged", "the gold itself"),
        (torch.full((6, 11), -3), "no_rival", "earns 0.2963 of gold"),
        (gold_table(0.01), "no_rival", "at no prompt"),
        (gold_table() + 1, "no_rival", "at no prompt"),
        (gold_table(long=1.0), "no_rival", "at no prompt"),
        (one_prompt_only(), "not_hacked", "At 1 of the 6 prompts"),
        (tc.World().reward, "not_hacked", "At 2 of the 6 prompts"),
        (gold_table(0.1, no=3), "not_hacked", "At 5 of the 6 prompts"),
        (gold_table(long=3), "not_hacked", "At 6 of the 6 prompts"),
        (gold_table(insult=3, bad=3), "both_hacked", "Best-of-4 is fooled"),
        (torch.zeros(6, 11).index_fill(1, torch.tensor([9]), 3), "both_hacked", "come level"),
        (-gold_table(), "both_hacked", "Best-of-4 is fooled"),
        (gold_table(long=-3.5), "too_large", "a size of 3.5"),
        (gold_table(4.0), "too_large", "a size of 4"),
    ],
)
def test_a_proxy_is_told_what_it_does(proxy, mistake, words):
    verdict = tc.checks.own_proxy(proxy)
    assert verdict.mistake == mistake
    assert words in verdict.body


def landed(proxy, **settings) -> float:
    """The gold that is earned after training on a proxy, with k1 in the reward."""
    config = tc.GRPOConfig(kl_beta=0.5, kl_in="reward", kl_estimator="k1", seeds=16, **settings)
    run = tc.train_grpo(tc.World(reward=proxy), config, trained.start())
    policy = torch.as_tensor(run.logp.values)
    return tc.exact.expected_reward(policy, gold_table()).mean().item()


PLAIN = {"baseline": "leave_one_out", "scale_rewards": "none"}  # RLOO


@pytest.mark.parametrize(
    ("proxy", "due", "rloo", "grpo"),
    [
        (gold_table(), 0.8790, 0.01, 0.01),
        (gold_table(0.1, long=2), 0.0656, 0.005, 0.06),
        (gold_table(0.1, long=3), -0.1290, 0.04, 0.08),  # the solution
    ],
)
def test_a_proxy_is_judged_by_where_training_lands(proxy, due, rloo, grpo):
    _, figures = examine_proxy(proxy.tolist(), "en")
    assert figures["grpo"] == pytest.approx(due, abs=1e-3)
    assert landed(proxy, **PLAIN) == pytest.approx(due, abs=rloo)
    assert landed(proxy) == pytest.approx(due, abs=grpo)


def test_a_rare_answer_is_found_late():
    """Why a check asks the optimum: where the gold keeps its size, it is learned first."""
    proxy = gold_table(long=3)
    _, figures = examine_proxy(proxy.tolist(), "en")
    assert landed(proxy, **PLAIN) > figures["grpo"] + 0.1
    assert landed(proxy, rollouts=600, **PLAIN) == pytest.approx(figures["grpo"], abs=0.03)


def test_three_times_the_reward_moves_what_training_says():
    start, reward = trained.start(), tc.World().reward
    rloo = {**PLAIN, "kl_in": "reward", "kl_estimator": "k1"}
    _, moved = tripled()
    for name, how in (("rloo", rloo), ("grpo", {})):
        one, three = (
            np.exp(
                tc.train_grpo(
                    tc.World(reward=k * reward), tc.GRPOConfig(seeds=16, **how), start
                ).logp.values
            )
            for k in (1, 3)
        )
        assert np.abs(three - one).max() == pytest.approx(moved[name], abs=0.05)


def test_a_critic_that_is_cut_off_by_itself_is_cut_off():
    """All that the task asks for; the returns of PPO carry no gradient anyway."""

    def advantage(returns, value):
        difference = returns - value.detach()
        return (difference - difference.mean()) / (difference.std() + 0.1)

    assert tc.checks.advantage(advantage).passed


def test_rewards_of_single_precision_are_the_same_rewards():
    assert tc.checks.refusal(refusal_table(4.0).float()).passed


def test_the_engines_own_words_say_the_same_in_both_languages():
    for phrase in (*PHRASES.values(), *HEADS.values()):
        assert set(phrase) == set(LANGUAGES)
        assert sorted(fields(phrase["tr"])) == sorted(fields(phrase["en"]))
        assert misused(phrase["tr"], "tr") == misused(phrase["en"], "en") == []


@each_written
def test_inputs_are_float64_fresh_and_from_the_generator_alone(exercise):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one, again, other = (list(exercise.draw(Generator().manual_seed(seed))) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert len(one) >= 3
    assert str(one) == str(again)
    assert str(one) != str(other)
    for value in (v for inputs in one for v in inputs.values() if isinstance(v, torch.Tensor)):
        assert not value.is_floating_point() or value.dtype == torch.float64


@each_exercise
def test_a_call_leaves_the_global_generators_alone(exercise):
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert exercise(exercise.right.answer, language="tr").passed
    after = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert torch.equal(before[0], after[0])
    assert before[1] == after[1]


# --- stubs ----------------------------------------------------------------------------------------


@each_exercise
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stub_is_told_kindly_and_always_in_the_same_words(exercise, language):
    stubs = [..., None, [...], (None, 1.0), {"reward": ...}]
    if isinstance(exercise, Written):
        stubs += [lambda *_, **__: ..., lambda *_, **__: None, lambda *_, **__: (..., ...)]
    for stub in stubs:
        verdict = exercise(stub, language=language)
        assert not verdict.passed
        assert verdict.mistake is None
        assert repr(verdict).startswith(HEADS["unwritten"][language])
        assert repr(verdict) == repr(exercise(stub, language=language))
        assert "`...`" in verdict._repr_markdown_()


# --- what a learner may do to a check -------------------------------------------------------------


def endless(*inputs):
    return endless(*inputs)


def leave(*_):
    sys.exit(1)


class Rude(Exception):
    def __str__(self):
        raise ValueError("no words")


def rude(*_):
    raise Rude


class Strange:
    def __array__(self, *_, **__):
        raise RuntimeError("not for you")


def generator_function(*_):
    yield 1


class Hostile:
    """Fails at whatever it is asked, its class included."""

    def fail(self, *_, **__):
        raise RuntimeError("not for you")

    __eq__ = __bool__ = __len__ = __iter__ = __getitem__ = __float__ = __array__ = __repr__ = fail
    __class__ = property(fail)
    __hash__ = None


class HostileList(list):
    __eq__ = __bool__ = __len__ = __iter__ = __getitem__ = __repr__ = Hostile.fail
    __hash__ = None


class HostileDict(dict):
    values = items = keys = __len__ = __iter__ = __getitem__ = __eq__ = Hostile.fail
    __hash__ = None


class HostileFloat(float):
    __float__ = __eq__ = __sub__ = __rsub__ = __lt__ = __abs__ = Hostile.fail
    __hash__ = None


class Yes:
    """Equal to everything, as anything."""

    def __eq__(self, _):
        return True

    def __getattr__(self, name):
        return self

    def __call__(self, *_, **__):
        return self

    __hash__ = None


class ZeroTensor(torch.Tensor):
    """Says 0 to every function of torch."""

    @classmethod
    def __torch_function__(cls, *_, **__):
        return 0


def needing_gradients(inputs) -> list:
    return [v for v in inputs if isinstance(v, torch.Tensor) and v.is_floating_point()]


def trains(*inputs):
    loss = sum(v.sum() for v in needing_gradients(inputs))
    loss.backward()
    return loss


def by_name(function):
    """The same for a check that passes arguments by name."""
    return lambda *inputs, **named: function(*inputs, *named.values())


ODD_FUNCTIONS = {
    "no arguments": lambda: 1.0,
    "too many arguments": lambda *, needed: needed,
    "endless recursion": endless,
    "sys.exit": leave,
    "an error without words": rude,
    "a division by zero": lambda *_: 1 / 0,
    "a string": lambda *_: "0.5",
    "a list of strings": lambda *_: ["a", "b"],
    "a ragged list": lambda *_: [[1.0], [1.0, 2.0]],
    "a dict": lambda *_: {"loss": 1.0},
    "a function": lambda *_: lambda: 1,
    "an object": lambda *_: Strange(),
    "a generator": generator_function,
    "a bool": lambda *_: True,
    "NaN": lambda *_: torch.tensor(float("nan")),
    "an empty tensor": lambda *_: torch.zeros(0),
    "a complex tensor": lambda *_: torch.ones(2, dtype=torch.complex64),
    "a meta tensor": lambda *_: torch.zeros(2, device="meta"),
    "a sparse tensor": lambda *_: torch.eye(2).to_sparse(),
    "a quantized tensor": lambda *_: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
    "an int": lambda *_: 3,
    "a large array": lambda *_: np.zeros((100, 100)),
    "two results": lambda *_: (1.0, 2.0),
    "four results": lambda *_: (1.0, 2.0, 3.0, 4.0),
    "random numbers": lambda *inputs: torch.rand(3),
    "a class": dict,
    "a type error": lambda a, *_: a + "x",
    "no gradient mode": lambda *_: torch.set_grad_enabled(False),
    "a training step": trains,
    "a hostile object": lambda *_: Hostile(),
    "a hostile list": lambda *_: HostileList([1.0, 2.0]),
    "a hostile class": Hostile,
    "an object equal to all": lambda *_: Yes(),
    "a function equal to all": Yes(),
    "a tensor of another class": lambda *_: torch.zeros(2).as_subclass(ZeroTensor),
    "a view of a billion": lambda *_: torch.zeros(1).expand(10**9),
}
ODD_ANSWERS = [
    *(
        "",
        "e",
        "`",
        "a" * 1000,
        b"a",
        3,
        -1,
        2.5,
        float("nan"),
        float("inf"),
        True,
        [],
        (),
        {},
        set(),
    ),
    *(
        [1, 2],
        [["a"]],
        [("x", "y", "z")],
        [(1, 2)],
        {"x": 1},
        {1: 2},
        object(),
        Strange(),
        Exercise,
    ),
    *(torch.zeros(0), torch.zeros(6, 11), torch.zeros(6, 11) / 0, np.zeros((6, 11)), range(3)),
    *(
        torch.ones(2, dtype=torch.complex64),
        np.float64(1.0),
        torch.tensor(2.0),
        [1] * 6,
        ["no"] * 6,
    ),
    *(Hostile(), HostileList(), HostileList([1.0] * 11), HostileDict(a=1), HostileFloat(4.0)),
    *(Yes(), [Yes()] * 6, {"helpful": Yes(), "harmful": Yes(), "neutral": Yes()}, [Hostile()] * 11),
    *([1] * 10**6, "a" * 10**6, range(10**12), torch.zeros(1).expand(10**9), {Hostile: 1}),
    torch.zeros(6, 11).as_subclass(ZeroTensor),
    [10**400, -1],
    10**400,
]


@each_written
@pytest.mark.parametrize("function", ODD_FUNCTIONS.values(), ids=ODD_FUNCTIONS)
@pytest.mark.usefixtures("each_input_once")
def test_no_function_raises_or_passes(exercise, function):
    threads, mode = torch.get_num_threads(), torch.is_grad_enabled()
    for seed, language in enumerate(LANGUAGES):
        for called in (function, by_name(function)):
            verdict = exercise.judge(called, language, Generator().manual_seed(seed))
            assert not verdict.passed
            assert len(repr(verdict)) < 1500
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == (threads, mode)


@each_exercise
def test_no_other_answer_raises(exercise):
    loop = []
    loop += [loop] * 10
    for answer in (*ODD_ANSWERS, loop):
        verdict = exercise(answer, language="tr")
        assert isinstance(verdict.passed, bool)
        assert len(repr(verdict)) < 1500
        assert PHRASES["own_failure"]["tr"].partition(":")[0] not in verdict.body


@each_written
def test_an_answer_cannot_change_the_inputs(exercise):
    """It would be judged against an oracle that sees what it has left behind."""

    def vandal(*inputs, **named):
        result = exercise.right.answer(*map(copied, inputs), **named)
        for value in (*inputs, *named.values()):
            if isinstance(value, torch.Tensor):
                value.detach().zero_()
            if isinstance(value, list):
                value.clear()
        return result

    def copied(value):
        return value.clone() if isinstance(value, torch.Tensor) else value

    for seed in range(3):
        verdict = exercise.judge(vandal, "en", Generator().manual_seed(seed))
        assert verdict.passed, verdict


@each_exercise
@pytest.mark.parametrize("language", ["de", "", None, "TR"])
def test_an_unknown_language_is_refused(exercise, language):
    for answer in (..., exercise.right.answer):
        with pytest.raises(ValueError, match="language must be one of tr, en"):
            exercise(answer, language=language)


@each_written
def test_the_learners_own_stop_button_gets_through(exercise):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exercise(stop)


def test_the_stop_button_gets_through_a_trial_too():
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tc.checks.new_adapter(stop)
    for function in (leave, endless, rude):
        assert not tc.checks.new_adapter(function).passed


def test_a_run_that_comes_out_otherwise_is_told():
    right = tc.checks.few_pairs.right
    odd = Tried(examine=lambda *_: ("d", {}), right=right, mistakes={})
    verdict = odd("b")
    assert not verdict.passed
    assert "On this machine the run did not come out as the lesson expects" in verdict.body


# --- what the engine says, on an exercise made up here --------------------------------------------


def pairs_of_numbers(generator):
    for count in (2, 3):
        yield {"x": torch.randn(count, generator=generator, dtype=torch.float64), "scale": 2.0}


MADE_UP = Written(
    draw=pairs_of_numbers,
    trained=("x",),
    right=tc.checks.verdict.Mistake(
        lambda x, scale: (scale * x * x.detach()).mean(), "iyi", "good"
    ),
    mistakes={
        "no_detach": tc.checks.verdict.Mistake(lambda x, scale: (scale * x * x).mean(), "1", "one"),
        "sum": tc.checks.verdict.Mistake(
            lambda x, scale: (scale * x * x.detach()).sum(), "2", "two"
        ),
    },
)


def said(answer, language="en") -> Verdict:
    return MADE_UP.judge(answer, language, Generator().manual_seed(0))


def test_a_mistake_of_gradient_alone_is_named():
    assert said(lambda x, scale: (scale * x * x).mean()).mistake == "no_detach"


def test_a_mistake_of_value_is_named_though_no_gradient_comes():
    assert said(lambda x, scale: (scale * x * x).sum().item()).mistake == "sum"


def test_a_right_value_without_a_gradient_does_not_pass():
    verdict = said(lambda x, scale: (scale * x * x).mean().item())
    assert verdict.mistake is None
    assert "no gradient reaches `x`" in verdict.body


def test_a_wrong_gradient_is_shown():
    verdict = said(lambda x, scale: (scale * x * x.detach()).mean() + 3 * (x - x.detach()).sum())
    assert "The value is right, but the gradient is not" in verdict.body


def test_an_unknown_mistake_is_shown_by_its_first_input():
    (inputs, _) = pairs_of_numbers(Generator().manual_seed(0))
    due = (2 * inputs["x"] ** 2).mean().item()
    verdict = said(lambda x, scale: (scale * x * x.detach()).mean() + 1)
    x = ", ".join(f"{number:.4g}" for number in inputs["x"].tolist())
    assert f"`x = [{x}]`, `scale = 2`" in verdict.body
    assert f"you get `{due + 1:.4g}`; expected: `{due:.4g}`" in verdict.body
    assert verdict.mistake is None


def test_wrong_on_larger_inputs_only_is_shown_by_those():
    verdict = said(lambda x, scale: (scale * x * x.detach()).mean() + (len(x) > 2))
    assert verdict.body.count(",") >= 3
    assert not verdict.passed


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, scale: x * scale, "it should be `()` but is `(2,)`"),
        (
            lambda x, scale: (scale * x * x.detach()).mean() / 0,
            "NaN or infinity in the result: `inf`",
        ),
        (lambda x, scale: (scale * x * x.detach()).mean().float(), "of type `torch.float32`"),
        (lambda x, scale: torch.rand(()) + x.sum(), "gave two results"),
        (lambda x, scale: "0.5", "it returned `str`"),
        (lambda x: x, "TypeError"),
        ("x", "This needs a function; you gave `str`"),
    ],
)
def test_what_is_said_of_a_result_that_cannot_be_right(answer, words):
    assert words in said(answer).body
    assert said(answer, "tr").body != said(answer).body


def test_an_error_is_told_in_one_line_with_its_place_in_the_learners_code():
    def broken(x, scale):
        half = x / 2
        return half @ torch.zeros(7, 7, dtype=x.dtype)

    body = said(broken).body
    line = inspect.getsourcelines(broken)[1] + 2
    assert f"on line {line} (`return half @ torch.zeros(7, 7, dtype=x.dtype)`)" in body
    assert "RuntimeError: " in body
    assert "\n" not in body
    assert f"satır {line}" in said(broken, "tr").body


# --- what an answer is worth ----------------------------------------------------------------------


@each_exercise
def test_a_right_answer_is_worth_all_and_one_not_written_nothing(exercise):
    assert {verdict.credit for verdict in verdicts(exercise, exercise.right.answer)} == {1}
    assert {verdict.credit for verdict in verdicts(exercise, ...)} == {0}


@each_mistake
def test_half_is_for_right_values_with_wrong_gradients_and_for_nothing_else(exercise, name):
    answer, half = exercise.mistakes[name].answer, False
    if isinstance(exercise, Written):
        _, due, known = exercise.expected(Generator().manual_seed(0))
        got = next(outcomes for each, outcomes in known if each == name)
        half = all(map(same_values, got, due)) and not any(map(narrower, got, due))
    assert {verdict.credit for verdict in verdicts(exercise, answer)} == {0.5 if half else 0}


@pytest.mark.parametrize(
    ("answer", "credit"),
    [
        (lambda x, scale: (scale * x * x.detach()).mean(), 1),
        (lambda x, scale: (scale * x * x).mean(), 0.5),
        (lambda x, scale: (scale * x * x).mean().item(), 0.5),
        (lambda x, scale: (scale * x * x.detach()).mean().float(), 0),  # digits are missing
        (lambda x, scale: (scale * x * x).sum(), 0),
        (lambda x, scale: 2 * (scale * x * x.detach()).mean(), 0),
        (lambda x, scale: x.sum().backward(), 0),
        (7, 0),
    ],
)
def test_what_an_answer_is_worth(answer, credit):
    assert said(answer).credit == said(answer, "tr").credit == credit


def test_a_verdict_shows_itself_as_text_and_as_markdown():
    verdict = Verdict(0, "sum", "", "✗ Not yet.", "A `sum`.")
    assert repr(verdict) == "✗ Not yet. A `sum`."
    assert verdict._repr_markdown_() == "**✗ Not yet.** A `sum`."
