"""The timing tool on a clock of its own, where every answer is known; no real time is asserted."""

import gc
import json
import platform
import re
import tomllib
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import toycore as tc
from course import ROOT
from toycore import bench, exact, real
from toycore.bench import Comparison, compare, growth, quantization
from toycore.bench import arms as training
from toycore.engine.threads import one_thread
from toycore.real.training import BATCH


class Clock:
    """Stands in for the time module: it moves only when an arm says so."""

    def __init__(self):
        self.cpu, self.wall, self.log = 0.0, 0.0, []

    def process_time(self) -> float:
        return self.cpu

    def perf_counter(self) -> float:
        return self.wall

    def arm(self, name: str, cpu, wall=None, first=0.0):
        """An arm that takes `cpu` seconds (a number, or a function of the log), later `first`."""

        def call():
            warm = name in self.log
            self.log.append(name)
            seconds = cpu(self.log) if callable(cpu) else cpu
            self.cpu += seconds + (0 if warm else first)
            self.wall += (seconds if wall is None else wall) + (0 if warm else first)

        return call


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(bench, "time", clock)
    monkeypatch.setattr(bench, "CLOCK", "CPU")
    return clock


def made(arm, control=None, first=None) -> Comparison:
    """A comparison with these seconds in each round."""
    seconds = {"a": np.ones(len(arm)) if first is None else np.array(first), "b": np.array(arm)}
    seconds["a (again)"] = seconds["a"] if control is None else np.array(control)
    return Comparison(seconds, seconds, dict.fromkeys(seconds, 1), "call")


# What is measured


def test_seconds_are_those_of_the_clock(clock):
    result = compare({"a": clock.arm("a", 0.5, wall=0.75), "b": clock.arm("b", 2.0)}, repeats=4)
    assert list(result.seconds) == list(result.wall) == ["a", "b", "a (again)"]
    for arm, cpu, wall in (("a", 0.5, 0.75), ("b", 2, 2), ("a (again)", 0.5, 0.75)):
        np.testing.assert_allclose(result.seconds[arm], [cpu] * 4)
        np.testing.assert_allclose(result.wall[arm], [wall] * 4)
    np.testing.assert_allclose(result.quartiles("b"), [2, 2, 2])
    np.testing.assert_allclose(result.ratio("b"), [4, 4, 4])
    np.testing.assert_allclose(result.ratio("a", to="b"), [0.25] * 3)


def test_where_cpu_time_is_coarse_the_wall_clock_is_used(clock, monkeypatch):
    monkeypatch.setattr(bench, "CLOCK", "wall")
    result = compare({"a": clock.arm("a", 0.5, wall=0.75)}, repeats=3)
    np.testing.assert_allclose(result.seconds["a"], [0.75] * 3)
    assert result.to_dict()["clock"] == "wall"


def test_quartiles_are_those_of_the_rounds():
    result = made([5.0, 1.0, 2.0, 4.0, 3.0])
    assert result.quartiles("b").tolist() == [2, 3, 4]


def test_the_cold_first_call_is_not_counted(clock):
    result = compare({"a": clock.arm("a", 0.5), "b": clock.arm("b", 0.5, first=60)}, repeats=3)
    np.testing.assert_allclose(result.ratio("b"), [1, 1, 1])


def test_a_short_arm_is_repeated_until_two_milliseconds(clock):
    arms = {"short": clock.arm("short", 1e-4), "long": clock.arm("long", 0.1)}
    result = compare(arms, repeats=3)
    assert result.units == {"short": 32, "long": 1, "short (again)": 32}
    np.testing.assert_allclose(result.seconds["short"], [1e-4] * 3)
    assert clock.log.count("long") == 2 + 3


def test_an_arm_that_only_waits_is_not_repeated_for_ever(clock):
    assert compare({"a": clock.arm("a", 0.0, wall=0.006)}, repeats=3).units["a"] == 4


def test_seconds_are_divided_by_the_work(clock):
    arms = {"a": clock.arm("a", 1.0), "b": clock.arm("b", 1.0)}
    result = compare(arms, repeats=3, work={"a": 10}, unit="update")
    np.testing.assert_allclose(result.seconds["a"], [0.1] * 3)
    np.testing.assert_allclose(result.seconds["a (again)"], [0.1] * 3)
    np.testing.assert_allclose(result.ratio("b"), [10] * 3)
    assert result.units == {"a": 10, "b": 1, "a (again)": 10}


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_order_rotates_and_turns_round(clock, count):
    names = [f"arm{i}" for i in range(count)]
    rounds = 2 * (count + 1)
    compare({name: clock.arm(name, 1.0) for name in names}, repeats=rounds)
    log = np.array(clock.log[2 * count :]).reshape(rounds, count + 1)
    every = sorted([*names, names[0]])
    assert all(sorted(order) == every for order in log), "each arm once a round, the first twice"
    assert sorted(log[: count + 1, 0]) == every, "each has been first before the order turns"
    for name in names:  # every arm is as often early as late
        place = np.argwhere(log == name)[:, 1]
        assert place.mean() == count / 2
    assert (log[0] == log[count + 1][::-1]).all()


def test_a_drift_of_the_machine_cancels(clock):
    """Every round is slower than the one before; the ratio to the first arm does not care."""

    def slowing(factor):
        return lambda log: factor * (1 + max(0, len(log) - 5) // 3)  # 4 calls come before

    arms = {"a": clock.arm("a", slowing(1.0)), "b": clock.arm("b", slowing(1.1))}
    result = compare(arms, repeats=9)
    low, _, high = result.quartiles("b")
    assert high > 1.5 * low
    assert result.verdict("b") == "slower"


# The verdict


@pytest.mark.parametrize(
    ("arm", "control", "verdict"),
    [
        ([1.20, 1.21, 1.22, 1.23], [0.99, 1.00, 1.01, 1.02], "slower"),
        ([0.80, 0.81, 0.82, 0.83], [0.99, 1.00, 1.01, 1.02], "faster"),
        ([0.99, 1.00, 1.01, 1.02], [0.98, 1.00, 1.01, 1.03], "cannot tell"),
        # above 1, yet so is the first arm against itself
        ([1.10, 1.11, 1.12, 1.13], [1.00, 1.05, 1.15, 1.25], "cannot tell"),
        ([0.90, 0.91, 0.92, 0.93], [0.80, 0.85, 0.95, 1.00], "cannot tell"),
        # beyond the control, which is on one side of 1, yet not beyond 1
        ([0.99, 1.00, 1.00, 1.01], [0.90, 0.91, 0.92, 0.93], "cannot tell"),
        ([0.99, 1.00, 1.00, 1.01], [1.10, 1.11, 1.12, 1.13], "cannot tell"),
        # most rounds say slower, a quarter or more do not
        ([0.90, 0.90, 1.30, 1.30], [1.00, 1.00, 1.00, 1.00], "cannot tell"),
    ],
)
def test_the_verdict(arm, control, verdict):
    result = made(arm, control)
    assert result.verdict("b") == verdict
    assert result.verdict("a") == result.verdict("a (again)") == "cannot tell"


def test_equal_arms_are_seldom_told_apart_and_five_percent_is_seen():
    rng, verdicts = np.random.default_rng(0), []
    for _ in range(400):
        first, arm, control = rng.lognormal(0, 0.01, (3, 15))
        verdicts.append(made(arm, control, first).verdict("b"))
        assert made(1.05 * arm, control, first).verdict("b") == "slower"
    assert verdicts.count("cannot tell") >= 398


def test_the_control_is_the_first_arm_timed_apart(clock):
    """An arm that differs from call to call differs from its control."""
    arms = {"a": clock.arm("a", lambda log: 1 + log.count("a") % 2), "b": clock.arm("b", 1.0)}
    result = compare(arms, repeats=6)
    assert set(result.seconds["a"]) == set(result.seconds["a (again)"]) == {1, 2}
    assert (result.seconds["a"] != result.seconds["a (again)"]).all()
    assert result.verdict("b") == "cannot tell"


# What it gives


def test_json_round_trip(clock):
    arms = {"a": clock.arm("a", 1.0), "b": clock.arm("b", 2.0)}
    result = compare(arms, repeats=3, work={"b": np.int64(4)}, unit="update").to_dict()
    assert json.loads(json.dumps(result)) == result
    assert (result["clock"], result["unit"], [*result["arms"]][-1]) == (
        "CPU",
        "update",
        "a (again)",
    )
    assert result["arms"]["b"] == {
        "seconds": [0.5] * 3,
        "wall": [0.5] * 3,
        "quartiles": [0.5] * 3,
        "ratio": [0.5] * 3,
        "verdict": "faster",
        "units": 4,
    }


def test_the_text_is_a_table_with_aligned_columns(clock):
    arms = {"a": clock.arm("a", 7.125e-6), "a longer name": clock.arm("b", 1.5)}
    title, head, *rows = str(compare(arms, repeats=3, unit="step")).splitlines()
    assert title == "Time per step: medians and quartiles of 3 rounds"
    assert [row.split("  ")[0] for row in rows] == ["a", "a longer name", "a (again)"]
    assert {len(line) for line in (head, *rows)} == {len(head)}
    end = head.index("CPU") + 3
    assert [row[:end].split()[-2:] for row in rows] == [
        ["7.12", "µs"],
        ["1.50", "s"],
        ["7.12", "µs"],
    ]
    assert "slower" in rows[1]
    assert "cannot tell" in rows[2]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.0, "2.00 s"),
        (1234.0, "1,234 s"),
        (0.9999, "1.00 s"),
        (0.5, "500 ms"),
        (9.996e-4, "1.00 ms"),
        (7e-6, "7.00 µs"),
        (3e-8, "30.0 ns"),
        (0.0, "0.00 ns"),
    ],
)
def test_times_are_readable(seconds, text):
    assert bench._time(seconds) == text


def test_a_comparison_is_frozen():
    with pytest.raises(AttributeError):
        made([1.0, 1.0, 1.0]).unit = "step"


# Bad input, and leaving things as they were


def never():
    raise AssertionError("an arm was called")


@pytest.mark.parametrize(
    ("error", "arms", "settings"),
    [
        (ValueError, {}, {}),
        (TypeError, [never], {}),
        (TypeError, never, {}),
        (TypeError, {"a": never, "b": 3}, {}),
        (ValueError, {"a": never, "a (again)": never}, {}),
        (ValueError, {"a": never}, {"repeats": 2}),
        (ValueError, {"a": never}, {"repeats": -1}),
        (TypeError, {"a": never}, {"repeats": 3.0}),
        (TypeError, {"a": never}, {"repeats": True}),
        (ValueError, {"a": never}, {"work": {"b": 1}}),
        (ValueError, {"a": never}, {"work": {"a": 0}}),
        (ValueError, {"a": never}, {"work": {"a": float("nan")}}),
    ],
)
def test_bad_input_is_refused_before_anything_is_called(error, arms, settings):
    with pytest.raises(error, match=r"arms|repeats|work"):
        compare(arms, **settings)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_one_thread_while_timing_and_two_afterwards(clock):
    seen, arm = [], clock.arm("a", 1.0)
    compare({"a": lambda: (arm(), seen.append(torch.get_num_threads()))}, repeats=3)
    assert set(seen) == {1}
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("fails_at", [1, 4])
def test_threads_and_garbage_collection_are_restored_after_an_error(clock, fails_at):
    calls, arm, frozen = [], clock.arm("a", 1.0), gc.get_freeze_count()

    def failing():
        arm()
        calls.append(gc.get_freeze_count())
        if len(calls) == fails_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare({"a": failing}, repeats=5)
    assert (max(calls) > frozen) == (fails_at == 4)
    assert gc.get_freeze_count() == frozen
    assert torch.get_num_threads() == 2


def test_real_arms_on_the_real_clock():
    result = compare({"add": lambda: 1 + 1, "sort": lambda: sorted(range(99))}, repeats=3)
    assert all((seconds > 0).all() for seconds in result.seconds.values())


# The peer: what the course is compared with does the same work


@pytest.fixture(scope="module")
def one_start(world) -> tc.Run:
    return tc.train_sft(world)


def table(policy) -> torch.Tensor:
    """A plain policy's log-probabilities at every prompt."""
    with torch.no_grad():
        return policy(torch.arange(6)).double()


def test_the_plain_policy_starts_as_the_courses(one_start):
    plain = table(training.PlainLM(one_start.model))
    np.testing.assert_allclose(plain, one_start.logp.values[0], atol=1e-5)


def test_the_plain_policy_trains_the_adapters_only(one_start):
    plain = training.PlainLM(one_start.model)
    assert {n for n, p in plain.named_parameters() if p.requires_grad} == {"lora_A", "lora_B"}
    assert {p.dtype for p in plain.parameters()} == {torch.float32}


@pytest.mark.parametrize("kl_beta", [0.05, 1.0])
def test_the_plain_peer_learns_what_the_course_learns(world, one_start, kl_beta):
    config = tc.PPOConfig(kl_beta=kl_beta, batch_size=64)
    policy, rewards = one_thread(training.train_plain)(world, config, one_start.model)
    assert len(rewards) == config.rollouts
    ref = torch.tensor(one_start.logp.values[0])
    attained = exact.attained(table(policy), ref, world.reward, kl_beta).item()
    ours = tc.train_ppo(world, config, one_start).history.attained.isel(step=-1).item()
    assert min(attained, ours) > 0.9
    before, after = (
        exact.expected_reward(p, world.reward).mean().item() for p in (ref, table(policy))
    )
    assert after > before + 0.1
    assert np.mean(rewards[-10:]) > np.mean(rewards[:2])


def test_the_plain_loss_is_the_courses(world):
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(8, 11, generator=rng, dtype=torch.float64, requires_grad=True)
    token = torch.randint(11, (8, 1), generator=rng)
    old, advantage, returns = torch.randn(3, 8, 1, generator=rng, dtype=torch.float64)
    value = torch.randn(8, 1, generator=rng, dtype=torch.float64, requires_grad=True)
    logp = logits.log_softmax(-1)
    old = logp.detach().gather(1, token) + 0.3 * old
    rows = [
        logp.gather(1, token),
        old,
        advantage,
        value,
        returns,
        -(logp.exp() * logp).sum(1, True),
    ]
    ours, _ = tc.ppo.ppo_loss(*(row.squeeze(1) for row in rows))
    plain = training._plain_loss(logp, token, old, advantage, value, returns, tc.PPOConfig())
    assert plain.item() == pytest.approx(ours.item(), abs=1e-12)
    for mine, theirs in zip(
        torch.autograd.grad(ours, (logits, value), retain_graph=True),
        torch.autograd.grad(plain, (logits, value)),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, atol=1e-12, rtol=0)


def test_trl_learns_the_pairs(world):
    if (why := real.guard()) is not None:
        pytest.skip(why)
    for arm, steps in training.trl_arms(world.preference_pairs).values():
        losses = [one_thread(arm)().training_loss for _ in range(2)]
        assert arm.__self__.state.global_step == steps
        assert np.log(2) > losses[0] > losses[1]


def test_trl_learns_what_a_run_of_toycore_does(world):
    if (why := real.guard()) is not None:
        pytest.skip(why)
    ((arm, updates),) = training.real_arms().values()
    trained = arm()
    assert trained.curve["step"][-1] == updates == 150
    landed = real.landing(trained.logp, trained.ref_logp, world, 0.5)
    assert landed["reward"] > real.landing(trained.ref_logp, trained.ref_logp, world, 0.5)["reward"]


# The command


def each_round(seconds: float):
    """What an arm of `small` and `large` takes on a machine that is twice as slow in each round."""
    return lambda log: seconds * 2 ** (max(0, log.count("small") + log.count("large") - 5) // 3)


@pytest.fixture
def quick(monkeypatch, clock):
    """The command with arms of no work, two of training, and no processes started."""
    arms = {training.SWEEP: clock.arm("sweep", 1.0), training.ALONE: clock.arm("one", 0.5)}
    work = {training.SWEEP: 134_400, training.ALONE: 400}
    imports = {"torch": [0.8, 0.9, 1.0], "toycore": [0.02, 0.01, 0.03]}
    monkeypatch.setattr(training, "arms", lambda: (arms, work))
    monkeypatch.setattr(training, "import_seconds", lambda: imports)
    forward = {"fp32": clock.arm("fp32", 1.0), "INT8": clock.arm("INT8", 0.25)}
    cases = [({"hidden": hidden, "batch": 1}, forward) for hidden in (64, 1024)]
    monkeypatch.setattr(quantization, "cases", lambda: iter(cases))
    monkeypatch.setattr(quantization, "remarks", lambda: ["INT8, torchao is not timed: no"])
    slowing = {
        "small": clock.arm("small", each_round(0.1)),
        "large": clock.arm("large", each_round(20)),
    }
    monkeypatch.setattr(growth, "arms", lambda: (slowing, {"small": 10, "large": 1000}))
    monkeypatch.setattr(growth, "memory", lambda: {"small": 3.0, "large": 29.5})
    for name in ("TQDM_DISABLE", "HF_HUB_OFFLINE", "TOKENIZERS_PARALLELISM"):
        monkeypatch.setenv(name, "1")  # so that what the command sets is undone
    return SimpleNamespace(arms=arms, imports=imports)


def test_the_command_prints_the_table(quick, capsys):
    bench.main(["--repeats", "3"])
    text, errors = capsys.readouterr()
    assert not errors
    assert text.startswith(f"{platform.system()} {platform.machine()}, Python")
    assert f"torch {torch.__version__} on 1 thread of" in text
    assert not platform.node() or platform.node() not in text
    assert "medians and quartiles of 3 rounds" in text
    assert f"{training.ALONE} / {training.SWEEP}: 168 (168 – 168)" in text
    assert "import toycore: 0.02 s on top of the 0.9 s of import torch" in text
    first, second = text.index("hidden 64, batch 1:"), text.index("hidden 1024, batch 1:")
    assert text.index("import toycore") < first < second < text.index("torchao is not timed: no")
    assert text.count("fp32 (again)") == 2
    assert re.search(r"^INT8 .* 0\.250 .* faster ", text, re.MULTILINE)
    third = text.index("Time per run and update", second)
    assert re.search(r"^large .* 2\.00 +2\.00 – 2\.00 .* slower ", text[third:], re.MULTILINE)
    assert text[third:].rstrip().splitlines()[-2:] == ["small       3 MiB", "large      30 MiB"]


def test_the_command_writes_json(quick, capsys, tmp_path):
    bench.main(["--repeats", "3", "--json", str(tmp_path / "speed.json")])
    result = json.loads((tmp_path / "speed.json").read_text(encoding="utf-8"))
    assert result["import"] == quick.imports
    assert result["machine"] in capsys.readouterr().out
    assert list(result["arms"]) == [*quick.arms, f"{training.SWEEP} (again)"]
    small, large = result["quantization"]
    assert (small["hidden"], large["hidden"], large["batch"]) == (64, 1024, 1)
    assert small["unit"] == "forward pass, hidden 64, batch 1"
    assert list(large["arms"]) == ["fp32", "INT8", "fp32 (again)"]
    assert result["quantization_notes"] == ["INT8, torchao is not timed: no"]
    large = result["growth"]["arms"]["large"]
    assert np.ptp(large["seconds"]) > 0
    np.testing.assert_allclose(large["ratio"], [2, 2, 2])  # per unit of work, within each round
    assert result["growth"]["peak_mib"] == {"small": 3.0, "large": 29.5}


def test_the_command_refuses_two_rounds(quick, capsys):
    with pytest.raises(SystemExit):
        bench.main(["--repeats", "2"])
    assert "--repeats must be at least 3; got 2" in capsys.readouterr().err


@pytest.mark.parametrize("why", [None, "trl is not installed.", "trl 1.15.0 is too old."])
def test_the_table_says_whether_trl_is_in_it(quick, monkeypatch, capsys, why):
    monkeypatch.setattr(real, "guard", lambda language: why)
    bench.main(["--repeats", "3"])
    told, missing = capsys.readouterr().out, f'TRL is not timed. {why} pip install "toycore[comp'
    assert (training.TRL_IS_TIMED in told) == (why is None)
    assert (missing in told) == (why is not None)


@pytest.mark.parametrize("why", [None, "trl is not installed."])
def test_trl_is_timed_where_it_runs(monkeypatch, why):
    """Beside a run of toycore with as many answers an update, and as many updates."""
    group = training.course_arms()[training.GROUP]
    made = {name: {name: (lambda: None, 150)} for name in ("trl_arms", "real_arms", "course_arms")}
    monkeypatch.setattr(training, "trl_arms", lambda pairs: made["trl_arms"])
    for name in ("real_arms", "course_arms"):
        monkeypatch.setattr(training, name, lambda name=name: made[name])
    monkeypatch.setattr(real, "guard", lambda language: why)
    arms, _ = training.arms()
    assert [*arms] == ["course_arms", *(["trl_arms", "real_arms"] if why is None else [])]
    config = group[0]().config
    assert (config.rollouts, config.epochs, group[1]) == (150, 1, 150)
    assert config.answers_per_prompt * 6 == BATCH


def test_the_extra_has_the_versions_that_lesson_8_was_measured_with():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    told = (ROOT / "tests" / "versions" / "real.txt").read_text("utf-8").splitlines()
    pinned = [line for line in told if re.match(r"(?!torch)\w+==", line)]
    assert sorted(project["optional-dependencies"]["compare"]) == sorted(pinned)


def test_the_arms_of_the_table_do_the_work_they_claim(world, monkeypatch):
    monkeypatch.setattr(real, "guard", lambda language: "no")
    arms, work = training.arms()
    assert work == {
        training.SWEEP: 336 * 400,
        training.GROUPS: 336 * 400 * 1.5,
        training.ALONE: 400,
        training.PLAIN: 400,
        training.DPO: 200,
        training.GROUP: 150,
    }
    sweep, one = arms[training.SWEEP](), arms[training.ALONE]()
    assert sweep.config.runs == 336
    assert len(sweep.config.swept["kl_beta"]) == 21
    for run in (sweep, one):
        assert (run.config.rollouts, run.config.epochs, run.config.batch_size) == (100, 4, 64)
    assert len(one_thread(arms[training.PLAIN])()[1]) == 100
    groups = arms[training.GROUPS]().config
    assert groups.runs == 336
    samples = groups.answers_per_prompt * len(world.prompts)
    assert groups.rollouts * groups.epochs * samples == 400 * 1.5 * 64
    assert arms[training.DPO]().history.sizes["step"] == 201


def test_the_cost_of_the_import_is_measured_in_fresh_processes():
    seconds = training.import_seconds(processes=2)
    assert [len(seconds[name]) for name in ("torch", "toycore")] == [2, 2]
    assert min(seconds["torch"]) > 0
