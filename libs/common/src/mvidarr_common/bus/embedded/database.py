"""The file behind the embedded bus: its tables, its lock, and the first record of its log."""

import sqlite3
from pathlib import Path

from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Conflict, Problem, Unavailable
from mvidarr_common.messages.ids import new_id
from mvidarr_common.messages.system import LogStarted

MEMORY = ":memory:"
VERSION = 1

TABLES = """
CREATE TABLE log (
    "offset" INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE bindings (
    queue TEXT NOT NULL,
    binding TEXT NOT NULL,
    PRIMARY KEY (queue, binding)
) WITHOUT ROWID;
CREATE TABLE work (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    body BLOB NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0,
    dead_queue TEXT,
    dead_reason TEXT
);
"""


def open_database(path: str) -> sqlite3.Connection:
    """Open or make the file for this process alone; raises a Problem with a sentence."""
    try:
        if path != MEMORY:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            _take_for_ourselves(database)
            _ensure_tables(database, path)
        except BaseException:
            database.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise _refusal(error, path) from error
    return database


def _take_for_ourselves(database: sqlite3.Connection) -> None:
    # Exclusive before the first use of the WAL: the lock is then held until we close or die, and
    # SQLite needs no shared memory, so the file may lie on a network share.
    database.execute("PRAGMA locking_mode=EXCLUSIVE")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("PRAGMA journal_size_limit=67108864")
    database.execute("BEGIN EXCLUSIVE")
    database.execute("COMMIT")


def _refusal(error: Exception, path: str) -> Problem:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Conflict(
            "bus_in_use",
            f"another process has the bus file {path} open, and only one can: stop that one, or "
            "give MVIDARR_AMQP_URL so that several processes share a RabbitMQ",
        )
    return Unavailable("bus_unusable", f"the bus file {path} cannot be used: {error}")


def _ensure_tables(database: sqlite3.Connection, path: str) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version > VERSION:
        raise Conflict("bus_too_new", f"the bus file {path} was written by a newer release")
    genesis = fresh(LogStarted(log_id=new_id()), source="bus")
    database.execute("BEGIN")
    for statement in TABLES.split(";\n"):
        database.execute(statement)
    database.execute("INSERT INTO log VALUES (0, ?, ?)", (genesis.routing_key, genesis.encode()))
    database.execute(f"PRAGMA user_version={VERSION}")
    database.execute("COMMIT")
