"""Writing a video's tags into its files before they are placed, and anew when it is renamed.

What was made is proved: it holds the same packets. Where FFmpeg cannot write it, or not the same,
the file stays as it is.
"""

import asyncio
from pathlib import Path

import av
from pydantic import TypeAdapter

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Place, PlaceFile

from .deps import Deps
from .media import measure, same_packets, sha256_of
from .moves import JOURNAL
from .running import encode, succeeded
from .sources import extension
from .stall import ending_when_stalled
from .tagging import MUXERS, says, tagged, tags_of

RECORD = "tagged.json"
"""What is going to be placed; it lies beside the journal of the moves, and is written before."""

_FILES = TypeAdapter(tuple[PlaceFile, ...])
_APART = 0.5


async def embedded(
    spec: Place, job: Job[Deps], *, intact_only: bool = False
) -> tuple[PlaceFile, ...]:
    """The files to place instead of those of the job; those that an earlier delivery has begun
    to move, if there are any. With `intact_only` a file that is not what it was stays as it is:
    new tags would hide the damage."""
    for folder in job.earlier():
        if (folder / JOURNAL).exists():
            record = folder / RECORD
            return _FILES.validate_json(record.read_bytes()) if record.exists() else spec.files
    if not job.deps.embed_tags or not tags_of(spec):
        return spec.files
    files = tuple(
        [await _embedded(spec, job, number, intact_only) for number in range(len(spec.files))]
    )
    await asyncio.to_thread((job.staging / RECORD).write_bytes, _FILES.dump_json(files))
    return files


async def _embedded(spec: Place, job: Job[Deps], number: int, intact_only: bool) -> PlaceFile:
    file = spec.files[number]
    source, muxer = job.root.at(file.path), MUXERS.get(file.facts.container)
    if muxer is None or says(file.facts, tags_of(spec)):
        return file
    if not source.is_file() or source.stat().st_size != file.facts.size:
        return file  # what is wrong with it, placing will say
    if intact_only and await job.ask(sha256_of, str(source)) != file.sha256:
        return file
    target = job.staging / f"tagged-{number}{extension(file.path, file.facts.container)}"
    line = tagged(job.deps.ffmpeg, muxer, tags_of(spec), source, target)
    try:
        succeeded(await encode(job, line, file.facts.duration, "tags"), "tags_failed")
        return await _proved(job, file, source, target)
    except (JobError, av.FFmpegError) as error:
        target.unlink(missing_ok=True)
        if isinstance(error, JobError) and error.retry:
            raise
        return file


async def _proved(job: Job[Deps], file: PlaceFile, source: Path, target: Path) -> PlaceFile:
    """Raises JobError unless the film is the same."""
    async with ending_when_stalled(job.deps) as alive:
        names = (str(source), str(target))
        same = await job.call(same_packets, *names, on_message=lambda _: alive())
    facts = await job.ask(measure, str(target))
    if not same or abs((facts.duration or 0.0) - (file.facts.duration or 0.0)) > _APART:
        raise JobError("tags_failed", "With its tags it would be another film.")
    digest = await job.ask(sha256_of, str(target))
    kept = facts.model_copy(update={"container": file.facts.container})
    changes = {"path": job.root.relative(target), "sha256": digest, "facts": kept}
    return file.model_copy(update=changes)
