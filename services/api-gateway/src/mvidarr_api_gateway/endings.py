"""The end of a job, for requests that wait for its result."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from mvidarr_common.messages.jobs import JobCancelled, JobCompleted, JobGivenUp

from .feed import Fact

ENDS = (JobCompleted, JobGivenUp, JobCancelled)


class Endings:
    """Tells whoever waits where in the log a job has ended."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[int]]] = {}

    @contextmanager
    def of(self, job_id: str) -> Iterator[asyncio.Future[int]]:
        """Becomes the position of the end that passes from now on."""
        end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(job_id, set())
        waiting.add(end)
        try:
            yield end
        finally:
            waiting.discard(end)
            if not waiting:
                self._waiting.pop(job_id, None)

    def saw(self, fact: Fact) -> None:
        """A record passed."""
        message = fact.envelope.message
        if isinstance(message, ENDS):
            for end in self._waiting.get(message.job_id, ()):
                if not end.done():
                    end.set_result(fact.offset)

    def advanced(self) -> None:
        """Nothing to do: ends are facts of the log."""

    def missed(self) -> None:
        """Nothing to do: who waits looks again in the end."""
