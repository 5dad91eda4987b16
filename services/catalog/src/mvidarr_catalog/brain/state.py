"""The rows that folding and deciding see: loaded once, changed in memory, written once.

Functions that fold and decide are synchronous. Asking for a row that is not in memory raises
NotLoaded; the loop loads it and calls the function again. So nothing is declared beforehand, and
a function can only depend on what it asked for.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

from .rows import R, Row

Key = tuple[type[Row], str]
Rows = dict[Key, Row | None]

ROWS_IN_MEMORY = 100_000
"""Rows that a state keeps between turns; a row is some kilobytes at most."""


class NotLoaded(Exception):
    """These rows are needed; an empty id means the whole table."""

    def __init__(self, row: type[Row], *ids: str) -> None:
        super().__init__(f"{row.__name__} {', '.join(ids) or '*'}")
        self.keys: tuple[Key, ...] = tuple((row, id) for id in ids or ("",))


class Known(Protocol):
    """What deciding sees: rows to read, nothing to write."""

    def get(self, row: type[R], id: str) -> R | None:
        """The row of this id, if there is one."""
        ...

    def all(self, row: type[R]) -> list[R]:
        """Every row of a small table, in the order of their ids."""
        ...

    def need(self, row: type[Row], ids: Iterable[str]) -> None:
        """Have many rows at hand that will be asked for one by one."""
        ...


class State:
    """Rows in memory above the tables. Changes gather until they are taken to be written."""

    def __init__(self) -> None:
        self._rows: dict[Key, Any] = {}  # by its class: no cast for what is asked all the time
        self._complete: set[type[Row]] = set()
        self._dirty: set[Key] = set()
        self._open: dict[Key, Any] | None = None

    def get(self, row: type[R], id: str) -> R | None:
        """The row of this id, if there is one; raises NotLoaded."""
        key = (row, id)
        found: R | None
        if self._open and key in self._open:
            found = self._open[key]
            return found
        found = self._rows.get(key)
        if found is None and key not in self._rows and row not in self._complete:
            raise NotLoaded(row, id)
        return found

    def all(self, row: type[R]) -> list[R]:
        """Every row of a small table, in the order of their ids; raises NotLoaded."""
        if not row.whole:
            raise TypeError(f"{row.__name__} is not a table that may be read whole")
        if row not in self._complete:
            raise NotLoaded(row)
        seen = self._rows | (self._open or {})
        found = [value for (kind, _), value in seen.items() if kind is row and value is not None]
        return sorted(cast("list[R]", found), key=lambda each: each.id)

    def need(self, row: type[Row], ids: Iterable[str]) -> None:
        """Have many rows at hand that will be asked for one by one; raises NotLoaded."""
        if missing := self.missing((row, id) for id in ids):
            raise NotLoaded(row, *sorted(id for _, id in missing))

    def put(self, row: Row) -> None:
        """Write a row; only inside `change`."""
        self._writable()[type(row), row.id] = row

    def drop(self, row: type[Row], id: str) -> None:
        """Remove a row; only inside `change`."""
        self._writable()[row, id] = None

    def change(self) -> "Change":
        """All writes inside happen, or none when the block raises. Yields what was written."""
        return Change(self)

    def begin(self) -> Rows:
        """From now on there may be writes; see `change`."""
        self._open = {}
        return self._open

    def end(self, *, keep: bool) -> None:
        """The writes since `begin` count, or never were."""
        if keep and self._open:
            self._rows.update(self._open)
            self._dirty.update(self._open)
        self._open = None

    def before(self, written: Rows) -> Rows:
        """The rows as they were before the change that is open."""
        return {key: self._rows.get(key) for key in written}

    def learn(self, rows: Rows, complete: Iterable[type[Row]] = ()) -> None:
        """Take over rows from the tables; what memory knows already is newer and stays."""
        for key, row in rows.items():
            self._rows.setdefault(key, row)
        self._complete.update(complete)

    def missing(self, keys: Iterable[Key]) -> set[Key]:
        """Those of the keys that are not in memory."""
        return {key for key in keys if key not in self._rows and key[0] not in self._complete}

    def knows_all(self, kinds: Iterable[type[Row]]) -> bool:
        """Whether nothing of these tables is outside of memory."""
        return self._complete.issuperset(kinds)

    def take_changes(self) -> Rows:
        """The rows to be written (None: deleted); from now on they count as written."""
        changes = {key: self._rows[key] for key in self._dirty}
        self._dirty = set()
        return changes

    @property
    def changed(self) -> bool:
        """Whether there are rows to be written."""
        return bool(self._dirty)

    def everything(self) -> Iterable[tuple[Key, Row | None]]:
        """Every row in memory."""
        return self._rows.items()

    def forget(self) -> None:
        """Drop everything: the tables are the truth again."""
        self._rows, self._complete, self._dirty = {}, set(), set()

    def holds_more_than(self, most: int) -> bool:
        """Whether it is time to drop everything, once it is written."""
        return len(self._rows) > most and not self._dirty

    def forget_beyond(self, most: int) -> None:
        """Drop everything that is written, when it is more than this many rows."""
        if self.holds_more_than(most):
            self.forget()

    def _writable(self) -> Rows:
        if self._open is None:
            raise RuntimeError("nothing but fold writes the read model")
        return self._open


class Change:
    """The block of a `change`: a class, since a generator takes longer than many a fold."""

    __slots__ = ("_state",)

    def __init__(self, state: State) -> None:
        self._state = state

    def __enter__(self) -> Rows:
        return self._state.begin()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._state.end(keep=kind is None)


class Overlay:
    """The state as it will be when our own decisions in flight have come back by the log. What
    they have written stands here, and goes with the last of those who have used it."""

    def __init__(self, base: State) -> None:
        self._base = base
        self._rows: Rows = {}
        self._open: Rows | None = None
        self._asked: set[Key] = set()
        self._used: dict[str, frozenset[Key]] = {}
        self._users: Counter[Key] = Counter()

    def get(self, row: type[R], id: str) -> R | None:
        """The row of this id, as it will be; raises NotLoaded."""
        key = (row, id)
        if self._open is not None:
            self._asked.add(key)
        for layer in (self._open, self._rows):
            if layer is not None and key in layer:
                return cast("R | None", layer[key])
        return self._base.get(row, id)

    def all(self, row: type[R]) -> list[R]:
        """Every row of a small table, as they will be; raises NotLoaded."""
        if self._open is not None:
            self._asked.add((row, ""))
        rows: dict[str, Row | None] = {each.id: each for each in self._base.all(row)}
        for layer in (self._rows, self._open or {}):
            rows |= {id: value for (kind, id), value in layer.items() if kind is row}
        return sorted((cast("R", each) for each in rows.values() if each), key=lambda each: each.id)

    def need(self, row: type[Row], ids: Iterable[str]) -> None:
        """Have many rows at hand that will be asked for one by one; raises NotLoaded."""
        self._base.need(row, ids)

    def put(self, row: Row) -> None:
        """Write a row; only inside `change`."""
        assert self._open is not None
        self._open[type(row), row.id] = row

    def drop(self, row: type[Row], id: str) -> None:
        """Remove a row; only inside `change`."""
        assert self._open is not None
        self._open[row, id] = None

    @contextmanager
    def change(self) -> Iterator[Rows]:
        """All writes inside happen, or none when the block raises."""
        self._open, self._asked = {}, set()
        try:
            yield self._open
            self._rows.update(self._open)
        finally:
            self._open = None

    def expected(self, id: str, written: Rows) -> None:
        """The change that was last was by this decision, which has written these rows."""
        self._used[id] = used = frozenset(self._asked | written.keys())
        self._users.update(used)

    def came_back(self, id: str) -> None:
        """The oldest decision in flight is folded below: what it alone has used is the same
        there."""
        for key in self._used.pop(id, ()):
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key]
                self._rows.pop(key, None)

    def touched(self, before: Rows, written: Rows) -> bool:
        """Rows were written below. Whether one was used by what is in flight, so that all is to be
        applied anew; a mere count goes along."""
        used = [key for key in written if key in self._users or (key[0], "") in self._users]
        for key in used:
            if key[0].tally and key in self._rows:
                self._rows[key] = _counted(key[0].tally, self._rows[key], before[key], written[key])
        return any(key[0].tally is None for key in used)

    def clear(self) -> None:
        """Show the base again."""
        self._rows, self._used = {}, {}
        self._users.clear()


def _counted(field: str, ours: Row | None, before: Row | None, now: Row | None) -> Row | None:
    """Our row of a count, when the one below has become another."""
    count = sum(
        sign * (getattr(row, field) if row else 0)
        for sign, row in ((1, ours), (1, now), (-1, before))
    )
    like = ours or now or before
    return like.changed(**{field: count}) if like and count else None
