"""One thread owns the database and commits in groups, so that many publishers share one fsync.

Whatever is pending goes into one transaction; then it is committed, then it is confirmed, then the
reads of the same round see it. Only what must survive a power cut waits for the disk: lending and
settling survive the death of the process, and after a power cut mean one more delivery.
"""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from mvidarr_common.bus.protocol import Health
from mvidarr_common.errors import Problem, Unavailable, Unconfirmed

from .database import open_database
from .statements import Statement

T = TypeVar("T")
GROUP = 1000

log = logging.getLogger(__name__)


class Care(IntEnum):
    """How much a statement asks for."""

    READ = 0
    WRITE = 1
    DURABLE = 2


@dataclass(slots=True)
class _Wish:
    run: Statement[Any]
    care: Care
    then: Callable[[Any], None] | None
    failed: Callable[[], None] | None
    future: asyncio.Future[Any] | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    wish: _Wish
    result: Any = None
    problem: Problem | None = None

    def tell(self) -> None:
        """What follows from a commit follows even when nobody waits for it any more."""
        if self.problem is None and self.wish.then is not None:
            self.wish.then(self.result)
        if self.problem is not None and self.wish.failed is not None:
            self.wish.failed()
        future = self.wish.future
        if future is None or future.done():
            return
        if self.problem is None:
            future.set_result(self.result)
        else:
            future.set_exception(self.problem)


class Store:
    """The way from the event loop to the database."""

    def __init__(self, path: str) -> None:
        self.health = Health(ready=True)
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._inbox: SimpleQueue[_Wish | None] = SimpleQueue()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="bus", daemon=True)

    async def open(self) -> None:
        """Raises Conflict when another process has the file."""
        self._thread.start()
        await self._opened

    async def close(self) -> None:
        """What was submitted before is still done."""
        self._closed = True
        self._inbox.put(None)
        await asyncio.to_thread(self._thread.join)

    def submit(
        self,
        run: Statement[T],
        care: Care = Care.WRITE,
        then: Callable[[T], None] | None = None,
        failed: Callable[[], None] | None = None,
    ) -> asyncio.Future[T]:
        """Statements run in the order of submission; `then` (or `failed`) runs in the loop after
        the commit, before anybody who awaits the future, and when nobody does."""
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closed:
            future.set_exception(Unavailable("bus_closed", "the bus is closed"))
        else:
            self._inbox.put(_Wish(run, care, then, failed, future))
        return future

    def post(
        self,
        run: Statement[T],
        then: Callable[[T], None] | None = None,
        failed: Callable[[], None] | None = None,
    ) -> None:
        """Submit what nobody awaits."""
        if not self._closed:
            self._inbox.put(_Wish(run, Care.WRITE, then, failed, None))

    async def read(self, run: Statement[T]) -> T:
        """Run after the writes of the same round."""
        return await self.submit(run, Care.READ)

    def _serve(self) -> None:
        try:
            database = open_database(self._path)
        except Exception as error:
            self._call(self._announce, error)
            return
        self._call(self._announce, None)
        for group in self._groups():
            self._call(self._tell, list(_carry_out(database, group)))
        database.close()

    def _groups(self) -> Iterator[list[_Wish]]:
        while (wish := self._inbox.get()) is not None:
            group = [wish]
            with suppress(Empty):
                while len(group) < GROUP and (more := self._inbox.get_nowait()) is not None:
                    group.append(more)
                if len(group) < GROUP:
                    self._inbox.put(None)  # the end was taken: it comes after this group
            yield group

    def _call(self, function: Callable[..., None], *values: Any) -> None:
        with suppress(RuntimeError):  # the loop is gone, and with it everybody who waited
            self._loop.call_soon_threadsafe(function, *values)

    def _announce(self, error: Exception | None) -> None:
        if self._opened.done():
            return
        if error is None:
            self._opened.set_result(None)
        else:
            self._opened.set_exception(error)

    def _tell(self, outcomes: list[_Outcome]) -> None:
        problem = next((one.problem for one in outcomes if one.problem is not None), None)
        self.health = Health(problem is None, problem.message if problem else "")
        for outcome in outcomes:
            outcome.tell()


def _carry_out(database: sqlite3.Connection, group: list[_Wish]) -> Iterator[_Outcome]:
    yield from _write(database, [wish for wish in group if wish.care is not Care.READ])
    for wish in group:
        if wish.care is Care.READ:
            yield _read(database, wish)


def _write(database: sqlite3.Connection, wishes: list[_Wish]) -> list[_Outcome]:
    if not wishes:
        return []
    try:
        return _commit(database, wishes)
    except Exception as error:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        if len(wishes) > 1:  # one that cannot be written must not take the others with it
            return [outcome for wish in wishes for outcome in _write(database, [wish])]
        log.exception("the bus could not write")
        problem = Unconfirmed("bus_write_failed", f"the bus could not write: {error}", after=1)
        return [_Outcome(wishes[0], problem=problem)]


def _commit(database: sqlite3.Connection, wishes: list[_Wish]) -> list[_Outcome]:
    durable = max(wish.care for wish in wishes) is Care.DURABLE
    database.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    database.execute("BEGIN")
    outcomes = [_Outcome(wish, wish.run(database)) for wish in wishes]
    database.execute("COMMIT")
    return outcomes


def _read(database: sqlite3.Connection, wish: _Wish) -> _Outcome:
    try:
        return _Outcome(wish, wish.run(database))
    except Exception as error:
        log.exception("the bus could not read")
        problem = Unavailable("bus_read_failed", f"the bus could not read: {error}", after=1)
        return _Outcome(wish, problem=problem)
