"""Rebuilds as operators see them: progress, the way back, and the record that stands in the way."""

from typing import Any

from mvidarr_catalog.brain.leader import Leader
from mvidarr_catalog.brain.model import Brain, ReadModel, brain_of
from mvidarr_catalog.brain.state import State
from mvidarr_catalog.models import MODELS
from mvidarr_common.bus import Gap
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.library import ArtistFollowed, FollowArtist
from mvidarr_common.messages.queries import GetSystem, ListArtists, ListRecords
from mvidarr_common.messages.system import RebuildProgressed, RebuildReadModel
from mvidarr_common.testing.conditions import eventually

from .conftest import EVERYWHERE, World

pytestmark = EVERYWHERE


async def outcome(world: World, command: Envelope) -> dict[str, Any]:
    """The data of what a command came to."""

    async def answer() -> list[dict[str, Any]]:
        found = (await world.ask(ListRecords(command_id=command.id))).items
        return [each.data for each in found if each.id != command.id]

    found: list[dict[str, Any]] = await eventually(answer, within=30)
    return found[0]


async def follow(world: World, *names: str) -> None:
    """These artists are followed."""
    for name in names:
        await outcome(world, await world.say(FollowArtist(name=name)))
    await world.quiet()


async def names(world: World) -> list[str]:
    """Who is followed."""
    return sorted(each.name for each in (await world.ask(ListArtists())).items)


async def test_a_rebuild_can_be_gone_back_from_and_nothing_is_missed(world: World) -> None:
    async with world.leading():
        await follow(world, "a", "b")
        first = (await world.ask(GetSystem())).generation
        there = await outcome(world, await world.say(RebuildReadModel()))
        assert (there["fromGeneration"], there["generation"]) == (first, first + 1)
        await follow(world, "c")
        back = await outcome(world, await world.say(RebuildReadModel(back=True)))
        assert back["generation"] == first
        assert 0 < back["records"] < there["records"]
        assert back["oldChecksum"] == back["newChecksum"]
        assert await names(world) == ["a", "b", "c"]
        await follow(world, "d")
        again = await outcome(world, await world.say(RebuildReadModel(back=True)))
        assert again["generation"] == first + 1
        assert again["oldChecksum"] == again["newChecksum"]
        assert await names(world) == ["a", "b", "c", "d"]


async def test_without_tables_to_go_back_to_it_is_refused(world: World) -> None:
    async with world.leading():
        refused = await outcome(world, await world.say(RebuildReadModel(back=True)))
        assert refused["code"] == "rebuild_failed"
        assert "no tables to go back to" in refused["message"]


async def test_a_rebuild_tells_how_far_it_is(world: World) -> None:
    async with world.leading(), world.bus.listen(f"signal.{RebuildProgressed.wire}") as live:
        await follow(world, "a")
        done = await outcome(world, await world.say(RebuildReadModel()))
        async for each in live:
            assert not isinstance(each, Gap)
            progress = each.message
            assert isinstance(progress, RebuildProgressed)
            assert 0 < progress.records <= done["records"]
            assert progress.total > 0
            break


async def test_a_rebuild_that_fails_names_the_record_and_changes_nothing(world: World) -> None:
    broken: list[str] = []
    world.brain = brittle(broken)
    async with world.leading() as leader:
        await follow(world, "a", "b")
        before = await state_of(world, leader)
        broken.append("b")
        refused = await outcome(world, await world.say(RebuildReadModel()))
        await world.quiet()
        found = (await world.ask(ListRecords(after=-1, limit=500))).items
        [culprit] = [
            each for each in found if each.type.endswith("followed") and each.data["name"] == "b"
        ]
        assert refused["code"] == "rebuild_failed"
        assert culprit.id in refused["message"]
        assert "cannot stand b" in refused["message"]
        assert await state_of(world, leader) == before


async def state_of(world: World, leader: Leader) -> tuple[int, list[str]]:
    """Which tables are live, and what they show."""
    return leader.checkpoint.generation, await names(world)


def brittle(broken: list[str]) -> Brain:
    """The whole brain, and a read model that breaks on these names."""
    model = ReadModel()

    @model.fold
    def named(event: ArtistFollowed, _: Envelope, __: State) -> None:
        if event.name in broken:
            raise ValueError(f"cannot stand {event.name}")

    return brain_of((*MODELS, model))
