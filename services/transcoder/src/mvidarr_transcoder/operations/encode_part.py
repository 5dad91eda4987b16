"""Encoding a part of a film, so that many workers can share one."""

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import EncodePart, PartEncoded
from mvidarr_transcoder import splitting
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.making import Made, make
from mvidarr_transcoder.measuring import measured
from mvidarr_transcoder.media import key_frame_at
from mvidarr_transcoder.sources import existing


async def encode_part(spec: EncodePart, job: Job[Deps]) -> PartEncoded:
    """Where it is cut follows from the film alone: whoever has the next part cuts it there too."""
    if spec.what == "sound":
        made = await _sound(spec, job)
        return PartEncoded(path=made.path, start=made.facts.start or 0.0)
    source = str(existing(job.root, spec.whole.path))
    begin = await job.ask(key_frame_at, source, spec.begin) if spec.begin else 0.0
    end = await job.ask(key_frame_at, source, spec.end) if spec.end is not None else None
    if begin is None or begin == end:
        return PartEncoded(begin=spec.begin, end=spec.begin)
    made = await _pictures(spec, job, begin, end)
    return PartEncoded(
        path=made.path,
        begin=begin,
        end=end,
        frames=(made.facts.picture.frames or 0) if made.facts.picture else 0,
        start=made.facts.start or 0.0,
    )


async def _pictures(spec: EncodePart, job: Job[Deps], begin: float, end: float | None) -> Made:
    source = existing(job.root, spec.whole.path)
    last = end if end is not None else spec.whole.facts.duration
    return await make(
        job, "part.mp4",
        lambda draft: splitting.picture_line(
            job.deps.ffmpeg, spec.whole, source, draft, job.deps.threads, begin, end
        ),
        last - begin if last else None, "transcode",
    )  # fmt: skip


async def _sound(spec: EncodePart, job: Job[Deps]) -> Made:
    whole, source = spec.whole, existing(job.root, spec.whole.path)
    listens = whole.treatment.loudness is not None
    job.stages(*([("listen", 1.0)] if listens else []), ("transcode", 1))
    found = await measured(job, whole.treatment, whole.facts, source)
    return await make(
        job, f"sound.{splitting.sound_muxer(whole)}",
        lambda draft: splitting.sound_line(
            job.deps.ffmpeg, whole, source, draft, job.deps.threads, found
        ),
        whole.facts.duration, "transcode",
    )  # fmt: skip
