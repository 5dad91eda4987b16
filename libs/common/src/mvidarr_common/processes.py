"""Child processes of a service: programs and functions that never outlive it.

All of them are started by a fork server of the service's own (`forkserver`), so that a crash
costs one job, a cancel ends a whole process group, and a killed worker leaves no orphan.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from . import forked, forkserver
from .answering import Answerers
from .errors import JobError
from .forkserver import Limits
from .jobs import Finished
from .streams import Streams, keep_tail, pipe, read_frames, split_lines

T = TypeVar("T")
START_SECONDS = 120.0
DRAIN_SECONDS = 5.0
GIVE_UP_SECONDS = forkserver.TERM_SECONDS + 10.0
ERROR_TAIL = 4096
NONE = Limits()
_MAIN = "from mvidarr_common.forkserver import main; main()"


class Child:
    """A running child as its owner sees it: it lives while this leash is held."""

    def __init__(self, leash: Streams) -> None:
        self._reader, self._writer = leash
        self._pid: int | None = None
        self.exit: asyncio.Future[int | None] = asyncio.ensure_future(self._watch())

    async def end(self) -> None:
        """TERM, five seconds, KILL for the whole group; returns when it is gone."""
        if not self.exit.done():
            self._writer.write(forkserver.END)
        try:
            await _insist(self.exit)
        finally:
            self.exit.cancel()
            self._writer.close()

    async def _watch(self) -> int | None:
        """The exit code; None if the server died, which takes its children along."""
        try:
            (self._pid,) = forkserver.NUMBER.unpack(await self._reader.readexactly(4))
            code: int = forkserver.NUMBER.unpack(await self._reader.readexactly(4))[0]
            return code
        except (asyncio.IncompleteReadError, ConnectionError):
            if self._pid is not None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._pid, signal.SIGKILL)
            return None


class Children:
    """Starts children through one fork server, and that again if it should ever die."""

    def __init__(self, preload: tuple[str, ...] = (), limits: Limits = NONE) -> None:
        self._preload = preload
        self._limits = limits
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = asyncio.Lock()
        self._answerers = Answerers(self._lasting)

    async def run(
        self, *command: str | Path, on_line: Callable[[str], None] | None = None
    ) -> Finished:
        """See `Job.run`."""
        async with (
            pipe() as (out, out_end),
            pipe() as (errors, errors_end),
            self._child(forkserver.PROGRAM, out_end, errors_end) as (child, (_, writer)),
        ):
            await _send(writer, [os.fspath(part) for part in command])
            lines = asyncio.ensure_future(split_lines(out, on_line))
            tail = asyncio.ensure_future(keep_tail(errors, ERROR_TAIL))
            async with _cancelling(lines, tail):
                code = await _ended(child, lines)
                async with asyncio.timeout(DRAIN_SECONDS):
                    return Finished(code, await tail)

    @asynccontextmanager
    async def pour(self, *command: str | Path) -> AsyncIterator[asyncio.StreamReader]:
        """A program's standard output, as it comes; the program has ended when this is left. Raises
        JobError for one that was read to its end and has failed."""
        async with (
            pipe() as (out, out_end),
            pipe() as (errors, errors_end),
            _emptying(out) as empty,
            self._child(forkserver.PROGRAM, out_end, errors_end) as (child, (_, writer)),
        ):
            await _send(writer, [os.fspath(part) for part in command])
            tail = asyncio.ensure_future(keep_tail(errors, ERROR_TAIL))
            async with _cancelling(tail):
                try:
                    yield out
                finally:
                    empty.set()
                if out.at_eof() and (code := await asyncio.shield(child.exit)) != 0:
                    raise _died(code)

    async def call(
        self,
        function: Callable[..., T],
        *args: Any,
        on_message: Callable[[Any], None] | None = None,
    ) -> T:
        """See `Job.call`."""
        async with self._child(forkserver.CALL) as (child, (reader, writer)):
            await _send(writer, (function, args))
            frames = asyncio.ensure_future(read_frames(reader, on_message))
            async with _cancelling(frames):
                await _either(frames, child.exit)
                async with asyncio.timeout(DRAIN_SECONDS if child.exit.done() else None):
                    frame = await frames
                if frame is None:
                    raise _died(await child.exit)
        if frame.kind == "error":
            raise frame.content
        return frame.content  # type: ignore[no-any-return]  # what the function returned

    async def ask(
        self,
        function: Callable[..., T],
        *args: Any,
        on_message: Callable[[Any], None] | None = None,
    ) -> T:
        """See `Job.ask`."""
        return await self._answerers.ask(function, *args, on_message=on_message)

    async def rest(self) -> None:
        """End the children that wait for another call."""
        resting, self._answerers = self._answerers, Answerers(self._lasting)
        await resting.close()

    async def warm(self) -> None:
        """Start the server, its modules imported, so that the first call need not wait."""
        if self._serves():
            return
        async with self._starting:
            if not self._serves():
                await self._start()

    def _serves(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def close(self) -> None:
        """End every child and the server."""
        await self.rest()
        control, process = self._control, self._process
        self._control = self._process = None
        if control is not None and process is not None:
            control.close()
            await asyncio.to_thread(process.wait)

    @asynccontextmanager
    async def _lasting(self) -> AsyncIterator[Streams]:
        async with self._child(forkserver.CALLS) as (_, streams):
            yield streams

    @asynccontextmanager
    async def _child(self, kind: bytes, *descriptors: int) -> AsyncIterator[tuple[Child, Streams]]:
        """A child and the channel to it; it has ended when this is left.

        The descriptors are the child's, and closed here."""
        leash, leash_end = socket.socketpair()
        channel, channel_end = socket.socketpair()
        ends = [leash_end.detach(), channel_end.detach(), *descriptors]
        try:
            await self.warm()
            await self._ask_for(kind, ends)
        except BaseException:
            leash.close()
            channel.close()
            raise
        finally:
            for end in ends:
                os.close(end)
        async with AsyncExitStack() as held:
            held.callback(channel.close)
            child = Child(await _connected(leash))
            held.push_async_callback(child.end)
            streams = await _connected(channel)
            held.callback(streams[1].close)
            yield child, streams

    async def _ask_for(self, kind: bytes, descriptors: list[int]) -> None:
        """Where the server has just died, the leash will say so."""
        while self._control is not None:
            try:
                socket.send_fds(self._control, [kind], descriptors)
                return
            except BlockingIOError:
                await asyncio.sleep(0.01)
            except OSError:
                return

    async def _start(self) -> None:
        if self._control is not None:
            self._control.close()
        self._control, end = socket.socketpair()
        self._control.setblocking(False)
        with end:
            limits = json.dumps(asdict(self._limits))
            arguments = [str(end.fileno()), limits, json.dumps(sys.path)]
            self._process = subprocess.Popen(  # noqa: ASYNC220  # returns as soon as it has forked
                [sys.executable, "-c", _MAIN, *arguments, *self._preload],
                stdin=subprocess.DEVNULL, pass_fds=(end.fileno(),), start_new_session=True,
            )  # fmt: skip
        answer = asyncio.get_running_loop().sock_recv(self._control, 1)
        async with asyncio.timeout(START_SECONDS):
            ready = await answer == forkserver.READY
        if not ready:
            await self.close()
            raise RuntimeError(f"the fork server could not import {', '.join(self._preload)}")


@asynccontextmanager
async def open_children(
    preload: tuple[str, ...] = (), limits: Limits = NONE
) -> AsyncIterator[Children]:
    """Children that are gone when this is left."""
    children = Children(preload, limits)
    try:
        yield children
    finally:
        await children.close()


async def _connected(end: socket.socket) -> Streams:
    """To a socket, which is closed if that is cancelled."""
    try:
        return await asyncio.open_unix_connection(sock=end)
    except BaseException:
        end.close()
        raise


async def _ended(child: Child, lines: asyncio.Future[None]) -> int:
    """The exit code, once every line was handed on; what `on_line` raises comes first."""
    await _either(child.exit, lines)
    if lines.done():
        lines.result()
    code = await asyncio.shield(child.exit)
    if code is None:
        raise _died(code)
    async with asyncio.timeout(DRAIN_SECONDS):
        await lines
    return code


async def _send(writer: asyncio.StreamWriter, request: object) -> None:
    with suppress(ConnectionError):  # a child that is gone already: its leash says so
        writer.write(forked.packed(request))
        await writer.drain()


@asynccontextmanager
async def _emptying(output: asyncio.StreamReader) -> AsyncIterator[asyncio.Event]:
    """Once the event is set, what nobody reads any more is thrown away: a program that waits until
    its output is taken would hear of its end only when it is killed."""
    unread = asyncio.Event()

    async def throw_away() -> None:
        await unread.wait()
        await split_lines(output, None)

    async with _cancelling(asyncio.ensure_future(throw_away())):
        yield unread


@asynccontextmanager
async def _cancelling(*readers: asyncio.Future[Any]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


async def _insist(future: asyncio.Future[Any]) -> None:
    """Wait for it whoever cancels meanwhile, and be cancelled only then."""
    interrupted = False
    deadline = asyncio.get_running_loop().time() + GIVE_UP_SECONDS
    while not future.done() and (left := deadline - asyncio.get_running_loop().time()) > 0:
        try:
            await asyncio.wait({future}, timeout=left)
        except asyncio.CancelledError:
            interrupted = True
    if interrupted:
        raise asyncio.CancelledError


def _died(code: int | None) -> JobError:
    if code is None:
        how = "its server died"
    elif code < 0:
        how = f"signal {signal.Signals(-code).name}"
    else:
        how = f"exit code {code}"
    return JobError("worker_child_died", f"The child process ended early ({how}).", retry=True)


async def _either(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
