"""Probing: what a media file holds."""

import av

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Probe, Probed
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import measure
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.stall import ending_when_stalled


async def probe(spec: Probe, job: Job[Deps]) -> Probed:
    """The facts of a file, measured in a child process."""
    path = existing(job.root, spec.path)
    try:
        async with ending_when_stalled(job.deps):
            return Probed(facts=await job.ask(measure, str(path)))
    except av.FFmpegError as error:
        raise JobError("damaged_corrupt", "This is no media file.", detail=str(error)) from error
