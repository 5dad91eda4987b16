"""A log that has lost records gets them back from the archive, and work goes on."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aio_pika
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.progress import Progress
from mvidarr_catalog.models import whole_brain
from mvidarr_catalog.reign import reign_for_ever
from mvidarr_catalog.settings import CatalogSettings
from mvidarr_common.bus import Bus, Delivery, FromFirst, Record, open_bus
from mvidarr_common.bus.topology import LOG, job_queue
from mvidarr_common.envelope import Envelope, decode, following
from mvidarr_common.messages.ids import WorkerId
from mvidarr_common.messages.jobs import (
    EnqueueJob,
    JobCompleted,
    JobQueued,
    JobStarted,
    Noop,
    NothingDone,
)
from mvidarr_common.messages.library import ArtistFollowed, FollowArtist
from mvidarr_common.messages.queries import GetSystem, ListJobs, ListRecords
from mvidarr_common.messages.system import LogRestored, RestoreLog
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode

from .conftest import World

RESTORED = f"event.{LogRestored.wire}"


@pytest.fixture
async def engine(postgres: PostgresServer) -> AsyncIterator[AsyncEngine]:
    """An empty database."""
    engine = open_engine(await asyncio.to_thread(postgres.new_database))
    yield engine
    await engine.dispose()


@asynccontextmanager
async def opened(url: str, engine: AsyncEngine) -> AsyncIterator[World]:
    """A system on this bus, with this database."""
    async with open_bus(url, "test") as bus:
        yield World(bus, engine, whole_brain())


async def follow(world: World, *names: str) -> None:
    """Artists are followed, and it is quiet again."""
    async with world.leading():
        for name in names:
            await done(world, await world.say(FollowArtist(name=name)))
        await world.quiet()


async def done(world: World, command: Envelope) -> None:
    """Wait until something has come of it."""
    await eventually(lambda: answered(world, command.id))


async def answered(world: World, id: str) -> bool:
    """Whether something has come of this command."""
    return len((await world.ask(ListRecords(command_id=id))).items) > 1


async def whole_log(bus: Bus) -> list[Record]:
    """Everything that the log holds."""
    found: list[Record] = []
    async with bus.read_log(FromFirst()) as reader:
        while records := await reader.batch(500, 2.0):
            found += records
    return found


def names_of(records: Sequence[Record]) -> list[str]:
    """Who was followed, by the log."""
    messages = (decode(record.body).message for record in records)
    return [each.name for each in messages if isinstance(each, ArtistFollowed)]


def cut(path: Path, keep: int) -> None:
    """The file of an embedded bus loses the end of its log."""
    with sqlite3.connect(path) as database:
        places = [row[0] for row in database.execute('SELECT "offset" FROM log ORDER BY 1')]
        database.execute('DELETE FROM log WHERE "offset" > ?', (places[keep - 1],))
    database.close()


async def delete_log(url: str) -> None:
    """The broker loses the stream."""
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        await channel.queue_delete(LOG)


async def work_off(bus: Bus, delivery: Delivery) -> str:
    """As a worker does it."""
    queued = decode(delivery.body)
    assert isinstance(queued.message, JobQueued)
    id, worker = queued.message.job_id, WorkerId("w")
    started = JobStarted(job_id=id, attempt=1, worker_id=worker, delivery="d")
    ended = JobCompleted(job_id=id, attempt=1, worker_id=worker, result=NothingDone(), seconds=0.1)
    for fact in (started, ended):
        await bus.publish(following(queued, fact, source="test"))
    await delivery.ack()
    return id


@pytest.mark.parametrize("more", [0, 9])
async def test_a_lost_tail_is_appended_again_and_what_came_instead_is_decided(
    tmp_path: Path, engine: AsyncEngine, more: int
) -> None:
    path = tmp_path / "bus.db"
    url = f"embedded:{path}"
    async with opened(url, engine) as world:
        await follow(world, *"abcdefgh")
        before, types = await world.checksum(), await world.types_in_archive()
    await asyncio.to_thread(cut, path, 6)
    async with opened(url, engine) as world:
        late = [await world.say(FollowArtist(name=f"late {number}")) for number in range(more)]
        async with world.leading() as leader:
            for command in late:
                await done(world, command)
            await eventually(lambda: restored(world))
            await world.quiet()
            if not more:
                folded = [each for each in await world.types_in_archive() if each != RESTORED]
                assert (await world.checksum(), folded) == (before, types)
            rebuilt = await leader.rebuild()
            assert rebuilt.new_checksum == rebuilt.old_checksum
        held = names_of(await whole_log(world.bus))
        assert sorted(held) == sorted([*"abcdefgh", *(f"late {n}" for n in range(more))])
        await offsets_agree(world)


async def test_a_log_that_is_gone_is_made_again_from_the_archive(
    tmp_path: Path, engine: AsyncEngine
) -> None:
    path = tmp_path / "bus.db"
    async with opened(f"embedded:{path}", engine) as world:
        await follow(world, "a", "b")
        old = (await world.ask(GetSystem())).log_id
    path.unlink()
    async with opened(f"embedded:{path}", engine) as world:
        await follow(world, "c")
        assert (await world.ask(GetSystem())).log_id != old
        assert sorted(names_of(await whole_log(world.bus))) == ["a", "b", "c"]
        await offsets_agree(world)


async def test_a_stream_deleted_under_the_leader_comes_back_and_no_job_is_released_again(
    rabbit_node: RabbitNode, engine: AsyncEngine
) -> None:
    url = rabbit_node.url(rabbit_node.new_vhost())
    taken: list[str] = []
    async with opened(url, engine) as world:

        async def take(delivery: Delivery) -> None:
            taken.append(await work_off(world.bus, delivery))

        async with world.bus.work(job_queue("noop"), 4, take), world.leading() as leader:
            for number in range(20):
                await world.say(EnqueueJob(spec=Noop(payload=str(number))))
            await eventually(lambda: completed(world, 20))
            await world.quiet()
            before, archived = await world.checksum(), await world.types_in_archive()
            await delete_log(url)
            await eventually(lambda: restored(world), within=60)
            await world.quiet()
            held = {decode(record.body).type for record in await whole_log(world.bus)}
            assert {*archived, RESTORED} <= held
            await done(world, await world.say(EnqueueJob(spec=Noop(payload="after"))))
            await eventually(lambda: completed(world, 21))
            await world.quiet()
            rebuilt = await leader.rebuild()
            assert rebuilt.new_checksum == rebuilt.old_checksum != before
        assert len(taken) == len(set(taken)) == 21
        assert await world.bus.depth("jobs.noop") == 0
        await offsets_agree(world)


async def test_retention_does_not_hurt_a_catalog_that_is_ahead(
    rabbit_node: RabbitNode, engine: AsyncEngine
) -> None:
    vhost = rabbit_node.new_vhost()
    small = '{"stream-max-segment-size-bytes":100000,"max-length-bytes":100000}'
    await asyncio.to_thread(
        rabbit_node.ctl, "set_policy", "-p", vhost, "small", LOG, small, "--apply-to", "queues"
    )
    async with opened(rabbit_node.url(vhost), engine) as world:
        await follow(world, "first")
        async with world.leading():
            for number in range(300):
                said = await world.say(FollowArtist(name=f"{number} {'x' * 250}"))
                if number % 30 == 29:  # the log forgets what has passed this catalog, and no more
                    await done(world, said)
            await world.quiet()
        assert len(names_of(await whole_log(world.bus))) < 300
        async with world.leading() as leader:
            await done(world, await world.say(FollowArtist(name="after")))
            await world.quiet()
            rebuilt = await leader.rebuild()
            assert rebuilt.new_checksum == rebuilt.old_checksum
        assert RESTORED not in await world.types_in_archive()


async def test_a_log_of_another_library_is_refused_until_somebody_says_so(
    tmp_path: Path, engine: AsyncEngine, postgres: PostgresServer
) -> None:
    other = open_engine(await asyncio.to_thread(postgres.new_database))
    theirs = f"embedded:{tmp_path / 'theirs.db'}"
    async with opened(theirs, other) as world:
        await follow(world, "theirs")
    await other.dispose()
    async with opened(f"embedded:{tmp_path / 'ours.db'}", engine) as world:
        await follow(world, "ours")
        log_id = (await world.ask(GetSystem())).log_id
    async with opened(theirs, engine) as world:
        with pytest.raises(ExceptionGroup) as refused:
            await follow(world, "nobody")
        assert "mvidarr log restore" in str(leaf(refused.value))
        await world.say(RestoreLog(log_id="another"))
        with pytest.raises(ExceptionGroup):
            await follow(world, "nobody")
        await world.say(RestoreLog(log_id=log_id))
        await follow(world, "after")
        assert {"ours", "after"} <= set(names_of(await whole_log(world.bus)))
        assert (await world.ask(GetSystem())).log_id != log_id


async def test_a_catalog_with_a_foreign_log_says_so_and_waits(
    tmp_path: Path,
    engine: AsyncEngine,
    postgres: PostgresServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = open_engine(await asyncio.to_thread(postgres.new_database))
    theirs = f"embedded:{tmp_path / 'theirs.db'}"
    async with opened(theirs, other) as world:
        await follow(world, "theirs")
    await other.dispose()
    async with opened(f"embedded:{tmp_path / 'ours.db'}", engine) as world:
        await follow(world, "ours")
    async with opened(theirs, engine) as world, asyncio.TaskGroup() as tasks:
        reign = tasks.create_task(
            reign_for_ever(world.bus, engine, world.brain, CatalogSettings(), Progress(engine))
        )

        async def told() -> bool:
            return any("not the one of this library" in each.message for each in caplog.records)

        with caplog.at_level(logging.ERROR):
            await eventually(told, within=30)
        assert not reign.done()
        reign.cancel()


def leaf(error: BaseException) -> BaseException:
    """The exception inside of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def restored(world: World) -> bool:
    """Whether the log says that it was mended."""
    return RESTORED in await world.types_in_archive()


async def completed(world: World, count: int) -> bool:
    """Whether so many jobs are done."""
    return len((await world.ask(ListJobs(state="completed", limit=100))).items) == count


async def offsets_agree(world: World) -> None:
    """Every record of the log stands in the archive under a place that the log has it at."""
    places: dict[str, set[int]] = {}
    for record in await whole_log(world.bus):
        places.setdefault(decode(record.body).id, set()).add(record.offset)
    found = (await world.ask(ListRecords(after=-1, limit=500))).items
    kept = {each.id: each.offset for each in found if each.type != "event.log.started"}
    assert all(kept[id] in at for id, at in places.items() if id in kept)
    assert kept.keys() <= places.keys()
