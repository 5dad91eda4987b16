"""Probing files: a probe job's handler with its child that stays, and one job for many files,
against a spawned ffprobe on the same files (where there is no ffprobe, `ffmpeg -i`, which reads the
same)."""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import AnySpec, Probe, ProbeMany
from mvidarr_common.processes import open_children
from mvidarr_common.testing.worker import run_job
from mvidarr_transcoder.deps import deps_from
from mvidarr_transcoder.operations import probe, probe_many
from mvidarr_transcoder.service import service
from mvidarr_transcoder.settings import TranscoderSettings

from .ground import Ground
from .measure import RUNS, Figure, Series, timed

TIMES = 20
_ASKS_EVERYTHING = ("-v", "error", "-show_format", "-show_streams", "-of", "json")


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """An MP4 and a WebM."""
    deps = deps_from(TranscoderSettings())
    root = DataRoot(ground.folder("probing"))
    name, line = _spawned(deps.ffmpeg)
    async with open_children(service.preload) as children:
        await children.warm()

        async def job(spec: AnySpec) -> None:
            handler = probe_many if isinstance(spec, ProbeMany) else probe
            await run_job(handler, spec, deps, root, children=children)

        for sample in ground.samples[:2]:
            path = root.path / "staging" / sample.path.name
            path.parent.mkdir(exist_ok=True)
            shutil.copy(sample.path, path)
            one, file = Probe(path=root.relative(path)), path.suffix[1:]
            many = ProbeMany(paths=tuple(_copies(root, path)))
            single, batch, peers = [], [], []
            for _ in range(RUNS):
                single.append(TIMES / await timed(_each(job, one)))
                batch.append(TIMES / await timed(job(many)))
                peers.append(TIMES / await timed(_run_each([*line, str(path)])))
            against = (Series(name, tuple(peers)),)
            yield Figure("probes, a job for each", file, "/s", Series("", tuple(single)), against)
            yield Figure("probes, a job for all", file, "/s", Series("", tuple(batch)), against)


def _copies(root: DataRoot, path: Path) -> list[str]:
    copies = [path.with_stem(f"{path.stem}-{number}") for number in range(TIMES)]
    for copy in copies:
        shutil.copy(path, copy)
    return [root.relative(copy) for copy in copies]


def _spawned(ffmpeg: str) -> tuple[str, list[str]]:
    if ffprobe := shutil.which("ffprobe"):
        return "a spawned ffprobe", [ffprobe, *_ASKS_EVERYTHING]
    return "a spawned ffmpeg -i", [ffmpeg, "-nostdin", "-hide_banner", "-i"]


async def _each(job: Callable[[AnySpec], Awaitable[None]], spec: AnySpec) -> None:
    for _ in range(TIMES):
        await job(spec)


async def _run_each(command: Sequence[str]) -> None:
    """`ffmpeg -i` ends with 1: it was not told what to make of the file."""
    for _ in range(TIMES):
        process = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
        )
        await process.wait()
