"""Probing many files in one process: an import asks about a whole folder at once."""

from pathlib import Path

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import ProbedFile, ProbedMany, ProbeMany
from mvidarr_common.messages.media import MediaFacts
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import measure_many
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.stall import ending_when_stalled


async def probe_many(spec: ProbeMany, job: Job[Deps]) -> ProbedMany:
    """The facts of each file that has some; a reason for each that has none."""
    there = {path: found for path in spec.paths if (found := _found(job, path)) is not None}
    total = len(there)
    async with ending_when_stalled(job.deps) as alive:

        def told(done: int) -> None:
            alive()
            job.progress("probe", done=done, total=total, unit="files")

        paths = [str(path) for path in there.values()]
        facts = await job.call(measure_many, paths, on_message=told)
    known = dict(zip(there, facts, strict=True))
    return ProbedMany(files=tuple(_told(path, known.get(path)) for path in spec.paths))


def _found(job: Job[Deps], path: str) -> Path | None:
    try:
        return existing(job.root, path)
    except JobError:
        return None


def _told(path: str, found: MediaFacts | str | None) -> ProbedFile:
    if isinstance(found, MediaFacts):
        return ProbedFile(path=path, facts=found)
    return ProbedFile(path=path, reason=found or "The file is not there.")
