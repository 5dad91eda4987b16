"""A film's fingerprint: Chromaprint of its sound, a hash of its picture at every second."""

from base64 import b64encode
from pathlib import Path

from mvidarr_common.course import Stage
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Fingerprint, Fingerprinted, Print
from mvidarr_transcoder import clipping
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import picture_hashes
from mvidarr_transcoder.running import encode, succeeded
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.stall import ending_when_stalled


async def fingerprint(spec: Fingerprint, job: Job[Deps]) -> Fingerprinted:
    """Of what the film has: sound, picture, or both."""
    source = existing(job.root, spec.path)
    job.stages(*_stages(spec))
    sound = await _sound(spec, job, source) if spec.facts.audio else b""
    pictures = await _pictures(spec, job, source) if spec.facts.picture else []
    taken = Print(
        sound=b64encode(sound).decode(), pictures=tuple(pictures), duration=spec.facts.duration
    )
    return Fingerprinted(print=taken)


def _stages(spec: Fingerprint) -> list[Stage]:
    heard: list[Stage] = [("listen", 1)] if spec.facts.audio else []
    return heard + ([("watch", 4.0)] if spec.facts.picture else [])


async def _sound(spec: Fingerprint, job: Job[Deps], source: Path) -> bytes:
    target = job.staging / "sound.print"
    line = clipping.sound_print(job.deps.ffmpeg, spec, source, target)
    succeeded(await encode(job, line, _lasts(spec), "listen"), "fingerprint_failed")
    taken = target.read_bytes()
    target.unlink()
    return taken


async def _pictures(spec: Fingerprint, job: Job[Deps], source: Path) -> list[str]:
    async with ending_when_stalled(job.deps) as alive:

        def told(at: float) -> None:
            alive()
            job.progress("watch", done=at, total=_lasts(spec), unit="s")

        return await job.call(picture_hashes, str(source), spec.seconds, on_message=told)


def _lasts(spec: Fingerprint) -> float:
    """The seconds that are looked at."""
    return min(spec.facts.duration or spec.seconds, spec.seconds)
