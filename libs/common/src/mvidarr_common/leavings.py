"""What a call leaves in a process that stays: looked for after it, so that no other call meets it.

Nothing is mended. A process that is not as it was is spent, and another is forked from a clean one.
"""

import gc
import locale
import logging
import os
import resource
import socket
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from . import forked
from .forkserver import own_children

Looks = Mapping[str, Callable[[], object]]
"""By the name of what is looked at; two looks that are equal saw the same."""

MOST_GROWTH = 64 << 20
"""Bytes that a child may keep beyond what it was forked with."""

_STATUS = ("Umask", "Threads", "SigBlk", "SigIgn", "SigCgt")


@contextmanager
def leaving_nothing(looks: Looks) -> Iterator[None]:
    """Within the block runs one call; the process is spent if that fails or leaves anything."""
    before = {name: look() for name, look in looks.items()}
    try:
        yield
    except BaseException as error:
        forked.spend(f"its call failed: {type(error).__name__}")
        raise
    if _changed(looks, before):
        gc.collect()  # a connection that only a circle of objects holds is not left
    if left := _changed(looks, before):
        forked.spend(f"its call left another {', '.join(left)}")
    if (grown := _grown()) > MOST_GROWTH:
        forked.spend(f"it has grown by {grown >> 20} MiB")


def _changed(looks: Looks, before: Mapping[str, object]) -> list[str]:
    return [name for name, look in looks.items() if look() != before[name]]


def _status(pid: int | str = "self") -> dict[str, str]:
    """What Linux says of a process; nothing elsewhere."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return {}


def _signals_and_threads() -> object:
    """As the system sees them, which knows those of libraries too."""
    status = _status()
    return [status.get(name) for name in _STATUS], threading.active_count()


def _files() -> object:
    """What is open, by number."""
    found = {}
    for name in os.listdir("/dev/fd"):  # noqa: PTH208  # names of descriptors, not of files
        with suppress(OSError):
            stat = os.fstat(int(name))
            found[name] = stat.st_dev, stat.st_ino
    return found


def _programs() -> object:
    """Those that run, and a sum that grows with each that was waited for."""
    return own_children(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt


def _logging() -> object:
    known = {"": logging.root, **logging.root.manager.loggerDict}
    loggers = ((name, each) for name, each in known.items() if isinstance(each, logging.Logger))
    return {name: (each.level, *each.handlers) for name, each in loggers if each.handlers}


def _grown() -> int:
    """Beyond the process that this one was forked from."""
    own, server = _status(), _status(os.getppid())
    return 1024 * (_kib(own) - _kib(server))


def _kib(status: Mapping[str, str]) -> int:
    return int(status.get("RssAnon", "0 kB").split()[0])


PROCESS: Looks = {
    "working directory": os.getcwd,
    "environment": lambda: dict(os.environ),
    "command line": lambda: (list(sys.argv), list(sys.path)),
    "standard stream": lambda: (sys.stdin, sys.stdout, sys.stderr),
    "locale": lambda: locale.setlocale(locale.LC_ALL),
    "way to open addresses": lambda: (urllib.request._opener, socket.getdefaulttimeout()),  # type: ignore[attr-defined]  # has no public name
    "logging": _logging,
    "signals or threads": _signals_and_threads,
    "open files": _files,
    "programs": _programs,
    "limit": lambda: [
        resource.getrlimit(each) for each in (resource.RLIMIT_DATA, resource.RLIMIT_NOFILE)
    ],
}
"""Of every process."""
