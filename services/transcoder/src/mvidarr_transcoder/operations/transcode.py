"""Transcoding: FFmpeg makes a rendition by a recipe; it counts only when it has been checked."""

import av

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Finished, Job
from mvidarr_common.messages.jobs import Transcode, Transcoded
from mvidarr_common.messages.media import MediaFacts
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.encoding import Encoder, refusal
from mvidarr_transcoder.media import measure, sha256_of
from mvidarr_transcoder.recipes import RECIPES, command
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.stall import ending_when_stalled


async def transcode(spec: Transcode, job: Job[Deps]) -> Transcoded:
    """The rendition lies in staging, under a name that it gets when it is whole."""
    source = existing(job.root, spec.path)
    if not spec.facts.audio and not RECIPES[spec.recipe].video:
        raise JobError("no_audio", "There is no sound to make a sound file of.")
    target = job.staging / f"{spec.recipe}.{RECIPES[spec.recipe].extension}"
    draft = target.with_name(f"{target.name}.tmp")
    line = command(job.deps.ffmpeg, spec.recipe, spec.facts, source, draft, job.deps.threads)
    _succeeded(await _encode(job, line, spec.facts.duration))
    facts = await _checked(job, str(draft), spec)
    digest = await job.call(sha256_of, str(draft))
    draft.rename(target)
    facts = facts.model_copy(update={"container": RECIPES[spec.recipe].muxer})
    return Transcoded(path=job.root.relative(target), sha256=digest, facts=facts)


async def _encode(job: Job[Deps], line: list[str], duration: float | None) -> Finished:
    async with ending_when_stalled(job.deps.stall_timeout) as alive:
        encoder = Encoder(duration)

        def heard(text: str) -> None:
            if encoder.hear(text):
                alive()
                job.progress(
                    "transcode", fraction=encoder.fraction, done=encoder.seconds, total=duration,
                    unit="s", speed=encoder.speed, eta=encoder.eta,
                )  # fmt: skip

        return await job.run(*line, on_line=heard)


def _succeeded(finished: Finished) -> None:
    if finished.code == 0:
        return
    if "No space left on device" in finished.errors:
        raise JobError("disk_full", "The disk is full.", retry=True, after=300)
    raise JobError(
        "transcode_failed",
        f"FFmpeg ended with code {finished.code}.",
        retry=finished.code < 0,  # a signal: it was killed, perhaps for want of memory
        detail=finished.errors,
    )


async def _checked(job: Job[Deps], draft: str, spec: Transcode) -> MediaFacts:
    try:
        made = await job.call(measure, draft)
    except av.FFmpegError as error:
        raise JobError(
            "transcode_failed", "FFmpeg made no media file.", detail=str(error)
        ) from None
    if reason := refusal(spec.recipe, spec.facts, made):
        raise JobError("transcode_failed", reason)
    return made
