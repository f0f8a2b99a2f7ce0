"""An answer may do what it likes: the check says what happened, and check and kernel live on.

In a child process, where a platform has one; and as if it had none. What a learner changes, in a
cell or in the answer, reaches neither the verdict nor the next check, and stays changed.
"""

import builtins
import contextlib
import io
import math
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from fractions import Fraction

import numpy as np
import psutil
import pytest
import torch
import xarray
from jupyter_client.manager import start_new_kernel
from test_checks import EXERCISES, LANGUAGES, MADE_UP, ODD_FUNCTIONS
from torch import Generator, Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

import toycore as tc
from toycore.checks import attempt, trial
from toycore.checks.verdict import HEADS, PHRASES, Verdict

forks = pytest.mark.skipif(not trial.FORKS, reason="no child process on this platform")
each_language = pytest.mark.parametrize("language", LANGUAGES)
both = pytest.mark.parametrize(
    "in_child", [pytest.param(True, marks=forks, id="child"), pytest.param(False, id="here")]
)


@pytest.fixture(scope="module", autouse=True)
def trained():
    """As in a lesson: what PyTorch loads late, with seconds of work, is loaded."""
    tc.train_sft(tc.World(), tc.SFTConfig(seeds=1, steps=1))
    tc.checks.ipo_start(4.0)  # its training is kept
    torch.optim.SGD([torch.zeros(1)])


def right(x, scale):
    return (scale * x * x.detach()).mean()


def judged(answer, language: str = "en", exercise=MADE_UP) -> Verdict:
    return exercise.judge(answer, language, Generator().manual_seed(0))


def says(verdict: Verdict, key: str, language: str = "en") -> bool:
    """Whether these are the words of the phrase, whatever its figures."""
    pieces = re.split(r"\{\w+\}", PHRASES[key][language])
    return re.fullmatch(".*".join(map(re.escape, pieces)), verdict.body, re.DOTALL) is not None


# --- an answer that comes to no good end ----------------------------------------------------------


def loops(*_):
    while True:
        pass


def swallows(*_):
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(1)


def calls_itself(*_):
    return calls_itself()


def calls_itself_deeper(*_):
    sys.setrecursionlimit(10**9)
    return calls_itself()


def grows(*_):
    text = "a"
    while True:
        text += text


def forks_and_stays(*_):
    if not os.fork():
        time.sleep(1000)
    return 1.0


def starts_and_leaves(*_):
    subprocess.Popen(["sleep", "1000"])
    os._exit(0)


def spawns_a_loop(*_):
    threading.Thread(target=loops).start()
    return 1.0


QUICK = {
    "endless recursion": (calls_itself, "recursion"),
    "os._exit": (lambda *_: os._exit(0), "left"),
    "sys.exit": (lambda *_: sys.exit(1), "left"),
    "a child left behind": (starts_and_leaves, "left"),
    "killed": (lambda *_: os.kill(os.getpid(), signal.SIGKILL), "crashed"),
    "input": (lambda *_: input("?"), "asked"),
    "a billion numbers": (lambda *_: torch.zeros(10**9), "memory"),
    "a list of a billion": (lambda *_: [0.0] * 10**9, "memory"),
    "an array of a billion": (lambda *_: np.ones(10**9), "memory"),
    "a range of a billion": (lambda *_: range(10**9), "memory"),
    "pipes closed": (lambda *_: os.closerange(0, 1000), "left"),
    "a forked copy": (forks_and_stays, "differs"),
    "a thread that goes on": (spawns_a_loop, "differs"),
}
ENDLESS = {
    "a loop": loops,
    "a wait": lambda *_: time.sleep(1e9),
    "errors swallowed": swallows,
    "stopped": lambda *_: os.kill(os.getpid(), signal.SIGSTOP),
    "endless printing": lambda *_: [print("x" * 99) for _ in iter(int, 1)],
}


def held() -> set:
    """Child processes, pipes and timers: what a check takes, and nothing that other tests of this
    worker have open, whose threads open and close what they like meanwhile."""
    pipes = set()
    for descriptor in os.listdir("/proc/self/fd") if trial.FORKS else ():
        with contextlib.suppress(OSError):  # the one that listed them
            pipes.add(os.readlink(f"/proc/self/fd/{descriptor}"))
    children = {child.pid for child in psutil.Process().children()}
    timers = {thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)}
    return {name for name in pipes if name.startswith("pipe:")} | children | timers


@pytest.fixture
def nothing_left():
    before = held()
    yield
    assert held() <= before
    assert judged(right).passed


def test_a_huge_result_is_shown_short():
    for answer in (lambda *_: torch.zeros(1).expand(10**9), lambda *_: torch.rand(10**5)):
        verdict = judged(answer)
        assert not verdict.passed
        assert len(str(verdict)) < 2000


@forks
@pytest.mark.parametrize(("answer", "key"), QUICK.values(), ids=QUICK)
def test_what_happened_is_said_and_nothing_is_left(answer, key, nothing_left):
    for language in LANGUAGES:
        assert says(judged(answer, language), key, language)


@forks
@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_answer_is_stopped(answer, nothing_left, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 1)
    monkeypatch.setattr(trial, "WORKED", 0)  # however little a busy machine has let it work
    assert says(judged(answer, "tr"), "endless", "tr")


def test_the_limits_leave_a_check_within_ten_seconds():
    assert trial.SECONDS + trial.MORE < 9


@forks
def test_an_answer_that_was_not_let_to_work_is_not_blamed(monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 0.3)
    monkeypatch.setattr(trial, "MORE", 0.3)
    monkeypatch.setattr(trial, "WORKED", 1000)  # as if it had been given next to nothing
    for language in LANGUAGES:
        assert says(judged(loops, language), "busy", language)
    assert says(judged(lambda *_: time.sleep(9)), "endless")  # it waits by itself
    monkeypatch.setattr(trial, "MORE", 600)

    def works_on(x, scale):
        began = time.process_time()
        while time.process_time() - began < 0.3:
            pass
        return right(x, scale)

    assert judged(works_on).passed


@forks
def test_a_growing_answer_runs_out_of_its_memory_alone(nothing_left, monkeypatch):
    monkeypatch.setattr(trial, "MEMORY", 2**26)
    assert says(judged(grows), "memory")


@forks
def test_recursion_without_a_limit_harms_nothing(nothing_left):
    """It ends in a crash of the stack, or takes all memory or time that there is for it."""
    verdict = judged(calls_itself_deeper)
    assert any(says(verdict, key) for key in ("crashed", "memory", "endless"))


@forks
def test_no_child_is_left_by_many_checks(nothing_left):
    for _ in range(10):
        assert judged(right).passed


@forks
def test_what_an_answer_prints_is_seen_up_to_a_limit(capsys):
    def talks(x, scale):
        print("x is", len(x))
        print("beside", file=sys.stderr)
        return right(x, scale)

    assert judged(talks).passed
    assert capsys.readouterr().out == "x is 2\nbeside\nx is 3\nbeside\nx is 2\nbeside\n"
    assert not judged(lambda *_: [print("line", n) for n in range(10_000)] and 1.0).passed
    assert 3900 < len(capsys.readouterr().out) < 4100


@forks
def test_a_learners_own_stdout_harms_nothing(monkeypatch):
    class Broken:
        def __getattr__(self, _):
            raise RuntimeError("no stdout")

    monkeypatch.setattr(sys, "stdout", Broken())
    verdict = judged(lambda x, scale: [print("a"), right(x, scale)][1])
    assert verdict.passed


@forks
def test_the_stop_button_ends_the_child_too(nothing_left, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 600)  # nothing else would
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for answer in (loops, swallows):
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            with pytest.raises(KeyboardInterrupt):
                judged(answer)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@forks
@pytest.mark.parametrize("answer", ODD_FUNCTIONS.values(), ids=ODD_FUNCTIONS)
def test_a_child_and_this_process_say_the_same(answer, monkeypatch):
    def body() -> str:
        return re.sub(r"`[\[\d].*?`", "", repr(judged(answer)))  # random numbers

    due = body()
    monkeypatch.setattr(trial, "FORKS", False)
    assert body() == due


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_right_answers_pass_and_mistakes_are_named_as_a_learner_has_them(exercise):
    assert judged(exercise.right.answer, "tr", exercise).passed
    name, mistake = next(iter(exercise.mistakes.items()))
    assert judged(mistake.answer, "tr", exercise).mistake == name


@forks
@each_language
def test_where_no_child_can_be_had_an_endless_answer_is_warned_of(language, monkeypatch, capsys):
    def full(_):
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(multiprocessing.get_context("fork").Process, "start", full)
    monkeypatch.setattr(trial, "SECONDS", 0.2)
    verdict = judged(lambda x, scale: [time.sleep(0.2), right(x, scale)][1], language)
    assert verdict.passed
    assert capsys.readouterr().out == PHRASES["slow"][language] + "\n"


@forks
def test_a_gradient_that_torch_refuses_in_a_child_is_taken_here(monkeypatch):
    """On a machine with a GPU, once something was trained."""
    parent, pulls = os.getpid(), attempt.pulls

    def refused(*arguments):
        if os.getpid() != parent:
            raise RuntimeError(
                "Unable to handle autograd's threading in combination with fork-based "
                "multiprocessing. See https://github.com/pytorch/pytorch/wiki"
            )
        return pulls(*arguments)

    monkeypatch.setattr(attempt, "pulls", refused)
    assert judged(right).passed
    assert judged(lambda x, scale: (scale * x * x).mean()).mistake == "no_detach"


@both
def test_an_answer_may_set_the_number_of_threads(in_child, monkeypatch):
    """In a forked child OpenMP would wait for ever for threads that the parent has had."""

    def on_two(x, scale):
        torch.set_num_threads(2)
        torch.rand(10**6).exp().sum()
        return right(x, scale)

    monkeypatch.setattr(trial, "FORKS", in_child)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.rand(10**6).exp().sum()
    assert judged(on_two).passed
    assert torch.get_num_threads() == 2
    torch.set_num_threads(threads)


# --- answers that are no functions ----------------------------------------------------------------


class Half:
    def __float__(self):
        return 4.0


BITS = tc.checks.own_bits.right.answer
TABLE = tc.checks.refusal.right.answer
CLOTHES = {
    "bits in an array": ("own_bits", np.array(BITS)),
    "bits in a tensor": ("own_bits", torch.tensor(BITS)),
    "bits in a DataArray": ("own_bits", xarray.DataArray(BITS)),
    "bits of tensors": ("own_bits", list(torch.tensor(BITS))),
    "a table in lists": ("refusal", TABLE.tolist()),
    "a table in an array": ("refusal", TABLE.numpy()),
    "a table that trains": ("refusal", torch.nn.Parameter(TABLE)),
    "pairs in a tensor": ("own_pairs", torch.tensor([(5, 10, 6)])),
    "pairs by their words": ("own_pairs", [("short answer", "short", "bad")]),
    "targets in a tensor": ("own_targets", torch.tensor(tc.checks.own_targets.right.answer)),
    "an int": ("ipo_start", 4),
    "a fraction": ("ipo_start", Fraction(4)),
    "a float32": ("ipo_start", np.float32(4)),
    "a tensor": ("ipo_start", torch.tensor(4.0)),
    "an object of a class": ("ipo_start", Half()),
    "a letter of NumPy": ("few_pairs", np.str_("B ")),
}


@pytest.mark.parametrize(("name", "answer"), CLOTHES.values(), ids=CLOTHES)
def test_a_right_answer_may_come_in_any_clothes(name, answer):
    assert EXERCISES[name](answer).passed


@forks
def test_an_answer_without_end_is_asked_for_its_numbers_in_a_trial(monkeypatch):
    class Endless:
        def __float__(self):
            return loops()

    monkeypatch.setattr(trial, "SECONDS", 1)
    monkeypatch.setattr(trial, "WORKED", 0)
    assert says(tc.checks.ipo_start(Endless()), "endless")
    for many in ([1.0] * 10**5, torch.zeros(10**5), range(10**12)):
        assert says(tc.checks.ipo_start(many), "too_many")


# --- gradients ------------------------------------------------------------------------------------


def takes_a_step(x, scale):
    loss = right(x, scale)
    loss.backward()
    return loss


def keeps_the_graph(x, scale):
    loss = right(x, scale)
    loss.backward(retain_graph=True)
    return loss


def takes_the_gradient(x, scale):
    loss = right(x, scale)
    torch.autograd.grad(loss, x)
    return loss


def clears_the_gradient(x, scale):
    x.grad.zero_()
    return right(x, scale)


def optimizes(x, scale):
    torch.optim.SGD([x], lr=0.1).step()
    return right(x, scale)


def pulls_a_constant(x, scale):
    right(x.detach(), scale).backward()


TRAINING = (takes_a_step, keeps_the_graph, takes_the_gradient, clears_the_gradient, optimizes)


@both
@each_language
@pytest.mark.parametrize("answer", [*TRAINING, pulls_a_constant])
@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")
def test_an_answer_that_trains_is_told_so(answer, language, in_child, monkeypatch):
    monkeypatch.setattr(trial, "FORKS", in_child)
    assert says(judged(answer, language), "backward", language)


@both
def test_a_gradient_that_fails_is_no_error_of_the_learners_code(in_child, monkeypatch):
    def in_place(x, scale):
        root = (x * x).sqrt()
        loss = (root * root.exp()).sum()
        root += 1
        return loss

    monkeypatch.setattr(trial, "FORKS", in_child)
    verdict = judged(in_place)
    assert says(verdict, "unpulled")
    assert "modified by an inplace operation" in verdict.body


def test_a_failure_of_the_check_itself_is_not_the_learners(monkeypatch):
    def breaks(*_):
        raise RuntimeError("no disk")

    odd = tc.checks.exercise.Tried(examine=breaks, right=tc.checks.few_pairs.right, mistakes={})
    for language in LANGUAGES:
        assert says(odd("b", language=language), "own_failure", language)


# --- what a learner has changed -------------------------------------------------------------------


class Zeros(TorchFunctionMode):
    def __torch_function__(self, function, types, arguments=(), named=None):
        return 0


def zero(*_, **__):
    return 0


def yes(*_, **__):
    return True


CHANGES = {
    "logsigmoid": lambda: setattr(functional, "logsigmoid", zero),
    "Tensor.mean": lambda: setattr(Tensor, "mean", zero),
    "Tensor.item": lambda: setattr(Tensor, "item", zero),
    "Tensor.detach": lambda: setattr(Tensor, "detach", zero),
    "Tensor.tolist": lambda: setattr(Tensor, "tolist", zero),
    "Tensor.__add__": lambda: setattr(Tensor, "__add__", zero),
    "allclose": lambda: setattr(torch, "allclose", yes),
    "torch.exp": lambda: setattr(torch, "exp", zero),
    "autograd.grad": lambda: setattr(torch.autograd, "grad", zero),
    "np.asarray": lambda: setattr(np, "asarray", zero),
    "isclose": lambda: setattr(math, "isclose", yes),
    "abs": lambda: setattr(builtins, "abs", zero),
    "sum": lambda: setattr(builtins, "sum", zero),
    "all": lambda: setattr(builtins, "all", yes),
    "dtype": lambda: torch.set_default_dtype(torch.float16),
    "device": lambda: torch.set_default_device("meta"),
    "seed": lambda: torch.manual_seed(0),
    "deterministic": lambda: torch.use_deterministic_algorithms(True),
    "gradients": lambda: torch.set_grad_enabled(False),
    "inference mode": lambda: torch.inference_mode().__enter__(),
    "anomalies": lambda: torch.autograd.set_detect_anomaly(True, check_nan=False),
    "a mode": lambda: Zeros().__enter__(),
    "warnings": lambda: warnings.simplefilter("error"),
    "recursion": lambda: sys.setrecursionlimit(10**6),
    "stdout": lambda: setattr(sys, "stdout", io.StringIO()),
    "signals": lambda: [signal.signal(s, signal.SIG_IGN) for s in (signal.SIGTERM, signal.SIGINT)],
    "environment": lambda: os.environ.clear(),
    "numpy errors": lambda: np.seterr(all="raise"),
    "print options": lambda: torch.set_printoptions(precision=1),
    "folder": lambda: os.chdir("/"),
}
# After these a right answer is right still; the others change what it computes with.
HARMLESS = [*CHANGES][[*CHANGES].index("dtype") :]
HARMLESS.remove("a mode")


def apart(work, *arguments):
    """What a function returns in a process of its own, which may change what it likes."""
    fork = multiprocessing.get_context("fork")
    pipe, end = fork.Pipe(duplex=False)
    child = fork.Process(target=lambda: end.send(work(*arguments)))
    child.start()
    end.close()
    found = pipe.recv()
    child.join()
    pipe.close()
    return found


def verdicts_after(name: str, when: str, in_child: bool) -> dict[str, Verdict]:
    """What is said of answers when the change is made in a cell before, or by an answer itself."""
    trial.FORKS = in_child
    change, exercise, logsigmoid = CHANGES[name], tc.checks.dpo_loss, functional.logsigmoid

    def right(*inputs):
        return -logsigmoid(tc.checks.dpo.right_margin(*inputs)).mean()

    def changes_and_is_wrong(*_):
        if when == "call":
            change()
        return 0

    def is_right_and_changes(*inputs):
        loss = right(*inputs)
        if when == "call":
            change()
        return loss

    if when == "cell":
        change()
    return {
        "wrong": exercise(changes_and_is_wrong),
        "zero": tc.checks.ipo_start(0.0),
        "four": tc.checks.ipo_start(4.0),
        "right": exercise(is_right_and_changes),
        "again": exercise(right),
    }


@forks
@both
@pytest.mark.long
@pytest.mark.parametrize("when", ["cell", "call"])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_makes_no_wrong_answer_right_and_no_check_fails(name, when, in_child):
    told = apart(verdicts_after, name, when, in_child)
    assert not told["wrong"].passed, told
    assert not told["zero"].passed, told
    assert told["four"].passed, told
    if name in HARMLESS:
        assert told["right"].passed, told
    if name in HARMLESS or (when == "call" and in_child):
        assert told["again"].passed, told


@forks
@both
def test_trainings_of_a_check_are_right_after_any_change(in_child):
    def due() -> str:
        tc.checks.dpo.first_loss_of_ipo.cache_clear()
        return repr(tc.checks.ipo_start(3.0))

    def after(name: str) -> str:
        CHANGES[name]()
        return due()

    expected = due()
    for name in ("Tensor.mean", "sum", "dtype", "device", "inference mode", "a mode", "warnings"):
        assert apart(after, name) == expected, name


def test_what_a_learner_has_set_stays_set():
    def settings() -> tuple:
        return (
            torch.get_default_dtype(), Tensor.mean is zero, warnings.filters[0][0],
            np.geterr()["over"], torch.is_grad_enabled(), sys.getrecursionlimit(),
        )  # fmt: skip

    def before_and_after() -> bool:
        for name in ("dtype", "Tensor.mean", "warnings", "numpy errors", "gradients"):
            CHANGES[name]()
        sys.setrecursionlimit(777)
        before = settings()
        judged(right)
        return before == settings() == (torch.float16, True, "error", "raise", False, 777)

    assert apart(before_and_after)


# --- in a real kernel -----------------------------------------------------------------------------

SETUP = """
import os, sys, time
import torch
import toycore as tc
from toycore.checks import trial

tc.train_sft(tc.World(), tc.SFTConfig(seeds=1))  # there were gradients here
trial.WORKED = 0  # however little a busy machine lets an answer work, it is no answer

def loops(*_):
    while True:
        pass

def again(*_):
    return again()
"""
IN_A_KERNEL = {
    "loops": "endless",
    "lambda *_: time.sleep(1e9)": "endless",
    "lambda *_: [print('x' * 99) for _ in iter(int, 1)]": "endless",
    "lambda *_: torch.zeros(10**9)": "memory",
    "lambda *_: [0.0] * 10**9": "memory",
    "lambda *_: os._exit(0)": "left",
    "lambda *_: sys.exit()": "left",
    "lambda *_: exit()": "unwritten",  # in a notebook it returns None, and asks to leave later
    "again": "recursion",
    "lambda *_: input('?')": "asked",
    "lambda *_: display(1)": "unwritten",
}


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel()
    told = run(client, SETUP)
    assert told[0] == "ok", told
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code: str, timeout: float = 60) -> tuple[str, str, str]:
    """A cell's status, its result as text, and what it has printed."""
    results, printed = [], []

    def hook(message: dict) -> None:
        content = message["content"]
        results.append(content.get("data", {}).get("text/plain", ""))
        printed.append(content.get("text", ""))

    reply = client.execute_interactive(
        code, timeout=timeout, output_hook=hook, allow_stdin=False, store_history=False
    )
    return reply["content"]["status"], "".join(results), "".join(printed)


def passes(client) -> bool:
    return run(client, "tc.checks.kl(tc.exact.kl)")[1].startswith(HEADS["passed"]["en"])


@forks
@pytest.mark.long
@pytest.mark.parametrize("answer", IN_A_KERNEL)
def test_in_a_kernel_it_is_said_and_the_kernel_lives(answer, kernel):
    _, client = kernel
    assert passes(client)
    status, shown, printed = run(client, f"tc.checks.kl({answer}, language='tr')")
    assert status == "ok"
    head, words = shown[: len(HEADS["wrong"]["tr"])], PHRASES[IN_A_KERNEL[answer]]["tr"]
    assert words.partition("{")[0] in shown, (head, shown)
    assert len(printed) < 5000
    assert run(client, "1 + 1")[1] == "2"
    assert passes(client)


@forks
@pytest.mark.long
def test_in_a_kernel_prints_are_seen_once_and_the_stop_button_works(kernel):
    manager, client = kernel
    told = run(client, "tc.checks.kl(lambda p, q: [print('here', len(p)), tc.exact.kl(p, q)][1])")
    assert told[1].startswith(HEADS["passed"]["en"])
    assert told[2] == "here 2\nhere 3\nhere 6\nhere 2\n"
    run(client, "trial.SECONDS = 600")  # nothing but the stop button ends it
    threading.Timer(1.5, manager.interrupt_kernel).start()
    assert run(client, "tc.checks.kl(loops)", timeout=300)[0] == "error"
    assert passes(client)
    children = psutil.Process(manager.provisioner.pid).children(recursive=True)
    assert [child.name() for child in children] == []
