"""The eight rules of the brain's loop, each shown on both buses and on both kinds of database."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from mvidarr_catalog.brain.leader import Leader
from mvidarr_catalog.brain.mind import Mind
from mvidarr_catalog.brain.model import Brain, Decision, Later, ReadModel, brain_of
from mvidarr_catalog.brain.rows import Row, table_of
from mvidarr_catalog.brain.schema import event_log, outbox, parked, timers
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.brain.store import Fenced
from mvidarr_catalog.jobs.workforce import FLOOR
from mvidarr_catalog.models import MODELS
from mvidarr_common.bus import FromFirst
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.messages.ids import ArtistId, WorkerId, artist_id
from mvidarr_common.messages.jobs import (
    EnqueueJob,
    JobCompleted,
    JobStarted,
    Noop,
    NothingDone,
)
from mvidarr_common.messages.library import (
    AddVideo,
    ArtistFollowed,
    ArtistUnfollowed,
    FollowArtist,
    UnfollowArtist,
)
from mvidarr_common.messages.queries import (
    GetJob,
    GetSystem,
    JobView,
    ListArtists,
    ListJobs,
    ListParked,
    ListRecords,
    ParkedView,
)
from mvidarr_common.messages.system import (
    DiscardParked,
    RebuildReadModel,
    RetryParked,
)
from mvidarr_common.testing.conditions import eventually

from .conftest import EVERYWHERE, World

pytestmark = EVERYWHERE


async def records_of(world: World, command: Envelope) -> list[str]:
    """The types of what a command has caused."""
    found = await world.ask(ListRecords(command_id=command.id, limit=500))
    return [record.type for record in found.items if record.id != command.id]


async def answered(world: World, command: Envelope) -> list[str]:
    """Wait for what a command has caused."""
    return await eventually(lambda: records_of(world, command))


async def test_rule_1_a_rebuild_gives_the_same_tables_while_work_goes_on(world: World) -> None:
    async with world.leading():
        for number in range(40):
            await world.say(FollowArtist(name=f"Artist {number}"))
            await world.say(EnqueueJob(spec=Noop()))
        command = await world.say(RebuildReadModel())
        for number in range(40):
            await world.say(UnfollowArtist(artist_id=artist_id(f"Artist {number}")))
        assert await answered(world, command) == ["event.read_model.rebuilt"]
        found = await world.ask(ListRecords(command_id=command.id))
        fact = next(record.data for record in found.items if record.id != command.id)
        assert fact["oldChecksum"] == fact["newChecksum"]
        assert fact["records"] > 0
        assert (await world.ask(GetSystem())).generation == fact["generation"]
        last = await world.say(FollowArtist(name="After"))
        assert await answered(world, last) == ["event.artist.followed"]


async def test_rule_1_nothing_but_fold_writes_the_read_model(world: World) -> None:
    mind = Mind(world.brain)
    with pytest.raises(RuntimeError, match="nothing but fold"):
        mind.state.put(mind.brain.rows[0].model_construct(id="x"))


async def test_rule_2_a_decision_counts_for_the_next_one_before_it_has_come_back(
    world: World,
) -> None:
    """Both are in one batch: when the second is decided, the first's event is in flight."""
    first = await world.say(FollowArtist(name="Band"))
    second = await world.say(FollowArtist(name="BAND"))
    async with world.leading():
        assert await answered(world, first) == ["event.artist.followed"]
        assert await answered(world, second) == ["event.command.unchanged"]
        await world.quiet()
        assert await world.select(sa.select(outbox)) == []


async def test_rule_2_what_was_decided_and_not_published_is_published_by_the_next_leader(
    world: World,
) -> None:
    """The reign ends between commit and publish."""
    command = await world.say(FollowArtist(name="Band"))
    async with world.bus.read_log(FromFirst()) as reader:
        records = await reader.batch(500, 5)
    leader = Leader(world.engine, world.bus, world.brain)
    await leader.take_over()
    await leader.take(records)
    assert len(await world.select(sa.select(outbox))) >= 1
    assert await records_of(world, command) == []
    async with world.leading():
        assert await answered(world, command) == ["event.artist.followed"]
        await world.quiet()


async def test_rule_3_a_rebuild_folds_and_decides_nothing(world: World) -> None:
    async with world.leading() as leader:
        for number in range(10):
            await world.say(EnqueueJob(spec=Noop(payload=str(number))))
        await eventually(lambda: jobs_in(world, "queued", 4))
        await world.quiet()
        before = await world.types_in_archive()
        await leader.rebuild()
        await world.quiet()
        assert await world.types_in_archive() == before


async def test_rule_4_a_message_delivered_twice_is_taken_once(world: World) -> None:
    async with world.leading():
        command = await world.say(FollowArtist(name="Band"))
        await answered(world, command)
        await world.bus.publish(command, command)
        other = await world.say(FollowArtist(name="Other"))
        await answered(world, other)
        assert await records_of(world, command) == ["event.artist.followed"]
        assert (await world.types_in_archive()).count("command.artist.follow") == 2
        taken = {"type": "artist.follow", "outcome": "duplicate"}
        assert REGISTRY.get_sample_value("mvidarr_messages_total", taken)


class Fragile(Row, table="fragile", subject="artist"):
    """A read model whose fold breaks, until it is mended."""

    name: str


def fragile(broken: list[str]) -> Brain:
    """The whole brain, and a read model that cannot fold these names."""
    model = ReadModel(rows=(Fragile,))

    @model.fold
    def named(event: ArtistFollowed, _: Envelope, state: State) -> None:
        if event.name in broken:
            raise ValueError(f"cannot stand {event.name}")
        state.put(Fragile(id=event.artist_id, name=event.name))

    return brain_of((*MODELS, model))


async def test_rule_5_a_message_that_cannot_be_folded_is_parked_and_its_subject_waits(
    world: World,
) -> None:
    broken = ["Bad"]
    world.brain = fragile(broken)
    async with world.leading():
        await world.bus.publish(_followed("Bad"))
        await eventually(lambda: parked_count(world, 1))
        await world.bus.publish(_unfollowed("Bad"))
        good = await world.say(FollowArtist(name="Good"))
        assert await answered(world, good) == ["event.artist.followed"]
        [first, behind] = await eventually(lambda: parked_items(world, 2))
        assert "cannot stand Bad" in first.error
        assert "behind" in behind.error
        assert (await world.ask(ListArtists(followed=True))).items[0].name == "Good"

        broken.clear()
        retried = await world.say(RetryParked())
        assert await answered(world, retried) == ["event.parked.retried"]
        await eventually(lambda: parked_count(world, 0))
        names = {each.name: each.followed for each in (await world.ask(ListArtists())).items}
        assert names == {"Bad": False, "Good": True}


async def test_rule_5_a_rebuild_folds_parked_messages_when_they_were_folded(
    world: World,
) -> None:
    broken = ["Bad"]
    world.brain = fragile(broken)
    async with world.leading() as leader:
        await world.bus.publish(_followed("Bad"))
        await eventually(lambda: parked_count(world, 1))
        broken.clear()
        await answered(world, await world.say(RetryParked()))
        await eventually(lambda: parked_count(world, 0))
        await world.quiet()
        before = await world.checksum()
        rebuilt = await leader.rebuild()
        assert rebuilt.new_checksum == rebuilt.old_checksum == before


async def test_rule_5_a_discarded_message_lets_the_others_go_on(world: World) -> None:
    world.brain = fragile(["Bad"])
    async with world.leading():
        await world.bus.publish(_followed("Bad"))
        [item] = await eventually(lambda: parked_items(world, 1))
        await world.bus.publish(_unfollowed("Bad"))
        await eventually(lambda: parked_count(world, 2))
        discarded = await world.say(DiscardParked(event_id=item.event_id, reason="test"))
        assert await answered(world, discarded) == ["event.parked.discarded"]
        await eventually(lambda: parked_count(world, 0))


async def test_rule_5_a_command_whose_consequence_cannot_be_folded_is_parked_alone(
    world: World,
) -> None:
    world.brain = fragile(["Bad"])
    async with world.leading():
        bad = await world.say(FollowArtist(name="Bad"))
        good = await world.say(FollowArtist(name="Good"))
        assert await answered(world, good) == ["event.artist.followed"]
        [item] = await parked_items(world, 1)
        assert item.event_id == bad.id


async def test_rule_5_a_message_that_nobody_can_read_is_parked(world: World) -> None:
    async with world.leading():
        await world.bus.append(
            [("event.video.unheard_of", b'{"id": "x", "type": "event.no.such"}')]
        )
        [item] = await eventually(lambda: parked_items(world, 1))
        assert item.event_id == "x"
        good = await world.say(FollowArtist(name="Good"))
        assert await answered(world, good) == ["event.artist.followed"]


async def test_rule_5_a_message_about_what_has_too_long_a_name_is_parked(world: World) -> None:
    async with world.leading():
        await world.say(UnfollowArtist(artist_id=ArtistId("x" * 400)))
        await world.say(EnqueueJob(spec=Noop(), for_subject="x" * 400))
        items = await eventually(lambda: parked_items(world, 2))
        assert all("more than 255 characters" in item.error for item in items)
        good = await world.say(FollowArtist(name="Good"))
        assert await answered(world, good) == ["event.artist.followed"]


async def test_rule_6_a_refused_command_is_answered_with_code_and_sentence(world: World) -> None:
    async with world.leading():
        command = await world.say(AddVideo(url="not an address"))
        assert await answered(world, command) == ["event.command.rejected"]
        found = await world.ask(ListRecords(command_id=command.id))
        data = next(record.data for record in found.items if record.id != command.id)
        assert data["code"] == "invalid_url"
        assert data["message"].endswith(".")


def with_timer() -> Brain:
    """The whole brain; and whoever is unfollowed is followed again by the clock."""
    model = ReadModel()

    @model.decide
    def again(event: ArtistUnfollowed, cause: Envelope, _: Known) -> Iterator[Decision]:
        yield Later(cause.time + timedelta(milliseconds=50), FollowArtist(name="Band"))

    return brain_of((*MODELS, model))


async def test_rule_7_the_clock_speaks_in_messages(world: World) -> None:
    world.brain = with_timer()
    async with world.leading():
        await answered(world, await world.say(FollowArtist(name="Band")))
        await world.say(UnfollowArtist(artist_id=artist_id("Band")))

        async def followed_again() -> bool:
            types = await world.types_in_archive()
            return types.count("event.artist.followed") == 2

        await eventually(followed_again)
        assert await world.select(sa.select(timers)) == []


async def test_rule_8_a_changed_read_model_is_filled_anew_at_the_start(world: World) -> None:
    async with world.leading():
        await answered(world, await world.say(FollowArtist(name="Band")))
        await world.quiet()
    world.brain = fragile([])
    async with world.leading():
        generation = (await world.ask(GetSystem())).generation
        rows = await world.select(sa.select(table_of(Fragile, generation).c.name))
        assert [row.name for row in rows] == ["Band"]


async def test_a_leader_that_was_replaced_can_write_nothing(world: World) -> None:
    await world.say(FollowArtist(name="Band"))
    async with world.bus.read_log(FromFirst()) as reader:
        records = await reader.batch(500, 5)
    old = Leader(world.engine, world.bus, world.brain)
    await old.take_over()
    new = Leader(world.engine, world.bus, world.brain)
    await new.take_over()
    with pytest.raises(Fenced):
        await old.take(records)
    assert await world.select(sa.select(event_log)) == []
    await new.take(records)
    assert len(await world.select(sa.select(event_log))) == len(records)


async def test_jobs_are_released_by_priority_and_no_more_than_the_window(world: World) -> None:
    async with world.leading():
        for _ in range(FLOOR):
            await world.say(EnqueueJob(spec=Noop()))
        await eventually(lambda: jobs_in(world, "queued", FLOOR))
        for priority in (1, 3, 2):
            await world.say(EnqueueJob(spec=Noop(), priority=priority))
        await eventually(lambda: jobs_in(world, "waiting", 3))
        for expected in (3, 2):
            await _work_off(world, (await queued(world))[-1])
            [next_one, *_] = await eventually(lambda: full_window(world))
            assert next_one.priority == 3
            assert expected in {job.priority for job in await queued(world)}
        assert await jobs_in(world, "waiting", 1)


async def full_window(world: World) -> list[JobView]:
    """The released jobs, once there are as many as the window takes."""
    released = await queued(world)
    return released if len(released) == FLOOR else []


async def _work_off(world: World, job: JobView) -> None:
    await world.say(_started(job))
    await world.say(_completed(job))

    async def completed() -> bool:
        return bool((await world.ask(GetJob(id=job.id))).state == "completed")

    await eventually(completed)


async def queued(world: World) -> list[JobView]:
    """The released jobs, highest priority first."""
    found = (await world.ask(ListJobs(state="queued"))).items
    return sorted(found, key=lambda job: -job.priority)


def _started(job: JobView) -> JobStarted:
    return JobStarted(job_id=job.id, attempt=1, worker_id=WorkerId("w"), delivery="d")


def _completed(job: JobView) -> JobCompleted:
    worker, done = WorkerId("w"), NothingDone()
    return JobCompleted(job_id=job.id, attempt=1, worker_id=worker, result=done, seconds=0.1)


async def jobs_in(world: World, state: str, count: int) -> bool:
    """Whether so many jobs are in this state."""
    found = await world.ask(GetSystem())
    return bool(found.jobs.get(state, 0) == count)


async def parked_items(world: World, count: int) -> list[ParkedView]:
    """The parked messages, once there are so many."""
    items = (await world.ask(ListParked())).items
    return list(items) if len(items) == count else []


async def parked_count(world: World, count: int) -> bool:
    """Whether so many messages are parked."""
    return len(await world.select(sa.select(parked.c.id))) == count


def _followed(name: str) -> Envelope:
    return fresh(ArtistFollowed(artist_id=artist_id(name), name=name), source="test")


def _unfollowed(name: str) -> Envelope:
    return fresh(ArtistUnfollowed(artist_id=artist_id(name)), source="test")
