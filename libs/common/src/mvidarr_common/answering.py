"""Children that stay: each answers one call after another, where a fork would be most of the work.

A child that has failed, hung or served often is ended, and another takes its place: a crash costs
the one call, and what leaks goes with the child.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from . import forked
from .errors import JobError
from .streams import Streams, read_frames

T = TypeVar("T")

MOST_CALLS = 200
"""What one child answers before it goes."""

Open = Callable[[], AbstractAsyncContextManager[Streams]]


class Answerers:
    """As many children as there are calls at once; `open` gives the channel to a new one."""

    def __init__(self, open_child: Open) -> None:
        self._open = open_child
        self._idle: list[_Answerer] = []

    async def ask(self, function: Callable[..., T], *args: Any) -> T:
        """What the function returns or raises. Cancelled, or without an answer, its child ends."""
        async with self._lent() as answerer:
            frame = await answerer.answer(function, args)
        if frame[0] == "error":
            raise frame[1]
        return frame[1]  # type: ignore[no-any-return]  # what the function returned

    async def close(self) -> None:
        """End those that wait."""
        idle, self._idle = self._idle, []
        for answerer in idle:
            await answerer.close()

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator["_Answerer"]:
        answerer = self._idle.pop() if self._idle else await self._new()
        whole = False
        try:
            yield answerer
            whole = answerer.served < MOST_CALLS
        finally:
            if whole:
                self._idle.append(answerer)
            else:
                await answerer.close()

    async def _new(self) -> "_Answerer":
        child = self._open()
        return _Answerer(child, await child.__aenter__())


class _Answerer:
    def __init__(self, child: AbstractAsyncContextManager[Streams], streams: Streams) -> None:
        self.served = 0
        self._child = child
        self._reader, self._writer = streams

    async def answer(self, function: Callable[..., Any], args: tuple[Any, ...]) -> forked.Frame:
        self.served += 1
        self._writer.write(forked.packed((function, args)))
        frame = await read_frames(self._reader, None)
        if frame is None:
            raise JobError("worker_child_died", "The child process ended early.", retry=True)
        return frame

    async def close(self) -> None:
        await self._child.__aexit__(None, None, None)
