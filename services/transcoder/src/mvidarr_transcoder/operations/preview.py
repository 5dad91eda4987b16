"""A few seconds of a film that move without a player."""

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Preview, PreviewMade
from mvidarr_transcoder import clipping
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.running import encode, succeeded
from mvidarr_transcoder.sources import existing


async def preview(spec: Preview, job: Job[Deps]) -> PreviewMade:
    """Raises JobError for a sound file, and for seconds beyond the end."""
    source = existing(job.root, spec.path)
    if spec.facts.picture is None:
        raise JobError("no_video", "The file has no picture.")
    if spec.facts.duration is not None and spec.start >= spec.facts.duration:
        raise JobError("outside", f"The film ends at {spec.facts.duration:.1f} s.")
    target = job.staging / f"preview.{spec.form}"
    draft = target.with_name(f"{target.name}.tmp")
    line = clipping.preview(job.deps.ffmpeg, spec, source, draft)
    succeeded(await encode(job, line, spec.seconds, "preview"), "preview_failed")
    draft.rename(target)
    return PreviewMade(path=job.root.relative(target), size=target.stat().st_size)
