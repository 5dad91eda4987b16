"""One transcode through the system (command, dispatcher, worker, FFmpeg, the check of what it has
made, the folded result) against the bare FFmpeg with the same arguments, at the same niceness, on
the same file: by the clock, and by what all processes together spend."""

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Awaitable, Sequence

import psutil

from mvidarr_common.demo.samples import encode
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Probe, Probed, Transcode
from mvidarr_common.messages.profiles import Recipe
from mvidarr_transcoder.deps import deps_from
from mvidarr_transcoder.recipes import command
from mvidarr_transcoder.running import niced
from mvidarr_transcoder.settings import TranscoderSettings

from .ground import Ground
from .inside import do, working_inside
from .measure import RUNS, Figure, Series, timed

RECIPE: Recipe = "web_optimized"
SECONDS = 60
_CODECS = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """An MP4 to another."""
    folder, deps = ground.folder("transcoding"), deps_from(TranscoderSettings())
    root = DataRoot(folder / "data")
    source = root.path / "staging" / "source.mp4"
    source.parent.mkdir(parents=True)
    encode(deps.ffmpeg, source, SECONDS, "testsrc2=size=640x360:rate=24", (196, 247), _CODECS)
    async with working_inside(folder) as bus:
        (probed,) = await do(bus, Probe(path=root.relative(source)))
        assert isinstance(probed.result, Probed)
        facts = probed.result.facts
        job = Transcode(path=root.relative(source), recipe=RECIPE, facts=facts)
        line = command(
            deps.ffmpeg, RECIPE, facts, source, folder / "bare.mp4", deps.threads, job.treatment
        )
        runs = [
            [*await _costs(do(bus, job)), *await _costs(_run(niced(deps.niceness, line)))]
            for _ in range(RUNS)
        ]
    wall, spent, bare_wall, bare_spent = zip(*runs, strict=True)
    for what, ours, bare in (("by the clock", wall, bare_wall), ("spent", spent, bare_spent)):
        yield Figure(
            f"a transcode ({RECIPE}, {SECONDS} s of 640×360), {what}", "embedded", "s",
            Series("", ours), (Series("the bare ffmpeg", bare),),
        )  # fmt: skip


async def _costs(work: Awaitable[object]) -> tuple[float, float]:
    """Seconds by the clock, and of processors."""
    before, seconds = _spent(), await timed(work)
    return seconds, _spent() - before


def _spent() -> float:
    """By this process, by those below it, and by those of them that have ended."""
    this = psutil.Process()
    return sum(sum(each.cpu_times()[:4]) for each in (this, *this.children(recursive=True)))


async def _run(line: Sequence[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *line, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
    )
    if await process.wait() != 0:
        raise RuntimeError("FFmpeg failed")
