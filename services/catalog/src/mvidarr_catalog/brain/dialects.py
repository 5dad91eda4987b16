"""What the two kinds of databases say differently, and nothing else: PostgreSQL, and MySQL with
MariaDB. Everything that both understand is said by SQLAlchemy, wherever it is needed."""

import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mvidarr_catalog.postgres_connection import LeavableConnection

LEASE = 10
"""Seconds of silence after which the database gives up a replica that stands still, and with it
its transaction and its lock."""

WORDS = "words"
"""In a table's `info`: the column that is searched."""

TEMPORARY = "temporary"
"""There: whether it goes with its connection."""

LOCK = 0x6D76_6964_6172_72
"""The number of the leader's lock, the same in every replica ("mvidarr" in ASCII)."""


class Dialect(Protocol):
    """What is to be said in each."""

    @property
    def name(self) -> str:
        """As SQLAlchemy calls it."""
        ...

    def engine(self, url: sa.URL, connections: int) -> AsyncEngine:
        """A pool. A replica that stands still in the middle of a transaction must not hold up the
        others."""
        ...

    def insert_new(self, table: sa.Table) -> Any:
        """An insert that passes over rows whose key is there."""
        ...

    def upsert(self, table: sa.Table) -> Any:
        """An insert that replaces rows whose key is there, but for what `reword` does."""
        ...

    def reword(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> sa.Update | None:
        """What follows the upsert of rows of a table that is searched."""
        ...

    def lock(self) -> sa.TextClause:
        """Asks for the leader's lock of this database; gives true or false, at once."""
        ...

    def lease(self) -> sa.TextClause:
        """A connection that says nothing for so long is closed."""
        ...

    async def at_one_moment(self, connection: AsyncConnection) -> AsyncConnection:
        """Everything that the next transaction reads was committed at one moment."""
        ...

    def search_index(self, name: str, column: sa.Column[Any]) -> sa.Index | None:
        """An index of the words in a column, which are letters, digits and underscores; or none,
        where they are looked for in every row."""
        ...

    def has_words(self, column: sa.Column[Any], words: Sequence[str]) -> sa.ColumnElement[bool]:
        """Whether every one of these is the beginning of a word there."""
        ...

    async def search(self, connection: AsyncConnection) -> None:
        """What this transaction reads from here on has words: they are found by their index."""
        ...


class Postgres:
    """PostgreSQL, 14 or newer, with asyncpg."""

    name = "postgresql"

    def engine(self, url: sa.URL, connections: int) -> AsyncEngine:
        """No ping before each use, which costs more than most queries: whoever meets a dead
        connection begins again, and the pool drops the rest. No statement runs for so long that
        compiling it would be worth while."""
        session = {
            "idle_in_transaction_session_timeout": f"{LEASE}s", "timezone": "UTC", "jit": "off"
        }  # fmt: skip
        told = {"server_settings": session, "connection_class": LeavableConnection}
        return create_async_engine(
            url, pool_size=connections, max_overflow=0, connect_args=told, hide_parameters=True,
            json_deserializer=orjson.loads,
        )  # fmt: skip

    def insert_new(self, table: sa.Table) -> Any:
        return postgresql.insert(table).on_conflict_do_nothing()

    def upsert(self, table: sa.Table) -> Any:
        insert = postgresql.insert(table)
        new = {each.name: insert.excluded[each.name] for each in table.c if not each.primary_key}
        return insert.on_conflict_do_update(index_elements=["id"], set_=new)

    def reword(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> sa.Update | None:
        return None

    def lock(self) -> sa.TextClause:
        return sa.text("SELECT pg_try_advisory_lock(:name)").bindparams(name=LOCK)

    def lease(self) -> sa.TextClause:
        return sa.text(f"SET idle_session_timeout = '{LEASE}s'")

    async def at_one_moment(self, connection: AsyncConnection) -> AsyncConnection:
        return await connection.execution_options(isolation_level="REPEATABLE READ")

    def search_index(self, name: str, column: sa.Column[Any]) -> sa.Index:
        return sa.Index(name, _vector(column), postgresql_using="gin")

    def has_words(self, column: sa.Column[Any], words: Sequence[str]) -> sa.ColumnElement[bool]:
        wanted = " & ".join(f"'{word}':*" for word in words)
        query = sa.cast(sa.cast(wanted, sa.Text), postgresql.TSQUERY)
        return _vector(column).bool_op("@@")(query)

    async def search(self, connection: AsyncConnection) -> None:
        """PostgreSQL believes that taking a row's words apart costs nothing, and would do it for
        every row rather than use the index."""
        await connection.execute(sa.text("SET LOCAL enable_seqscan = off"))


def _vector(column: sa.Column[Any]) -> sa.Function[Any]:
    """Its words as they are: PostgreSQL's own parser would take some of them apart. The space is
    text and no column, since of those an index takes the first to find its table."""
    space = sa.text("' '")
    return sa.func.array_to_tsvector(sa.func.string_to_array(sa.func.btrim(column), space))


class MySQL:
    """MySQL, 8 or newer, and MariaDB, 10.6 or newer, with asyncmy."""

    name = "mysql"

    def engine(self, url: sa.URL, connections: int) -> AsyncEngine:
        """MySQL knows no limit for transactions alone: every connection that rests for too long
        is closed there, and here it is dropped before that."""
        engine = create_async_engine(
            url, pool_size=connections, max_overflow=0, hide_parameters=True,
            isolation_level="READ COMMITTED", json_deserializer=orjson.loads,
        )  # fmt: skip
        _tell_each(engine.sync_engine.pool)
        _drop_the_rested(engine.sync_engine.pool)
        return engine

    def insert_new(self, table: sa.Table) -> Any:
        """Not with IGNORE, which passes over much more."""
        key = next(iter(table.primary_key))
        return mysql.insert(table).on_duplicate_key_update({key.name: key})

    def upsert(self, table: sa.Table) -> Any:
        insert, apart = mysql.insert(table), {"id", table.info.get(WORDS)}
        new = {each.name: insert.inserted[each.name] for each in table.c if each.name not in apart}
        return insert.on_duplicate_key_update(new)

    def reword(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> sa.Update | None:
        """MySQL 9.7 loses words that an upsert changes in several rows, but for those of the last.
        Where they are the same, this changes nothing."""
        column = table.info.get(WORDS)
        if column is None:
            return None
        words = {row["id"]: row[column] for row in rows}
        new = sa.case(words, value=table.c.id)
        return sa.update(table).where(table.c.id.in_(words)).values({column: new})

    def lock(self) -> sa.TextClause:
        """Its locks are the whole server's: the name says which database is meant. It has 64
        characters at most."""
        database = "LEFT(SHA2(DATABASE(), 256), 40)"
        return sa.text(f"SELECT GET_LOCK(CONCAT('{LOCK:x}.', {database}), 0)")

    def lease(self) -> sa.TextClause:
        return sa.text(f"SET SESSION wait_timeout = {LEASE}")

    async def at_one_moment(self, connection: AsyncConnection) -> AsyncConnection:
        await connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        return connection

    def search_index(self, name: str, column: sa.Column[Any]) -> sa.Index | None:
        """A temporary table can have none."""
        if column.table.info.get(TEMPORARY):
            return None
        return sa.Index(name, column, mysql_prefix="FULLTEXT")

    def has_words(self, column: sa.Column[Any], words: Sequence[str]) -> sa.ColumnElement[bool]:
        if column.table.info.get(TEMPORARY):
            return sa.and_(*(column.contains(f" {word}", autoescape=True) for word in words))
        wanted = " ".join(f"+{word}*" for word in words)
        return mysql.match(column, against=wanted).in_boolean_mode()

    async def search(self, connection: AsyncConnection) -> None:
        """Nothing else than the index can."""


_SESSION = (
    "SET collation_connection = utf8mb4_bin, time_zone = '+00:00', sql_mode = 'TRADITIONAL', "
    f"wait_timeout = {LEASE}"
)


def _tell_each(pool: sa.Pool) -> None:
    """After SQLAlchemy has told its own: that takes the server's collation."""

    @event.listens_for(pool, "connect")
    def made(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(_SESSION)
        cursor.close()


def _drop_the_rested(pool: sa.Pool) -> None:
    @event.listens_for(pool, "checkin")
    def left(_: Any, record: Any) -> None:
        record.info["left"] = time.monotonic()

    @event.listens_for(pool, "checkout")
    def taken(_: Any, record: Any, __: Any) -> None:
        if time.monotonic() - record.info.get("left", float("inf")) > LEASE / 2:
            raise sa.exc.DisconnectionError


DIALECTS: tuple[Dialect, ...] = (Postgres(), MySQL())
_BY_NAME = {each.name: each for each in DIALECTS}
_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "mysql": "mysql+asyncmy",
    "mariadb": "mysql+asyncmy",
}


def open_engine(url: str, connections: int = 5) -> AsyncEngine:
    """The pool for a database, however people write its URL."""
    full = sa.make_url(with_driver(url))
    return _BY_NAME[full.get_backend_name()].engine(full, connections)


def with_driver(url: str) -> str:
    """The URL for SQLAlchemy's asynchronous driver."""
    scheme, _, rest = url.partition("://")
    return f"{_DRIVERS.get(scheme.partition('+')[0], scheme)}://{rest}"


def dialect_of(connection: AsyncConnection) -> Dialect:
    """The one that this connection speaks."""
    return _BY_NAME[connection.dialect.name]


def insert_new(connection: AsyncConnection, table: sa.Table) -> Any:
    """An insert that passes over rows whose key is there."""
    return _insert_new(connection.dialect.name, table)


def upsert(connection: AsyncConnection, table: sa.Table) -> Any:
    """An insert that replaces rows whose key is there."""
    return _upsert(connection.dialect.name, table)


def reword(
    connection: AsyncConnection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> sa.Update | None:
    """What follows the upsert of these rows."""
    return dialect_of(connection).reword(table, rows)


@cache
def _insert_new(name: str, table: sa.Table) -> Any:
    """Built once: building a statement takes longer than sending it."""
    return _BY_NAME[name].insert_new(table)


@cache
def _upsert(name: str, table: sa.Table) -> Any:
    return _BY_NAME[name].upsert(table)
