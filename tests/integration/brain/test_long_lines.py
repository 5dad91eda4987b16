"""A look of the dispatcher costs what can go, not what waits: counted in rows that are read."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from tests.integration.brain.conftest import DATABASES, World

from mvidarr_catalog.brain.driver import CHUNK
from mvidarr_catalog.brain.leader import Leader
from mvidarr_catalog.brain.mind import Mind
from mvidarr_catalog.brain.rows import Row, table_of, to_columns
from mvidarr_catalog.brain.store import read_checkpoint
from mvidarr_catalog.brain.transactions import Work
from mvidarr_catalog.brain.turn import Turn
from mvidarr_catalog.jobs.dispatcher import Dispatcher
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.jobs.lanes import Line
from mvidarr_catalog.jobs.quotas import Quota
from mvidarr_catalog.jobs.sites import Site
from mvidarr_catalog.jobs.workforce import Workforce
from mvidarr_catalog.testing import BEGINNING, Story
from mvidarr_common.messages.dispatch import Pace, QuotaRules
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import Download, JobAdded, JobQueued, JobsFellDue
from mvidarr_common.messages.profiles import QualityProfile

pytestmark = pytest.mark.parametrize("ground", DATABASES, indirect=True)

MANY = 600
NOW = BEGINNING + timedelta(hours=1)
SPEC = Download(url="https://a.example/1", profile=QualityProfile(name="Any"))
SHOWN = {
    "postgresql": "SELECT 'rows', sum(seq_tup_read + coalesce(idx_tup_fetch, 0))"
    " FROM pg_stat_xact_user_tables",
    "mysql": "SHOW SESSION STATUS LIKE 'handler\\_read\\_%'",
}


def waiting(name: str, count: int, **fields: object) -> Iterable[Job]:
    """So many jobs that have waited since the beginning."""
    story = Story().given(JobAdded(job_id=JobId("one"), spec=SPEC, site="a.example"))
    job = story.row(Job, "one")
    for n in range(count):
        yield job.changed(id=f"{name} {n:04}", turn=n, **fields).lined_up(
            NOW - timedelta(minutes=1)
        )


async def put(connection: AsyncConnection, generation: int, rows: Iterable[Row]) -> None:
    """As a fold would have left them."""
    for kind, columns in [(type(row), to_columns(row)) for row in rows]:
        await connection.execute(sa.insert(table_of(kind, generation)), columns)


@asynccontextmanager
async def turning(world: World, *rows: Row) -> AsyncIterator[Turn]:
    """A turn over these rows."""
    await Leader(world.engine, world.bus, world.brain).take_over()
    async with world.engine.begin() as connection:
        checkpoint = await read_checkpoint(connection)
        jobs = table_of(Job, checkpoint.generation)
        await put(connection, checkpoint.generation, (r for r in rows if not isinstance(r, Job)))
        many = [row for row in rows if isinstance(row, Job)]
        for start in range(0, len(many), CHUNK):
            part = [to_columns(row) for row in many[start : start + CHUNK]]
            await connection.execute(sa.insert(jobs), part)
        lines = Counter(row.line for row in many if row.line)
        await put(
            connection,
            checkpoint.generation,
            (Line(id=k, line=k, waiting=n) for k, n in lines.items()),
        )
    async with world.engine.begin() as connection:
        yield Turn(Mind(world.brain), Work(connection), checkpoint, set())


async def read(turn: Turn) -> int:
    """Rows that the database has read for this turn until now."""
    query = sa.text(SHOWN[turn.connection.dialect.name])
    return sum(int(count) for _, count in await turn.connection.execute(query))


def sent(turn: Turn) -> list[str]:
    """The jobs that were released, in that order."""
    messages = [each.message for each in turn.said.events]
    return [each.job_id for each in messages if isinstance(each, JobQueued)]


async def test_what_cannot_go_now_is_not_read_however_much_of_it_is_in_front(world: World) -> None:
    away = NOW + timedelta(hours=1)
    rows = (
        Site(id="paused.example", paused_until=away),
        Site(id="slow.example", rules=Pace(per_minute=1), free_at=away),
        Quota(id="user/greedy", rules=QuotaRules(at_once=1)),
        *waiting("paused", MANY, site="paused.example", priority=9),
        *waiting("slow", MANY, site="slow.example", priority=9),
        *waiting("later", MANY, site="b.example", priority=9, due=away),
        *waiting("greedy", MANY, requester="user/greedy", priority=8),
        *waiting("plain", 2, site="b.example", priority=1),
    )
    async with turning(world, *rows) as turn:
        before = await read(turn)
        await Dispatcher(Workforce(), per_site=3)(turn, NOW)
        assert sent(turn) == ["greedy 0000", "plain 0000", "plain 0001"]
        assert await read(turn) - before < MANY / 5


async def test_many_lines_are_merged_in_one_order(world: World) -> None:
    lines = 40
    rows = [job for n in range(lines) for job in waiting(f"{n:02}", 2, requester=f"user/{n:02}")]
    async with turning(world, *rows) as turn:
        await Dispatcher(Workforce(), per_site=1000)(turn, NOW)
        assert sent(turn) == [f"{n:02} 0000" for n in range(4)]


async def test_what_falls_due_is_said_once(world: World) -> None:
    late = waiting("late", 3, due=NOW)
    async with turning(world, *late) as turn:
        for moment in (NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=1)):
            await Dispatcher(Workforce(), per_site=3)(turn, moment)
        assert [each.message for each in turn.said.events] == [
            JobsFellDue(job_ids=tuple(JobId(f"late {n:04}") for n in range(3)))
        ]
