"""Fill a new generation of the read model from the archive beside the live one, and switch."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Undecodable

from . import store
from .ahead import keys_ahead
from .driver import whole_table
from .mind import Mind
from .model import Brain
from .rows import Row, table_of
from .state import ROWS_IN_MEMORY, Key, NotLoaded, Rows
from .store import Checkpoint
from .transactions import transaction
from .writes import Writes

CHUNK = 2000
PIECE = 100
"""Records after which others get a turn: who reads and writes beside, and who waits for answers."""

Chunk = Sequence[tuple[int, bytes]]
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


@dataclass(frozen=True, slots=True)
class Checksums:
    """Of the live tables and of new ones, after the same record; no old one where their shapes
    differ."""

    old: str
    new: str


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
        async with transaction(self._engine) as connection:
            await store.drop_tables(connection, self._brain.rows, self._generation)
            await store.ensure_tables(connection, self._brain.rows, self._generation)
        self._mind.state.learn({}, complete=self._brain.rows)  # there is nothing to load yet

    async def catch_up(self, tell: Tell) -> None:
        """Fold until less than a chunk is left; work goes on meanwhile. The database reads the
        next chunk and writes the one before while a chunk is folded."""
        chunk = await self._read(self._seq)
        changes: Rows = {}
        full = True
        while full:
            full = len(chunk) == CHUNK
            async with transaction(self._engine) as connection:
                chunk, _, _ = await asyncio.gather(
                    self._read(chunk[-1][0] if chunk else self._seq),
                    self._write(changes),
                    self._fold_chunk(connection, chunk),
                )
            changes = self._mind.state.take_changes()
            if self._mind.state.holds_more_than(ROWS_IN_MEMORY):
                await self._write(changes)
                changes = {}
                self._mind.state.forget()
            await tell(self._records, time.monotonic() - self._began)
        await self._write(changes)

    async def compare(self) -> Checksums:
        """Look at the live tables as they are at one moment, fold to the same record, and look
        at the new ones. Work goes on meanwhile."""
        async with transaction(self._engine, at_one_moment=True) as connection:
            live = await store.read_checkpoint(connection)
            async with transaction(self._engine) as own:
                await self._fold_rest(own, live.seq)
            new, old = await asyncio.gather(self._checksum(), self._checksum_of(connection, live))
            return Checksums(old, new)

    async def finish(
        self, connection: AsyncConnection, live: Checkpoint, checksums: Checksums
    ) -> Rebuilt:
        """Fold the rest. Nothing may be folded into the live tables meanwhile."""
        await self._fold_rest(connection, live.seq)
        return Rebuilt(
            generation=self._generation,
            from_generation=live.generation,
            seq=live.seq,
            records=self._records,
            seconds=time.monotonic() - self._began,
            old_checksum=checksums.old,
            new_checksum=checksums.new,
        )

    async def _fold_rest(self, connection: AsyncConnection, last: int) -> None:
        """Up to the record of this number."""
        while chunk := await store.read_archive(connection, self._seq, CHUNK, last):
            await self._fold_chunk(connection, chunk)
            changes = self._mind.state.take_changes()
            async with Writes(connection) as writes:
                store.save_rows(writes, changes, self._generation)

    async def _checksum(self) -> str:
        async with transaction(self._engine) as connection:
            return await checksum(connection, self._brain.rows, self._generation)

    async def _checksum_of(self, connection: AsyncConnection, live: Checkpoint) -> str:
        if live.signature != self._brain.signature:
            return ""
        return await checksum(connection, self._brain.rows, live.generation)

    async def _read(self, after: int) -> Chunk:
        async with transaction(self._engine) as connection:
            return await store.read_archive(connection, after, CHUNK)

    async def _write(self, changes: Rows) -> None:
        if changes:
            async with transaction(self._engine) as connection, Writes(connection) as writes:
                store.save_rows(writes, changes, self._generation)

    async def _fold_chunk(self, connection: AsyncConnection, chunk: Chunk) -> None:
        read = await _decoded_all(chunk)
        if not self._mind.state.knows_all(self._brain.rows):
            messages = (envelope.message for envelope in read)
            await self._load(connection, keys_ahead(messages, self._brain.rows_by_subject))
        for number, ((seq, _), envelope) in enumerate(zip(chunk, read, strict=True), 1):
            while missing := self._missing_to_fold(envelope):
                await self._load(connection, missing)
            self._seq = seq
            if number % PIECE == 0:
                await asyncio.sleep(0)
        self._records += len(chunk)

    def _missing_to_fold(self, envelope: Envelope) -> Sequence[Key]:
        """The rows without which it cannot be folded; none when it is folded."""
        try:
            self._mind.replay(envelope)
        except NotLoaded as missing:
            return missing.keys
        except Exception as error:
            raise CannotFold(
                f"record {envelope.id} ({envelope.type} about {envelope.subject}) cannot be "
                f"folded: {type(error).__name__}: {error}"
            ) from error
        return ()

    async def _load(self, connection: AsyncConnection, keys: Iterable[Key]) -> None:
        if missing := self._mind.state.missing(keys):
            rows, complete = await store.load_rows(connection, missing, self._generation)
            self._mind.state.learn(rows, complete)


async def _decoded_all(chunk: Chunk) -> list[Envelope]:
    read: list[Envelope] = []
    for start in range(0, len(chunk), PIECE):
        read += [_decoded(seq, body) for seq, body in chunk[start : start + PIECE]]
        await asyncio.sleep(0)
    return read


def _decoded(seq: int, body: bytes) -> Envelope:
    try:
        return decode(body)
    except Undecodable as error:
        raise CannotFold(f"the record folded as number {seq} cannot be read: {error}") from error


async def checksum(connection: AsyncConnection, rows: Iterable[type[Row]], generation: int) -> str:
    """SHA-256 over every row of every table, by table and id: the same on any database."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda each: each.table):
        digest.update(row.table.encode())
        async for page in whole_table(connection, table_of(row, generation)):
            digest.update(orjson.dumps(page, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()
