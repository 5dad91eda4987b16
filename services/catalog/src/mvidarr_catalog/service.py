"""The catalog as a whole."""

import asyncio

from mvidarr_common.service import Runtime, Service

from .brain.progress import AT_ONCE, Progress
from .deps import Deps, open_deps
from .desk import Desk
from .reign import reign_for_ever
from .settings import CatalogSettings

LEADERS_CONNECTIONS = 7
"""For its lock, its turns, a rebuild (three), and who hears workers and dead letters: they never
wait for queries to end."""


async def main(runtime: Runtime[CatalogSettings], deps: Deps) -> None:
    """Answer queries, as every replica does; lead, when elected."""
    at_once = max(1, runtime.settings.database_connections - LEADERS_CONNECTIONS)
    progress = Progress(deps.engine)
    desk = Desk(deps.engine, deps.brain, progress, at_once)
    try:
        answering = runtime.bus.answer(desk.answer, at_once + AT_ONCE)
        async with answering, asyncio.TaskGroup() as tasks:
            reign = reign_for_ever(runtime.bus, deps.engine, deps.brain, runtime.settings, progress)
            tasks.create_task(reign)
    finally:
        await desk.close()


service: Service[CatalogSettings, Deps] = Service(
    name="catalog", settings=CatalogSettings, open=open_deps, main=main
)
