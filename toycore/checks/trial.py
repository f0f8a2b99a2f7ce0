"""A learner's function, tried in a child process: whatever it does, check and kernel survive.

Only the function's own calls happen in the child, a fork, which needs no import and no pickled
function. What they gave comes back as plain data and is judged here: so a loop without end, a
huge list, a crash, a changed torch all stay in the child, and no limit applies to the check's
own training. The price is that the notebook sees nothing of what the function does to it, except
what it prints. multiprocessing does the process part; the child leaves with os._exit, so that
nothing of the kernel's is torn down by it, and works on one thread, since OpenMP's do not survive
a fork.

An answer takes milliseconds. It is refused for taking too long only when it has waited for seconds,
or has itself worked for one: an answer that a busy machine kept from working is not blamed.

Where forking is not safe (macOS) or not available (Windows), the function is called here, and
after the same time a sentence says how to stop it.
"""

import builtins
import contextlib
import getpass
import io
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection, wait

import numpy as np
import torch

from toycore.checks.attempt import NotForked, Unusable, one_line
from toycore.errors import say

SECONDS = 5  # for all calls of one check; the check itself is to answer within ten
WORKED = 1.0  # of these, spent computing: after that the function counts as endless
MORE = 3  # for one that has computed for less, and still could
MEMORY = 2**30  # bytes beyond what the kernel holds already
PRINTED = 4000  # characters that are passed on
FORKS = sys.platform == "linux"


def tried(work: Callable, *arguments, slow: str):
    """What `work(*arguments)` returns, plain data; Unusable if it did not end, or ended badly.

    slow  what is printed after the time limit where there is no child to end
    """
    if FORKS and not multiprocessing.current_process().daemon:  # a daemon may have no children
        with contextlib.suppress(NotForked):
            return in_child(work, arguments)
    return here(work, arguments, slow)


# --- in this process ------------------------------------------------------------------------------


def here(work: Callable, arguments: tuple, slow: str):
    """The same in this process, without a limit; the global generators stay as they were."""
    warning = threading.Timer(SECONDS, show, [slow + "\n"])
    warning.daemon = True
    ours, numpys = torch.default_generator.get_state(), np.random.get_state()  # noqa: NPY002
    try:
        warning.start()
        return work(*arguments)
    finally:
        torch.default_generator.set_state(ours)
        np.random.set_state(numpys)  # noqa: NPY002
        warning.cancel()


def show(text: str) -> None:
    with contextlib.suppress(Exception):  # the learner's own stdout may be anything
        sys.stdout.write(text)


# --- in a child -----------------------------------------------------------------------------------


def in_child(work: Callable, arguments: tuple):
    fork, ours = multiprocessing.get_context("fork"), (warnings.filters, sys.stdout, sys.stderr)
    pipe, childs = fork.Pipe(duplex=False)
    child = fork.Process(target=live, args=(childs, ours[0], work, arguments), daemon=True)
    try:
        # Python 3.12 warns of a fork beside threads: of their locks. The child touches none of
        # them. And multiprocessing flushes stdout, which may be a learner's own, and broken.
        warnings.filters = [("ignore", None, DeprecationWarning, None, 0)]
        sys.stdout = sys.stderr = None
        start(child)
        warnings.filters, sys.stdout, sys.stderr = ours
        childs.close()
        return listen(child, pipe)
    finally:
        warnings.filters, sys.stdout, sys.stderr = ours
        childs.close()
        pipe.close()
        if child.pid is not None:
            end(child)


def start(child) -> None:
    try:
        child.start()
    except OSError as error:  # no more processes, or no memory for one
        raise NotForked from error


def listen(child, pipe: Connection):
    """What the child returns; its prints are shown as they come."""
    until = time.monotonic() + SECONDS
    extended = False
    while True:
        left = until - time.monotonic()
        if left <= 0:
            if not starved(child.pid):
                raise Unusable("endless", seconds=SECONDS)
            if extended:
                raise Unusable("busy")
            until, extended = until + MORE, True
        elif wait([pipe], min(left, 0.5)):
            try:
                key, sent = pipe.recv()
            except EOFError:
                break
            if key == "printed":
                show(sent)
            elif key == "returned":
                return sent
            else:
                raise sent
        elif not child.is_alive():
            break  # though something that it has started holds the pipe open
    child.join(1)
    ended = child.exitcode
    raise Unusable("crashed", signal=-ended) if ended and ended < 0 else Unusable("left")


def starved(pid: int) -> bool:
    """Whether a process could work but has hardly been able to: only the machine holds it up."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return False
    state, ticks = fields[0], int(fields[11]) + int(fields[12])
    return state in "RD" and ticks / os.sysconf("SC_CLK_TCK") < WORKED


def end(child) -> None:
    """Kill it, with whatever it has started, and leave no zombie."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.join()
    with contextlib.suppress(ValueError):  # already reaped elsewhere
        child.close()


def live(pipe: Connection, filters: list, work: Callable, arguments: tuple) -> None:
    """The child's life."""
    sys.settrace(None)
    try:
        confine(pipe)
        warnings.filters = filters
        pipe.send(("returned", work(*arguments)))
    except (KeyboardInterrupt, NotForked, Unusable) as known:
        pipe.send(("raised", known))
    except BaseException as error:
        pipe.send(("raised", Unusable("own_failure", error=one_line(error))))
    finally:
        os._exit(0)


def confine(pipe: Connection) -> None:
    import resource

    os.setpgid(0, 0)  # signals to the kernel's group, and the end of this one, are told apart
    signal.set_wakeup_fd(-1)  # the kernel's event loop hears its own signals only
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(round(SECONDS + MORE + 2))  # in case the parent is gone
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    sys.stdout = sys.stderr = Printed(pipe)
    builtins.input = getpass.getpass = asked
    torch.set_num_threads = lambda nthreads: None  # OpenMP would wait for threads of the parent
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # if memory runs out, end this one rather than the kernel
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    limit, most = held + MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]
    if most == resource.RLIM_INFINITY or limit < most:
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def asked(*_, **__):
    raise Unusable("asked")


class Printed(io.TextIOBase):
    """What the function prints, sent up to a limit; after that, lost."""

    encoding = "utf-8"

    def __init__(self, pipe: Connection):
        self.pipe, self.left = pipe, PRINTED

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(say("only_text", got=type(text).__name__))
        part = text[: self.left]
        self.left -= len(part)
        if part:
            self.pipe.send(("printed", part if self.left else part + " …\n"))
        return len(text)
