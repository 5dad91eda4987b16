"""Joining the parts of a film that several workers have encoded, and proving them the film."""

from pathlib import Path

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import JoinParts, PartsJoined
from mvidarr_transcoder import splitting
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.encoding import refusal
from mvidarr_transcoder.making import Made, make
from mvidarr_transcoder.media import timing
from mvidarr_transcoder.recipes import encoding_of
from mvidarr_transcoder.sources import existing


async def join_parts(spec: JoinParts, job: Job[Deps]) -> PartsJoined:
    """Raises JobError when a picture is missing or not at its time, or the sound has moved."""
    source = existing(job.root, spec.whole.path)
    encoding = encoding_of(spec.whole.recipe)
    made = await _joined(spec, job, source)
    reason = refusal(encoding, spec.whole.facts, made.facts)
    reason = reason or await _difference(job, source, job.root.at(made.path))
    if reason:
        raise JobError("split_differs", reason)
    count = sum(part.path is not None for part in spec.pictures)
    facts = made.facts.model_copy(update={"container": encoding.muxer})
    notes = (f"encoded in {count} parts",)
    return PartsJoined(path=made.path, sha256=made.sha256, facts=facts, notes=notes)


async def _joined(spec: JoinParts, job: Job[Deps], source: Path) -> Made:
    parts = [part for part in spec.pictures if part.path is not None]
    names = job.staging / "parts.ffconcat"
    listed = [(existing(job.root, part.path or ""), part.begin, part.end) for part in parts]
    names.write_text(splitting.listing(listed))
    sound = None
    if spec.sound is not None and spec.sound.path is not None:
        sound = (existing(job.root, spec.sound.path), spec.sound.start)
    made = await make(
        job, f"joined.{encoding_of(spec.whole.recipe).extension}",
        lambda draft: splitting.joining_line(
            job.deps.ffmpeg, spec.whole, names, parts[0].start, sound, source, draft
        ),
        spec.whole.facts.duration, "join",
    )  # fmt: skip
    names.unlink()
    return made


async def _difference(job: Job[Deps], source: Path, made: Path) -> str | None:
    film, ours = await job.call(timing, str(source)), await job.call(timing, str(made))
    return splitting.difference(film, ours)
