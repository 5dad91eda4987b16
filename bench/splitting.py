"""One film on one worker and on two, each with one processor of its own: parts, the join and the
proof through the whole system, against the same job in one piece on one of them.

The limit is what the machine itself gives: a bare FFmpeg for each half at the same time, one on
each processor, against one FFmpeg for the whole."""

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from pathlib import Path

import psutil

from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.demo.samples import encode
from mvidarr_common.ffmpeg import find_ffmpeg
from mvidarr_common.messages.jobs import Transcode
from mvidarr_common.messages.profiles import Recipe
from mvidarr_common.messages.queries import JobView, Runs
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.system import System
from mvidarr_transcoder.media import measure as measured
from mvidarr_transcoder.splitting import picture_line

from .ground import Ground
from .measure import Figure, Series, timed

RECIPE: Recipe = "high_quality"
SECONDS, PART = 120, 10
"""Twelve parts: what is paid once, or for each part, is to be small beside the encoding."""

LIMITED = 24
"""Seconds of the film that the bare FFmpegs encode."""

RUNS = 1
HEARTBEAT = 6.0
"""Until the catalog has heard of every worker."""

LOOK = 0.5
"""Seconds between two questions for the job: each costs the processors that are measured."""


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """H.264 again as H.264, slowly."""
    folder = ground.folder("splitting")
    film = await asyncio.to_thread(_film, folder)
    system = System(
        folder / "system", ("catalog", "api-gateway", "transcoder#1", "transcoder#2"),
        amqp_url=ground.new_amqp_url(), database_url=ground.postgres.new_database(),
        split_longer_than=PART, split_part=PART, transcode_slots=1, ffmpeg_threads=1, niceness=0,
    )  # fmt: skip
    try:
        await asyncio.to_thread(system.start, "catalog", "api-gateway")
        await asyncio.to_thread(shutil.copy, film, _put(system))
        async with open_client(await asyncio.to_thread(system.log_in), patience=60) as client:
            alone = await _runs(system, client, "transcoder#1", 0)
            shared = await _runs(system, client, "transcoder#2", 1)
            split = (await client.get("/runs", Runs, filter="name = split")).items
            if len(split) != RUNS:
                raise RuntimeError(f"{len(split)} of {RUNS} films were split")
    finally:
        await asyncio.to_thread(system.close)
    one, halves = await _bare(film)
    yield Figure(
        f"a film of {SECONDS} s ({RECIPE}, 640×360) in parts on two workers", "RabbitMQ", "s",
        Series("", tuple(shared)), (Series("the same on one worker", tuple(alone)),),
    )  # fmt: skip
    yield Figure(
        f"the limit: {LIMITED} s of it, a half by each of two bare FFmpegs", "this machine", "s",
        Series("", (halves,)), (Series("one bare FFmpeg", (one,)),),
    )  # fmt: skip


async def _bare(film: Path) -> tuple[float, float]:
    """Seconds of one FFmpeg on one processor, and of two that have half the pictures each."""
    first, second = _cores()[:2]
    half = LIMITED / 2
    one = await timed(_encoded(film, 0, LIMITED, first))
    both = asyncio.gather(_encoded(film, 0, half, first), _encoded(film, half, LIMITED, second))
    return one, await timed(both)


async def _encoded(film: Path, begin: float, end: float, core: int) -> None:
    whole = Transcode(path=film.name, recipe=RECIPE, facts=measured(str(film)))
    line = picture_line(find_ffmpeg(None), whole, film, film.with_suffix(f".{core}"), 1, begin, end)
    process = await asyncio.create_subprocess_exec(
        *line, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
    )
    psutil.Process(process.pid).cpu_affinity([core])
    if await process.wait() != 0:
        raise RuntimeError("FFmpeg failed")


async def _runs(system: System, client: Client, joins: str, core: int) -> list[float]:
    """With one more worker, which has this processor alone."""
    await asyncio.to_thread(system.start, joins)
    cores = _cores()
    _pin(system.pid(joins), cores[core % len(cores)])
    await asyncio.sleep(HEARTBEAT)
    return [await timed(_transcode(system, client)) for _ in range(RUNS)]


async def _transcode(system: System, client: Client) -> None:
    facts = measured(str(_put(system)))
    spec = Transcode(path="library/film.mp4", recipe=RECIPE, facts=facts)
    told = await client.tell("/jobs", JobView, {"spec": spec.model_dump(mode="json")}, wait=30)
    if told.state is None:
        raise RuntimeError("the job is not decided")
    id = told.state.id

    async def done() -> bool:
        job = await client.get(f"/jobs/{id}", JobView)
        if job.state == "failed":
            raise RuntimeError(str(job.failure))
        return job.state == "completed"

    await eventually(done, 600, every=LOOK)


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))


def _pin(pid: int, core: int) -> None:
    """A process, and those from which its children come."""
    process = psutil.Process(pid)
    for each in (process, *process.children(recursive=True)):
        each.cpu_affinity([core])


def _film(folder: Path) -> Path:
    path = folder / "film.mp4"
    codecs = ("-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-pix_fmt", "yuv420p")
    source = "testsrc2=size=640x360:rate=25"
    encode(find_ffmpeg(None), path, SECONDS, source, (196, 294), (*codecs, "-c:a", "aac"))
    return path


def _put(system: System) -> Path:
    path = system.root.library / "film.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
