"""Measuring a film's quality for a job: two passes of FFmpeg, one for pictures, one for sound."""

from pathlib import Path

from mvidarr_common.course import Stage
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import QualityFound
from mvidarr_common.messages.media import MediaFacts

from . import judging
from .deps import Deps
from .running import encode, succeeded


def stages(facts: MediaFacts) -> tuple[Stage, ...]:
    """Those of weighing this film, as `Job.stages` wants them."""
    seen: list[Stage] = [("look", 1), ("bands", 2)] if facts.picture is not None else []
    return (*seen, *([("listen", 1.0)] if facts.audio else []))


async def weigh(job: Job[Deps], source: Path, facts: MediaFacts) -> QualityFound:
    """The score of a film, or of a sound file."""
    seen, said = judging.Heard(), dict[str, float]()
    if facts.picture is not None:
        line = judging.looking(job.deps.ffmpeg, source, facts, job.deps.threads)
        succeeded(await encode(job, line, facts.duration, "look", seen.hear), "quality_failed")
        said |= await _banding(job, source, facts)
    if facts.audio:
        line = judging.listening(job.deps.ffmpeg, source)
        finished = await encode(job, line, facts.duration, "listen", seen.hear)
        succeeded(finished, "quality_failed")
        said |= judging.loudness(finished.errors)
    return judging.judged(facts, seen, said)


async def _banding(job: Job[Deps], source: Path, facts: MediaFacts) -> dict[str, float]:
    """Nothing where this FFmpeg lacks libvmaf."""
    report = job.staging / "bands.json"
    line = judging.banding(job.deps.ffmpeg, source, report, job.deps.threads)
    finished = await encode(job, line, facts.duration, "bands")
    if finished.code != 0 or not report.exists():
        return {}
    found = judging.bands(report.read_bytes())
    report.unlink()
    return found


async def liken(job: Job[Deps], source: Path, reference: Path, of: MediaFacts) -> dict[str, float]:
    """How like its reference a film is; without VMAF where this FFmpeg lacks it."""
    for with_vmaf in (True, False):
        line = judging.likening(job.deps.ffmpeg, source, reference, of, with_vmaf)
        finished = await encode(job, line, of.duration, "liken")
        if finished.code == 0:
            break
    succeeded(finished, "quality_failed")
    return judging.likeness(finished.errors)
