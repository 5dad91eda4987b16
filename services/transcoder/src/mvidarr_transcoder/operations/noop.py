"""Doing nothing, to see that the way to a worker and back is open."""

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Noop, NothingDone
from mvidarr_transcoder.deps import Deps


async def noop(spec: Noop, job: Job[Deps]) -> NothingDone:
    """Nothing."""
    return NothingDone()
