"""A film for streaming: renditions in segments, and a playlist to choose from."""

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Hls, Streamable
from mvidarr_transcoder import clipping
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.running import encode, succeeded
from mvidarr_transcoder.sources import existing


async def hls(spec: Hls, job: Job[Deps]) -> Streamable:
    """The folder gets its name when everything in it is whole."""
    source = existing(job.root, spec.path)
    if spec.facts.picture is None:
        raise JobError("no_video", "The file has no picture.")
    folder, target = job.staging / "hls.tmp", job.staging / "hls"
    folder.mkdir()
    line = clipping.hls(job.deps.ffmpeg, spec, source, folder, job.deps.threads)
    succeeded(await encode(job, line, spec.facts.duration, "hls"), "hls_failed")
    folder.rename(target)
    files = sorted(path for path in target.rglob("*") if path.is_file())
    return Streamable(
        master=job.root.relative(target / "master.m3u8"),
        heights=tuple(height for _, height in clipping.hls_sizes(spec)),
        files=tuple(map(job.root.relative, files)) if spec.one_file else (),
    )
