"""What is read from and written to the file, as functions of a connection that run in its thread.

The writing ones run inside a transaction that the store commits.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from mvidarr_common.bus.protocol import DeadLetter, Record
from mvidarr_common.bus.topology import PARKED

T = TypeVar("T")
Statement = Callable[[sqlite3.Connection], T]

DELIVERY_LIMIT = 20
GAP_EVERY = 64
BATCH_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One message to be written: to the log, and to these queues."""

    key: str
    body: bytes
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lent:
    """A message as its next consumer gets it."""

    body: bytes
    count: int
    dead: DeadLetter | None


def write(entries: Sequence[Entry]) -> Statement[list[tuple[str, int]]]:
    """Append to the log and to the queues; gives the new (queue, seq) places."""

    def run(database: sqlite3.Connection) -> list[tuple[str, int]]:
        offset = _last(database)
        places = []
        for entry in entries:
            offset = _following(offset)
            database.execute("INSERT INTO log VALUES (?, ?, ?)", (offset, entry.key, entry.body))
            places += [(queue, _enqueue(database, queue, entry.body)) for queue in entry.queues]
        return places

    return run


def _last(database: sqlite3.Connection) -> int:
    (last,) = database.execute('SELECT max("offset") FROM log').fetchone()
    return -1 if last is None else int(last)


def _following(offset: int) -> int:
    # A RabbitMQ stream leaves holes in its offsets; so do we, lest anybody expects last + 1.
    return offset + 2 if (offset + 2) % GAP_EVERY == 0 else offset + 1


def _enqueue(database: sqlite3.Connection, queue: str, body: bytes) -> int:
    done = database.execute("INSERT INTO work (queue, body) VALUES (?, ?)", (queue, body))
    assert done.lastrowid is not None
    return done.lastrowid


def bind(queue: str, bindings: Sequence[str]) -> Statement[None]:
    """Bindings are added, never taken away, as on a broker."""

    def run(database: sqlite3.Connection) -> None:
        rows = [(queue, binding) for binding in bindings]
        database.executemany("INSERT OR IGNORE INTO bindings VALUES (?, ?)", rows)

    return run


def lend(seq: int) -> Statement[Lent]:
    """Count one more delivery and give the message."""

    def run(database: sqlite3.Connection) -> Lent:
        rows = database.execute(
            "UPDATE work SET deliveries = deliveries + 1 WHERE seq = ? "
            "RETURNING body, deliveries, dead_queue, dead_reason",
            (seq,),
        ).fetchall()
        body, deliveries, queue, reason = rows[0]
        return Lent(body, deliveries - 1, DeadLetter(queue, reason) if queue else None)

    return run


def unlend(seq: int) -> Statement[None]:
    """It reached nobody: take the count back."""

    def run(database: sqlite3.Connection) -> None:
        database.execute("UPDATE work SET deliveries = deliveries - 1 WHERE seq = ?", (seq,))

    return run


def remove(seq: int) -> Statement[None]:
    """It is done."""

    def run(database: sqlite3.Connection) -> None:
        database.execute("DELETE FROM work WHERE seq = ?", (seq,))

    return run


def park(seq: int, reason: str) -> Statement[int]:
    """Move a message to the end of the parked queue; gives its place there."""

    def run(database: sqlite3.Connection) -> int:
        done = database.execute(
            "INSERT INTO work (queue, body, dead_queue, dead_reason) "
            "SELECT ?, body, queue, ? FROM work WHERE seq = ?",
            (PARKED.name, reason, seq),
        )
        assert done.lastrowid is not None
        remove(seq)(database)
        return done.lastrowid

    return run


def park_exhausted(database: sqlite3.Connection) -> None:
    """Park what was delivered too often when the process died, before anybody gets it again."""
    rows = database.execute(
        "SELECT seq FROM work WHERE deliveries > ? AND queue <> ?", (DELIVERY_LIMIT, PARKED.name)
    ).fetchall()
    for (seq,) in rows:
        park(seq, "delivery_limit")(database)


def waiting(database: sqlite3.Connection) -> list[tuple[str, int]]:
    """Every (queue, seq), oldest first."""
    return database.execute("SELECT queue, seq FROM work ORDER BY seq").fetchall()


def bound(database: sqlite3.Connection) -> list[tuple[str, str]]:
    """Every (queue, binding)."""
    return database.execute("SELECT queue, binding FROM bindings").fetchall()


def records(after: int, limit: int) -> Statement[list[Record]]:
    """What follows an offset: up to `limit` records, fewer where they are large."""

    def run(database: sqlite3.Connection) -> list[Record]:
        found: list[Record] = []
        size = 0
        for offset, body in database.execute(
            'SELECT "offset", body FROM log WHERE "offset" > ? ORDER BY "offset" LIMIT ?',
            (after, limit),
        ):
            found.append(Record(offset, body))
            size += len(body)
            if size >= BATCH_BYTES:
                break
        return found

    return run


@dataclass(frozen=True, slots=True)
class Extent:
    """The ends of the log, its identity, and the id of the record that somebody asks about."""

    first: int
    last: int
    log_id: str | None
    event_id: str | None


def extent(offset: int) -> Statement[Extent]:
    """The extent of the log, and what stands at `offset`."""

    def run(database: sqlite3.Connection) -> Extent:
        (first,) = database.execute('SELECT min("offset") FROM log').fetchone()
        last = _last(database)
        return Extent(
            first=last + 1 if first is None else first,
            last=last,
            log_id=_within(database, 0, "data", "logId"),
            event_id=_within(database, offset, "id"),
        )

    return run


def _within(database: sqlite3.Connection, offset: int, *path: str) -> str | None:
    row = database.execute('SELECT body FROM log WHERE "offset" = ?', (offset,)).fetchone()
    try:
        found: Any = orjson.loads(row[0])
        for step in path:
            found = found[step]
    except (ValueError, TypeError, KeyError):
        return None  # no record, or one that nobody can read: not the one that is meant
    return str(found)
