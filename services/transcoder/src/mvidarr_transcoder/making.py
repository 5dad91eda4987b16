"""Making a file for a job: encoded under a draft's name, measured, hashed, and only then named."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.media import MediaFacts

from .deps import Deps
from .media import measure, sha256_of
from .running import encode, succeeded


@dataclass(frozen=True, slots=True)
class Made:
    """A whole file in staging."""

    path: str
    sha256: str
    facts: MediaFacts


async def make(
    job: Job[Deps], name: str, line: Callable[[Path], list[str]], duration: float | None, stage: str
) -> Made:
    """Run the command that writes to the path it is given. Nothing bears the name before it is
    whole."""
    target = job.staging / name
    draft = target.with_name(f"{name}.tmp")
    succeeded(await encode(job, line(draft), duration, stage), f"{stage}_failed")
    try:
        facts = await job.ask(measure, str(draft))
    except av.FFmpegError as error:
        sentence = "FFmpeg made no media file."
        raise JobError(f"{stage}_failed", sentence, detail=str(error)) from None
    digest = await job.ask(sha256_of, str(draft))
    draft.rename(target)
    return Made(job.root.relative(target), digest, facts)


def last_about(made: Made, seconds: float, stage: str) -> Made:
    """The same; raises JobError when it does not last so long."""
    lasts = made.facts.duration
    if lasts is None or abs(lasts - seconds) > max(1.5, seconds * 0.02):
        raise JobError(f"{stage}_failed", f"What was made lasts {lasts} and not {seconds:.1f} s.")
    return made
