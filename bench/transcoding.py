"""One transcode through the system (command, dispatcher, worker, FFmpeg, the check of what it has
made, the folded result) against the bare FFmpeg with the same arguments on the same file."""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Sequence

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Probe, Probed, Transcode
from mvidarr_common.messages.profiles import Recipe
from mvidarr_transcoder.deps import deps_from
from mvidarr_transcoder.recipes import command
from mvidarr_transcoder.settings import TranscoderSettings

from .ground import Ground
from .inside import do, working_inside
from .measure import RUNS, Figure, Series, timed

RECIPE: Recipe = "web_optimized"


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """A VP9 WebM to H.264."""
    folder, deps = ground.folder("transcoding"), deps_from(TranscoderSettings())
    root = DataRoot(folder / "data")
    source = root.path / "staging" / "source.webm"
    source.parent.mkdir(parents=True)
    shutil.copy(ground.samples[1].path, source)
    async with working_inside(folder) as bus:
        (probed,) = await do(bus, Probe(path=root.relative(source)))
        assert isinstance(probed.result, Probed)
        facts = probed.result.facts
        job = Transcode(path=root.relative(source), recipe=RECIPE, facts=facts)
        line = command(deps.ffmpeg, RECIPE, facts, source, folder / "bare.mp4", deps.threads)
        ours, bare = [], []
        for _ in range(RUNS):
            ours.append(await timed(do(bus, job)))
            bare.append(await timed(_run(line)))
    yield Figure(
        f"a transcode ({RECIPE}, 7 s of 640×360)", "embedded", "s", Series("", tuple(ours)),
        (Series("the bare ffmpeg", tuple(bare)),),
    )  # fmt: skip


async def _run(line: Sequence[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *line, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
    )
    if await process.wait() != 0:
        raise RuntimeError("FFmpeg failed")
