"""The passes before an encode that a treatment asks for: black borders, loudness."""

from pathlib import Path

from mvidarr_common.course import Stage
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Treatment
from mvidarr_common.messages.media import MediaFacts

from .deps import Deps
from .recipes import opening
from .running import encode, succeeded
from .treating import Loudness, Measured, borders, heard, listening

_LONGEST_TAIL = 40


def stages(treatment: Treatment, facts: MediaFacts, *encoding: Stage) -> tuple[Stage, ...]:
    """Those of an encode that is treated so, as `Job.stages` wants them."""
    crops = treatment.crop and facts.picture is not None
    listens = treatment.loudness is not None and facts.audio
    hear: list[Stage] = [("listen", 1)] if listens else []
    return (*([("crop", 1.0)] if crops else []), *hear, *encoding, *hear)


async def measured(
    job: Job[Deps], treatment: Treatment, facts: MediaFacts, source: Path
) -> Measured:
    """What there is to know before the command line can be written."""
    crop = await _crop(job, facts, source) if treatment.crop else None
    wanted = treatment.loudness is not None and facts.audio
    return Measured(crop, await _loudness(job, treatment, facts, source) if wanted else None)


def loudness_line(ffmpeg: str, treatment: Treatment, source: Path, threads: int) -> list[str]:
    """The command that listens."""
    return [
        *_loud(opening(ffmpeg, source, threads)),
        "-map", "0:a:0", "-vn", "-af", listening(treatment), "-f", "null", "-",
    ]  # fmt: skip


def crop_line(ffmpeg: str, facts: MediaFacts, source: Path, threads: int) -> list[str]:
    """The command that looks for borders in the key frames."""
    assert facts.picture is not None
    keys = opening(ffmpeg, source, threads)
    at = keys.index("-i")
    chain = "cropdetect=limit=24:round=2:reset=0,metadata=mode=print:file=-"
    return [
        *keys[:at], "-skip_frame", "nokey", *keys[at:],
        "-map", f"0:v:{facts.video.index(facts.picture)}", "-an", "-vf", chain, "-f", "null", "-",
    ]  # fmt: skip


async def _loudness(
    job: Job[Deps], treatment: Treatment, facts: MediaFacts, source: Path
) -> Loudness | None:
    line = loudness_line(job.deps.ffmpeg, treatment, source, job.deps.threads)
    finished = await encode(job, line, facts.duration, "listen")
    succeeded(finished)
    return heard(finished.errors)


async def proved(
    job: Job[Deps], treatment: Treatment, made: MediaFacts, path: Path
) -> tuple[str, ...]:
    """What normalising has come to, in words: encoders change peaks a little."""
    if treatment.loudness is None or not made.audio:
        return ()
    found = await _loudness(job, treatment, made, path)
    if found is None:
        return ()
    return (f"loudness is {found.integrated:g} LUFS, the true peak {found.peak:g} dBTP",)


async def _crop(
    job: Job[Deps], facts: MediaFacts, source: Path
) -> tuple[int, int, int, int] | None:
    """Looks at key frames alone: borders do not come and go between them."""
    if facts.picture is None:
        return None
    line = crop_line(job.deps.ffmpeg, facts, source, job.deps.threads)
    said: dict[str, str] = {}
    lines: list[str] = []

    def hear(text: str) -> None:
        name, _, value = text.partition("=")
        if name.startswith("lavfi.cropdetect."):
            said[name.rpartition(".")[2]] = value.strip()
        if name.endswith("cropdetect.y"):
            lines.append("crop={w}:{h}:{x}:{y}".format(**said))

    succeeded(await encode(job, line, facts.duration, "crop", hear))
    return borders(lines[-_LONGEST_TAIL:], facts.picture)


def _loud(line: list[str]) -> list[str]:
    """loudnorm prints its findings as information."""
    at = line.index("-v")
    return [*line[: at + 1], "info", *line[at + 2 :]]
