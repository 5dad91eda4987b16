"""Programs started one after the other by the runner that every media job uses (a fork server; a
session, limits and a leash for each child), against a C loop over `posix_spawn`."""

import asyncio
import time
from collections.abc import AsyncIterator

from mvidarr_common.processes import Children, open_children
from mvidarr_transcoder.service import service

from .ground import Ground
from .measure import RUNS, Figure, Series, timed
from .native import compiled

PROGRAM = "/bin/true"
TIMES = 200


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """A program that does nothing."""
    bare = compiled("spawn", ground.folder("native"))
    ours, peers = [], []
    async with open_children(service.preload) as children:
        await children.warm()
        for _ in range(RUNS):
            ours.append(TIMES / await timed(_ours(children)))
            began = time.perf_counter()
            process = await asyncio.create_subprocess_exec(bare, str(TIMES), PROGRAM)
            await process.wait()
            peers.append(TIMES / (time.perf_counter() - began))
    yield Figure(
        "programs started and ended", "one after the other", "/s", Series("", tuple(ours)),
        (Series("a C loop over posix_spawn", tuple(peers)),),
    )  # fmt: skip


async def _ours(children: Children) -> None:
    for _ in range(TIMES):
        await children.run(PROGRAM)
