"""Reads over HTTP by `wrk`, keep-alive: a page of videos from memory, and pages that nobody
has asked for before and that the catalog is asked for.

The limit is a bare FastAPI route that returns the same bytes from the same kind of server: rights,
freshness, headers and metrics are what lies between.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from shutil import which

import httpx

from mvidarr_common.cli.access import Access
from mvidarr_common.testing.servers import install
from mvidarr_common.testing.system import System

from .bare import bare
from .ground import Ground
from .measure import RUNS, Figure, Series

CONNECTIONS = (64, 500)
SECONDS = 5
PAUSE = 3
"""Seconds in which questions that nobody waits for any more come to their end."""
VIDEOS = 20
PATH = "/api/v1/videos"
UNIQUE = count(1)
UNCACHED = """
local n = {start}
request = function()
  n = n + 1
  return wrk.format(nil, "{path}?filter=title%20!=%20x" .. n)
end
"""
"""Every request is a question of its own, and the answers are the same."""


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """The gateway and the catalog in processes of their own."""
    if which("wrk") is None:
        await asyncio.to_thread(install, ("wrk",), "wrk is not installed")
    database = await asyncio.to_thread(ground.postgres.new_database)
    system = System(
        ground.folder("reads"), ("catalog", "api-gateway"), amqp_url=ground.new_amqp_url(),
        database_url=database, allow_private_addresses=True, log_level="WARNING",
        requests_per_address=0, requests_per_user=0,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, system)
        access = await asyncio.to_thread(system.log_in)
        body = await _filled(access)
        address, _ = await stack.enter_async_context(bare(ground.folder("bare"), body))
        script = ground.folder("wrk") / "uncached.lua"
        for connections in CONNECTIONS:
            for figure in await _figures(access, address, script, connections):
                yield figure


async def _filled(access: Access) -> bytes:
    """Some videos, that nobody works on; the bytes of their list."""
    async with httpx.AsyncClient(base_url=access.address, headers=access.headers) as client:
        for n in range(VIDEOS):
            body = {"url": f"http://127.0.0.1/bench/{n}"}
            (await client.post(PATH, json=body, timeout=60)).raise_for_status()
        await asyncio.sleep(2)
        return (await client.get(PATH, headers={"Accept-Encoding": "identity"})).content


async def _figures(access: Access, address: str, script: Path, connections: int) -> list[Figure]:
    ours, limit, asked = [], [], []
    for _ in range(RUNS):
        ours.append(await _wrk(access.address + PATH, access, connections))
        limit.append(await _wrk(address, access, connections))
        lua = UNCACHED.format(path=PATH, start=next(UNIQUE) * 100_000)
        await asyncio.to_thread(script.write_text, lua)
        asked.append(await _wrk(access.address + PATH, access, connections, script))
        await asyncio.sleep(PAUSE)
    where = f"{connections} connections"
    return [
        Figure("GET from memory", where, "/s", _rate("", ours), (
            _rate("a bare route", limit), _rate("asked of the catalog", asked),
        )),
        Figure("GET from memory, p99", where, "ms", _tail("", ours), (
            _tail("a bare route", limit), _tail("asked of the catalog", asked),
        )),
    ]  # fmt: skip


def _rate(name: str, runs: Sequence[tuple[float, float]]) -> Series:
    return Series(name, tuple(rate for rate, _ in runs))


def _tail(name: str, runs: Sequence[tuple[float, float]]) -> Series:
    return Series(name, tuple(tail for _, tail in runs))


async def _wrk(
    url: str, access: Access, connections: int, script: Path | None = None
) -> tuple[float, float]:
    """Requests a second, and the 99th percentile in milliseconds."""
    headers = [
        each for name, value in access.headers.items() for each in ("-H", f"{name}: {value}")
    ]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", *headers]
    process = await asyncio.create_subprocess_exec(
        *command, *(["-s", str(script)] if script else []), url, stdout=asyncio.subprocess.PIPE
    )
    said = (await process.communicate())[0].decode()
    if "Non-2xx" in said:
        raise RuntimeError(said)
    rate, tail = (
        re.search(r"Requests/sec:\s+([\d.]+)", said),
        re.search(r"99%\s+([\d.]+)(\w+)", said),
    )
    assert rate is not None
    assert tail is not None
    return float(rate[1]), float(tail[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[tail[2]]
