"""The real catalog at work, for tests of what talks to it: on a database of its own, and on a line
to the bus that a test can cut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mvidarr_catalog.brain import schema
from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.leader import Leader
from mvidarr_catalog.brain.reading import Answers
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.store import known_ids, read_checkpoint, read_outbox
from mvidarr_catalog.models import whole_brain
from mvidarr_catalog.service import service
from mvidarr_catalog.settings import CatalogSettings
from mvidarr_common.bus import Bus, LogReader, Record, Start, open_bus
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.errors import Undecodable
from mvidarr_common.messages import Message, Query, Value
from mvidarr_common.messages.queries import (
    GetSystem,
    ListRecords,
    Records,
    RecordView,
    ShowAfter,
    SystemView,
)
from mvidarr_common.messages.system import CatalogAdvanced
from mvidarr_common.runtime import running
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.servers import DatabaseServer

A = TypeVar("A", bound=Value)
Answering = Callable[[Envelope], Awaitable[bytes]]


class Line:
    """The catalog's end of the bus. Everything passes as it is, unless a test cuts it."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.whole = asyncio.Event()
        self.whole.set()
        self.quiet = False
        """Whether the news of a commit is lost."""
        self.older = False
        """Whether it cannot wait for a record, as in releases before that."""
        self.slow: dict[str, asyncio.Event] = {}
        """What answers to questions of these names wait for."""
        self.asked: list[str] = []
        """The questions that came, by their names."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    async def signal(self, envelope: Envelope) -> None:
        """As it is, or lost."""
        if not (self.quiet and isinstance(envelope.message, CatalogAdvanced)):
            await self._bus.signal(envelope)

    def answer(
        self, handler: Answering, concurrency: int = 16
    ) -> AbstractAsyncContextManager[None]:
        """Questions wait while the line is cut."""

        async def answered(query: Envelope) -> bytes:
            self.asked.append(query.message.wire)
            if self.older and isinstance(query.message, ShowAfter):
                raise Undecodable("nobody here knows it")
            await self.whole.wait()
            if held := self.slow.get(query.message.wire):
                await held.wait()
            return await handler(query)

        return self._bus.answer(answered, concurrency)

    @asynccontextmanager
    async def read_log(self, start: Start) -> AsyncIterator[LogReader]:
        """Records wait while the line is cut."""
        async with self._bus.read_log(start) as reader:
            yield cast(LogReader, _Reader(reader, self.whole))


class _Reader:
    """A reader whose records wait while the line is cut."""

    def __init__(self, reader: LogReader, whole: asyncio.Event) -> None:
        self._reader = reader
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def batch(self, limit: int = 500, wait: float = 1.0) -> Sequence[Record]:
        records = await self._reader.batch(limit, wait)
        await self._whole.wait()
        return records


@dataclass(frozen=True)
class Catalog:
    """A catalog that runs, and what a test does with it and sees of it."""

    bus: Bus
    line: Line
    engine: AsyncEngine

    def cut(self) -> None:
        """From now on it hears nothing and answers nobody."""
        self.line.whole.clear()

    def mend(self) -> None:
        """It goes on where it was."""
        self.line.whole.set()

    def asked(self, wire: str) -> int:
        """How often it was asked this."""
        return self.line.asked.count(wire)

    async def say(self, message: Message) -> Envelope:
        """Publish from somewhere."""
        envelope = fresh(message, source="test")
        await self.bus.publish(envelope)
        return envelope

    async def show(self, query: Query[A]) -> A:
        """Its answer, whatever the line is like, and not counted."""
        answer = await Answers(self.engine, whole_brain()).answer(query)
        return cast(A, query.answer.model_validate_json(answer))

    async def system(self) -> SystemView:
        """How far it is."""
        return await self.show(GetSystem())

    async def position(self) -> str:
        """How far it is, as clients spell it."""
        system = await self.system()
        return f"{system.log_id}:{system.offset}"

    async def records(self, type: str | None = None) -> list[RecordView]:
        """What it has archived, oldest first."""
        found: list[RecordView] = []
        page: Records | None = None
        while page is None or page.next:
            cursor = page.next if page else None
            page = await self.show(ListRecords(after=-1, limit=500, cursor=cursor))
            found += page.items
        return [record for record in found if type in (None, record.type)]

    async def at_rest(self) -> None:
        """Until everything that it has decided has come back."""
        await eventually(lambda: self._has_committed([]), within=20)

    async def has_committed(self, *envelopes: Envelope) -> None:
        """Until these are folded, and everything that they led to."""
        await eventually(lambda: self._has_committed([each.id for each in envelopes]), within=20)

    async def _has_committed(self, ids: list[str]) -> bool:
        async with self.engine.connect() as connection:
            known = await known_ids(connection, ids)
            return len(known) == len(ids) and not await read_outbox(connection)


@asynccontextmanager
async def running_catalog(bus: Bus, database: str, folder: Path) -> AsyncIterator[Catalog]:
    """The whole service, for as long as the block lasts."""
    line = Line(bus)
    settings = CatalogSettings(
        database_url=SecretStr(database), state_dir=folder / "catalog", data_root=folder / "data"
    )
    async with _engine(database) as engine, running(service, settings, cast(Bus, line)):
        yield Catalog(bus, line, engine)


class Databases:
    """Databases with the catalog's tables and nothing in them, used again and again."""

    def __init__(self, server: DatabaseServer) -> None:
        self._server = server
        self._clean: list[str] = []

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[str]:
        """One for as long as the block lasts."""
        database = self._clean.pop() if self._clean else await self._made()
        yield database
        if await _wiped(database):
            self._clean.append(database)

    async def _made(self) -> str:
        database = await asyncio.to_thread(self._server.new_database)
        async with _engine(database) as engine, open_bus("embedded::memory:", "test") as bus:
            await Leader(engine, bus, whole_brain()).take_over()
        return database


async def _wiped(database: str) -> bool:
    """Make it forget everything; False where a rebuild has left other tables."""
    async with _engine(database) as engine, engine.begin() as connection:
        generation = (await read_checkpoint(connection)).generation
        tables = [each for each in schema.metadata.sorted_tables if each is not schema.checkpoint]
        tables += [table_of(row, generation) for row in whole_brain().rows]
        await _delete_all(connection, [table.name for table in tables])
        forgotten = {"log_id": None, "offset": -1, "event_id": None, "seq": 0}
        await connection.execute(sa.update(schema.checkpoint).values(forgotten))
    return generation == 1


async def _delete_all(connection: AsyncConnection, tables: list[str]) -> None:
    """In one message where that can be: one by one it would take longer than many a test."""
    statements = [f"DELETE FROM {table}" for table in tables]
    if connection.dialect.name == "postgresql":
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute(";".join(statements))
    else:
        for statement in statements:
            await connection.exec_driver_sql(statement)


@asynccontextmanager
async def _engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(database, 2)
    try:
        yield engine
    finally:
        await engine.dispose()
