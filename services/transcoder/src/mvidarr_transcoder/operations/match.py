"""Matching two fingerprints: the same recording, the same video, another cut of it."""

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Match, Matched
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.matching import matched


async def match(spec: Match, job: Job[Deps]) -> Matched:
    """In a child, since every offset is tried."""
    return await job.call(matched, spec)
