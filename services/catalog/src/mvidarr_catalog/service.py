"""The catalog as a whole."""

import asyncio

from sqlalchemy.exc import DBAPIError

from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Unavailable
from mvidarr_common.messages import Query
from mvidarr_common.messages.queries import OfThePast
from mvidarr_common.service import Runtime, Service

from .brain.reading import Answers
from .deps import Deps, open_deps
from .past import Past
from .reign import reign_for_ever
from .settings import CatalogSettings

LEADERS_CONNECTIONS = 7
"""For its lock, its turns, a rebuild (three), and who hears workers and dead letters: they never
wait for queries to end."""


async def main(runtime: Runtime[CatalogSettings], deps: Deps) -> None:
    """Answer queries, as every replica does; lead, when elected."""
    answers, past = Answers(deps.engine, deps.brain), Past(deps.engine, deps.brain)

    async def answer(envelope: Envelope) -> bytes:
        query = envelope.message
        assert isinstance(query, Query)
        try:
            if isinstance(query, OfThePast) and query.at is not None:
                return await past.answer(query)
            return await answers.answer(query)
        except (DBAPIError, OSError) as error:
            raise Unavailable("database_away", "The database is away; try again.") from error

    at_once = max(1, runtime.settings.database_connections - LEADERS_CONNECTIONS)
    try:
        async with runtime.bus.answer(answer, at_once), asyncio.TaskGroup() as tasks:
            reign = reign_for_ever(runtime.bus, deps.engine, deps.brain, runtime.settings)
            tasks.create_task(reign)
    finally:
        await past.close()


service: Service[CatalogSettings, Deps] = Service(
    name="catalog", settings=CatalogSettings, open=open_deps, main=main
)
