"""Questions about a moment of the past, answered as they would have been answered then.

About one video or job only what touches it is folded. For lists, and for artists, whose videos are
counted, the tables of the last moment that was asked for are kept on a connection of their own: a
later moment goes on from there, an earlier one begins anew. One is folded at a time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mvidarr_common.errors import Invalid, Problem
from mvidarr_common.messages import Query, Value
from mvidarr_common.messages.queries import (
    GetArtist,
    GetJob,
    GetVideo,
    ListArtists,
    ListJobs,
    ListVideos,
    OfThePast,
)

from . import profiles
from .brain.dialects import open_engine
from .brain.model import Brain, ReadModel
from .brain.moments import Moment, moment, seq_at, touching
from .brain.reading import Read, shown
from .brain.rows import PASSING
from .brain.store import read_checkpoint
from .jobs import jobs, quotas
from .library import artists, files, videos

GROUPS: dict[str, tuple[ReadModel, ...]] = {
    "library": (videos.model, files.model, artists.model, profiles.model),
    "work": (jobs.model, quotas.model),
}
"""Read models that are folded together: none of them reads rows of another group."""

SHOWN_BY: dict[type[Query[Any]], str] = {
    GetVideo: "library",
    ListVideos: "library",
    GetArtist: "library",
    ListArtists: "library",
    GetJob: "work",
    ListJobs: "work",
}
"""The group that answers a question."""


class Past:
    """Answers what is asked of a moment."""

    def __init__(self, engine: AsyncEngine, brain: Brain) -> None:
        self._engine = engine
        self._own = open_engine(engine.url.render_as_string(hide_password=False), 1)
        self._brain = brain
        self._lock = asyncio.Lock()
        self._connection: AsyncConnection | None = None
        self._kept: dict[str, Moment] = {}

    async def answer(self, query: OfThePast) -> bytes:
        """The answer as JSON; raises a Problem."""
        if query.include:
            raise Invalid("invalid_query", "Nothing of the past is shown with what it includes.")
        subject = subject_of(query)
        async with self._alone() if subject else self._together() as connection:
            live = await read_checkpoint(connection)
            seq = await seq_at(connection, moment_of(query), live.seq)
            read = Read(connection, replace(live, generation=PASSING))
            if subject:
                return await self._of_one(query, subject, seq, read)
            return await self._of_many(query, seq, read)

    async def close(self) -> None:
        """Forget everything."""
        connection, self._connection = self._connection, None
        self._kept.clear()
        if connection is not None:
            with suppress(DBAPIError, OSError):
                await connection.close()
        await self._own.dispose()

    async def _of_one(self, query: OfThePast, subject: str, seq: int, read: Read) -> bytes:
        then = await moment(
            read.connection, GROUPS[SHOWN_BY[type(query)]], touching(subject, "file", "pipeline")
        )
        try:
            await then.go_to(seq)
            return await self._ask(query, read)
        finally:
            await then.remove()

    async def _of_many(self, query: OfThePast, seq: int, read: Read) -> bytes:
        group = SHOWN_BY[type(query)]
        then = self._kept.get(group)
        if then is not None and then.seq > seq:
            await self._kept.pop(group).remove()
            then = None
        if then is None:
            then = self._kept[group] = await moment(read.connection, GROUPS[group])
        if then.seq < seq:
            await then.go_to(seq)
        return await self._ask(query, read)

    async def _ask(self, query: OfThePast, read: Read) -> bytes:
        view: Value = await self._brain.queries[type(query)](query, read)
        return shown(view, query)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that leaves nothing behind."""
        async with self._engine.connect() as connection:
            try:
                yield connection
            except Problem:
                raise
            except BaseException:
                await connection.invalidate()
                raise

    @asynccontextmanager
    async def _together(self) -> AsyncIterator[AsyncConnection]:
        """The connection with the tables that are kept; after an error they are gone."""
        async with self._lock:
            if self._connection is None:
                self._connection = await self._own.connect()
            try:
                yield self._connection
                await self._connection.commit()
            except Problem:
                await self._connection.commit()
                raise
            except BaseException:
                await self.close()
                raise


def subject_of(query: OfThePast) -> str | None:
    """The one thing that is asked for, where its own records tell all of it."""
    if isinstance(query, GetVideo):
        return f"video/{query.id}"
    return f"job/{query.id}" if isinstance(query, GetJob) else None


def moment_of(query: OfThePast) -> datetime:
    """Without a time zone it is UTC."""
    assert query.at is not None
    return query.at if query.at.tzinfo else query.at.replace(tzinfo=UTC)
