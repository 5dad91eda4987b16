"""Transcoding: FFmpeg makes a rendition by a recipe; it counts only when it has been checked."""

from pathlib import Path

import av

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import OwnRecipe, Transcode, Transcoded
from mvidarr_common.messages.media import MediaFacts
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.encoding import refusal
from mvidarr_transcoder.encodings import Encoding
from mvidarr_transcoder.hardware import Hardware, working
from mvidarr_transcoder.measuring import measured, proved, stages
from mvidarr_transcoder.media import measure, sha256_of
from mvidarr_transcoder.recipes import CODECS, Cooking, command, copied, encoding_of
from mvidarr_transcoder.running import encode, succeeded
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.treating import Measured


async def transcode(spec: Transcode, job: Job[Deps]) -> Transcoded:
    """The rendition lies in staging, under a name that it gets when it is whole."""
    source = existing(job.root, spec.path)
    encoding = encoding_of(spec.recipe)
    if not spec.facts.audio and not encoding.video:
        raise JobError("no_audio", "There is no sound to make a sound file of.")
    name = spec.recipe.name if isinstance(spec.recipe, OwnRecipe) else spec.recipe
    target = job.staging / f"{name}.{encoding.extension}"
    draft = target.with_name(f"{target.name}.tmp")
    job.stages(*stages(spec.treatment, spec.facts, ("transcode", 10)))
    found = await measured(job, spec.treatment, spec.facts, source)
    hardware = await _cook(spec, job, source, draft, found)
    facts = await _checked(job, str(draft), encoding, spec.facts)
    digest = await job.ask(sha256_of, str(draft))
    said = await proved(job, spec.treatment, facts, draft) if found.loudness else ()
    draft.rename(target)
    facts = facts.model_copy(update={"container": encoding.muxer})
    cooking = Cooking(encoding, spec.facts, source, spec.treatment, found, hardware)
    return Transcoded(
        path=job.root.relative(target), sha256=digest, facts=facts, notes=_notes(cooking) + said
    )


async def _cook(
    spec: Transcode, job: Job[Deps], source: Path, draft: Path, found: Measured
) -> Hardware | None:
    """Encode, in hardware if that is wished for and works, else as always."""
    family = await _hardware(spec, job)
    for hardware in (family, None) if family else (None,):
        line = command(
            job.deps.ffmpeg, spec.recipe, spec.facts, source, draft, job.deps.threads,
            spec.treatment, found, hardware,
        )  # fmt: skip
        finished = await encode(job, line, spec.facts.duration)
        if hardware is None or finished.code == 0:
            break
    succeeded(finished)
    return hardware


async def _hardware(spec: Transcode, job: Job[Deps]) -> Hardware | None:
    video = encoding_of(spec.recipe).video
    if not spec.treatment.hardware or not video:
        return None
    return await working(
        lambda line: encode(job, line, None, "trial"), job.deps.ffmpeg, CODECS[video[0]]
    )


def _notes(cooking: Cooking) -> tuple[str, ...]:
    """What was chosen on the way."""
    notes = [f"copied {name}" for name in copied(cooking)]
    if cooking.measured.crop is not None:
        notes.append("cropped to {}x{}".format(*cooking.measured.crop))
    if cooking.measured.loudness is not None:
        notes.append(f"loudness was {cooking.measured.loudness.integrated:g} LUFS")
    if cooking.hardware is not None:
        notes.append(f"encoded by {cooking.hardware.name}")
    return tuple(notes)


async def _checked(
    job: Job[Deps], draft: str, encoding: Encoding, source: MediaFacts
) -> MediaFacts:
    try:
        made = await job.ask(measure, draft)
    except av.FFmpegError as error:
        raise JobError(
            "transcode_failed", "FFmpeg made no media file.", detail=str(error)
        ) from None
    if reason := refusal(encoding, source, made):
        raise JobError("transcode_failed", reason)
    return made
