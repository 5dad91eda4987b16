"""Fill a new generation of the read model from the archive beside the live one, and switch."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Undecodable

from . import store
from .ahead import keys_ahead
from .mind import Mind
from .model import Brain
from .rows import Row, from_columns, table_of
from .state import ROWS_IN_MEMORY, Key, NotLoaded
from .store import Checkpoint

CHUNK = 1000
Tell = Callable[[int, float], Awaitable[None]]
"""Told now and then how many records are folded, and in how many seconds."""


class CannotFold(Exception):
    """A rebuild is strict: this record cannot be folded."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did. Equal checksums prove that the new tables are the old ones."""

    generation: int
    from_generation: int
    seq: int
    records: int
    seconds: float
    old_checksum: str
    new_checksum: str


class Refill:
    """Folds the archive, in the order in which it was folded, into tables of a generation that
    has seen `seq` records before."""

    def __init__(self, engine: AsyncEngine, brain: Brain, generation: int, seq: int = 0) -> None:
        self._engine = engine
        self._brain = brain
        self._generation = generation
        self._mind = Mind(brain)
        self._seq = seq
        self._records = 0
        self._began = time.monotonic()

    async def prepare(self) -> None:
        """Make empty tables."""
        async with self._engine.begin() as connection:
            await store.drop_tables(connection, self._brain.rows, self._generation)
            await store.ensure_tables(connection, self._brain.rows, self._generation)
        self._mind.state.learn({}, complete=self._brain.rows)  # there is nothing to load yet

    async def catch_up(self, tell: Tell) -> None:
        """Fold until less than a chunk is left; work goes on meanwhile."""
        folded = CHUNK
        while folded == CHUNK:
            async with self._engine.begin() as connection:
                folded = await self._fold_chunk(connection)
            await tell(self._records, time.monotonic() - self._began)

    async def finish(self, connection: AsyncConnection, live: Checkpoint) -> Rebuilt:
        """Fold the rest and compare. Nothing may be folded into the live tables meanwhile."""
        while await self._fold_chunk(connection):
            pass
        new = await checksum(connection, self._brain.rows, self._generation)
        same_shape = live.signature == self._brain.signature
        old = await checksum(connection, self._brain.rows, live.generation) if same_shape else ""
        seconds = time.monotonic() - self._began
        return Rebuilt(
            self._generation, live.generation, live.seq, self._records, seconds, old, new
        )

    async def _fold_chunk(self, connection: AsyncConnection) -> int:
        records = await store.read_archive(connection, self._seq, CHUNK)
        envelopes = [_decoded(seq, body) for seq, body in records]
        messages = (envelope.message for envelope in envelopes)
        await self._load(connection, keys_ahead(messages, self._brain.rows_by_subject))
        for (seq, _), envelope in zip(records, envelopes, strict=True):
            await self._fold(connection, envelope)
            self._seq = seq
        self._records += len(records)
        changes = self._mind.state.take_changes()
        await store.save_rows(connection, changes, self._generation)
        self._mind.state.forget_beyond(ROWS_IN_MEMORY)
        return len(records)

    async def _fold(self, connection: AsyncConnection, envelope: Envelope) -> None:
        while True:
            try:
                self._mind.fold(envelope)
                return
            except NotLoaded as missing:
                await self._load(connection, missing.keys)
            except Exception as error:
                raise CannotFold(
                    f"record {envelope.id} ({envelope.type} about {envelope.subject}) cannot be "
                    f"folded: {type(error).__name__}: {error}"
                ) from error

    async def _load(self, connection: AsyncConnection, keys: Iterable[Key]) -> None:
        if missing := self._mind.state.missing(keys):
            rows, complete = await store.load_rows(connection, missing, self._generation)
            self._mind.state.learn(rows, complete)


def _decoded(seq: int, body: bytes) -> Envelope:
    try:
        return decode(body)
    except Undecodable as error:
        raise CannotFold(f"the record folded as number {seq} cannot be read: {error}") from error


async def checksum(connection: AsyncConnection, rows: Iterable[type[Row]], generation: int) -> str:
    """SHA-256 over every row of every table, by table and id: the same on any database."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda each: each.table):
        table = table_of(row, generation)
        digest.update(row.table.encode())
        found = await connection.stream(sa.select(table).order_by(table.c.id))
        async for columns in found.mappings():
            values = from_columns(row, columns).model_dump(mode="json")
            digest.update(orjson.dumps(values, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()
