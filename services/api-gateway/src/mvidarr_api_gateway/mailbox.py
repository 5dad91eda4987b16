"""What waits for one live client: facts and signals in the order in which they came, bounded.

Of signals the newest of each thing waits, the oldest give way, and that is told. Facts are never
dropped: a box with too many takes no more of them until its client has caught up from the log.
"""

import asyncio
from collections.abc import Callable

from .frames import GAP, Frame

SIGNALS = 256
FACTS = 1000

Key = int | tuple[str, str]


class Mailbox:
    """Filled by everybody's follower, emptied by the client's own task; while that waits, what
    comes may go straight to the client."""

    def __init__(
        self, topics: frozenset[str], own: frozenset[str], checked: int, position: int | None
    ) -> None:
        """`own` are the subjects on which the client's rights stand, as they were `checked` at
        that place of the log; `position` is the last fact that it need not see."""
        self.topics = topics
        self.own = own
        self.checked = checked
        self.position = position
        self.behind = True
        """Whether facts are not taken now."""
        self.write: Callable[[Frame], bool] | None = None
        """Tells the client at once, if it can take it; used only while nothing else waits."""
        self._busy = True
        self._waiting: dict[Key, Frame] = {}
        self._signals: dict[Key, None] = {}
        self._missed = False
        self._end: Exception | None = None
        self._news = asyncio.Event()

    def fact(self, frame: Frame) -> None:
        """Never waits."""
        assert frame.offset is not None
        if self.behind or (self.position is not None and frame.offset <= self.position):
            return
        if self._told(frame):
            self.position = frame.offset
            return
        if len(self._waiting) - len(self._signals) >= FACTS:
            self.behind = True
        else:
            self._waiting[frame.offset] = frame
        self._news.set()

    def signal(self, key: tuple[str, str], frame: Frame) -> None:
        """Overtakes what waits under the same key."""
        if self._told(frame):
            return
        if self._waiting.pop(key, None) is not None:
            del self._signals[key]
        self._waiting[key] = frame
        self._signals[key] = None
        if len(self._signals) > SIGNALS:
            self._drop_oldest()
        self._news.set()

    def gap(self) -> None:
        """Signals were lost on the way here."""
        self._missed = True
        self._news.set()

    def rights_end(self, offset: int, why: Exception) -> None:
        """Unless that is older than the credentials."""
        if offset > self.checked:
            self.end(why)

    def end(self, why: Exception) -> None:
        """The client is told nothing more; the first reason counts."""
        self._end = self._end or why
        self._news.set()

    @property
    def idle(self) -> bool:
        """Whether everything that came was taken, and nothing was refused."""
        return not (self.behind or self._waiting)

    def require_open(self) -> None:
        """Raises why it has ended."""
        if self._end is not None:
            raise self._end

    async def take(self) -> list[Frame]:
        """Everything that waits, at least one thing unless facts were refused; a gap comes first.
        Raises why it has ended."""
        self._busy = False
        try:
            await self._news.wait()
        finally:
            self._busy = True
        self._news.clear()
        self.require_open()
        found = [GAP, *self._waiting.values()] if self._missed else list(self._waiting.values())
        self._missed = False
        self._waiting.clear()
        self._signals.clear()
        return found

    def _told(self, frame: Frame) -> bool:
        """Whether the client was told at once: its own task says nothing now, and has nothing to
        say."""
        if self._busy or self._waiting or self._missed or self._end or self.write is None:
            return False
        return self.write(frame)

    def _drop_oldest(self) -> None:
        oldest = next(iter(self._signals))
        del self._signals[oldest], self._waiting[oldest]
        self._missed = True
