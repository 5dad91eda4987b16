"""A sound's waveform, as a picture and as numbers."""

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Waveform, WaveformDrawn
from mvidarr_transcoder import clipping
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import write_peaks
from mvidarr_transcoder.running import encode, succeeded
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.stall import ending_when_stalled


async def waveform(spec: Waveform, job: Job[Deps]) -> WaveformDrawn:
    """Raises JobError for a silent film."""
    source = existing(job.root, spec.path)
    if not spec.facts.audio:
        raise JobError("no_audio", "There is no sound to draw.")
    job.stages(("waveform", 1), ("peaks", 1))
    picture, peaks = job.staging / "waveform.png", job.staging / "peaks.json"
    line = clipping.waveform(job.deps.ffmpeg, spec, source, picture)
    succeeded(await encode(job, line, spec.facts.duration, "waveform"), "waveform_failed")
    async with ending_when_stalled(job.deps) as alive:

        def told(at: float) -> None:
            alive()
            job.progress("peaks", done=at, total=spec.facts.duration, unit="s")

        await job.call(write_peaks, str(source), str(peaks), spec.points, on_message=told)
    return WaveformDrawn(picture=job.root.relative(picture), peaks=job.root.relative(peaks))
