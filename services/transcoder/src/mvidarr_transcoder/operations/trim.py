"""Trimming: what lies between two moments of a film, in a file of its own."""

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Trim, Trimmed
from mvidarr_transcoder import clipping
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.making import make
from mvidarr_transcoder.sources import existing

_EXTENSIONS = {"matroska": "mkv"}


async def trim(spec: Trim, job: Job[Deps]) -> Trimmed:
    """Raises JobError for a cut that begins after the film's end."""
    source = existing(job.root, spec.path)
    if spec.facts.duration is not None and spec.start >= spec.facts.duration:
        raise JobError("outside", f"The film ends at {spec.facts.duration:.1f} s.")
    muxer = "mp4" if spec.exact else clipping.muxer_of(spec.facts)
    made = await make(
        job, f"trimmed.{_EXTENSIONS.get(muxer, muxer)}",
        lambda draft: clipping.trim(job.deps.ffmpeg, spec, source, draft, job.deps.threads),
        spec.end - spec.start, "trim",
    )  # fmt: skip
    return Trimmed(path=made.path, sha256=made.sha256, facts=made.facts)
