"""Children that stay: each answers one call after another, where a fork would be much of the work.

A child that has failed, hung, served often or says that it is spent is ended, and another takes its
place: a crash costs the one call, and what leaks goes with the child. So does one that nobody has
asked for a while. Of many calls at once those begin that the processors have time for: while they
are busy another one makes nothing faster, and takes a child more.
"""

import asyncio
import logging
import os
import select
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, TypeVar

import psutil

from . import forked
from .errors import JobError
from .streams import Streams, read_frames

log = logging.getLogger(__name__)

T = TypeVar("T")
OnMessage = Callable[[Any], None] | None

MOST_CALLS = 50
"""What one child answers before it goes."""

IDLE_SECONDS = 30.0
"""After which a child that waits for a call gives its memory back."""

PROCESSORS = os.cpu_count() or 1

AT_ONCE = 2 * PROCESSORS
"""Calls that begin at once: where one waits for its site or its disk, another has what to do."""

LOOK_SECONDS = 0.05
"""Between two looks whether the processors are busy: the system counts in hundredths."""

SPARE = 0.25
"""The part of the processors' time, left unused, for which a call that waits begins."""

PATIENCE_SECONDS = 0.25 / PROCESSORS
"""For which no child has come back, before another call begins, whatever keeps them busy."""

Open = Callable[[], AbstractAsyncContextManager[Streams]]


class Answerers:
    """A child for each call that runs; `open` gives the channel to a new one."""

    def __init__(self, open_child: Open) -> None:
        self._open = open_child
        self._idle = deque[_Answerer]()
        """The one that has waited longest stands first, and is asked last."""
        self._resting: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._back = asyncio.Event()
        self._processors = _Processors()
        self._busy = 0

    async def ask(self, function: Callable[..., T], *args: Any, on_message: OnMessage = None) -> T:
        """What the function returns or raises. Cancelled, or without an answer, its child ends."""
        async with self._lent() as answerer:
            frame = await answerer.answer(function, args, on_message)
        if frame.kind == "error":
            raise frame.content
        return frame.content  # type: ignore[no-any-return]  # what the function returned

    async def close(self) -> None:
        """End those that wait."""
        if self._resting is not None:
            self._resting.cancel()
            with suppress(asyncio.CancelledError):
                await self._resting
        while self._idle:
            await self._idle.popleft().close()

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator["_Answerer"]:
        waiting = await self._next()
        try:
            answerer = waiting or await self._new()
            whole = False
            try:
                yield answerer
                whole = not answerer.spent
            finally:
                if whole:
                    self._keep(answerer)
                else:
                    await answerer.close()
        finally:
            self._busy -= 1
            self._back.set()

    async def _next(self) -> "_Answerer | None":
        """One that waits, if any does, when it is time for another call; in the order in which
        they came."""
        async with self._turn:
            await self._time_for_another()
            self._busy += 1
            return await self._alive()

    async def _time_for_another(self) -> None:
        end = _now() + PATIENCE_SECONDS
        self._back.clear()
        while self._busy >= AT_ONCE and not self._back.is_set():
            left = end - _now()
            if left <= 0 or self._processors.spared():
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK_SECONDS, left)):
                    await self._back.wait()

    async def _alive(self) -> "_Answerer | None":
        """What kills one that waits costs nobody."""
        while self._idle:
            answerer = self._idle.pop()
            if not answerer.gone:
                return answerer
            await answerer.close()
        return None

    async def _new(self) -> "_Answerer":
        child = self._open()
        return _Answerer(child, await child.__aenter__())

    def _keep(self, answerer: "_Answerer") -> None:
        answerer.rests_at = _now() + IDLE_SECONDS
        self._idle.append(answerer)
        if self._resting is None or self._resting.done():
            self._resting = asyncio.create_task(self._let_rest())

    async def _let_rest(self) -> None:
        while self._idle:
            left = self._idle[0].rests_at - _now()
            if left > 0:
                await asyncio.sleep(left)
            else:
                await self._idle.popleft().close()


def _now() -> float:
    return time.monotonic()


class _Processors:
    """What all programs together leave unused of them."""

    def __init__(self) -> None:
        self._looked, self._unused = _now(), _unused()

    def spared(self) -> bool:
        """Whether it was much since the last look; never so soon after it that nobody can tell."""
        passed = _now() - self._looked
        if passed < LOOK_SECONDS:
            return False
        before, self._unused = self._unused, _unused()
        self._looked += passed
        return self._unused - before >= SPARE * passed * PROCESSORS


def _unused() -> float:
    """Seconds of all processors, those included in which somebody waited for a disk."""
    times = psutil.cpu_times()
    return float(times.idle + getattr(times, "iowait", 0.0))


class _Answerer:
    def __init__(self, child: AbstractAsyncContextManager[Streams], streams: Streams) -> None:
        self.spent = ""
        self.rests_at = 0.0
        self._served = 0
        self._child = child
        self._reader, self._writer = streams

    @property
    def gone(self) -> bool:
        """What it says unasked is that it has ended, which the loop may not have heard yet."""
        if self._reader.at_eof():
            return True
        unasked = select.poll()
        unasked.register(self._writer.get_extra_info("socket"), select.POLLIN)
        return bool(unasked.poll(0))

    async def answer(
        self, function: Callable[..., Any], args: tuple[Any, ...], on_message: OnMessage
    ) -> forked.Frame:
        self._served += 1
        self._writer.write(forked.packed((function, args)))
        frame = await read_frames(self._reader, on_message)
        if frame is None:
            raise JobError("worker_child_died", "The child process ended early.", retry=True)
        self.spent = frame.spent or self._worn(frame)
        if self.spent:
            log.debug("a child that stayed is ended: %s", self.spent)
        return frame

    def _worn(self, frame: forked.Frame) -> str:
        """What speaks against another call to it, on this side."""
        if frame.kind == "error" and not isinstance(frame.content, JobError):
            return "it failed in a way that nobody has foreseen"
        return "it has answered often" if self._served >= MOST_CALLS else ""

    async def close(self) -> None:
        await self._child.__aexit__(None, None, None)
