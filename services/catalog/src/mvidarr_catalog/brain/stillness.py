"""The leader's promise to commit nothing for a moment: who has it need not ask again so soon.

Who asks counts the moment from before the question went out, and the leader from when it answers:
so theirs is over first. A promise stands on what the database said after the question came. Whoever
leads next has the database say something else before the first commit, and lets a moment pass
between the two: so no promise is broken by a leader that does not know it, and none counts that was
made by one that leads no more.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from .store import Checkpoint

MOMENT: Final = 0.1
"""Seconds of a promise, in every version of this software: a new leader lets as many pass."""
REST: Final = 0.2
"""Seconds after a commit in which nothing is promised: much work is held up once and not for every
step of it."""


class Stillness:
    """What is promised, of one reign after another."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._leads_at: Checkpoint | None = None
        self._until = 0.0
        self._rests_until = 0.0
        self._moving = False

    def begin(self, checkpoint: Checkpoint) -> None:
        """Lead from here. What the leader before has promised is kept."""
        self._leads_at = checkpoint
        self._until = self._clock() + MOMENT

    def promise(self, seen: Checkpoint) -> float:
        """For how many seconds nothing follows what was seen just now; 0 where nobody knows."""
        now = self._clock()
        if self._moving or seen != self._leads_at or now < self._rests_until:
            return 0.0
        self._until = now + MOMENT
        return MOMENT

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Promise nothing inside of the block; something may be committed there."""
        self._moving = True
        try:
            yield
        finally:
            self._moving = False

    async def over(self) -> None:
        """Wait until nothing is promised any more."""
        while (left := self._until - self._clock()) > 0:  # noqa: ASYNC110  # it may wake early
            await asyncio.sleep(left)

    def moved(self, checkpoint: Checkpoint) -> None:
        """This is committed."""
        if self._leads_at is None or checkpoint.offset != self._leads_at.offset:
            self._rests_until = self._clock() + REST
        self._leads_at = checkpoint
