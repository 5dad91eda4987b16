"""Probing files one after the other: a probe job's handler with its forked child, against a spawned
ffprobe on the same files (where there is no ffprobe, `ffmpeg -i`, which reads the same)."""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Probe
from mvidarr_common.processes import open_children
from mvidarr_common.testing.worker import run_job
from mvidarr_transcoder.deps import deps_from
from mvidarr_transcoder.operations import probe
from mvidarr_transcoder.service import service
from mvidarr_transcoder.settings import TranscoderSettings

from .ground import Ground
from .measure import RUNS, Figure, latencies, timed

TIMES = 20
_ASKS_EVERYTHING = ("-v", "error", "-show_format", "-show_streams", "-of", "json")


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """An MP4 and a WebM."""
    deps = deps_from(TranscoderSettings())
    root = DataRoot(ground.folder("probing"))
    name, line = _spawned(deps.ffmpeg)
    async with open_children(service.preload) as children:
        await children.warm()

        async def ours(path: Path) -> None:
            spec = Probe(path=root.relative(path))
            await run_job(probe, spec, deps, root, children=children)

        for sample in ground.samples[:2]:
            path = root.path / "staging" / sample.path.name
            path.parent.mkdir(exist_ok=True)
            shutil.copy(sample.path, path)
            runs, peers = [], []
            for _ in range(RUNS):
                runs.append([await timed(ours(path)) for _ in range(TIMES)])
                peers.append([await timed(_run([*line, str(path)])) for _ in range(TIMES)])
            yield Figure(
                "probe of a file", path.suffix[1:], "ms", latencies("", runs),
                (latencies(name, peers),),
            )  # fmt: skip


def _spawned(ffmpeg: str) -> tuple[str, list[str]]:
    if ffprobe := shutil.which("ffprobe"):
        return "a spawned ffprobe", [ffprobe, *_ASKS_EVERYTHING]
    return "a spawned ffmpeg -i", [ffmpeg, "-nostdin", "-hide_banner", "-i"]


async def _run(command: Sequence[str]) -> None:
    """`ffmpeg -i` ends with 1: it was not told what to make of the file."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
    )
    await process.wait()
