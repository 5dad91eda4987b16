"""What children do in tests. Each imports this alone: the tests themselves would take it longer."""

import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from mvidarr_common import forked
from mvidarr_common.errors import JobError

STUBBORN = "trap '' TERM; (trap '' TERM; sleep 600) & setsid sh -c 'sleep 600' & echo up; sleep 600"


def add(one: int, two: int) -> int:
    return one + two


def count_up(to: int) -> str:
    for number in range(to):
        forked.tell(number)
    return "done"


def tell_who() -> int:
    """Tells and gives its number."""
    forked.tell(os.getpid())
    return os.getpid()


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def refuse() -> None:
    raise JobError("gone", "It is gone.", retry=True, after=3.0, detail="404")


class Unpicklable(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def raise_unpicklable() -> None:
    raise Unpicklable(1, 2)


def give_unpicklable() -> object:
    return lambda: None


def have_grandchildren() -> None:
    with subprocess.Popen(["sh", "-c", STUBBORN]) as shell:
        forked.tell("up")
        shell.wait()


def open_many(count: int) -> None:
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(Path("/dev/null").open())


def compute_for_ever() -> None:
    while True:
        pass


def eat(size: int) -> int:
    return len(bytearray(size))


def use_up(seconds: float) -> int:
    """What of its processor time this process may have used before it is told."""
    while time.process_time() < seconds:
        pass
    return resource.getrlimit(resource.RLIMIT_CPU)[0]


def has_imported(name: str) -> bool:
    return name in sys.modules
