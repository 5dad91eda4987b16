"""From `mvidarr up` to `/health/ready`, in an empty folder and once more in the same.

The limit: what cannot be left out, a Python that imports the five services, then an embedded
PostgreSQL alone (made anew for a first start).
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from mvidarr_catalog.embedded_database import embedded_database
from mvidarr_common.cli.run import installed
from mvidarr_common.testing.system import EMBEDDED, System

from .ground import Ground
from .measure import RUNS, Figure, Series, timed

LIMIT = "imports, then PostgreSQL alone"


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """A first and a second start, several times."""
    first, second, first_limit, second_limit = [], [], [], []
    for _ in range(RUNS):
        system, alone = System(ground.folder("up"), EMBEDDED), ground.folder("postgres")
        try:
            first.append(await timed(asyncio.to_thread(system.start)))
            await asyncio.to_thread(system.stop)
            second.append(await timed(asyncio.to_thread(system.start)))
        finally:
            await asyncio.to_thread(system.close)
        first_limit.append(await timed(_limit(alone)))
        second_limit.append(await timed(_limit(alone)))
    for what, ours, limit in (
        ("first start until ready", first, first_limit),
        ("second start until ready", second, second_limit),
    ):
        peers = (Series(LIMIT, tuple(limit)),)
        yield Figure(f"mvidarr up, {what}", "embedded", "s", Series("", tuple(ours)), peers)


async def _limit(folder: Path) -> None:
    await asyncio.to_thread(_import)
    async with embedded_database(folder):
        return


def _import() -> None:
    modules = (f"mvidarr_{name.replace('-', '_')}.service" for name in installed())
    imports = f"import {', '.join(modules)}, mvidarr_common.runtime, mvidarr_common.cli"
    subprocess.run([sys.executable, "-c", imports], check=True)
