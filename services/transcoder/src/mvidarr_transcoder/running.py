"""Running FFmpeg for a job: progress is told, stalls are ended, failures said in a sentence."""

import shutil
from collections.abc import Callable

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Finished, Job

from .deps import Deps
from .encoding import Encoder
from .stall import ending_when_stalled


async def encode(
    job: Job[Deps],
    line: list[str],
    duration: float | None,
    stage: str = "transcode",
    also: Callable[[str], None] = lambda _: None,
) -> Finished:
    """Run a command that tells `-progress` on its standard output; `also` hears every line."""
    async with ending_when_stalled(job.deps) as alive:
        encoder = Encoder(duration)

        def heard(text: str) -> None:
            also(text)
            if encoder.hear(text):
                alive()
                job.progress(
                    stage, fraction=encoder.fraction, done=encoder.seconds, total=duration,
                    unit="s", speed=encoder.speed, eta=encoder.eta,
                )  # fmt: skip

        return await job.run(*niced(job.deps.niceness, line), on_line=heard)


def niced(niceness: int, line: list[str]) -> list[str]:
    """The command, giving way to other programs; `nice` becomes the program itself."""
    return ["nice", "-n", str(niceness), *line] if niceness and shutil.which("nice") else line


def succeeded(finished: Finished, code: str = "transcode_failed") -> None:
    """Raises JobError unless FFmpeg ended well."""
    if finished.code == 0:
        return
    if "No space left on device" in finished.errors:
        raise JobError("disk_full", "The disk is full.", retry=True, after=300)
    raise JobError(
        code,
        f"FFmpeg ended with code {finished.code}.",
        retry=finished.code < 0,  # a signal: it was killed, perhaps for want of memory
        detail=finished.errors,
    )
