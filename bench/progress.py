"""Twenty transcodes at once in one worker: from a line of progress on FFmpeg's pipe (stamped by a
small program that stands between) to the frame on a websocket of the gateway. Beside it, `/ping` of
the same server meanwhile: how long anything takes on a machine that is so busy."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import httpx
from websockets.asyncio.client import connect

from mvidarr_common.cli.access import Access
from mvidarr_common.demo.samples import encode
from mvidarr_common.ffmpeg import find_ffmpeg
from mvidarr_common.messages.jobs import OwnRecipe, Transcode
from mvidarr_common.testing.system import EMBEDDED, System
from mvidarr_transcoder.media import measure as measured

from .clients import Connection, Request
from .ground import Ground
from .measure import RUNS, Figure, latencies, timed
from .native import compiled

AT_ONCE, SECONDS = 20, 20
RECIPE = OwnRecipe(name="quick", container="mp4", video="h264", audio="aac", speed="fast")
_CODECS = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")

Moments = dict[tuple[str, int], float]
"""When a job was so many microseconds into its film."""


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """Of all the lines of all the jobs of a run."""
    folder, ffmpeg = ground.folder("progress"), find_ffmpeg()
    stamps = folder / "stamps"
    told: dict[str, Any] = {"ffmpeg": compiled("stamp", folder), "transcode_slots": AT_ONCE}
    system = System(folder / "system", EMBEDDED, **told)
    film = system.root.path / "staging" / "film.mp4"
    film.parent.mkdir(parents=True)
    encode(ffmpeg, film, SECONDS, "testsrc2=size=320x180:rate=24", (196, 247), _CODECS)
    spec = Transcode(path="staging/film.mp4", recipe=RECIPE, facts=measured(str(film)))
    ours, pings = [], []
    try:
        os.environ |= {"STAMPED": ffmpeg, "STAMPS": str(stamps)}
        await asyncio.to_thread(system.start)
        access = await asyncio.to_thread(system.log_in)
        for _ in range(RUNS):
            arrived, meanwhile = await _run(access, spec)
            left = _stamped(stamps)
            ours.append([arrived[key] - left[key] for key in arrived.keys() & left.keys()])
            pings.append(meanwhile)
    finally:
        await asyncio.to_thread(system.close)
    yield Figure(
        f"progress of {AT_ONCE} transcodes, from pipe to websocket", "embedded", "ms",
        latencies("", ours), (latencies("/ping", pings),),
    )  # fmt: skip


async def _run(access: Access, spec: Transcode) -> tuple[Moments, list[float]]:
    url = access.address.replace("http://", "ws://") + "/api/v1/events"
    async with connect(url, proxy=None, max_size=None, max_queue=None) as socket:
        await socket.send(json.dumps(access.greeting | {"topics": ["jobs"]}))
        await socket.recv()
        listening = asyncio.ensure_future(_listen(socket))
        pinging = asyncio.ensure_future(_ping(access, listening))
        async with httpx.AsyncClient(base_url=access.address, headers=access.headers) as client:
            body = {"spec": spec.model_dump(mode="json", by_alias=True)}
            for _ in range(AT_ONCE):
                (await client.post("/api/v1/jobs", json=body, timeout=60)).raise_for_status()
        return await listening, await pinging


async def _listen(socket: Any) -> Moments:
    """Until all jobs have ended."""
    arrived: Moments = {}
    ended = 0
    async for text in socket:
        now, frame = time.time(), json.loads(text)
        data: Mapping[str, Any] = frame.get("data", {})
        if data.get("stage") == "transcode":
            arrived.setdefault((data["jobId"], round(data["done"] * 1e6)), now)
        ended += frame["type"] == "event.job.completed"
        if ended == AT_ONCE:
            break
    return arrived


async def _ping(access: Access, until: asyncio.Future[Any]) -> list[float]:
    taken = []
    async with Connection(access) as connection:
        while not until.done():
            taken.append(await timed(connection.ask(Request("GET", "/ping", 200))))
            await asyncio.wait({until}, timeout=0.1)
    return taken


def _stamped(stamps: Path) -> Moments:
    """The first time at which each was on the pipe."""
    found: Moments = {}
    for line in stamps.read_text().splitlines():
        at, reached, path = line.split(" ", 2)
        if reached.isdecimal():
            found.setdefault((PurePath(path).parts[-3], int(reached)), float(at))
    return found
