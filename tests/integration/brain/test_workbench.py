"""The workbench: what was parked is shown whole, changed and tried again, or discarded."""

import sqlalchemy as sa

from mvidarr_catalog.brain import store
from mvidarr_catalog.brain.model import Brain, ReadModel, brain_of
from mvidarr_catalog.brain.schema import event_log
from mvidarr_catalog.brain.state import State
from mvidarr_catalog.brain.store import ParkedRecord
from mvidarr_catalog.brain.writes import Writes
from mvidarr_catalog.models import MODELS
from mvidarr_common.envelope import Envelope, decode, fresh
from mvidarr_common.messages.archive import GetParked, ParkedDetail
from mvidarr_common.messages.ids import artist_id
from mvidarr_common.messages.library import ArtistFollowed
from mvidarr_common.messages.queries import ListArtists, ListParked, ListRecords
from mvidarr_common.messages.system import CommandRejected, DiscardParked, EditParked
from mvidarr_common.testing.conditions import eventually

from .conftest import World


def picky() -> Brain:
    """The whole brain, and a read model that cannot stand a name."""
    model = ReadModel()

    @model.fold
    def named(event: ArtistFollowed, _: Envelope, __: State) -> None:
        if event.name == "Bad":
            raise ValueError("cannot stand Bad")

    return brain_of((*MODELS, model))


async def parked_one(world: World) -> ParkedDetail:
    """A message that could not be folded."""
    id = artist_id("Bad")
    await world.bus.publish(fresh(ArtistFollowed(artist_id=id, name="Bad"), source="test"))

    async def listed() -> list[str]:
        return [each.event_id for each in (await world.ask(ListParked())).items]

    [event_id] = await eventually(listed)
    found: ParkedDetail = await world.ask(GetParked(event_id=event_id))
    return found


async def outcome(world: World, command: Envelope) -> str:
    """What came of it: the type of its answer, or the code of its refusal."""

    async def answer() -> str | None:
        found = (await world.ask(ListRecords(command_id=command.id))).items
        told = [each for each in found if each.id != command.id]
        refused = next(
            (e.data["code"] for e in told if e.type.endswith(CommandRejected.wire)), None
        )
        return refused or (told[0].type if told else None)

    return str(await eventually(answer))


async def test_a_parked_message_is_shown_with_its_traceback_and_what_it_says(world: World) -> None:
    world.brain = picky()
    async with world.leading():
        found = await parked_one(world)
        assert "cannot stand Bad" in found.error
        assert found.trace is not None
        assert "in named" in found.trace
        assert found.record is not None
        assert found.record.data["name"] == "Bad"


async def test_a_parked_message_is_changed_and_tried_again(world: World) -> None:
    world.brain = picky()
    async with world.leading() as leader:
        found = await parked_one(world)
        bad = EditParked(event_id=found.event_id, changes={"name": 7}, reason="typo")
        assert await outcome(world, await world.say(bad)) == "invalid_record"
        good = bad.model_copy(update={"changes": {"name": "Good"}})
        assert await outcome(world, await world.say(good)) == "event.parked.edited"
        assert (await world.ask(ListParked())).items == ()
        assert [each.name for each in (await world.ask(ListArtists())).items] == ["Good"]
        await world.quiet()
        rebuilt = await leader.rebuild()
        assert rebuilt.new_checksum == rebuilt.old_checksum
    [row] = await world.select(sa.select(event_log.c.body).where(event_log.c.id == found.event_id))
    message = decode(row.body).message
    assert isinstance(message, ArtistFollowed)
    assert message.name == "Good"


async def test_a_change_that_does_not_help_leaves_it_parked(world: World) -> None:
    world.brain = picky()
    async with world.leading():
        found = await parked_one(world)
        edit = EditParked(event_id=found.event_id, changes={"name": "Bad"}, reason="no idea")
        assert await outcome(world, await world.say(edit)) == "event.parked.edited"
        again = await world.ask(GetParked(event_id=found.event_id))
        assert "cannot stand Bad" in again.error


async def test_a_dead_message_of_a_queue_can_be_looked_at_and_discarded(world: World) -> None:
    async with world.leading():
        dead = ParkedRecord(
            "dead-1", -1, "unreadable", "queue/jobs.noop", "no JSON", None, b"\xffnothing"
        )
        async with world.engine.begin() as connection, Writes(connection) as writes:
            store.park(writes, [dead])
        found = await world.ask(GetParked(event_id="dead-1"))
        assert (found.record, found.error) == (None, "no JSON")
        assert found.body.endswith("nothing")
        edit = EditParked(event_id="dead-1", changes={"name": "x"}, reason="why not")
        assert await outcome(world, await world.say(edit)) == "parked_dead"
        discard = await world.say(DiscardParked(event_id="dead-1", reason="junk"))
        assert await outcome(world, discard) == "event.parked.discarded"
        assert (await world.ask(ListParked())).items == ()
        [told] = [e for e in (await world.ask(ListRecords())).items if e.type.endswith("discarded")]
        assert told.data["reason"] == "junk"
