"""Verifying: every frame of every stream is decoded, and a damaged file is refused for good.

Quick verifying reads headers, index and packets, and decodes nothing."""

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Verified, Verify
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import examine
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.stall import ending_when_stalled
from mvidarr_transcoder.verdict import verdict


async def verify(spec: Verify, job: Job[Deps]) -> Verified:
    """Measure it in a child process, then judge what was measured."""
    path = existing(job.root, spec.path)
    job.stages(("verify", 9), ("hash", 1))
    async with ending_when_stalled(job.deps) as alive:

        def told(message: tuple[str, float, float | None]) -> None:
            alive()
            stage, done, total = message
            fraction = min(1.0, done / total) if total else None
            unit = "B" if stage == "hash" else "s"
            job.progress(stage, fraction=fraction, done=done, total=total, unit=unit)

        quick = spec.mode == "quick"
        found = await job.call(examine, str(path), job.deps.threads, quick, on_message=told)
    return verdict(spec, found)
