"""Where questions come in: each is answered from the tables, from the past, or when the tables show
what it waits for."""

import asyncio
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Unavailable, Undecodable
from mvidarr_common.messages import Query, UnknownMessage, find
from mvidarr_common.messages.queries import OfThePast, ShowAfter

from .brain.failures import is_away
from .brain.model import Brain
from .brain.progress import Progress
from .brain.reading import Answers
from .past import Past


class Desk:
    """So many answers at once; what waits takes nobody's place."""

    def __init__(self, engine: AsyncEngine, brain: Brain, progress: Progress, at_once: int) -> None:
        self._answers = Answers(engine, brain, progress.stillness)
        self._past = Past(engine, brain)
        self._progress = progress
        self._places = asyncio.Semaphore(at_once)

    async def answer(self, envelope: Envelope) -> bytes:
        """As JSON; raises a Problem."""
        query = envelope.message
        assert isinstance(query, Query)
        try:
            if isinstance(query, ShowAfter):
                await self._progress.until(query.log_id, query.offset)
                query = _within(query)
            async with self._places:
                return await self._answer(query)
        except (DBAPIError, OSError) as error:
            if isinstance(error, DBAPIError) and not is_away(error):
                error.add_note(f"The question was {envelope.message.wire}.")
                raise
            raise Unavailable("database_away", "The database is away; try again.") from error

    async def _answer(self, query: Query[Any]) -> bytes:
        if isinstance(query, OfThePast) and query.at is not None:
            return await self._past.answer(query)
        return await self._answers.answer(query)

    async def close(self) -> None:
        """Forget the past."""
        await self._past.close()


def _within(asked: ShowAfter) -> Query[Any]:
    try:
        found = find("query", asked.question)
    except UnknownMessage as unknown:
        raise Undecodable(str(unknown)) from unknown
    query = found.read(asked.data, found.version)
    assert isinstance(query, Query)
    return query
