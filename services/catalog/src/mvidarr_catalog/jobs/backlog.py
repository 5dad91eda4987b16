"""What waits, in the order in which it should go, without a look at what cannot go now.

Jobs that need the same room stand in one line, each by priority, turn and age. A look takes the
first job of every line, leaves out the lines that nothing can go out of, however many wait in them,
and reads the fronts of the others merged.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from mvidarr_catalog.brain.driver import Columns, fetch, rows_of
from mvidarr_catalog.brain.mind import by_the_clock
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.turn import Turn
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobsFellDue

from .jobs import Job
from .lanes import Line
from .room import Candidate, Room

FRONTS = 16
"""Lines whose fronts are read at a time: each is a part of one statement."""

COLUMNS = (
    "line", "priority", "turn", "added", "id", "queue", "site", "requester", "attempt"
)  # fmt: skip

WAKES = 500
"""Jobs that fall due in one turn."""


class Standing(NamedTuple):
    """A job at its place in a line."""

    line: str
    place: tuple[int, int, datetime, str]
    """Among all jobs of its queue: the least goes first."""
    job: Candidate


async def heads(turn: Turn) -> list[Standing]:
    """The first of every line, best first."""
    generation = turn.checkpoint.generation
    first = [row["first"] for row in await fetch(await turn.tables(), _heads(generation))]
    if not first:
        return []
    jobs = table_of(Job, generation)
    return _standing(await rows_of(await turn.tables(), jobs, first, *COLUMNS))


async def lined_up(turn: Turn) -> Counter[str]:
    """How many jobs wait for a place alone, by queue: those of every line, by the queue of its
    first."""
    lines = table_of(Line, turn.checkpoint.generation).c
    rows = await fetch(await turn.tables(), sa.select(lines.line, lines.waiting))
    counts = {row["line"]: row["waiting"] for row in rows}
    found = Counter[str]()
    for head in await heads(turn):
        found[head.job.queue] += counts.get(head.line, 0)
    return found


async def in_order(turn: Turn, room: Room, heads: list[Standing]) -> AsyncIterator[list[Candidate]]:
    """Pages of candidates. What is released of one counts before the next is made."""
    rest: list[Standing] = []
    while heads := [head for head in heads if room.fits(head.job)]:
        behind = heads[FRONTS:]
        rows = rest + await _fronts(turn, room, heads[:FRONTS])
        rows.sort(key=attrgetter("place"))
        rest = [row for row in rows if behind and row.place > behind[0].place]
        yield [row.job for row in rows[: len(rows) - len(rest)]]
        heads = behind
    yield [row.job for row in rest]


async def wake(turn: Turn, now: datetime) -> None:
    """Say which jobs have fallen due, unless some are on their way: they line up when it is
    heard."""
    if any(isinstance(each.message, JobsFellDue) for each in turn.mind.in_flight.values()):
        return
    query = _due(turn.checkpoint.generation)
    ids = [row["id"] for row in await fetch(await turn.tables(), query, {"now": now})]
    if ids:
        word = JobsFellDue(job_ids=tuple(map(JobId, ids)))
        await turn.say(by_the_clock(word, key=f"{ids[0]}/{now.isoformat()}"))


async def _fronts(turn: Turn, room: Room, heads: Sequence[Standing]) -> list[Standing]:
    """As many of each line as may go at most. The rows of those that are on their way still say
    that they wait."""
    given: dict[str, Any] = {}
    for n, head in enumerate(heads):
        given[f"line_{n}"] = head.line
        given[f"most_{n}"] = room.free[head.job.queue] + len(room.hidden)
    query = _of_lines(turn.checkpoint.generation, len(heads))
    return _standing(await fetch(await turn.tables(), query, given))


def _standing(rows: Iterable[Columns]) -> list[Standing]:
    found = [
        Standing(
            row["line"],
            (-row["priority"], row["turn"], row["added"], row["id"]),
            Candidate(row["id"], row["queue"], row["site"], row["requester"], row["attempt"]),
        )
        for row in rows
    ]
    return sorted(found, key=attrgetter("place"))


def _order(jobs: sa.FromClause) -> tuple[sa.ColumnElement[Any], ...]:
    return jobs.c.priority.desc(), jobs.c.turn, jobs.c.added, jobs.c.id


@cache
def _heads(generation: int) -> sa.Select[Any]:
    """The index is asked once for each line, whatever a database thinks of the tables' sizes. All
    of a line have the same `line`, and yet MySQL would sort them unless told to order by it."""
    jobs, lines = table_of(Job, generation), table_of(Line, generation)
    mine = sa.select(jobs.c.id).where(jobs.c.line == lines.c.line)
    first = mine.order_by(jobs.c.line, *_order(jobs)).limit(1)
    return sa.select(first.scalar_subquery().label("first")).select_from(lines)


@cache
def _of_lines(generation: int, count: int) -> sa.CompoundSelect[Any]:
    """The front of each. Built once: building it takes longer than running it."""
    return sa.union_all(*(_of_line(generation, n) for n in range(count)))


def _of_line(generation: int, n: int) -> sa.Select[Any]:
    jobs = table_of(Job, generation)
    columns = [jobs.c[name] for name in COLUMNS]
    query = sa.select(*columns).where(jobs.c.line == sa.bindparam(f"line_{n}"))
    query = query.order_by(*_order(jobs))
    return query.limit(sa.bindparam(f"most_{n}", type_=sa.Integer))


@cache
def _due(generation: int) -> sa.Select[Any]:
    jobs = table_of(Job, generation).c
    query = sa.select(jobs.id).where(jobs.wakes <= sa.bindparam("now"))
    return query.order_by(jobs.wakes, jobs.id).limit(WAKES)
