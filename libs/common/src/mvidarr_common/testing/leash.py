"""Ends the private servers of a process that was killed: they lead sessions of their own.

A small program per process holds the other end of a pipe. At the pipe's end it kills what it was
told of and still runs, with all that this has started, and removes its folder. The kernel's signal
for a parent's death would not do: it comes when the thread ends that started a server.
"""

import atexit
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path


def tie(pid: int, folder: Path | None = None) -> None:
    """Let this child not outlive us; nor its folder, if it dies with us."""
    pipe = _program().stdin
    assert pipe is not None
    pipe.write(f"{pid} {folder or ''}\n".encode())
    pipe.flush()


@cache
def _program() -> subprocess.Popen[bytes]:
    # By its path and alone: it starts faster than this package is imported.
    command = [sys.executable, "-I", "-S", __file__]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    atexit.register(_let_go, program)
    return program


def _let_go(program: subprocess.Popen[bytes]) -> None:
    assert program.stdin is not None
    program.stdin.close()
    program.wait()


def main() -> None:
    """Read process ids with their folders; at the end, end those processes."""
    tied: dict[int, tuple[int, str]] = {}
    for line in sys.stdin:
        number, folder = line.rstrip("\n").split(" ", 1)
        for descriptor in [each for each in tied if _ended(each)]:
            os.close(descriptor)
            del tied[descriptor]
        with suppress(ProcessLookupError):
            tied[os.pidfd_open(int(number))] = (int(number), folder)
    left = [told for descriptor, told in tied.items() if not _ended(descriptor)]
    for pid in [pid for first, _ in left for pid in (first, *below(first))]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for folder in {folder for _, folder in left if folder}:
        shutil.rmtree(folder, ignore_errors=True)


def _ended(descriptor: int) -> bool:
    """By a descriptor, since a number may belong to another process by now."""
    return bool(select.select([descriptor], [], [], 0)[0])


def below(pid: int) -> list[int]:
    """The processes that this one has started, that those have started, and so on."""
    found: list[int] = []
    for told in Path(f"/proc/{pid}/task").glob("*/children"):  # by the thread that started them
        with suppress(OSError):
            found += map(int, told.read_text().split())
    return [*found, *(deeper for child in found for deeper in below(child))]


if __name__ == "__main__":
    main()
