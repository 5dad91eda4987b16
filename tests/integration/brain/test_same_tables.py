"""The same log gives the same tables in every kind of database."""

import asyncio
from collections.abc import Iterator

from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.leader import Leader
from mvidarr_catalog.brain.rebuild import Rebuilt
from mvidarr_catalog.models import whole_brain
from mvidarr_common.bus import Record, open_bus
from mvidarr_common.envelope import fresh
from mvidarr_common.messages import Event, Message
from mvidarr_common.messages.base import registered
from mvidarr_common.messages.examples import example, examples
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobAdded, JobFailed
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.servers import DatabaseServer

SITES = (
    "b.example",
    "B.example",
    "a.example",
    "ä.example",
    "a-b.example",
    "🎸.example",
    "z.example",
)
"""Every server's own language would put them in another order."""


def story() -> Iterator[Message]:
    """Everything that can happen, and rows whose ids are no UUIDs."""
    for cls in registered("event"):
        if issubclass(cls, Event):
            yield from examples(cls)
    for site in SITES:
        id = JobId(f"job at {site}")
        yield example(JobAdded).model_copy(update={"job_id": id, "site": site})
        refused = {"job_id": id, "code": "rate_limited", "message": f"{site}: später 🕰"}
        yield example(JobFailed).model_copy(update=refused)


async def told(server: DatabaseServer, records: list[Record]) -> Rebuilt:
    """What a catalog makes of them, and of its archive."""
    engine = open_engine(await asyncio.to_thread(server.new_database))
    try:
        async with open_bus("embedded::memory:", "test") as bus:
            leader = Leader(engine, bus, whole_brain())
            await leader.take_over()
            await leader.take(records)
            return await leader.rebuild()
    finally:
        await engine.dispose()


async def test_the_same_log_gives_the_same_tables_wherever_it_is_folded(
    postgres: PostgresServer, mariadb: DatabaseServer
) -> None:
    bodies = [fresh(message, source="test").encode() for message in story()]
    records = [Record(offset, body) for offset, body in enumerate(bodies)]
    ours, theirs = await told(postgres, records), await told(mariadb, records)
    assert ours.old_checksum == ours.new_checksum == theirs.old_checksum == theirs.new_checksum
    assert ours.records == theirs.records > 50
