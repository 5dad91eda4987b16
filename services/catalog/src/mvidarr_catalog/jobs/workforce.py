"""Which workers live and what they run, by their own word of a few seconds ago, and how fast."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator

from mvidarr_common.messages.ids import WorkerId
from mvidarr_common.messages.system import Claim, WorkerAlive

FORGOTTEN_AFTER = 20.0
"""Seconds without a word: four heartbeats."""
FLOOR = 4
"""Jobs released to a queue without workers, so that a scaler sees that there is work."""
AHEAD = 0.25
"""Seconds of work that lie ready: more than it takes to release the next jobs."""
MOST = 8
"""Jobs for each slot that lie ready at most, however short they are."""


class Workforce:
    """Memory of the leader alone; lost with it, and whole again after one heartbeat."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._alive: dict[WorkerId, tuple[float, WorkerAlive]] = {}
        self._ended: defaultdict[str, deque[float]] = defaultdict(deque)
        self._since = clock()

    def hear(self, word: WorkerAlive) -> None:
        """A worker lives, or has left; one that leaves has no slots, and may still run jobs."""
        if word.leaving and not word.running:
            self._alive.pop(word.worker_id, None)
        else:
            self._alive[word.worker_id] = (self._clock(), word)

    def slots(self, queue: str) -> int:
        """How many jobs of this queue run at once, over all workers."""
        return sum(word.slots.get(queue, 0) for word in self._words())

    def ended(self, queue: str) -> None:
        """A job of this queue has ended."""
        self._ended[queue].append(self._clock())

    def window(self, queue: str) -> int:
        """How many jobs of a queue may be with the workers, or on their way to them: twice what
        they can run, so that the next one lies there when one ends; of short ones as many as are
        done before the next are there."""
        ended, oldest = self._ended[queue], self._clock() - AHEAD
        while ended and ended[0] < oldest:
            ended.popleft()
        slots = self.slots(queue)
        return max(FLOOR, 2 * slots, min(len(ended), MOST * slots))

    def claims(self) -> set[Claim]:
        """What workers say that they run."""
        return {claim for word in self._words() for claim in word.running}

    @property
    def settled(self) -> bool:
        """Whether every living worker must have been heard by now."""
        return self._clock() - self._since > 3 * FORGOTTEN_AFTER

    def _words(self) -> Iterator[WorkerAlive]:
        oldest = self._clock() - FORGOTTEN_AFTER
        for worker, (heard, word) in list(self._alive.items()):
            if heard < oldest:
                del self._alive[worker]
            else:
                yield word
