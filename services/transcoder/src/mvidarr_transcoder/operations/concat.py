"""Joining films: alike ones as they are, others encoded anew in the first one's shape."""

from pathlib import Path

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Concat, Concatenated
from mvidarr_common.messages.media import MediaFacts
from mvidarr_transcoder import clipping
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.making import last_about, make
from mvidarr_transcoder.media import measure_many
from mvidarr_transcoder.sources import existing


async def concat(spec: Concat, job: Job[Deps]) -> Concatenated:
    """The whole lasts as long as its parts together."""
    sources = [existing(job.root, path) for path in spec.paths]
    parts = await _measured(job, sources)
    total = sum(part.duration or 0.0 for part in parts)
    as_is = clipping.alike(parts)
    muxer = clipping.muxer_of(parts[0]) if as_is else "mp4"
    listing = job.staging / "parts.ffconcat"
    listing.write_text(clipping.listing(sources))

    def line(draft: Path) -> list[str]:
        if as_is:
            return clipping.joined_as_is(job.deps.ffmpeg, listing, muxer, draft)
        return clipping.joined_anew(job.deps.ffmpeg, sources, parts, draft, job.deps.threads)

    suffix = "mkv" if muxer == "matroska" else muxer
    made = last_about(await make(job, f"joined.{suffix}", line, total, "concat"), total, "concat")
    listing.unlink()
    return Concatenated(path=made.path, sha256=made.sha256, facts=made.facts, encoded=not as_is)


async def _measured(job: Job[Deps], sources: list[Path]) -> list[MediaFacts]:
    parts = []
    for found in await job.call(measure_many, [str(source) for source in sources]):
        if isinstance(found, str):
            raise JobError("damaged_corrupt", "One of the parts is no media file.", detail=found)
        parts.append(found)
    if any(part.picture is None for part in parts) or len({bool(part.audio) for part in parts}) > 1:
        raise JobError("not_alike", "All parts need a picture, and all or none need sound.")
    return parts
