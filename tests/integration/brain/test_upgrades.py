"""An older catalog beside newer services: what it cannot read waits for a newer one, and is lost by
nobody."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.integration.chassis.conftest import Slip

from mvidarr_catalog.brain.model import ReadModel, brain_of
from mvidarr_catalog.brain.rereading import Rereading
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import State
from mvidarr_catalog.jobs.dead import DeadLetters
from mvidarr_catalog.models import MODELS
from mvidarr_common.bus import DeadLetter
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.messages import Event
from mvidarr_common.messages.base import _registry
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobFailed, JobQueued, Noop
from mvidarr_common.messages.queries import ListParked
from mvidarr_common.messages.system import ParkedRetried
from mvidarr_common.testing.conditions import eventually

from .conftest import World

WIRE = "test.later"


class Place(Row, table="test_places"):
    """What a newer read model makes of it."""

    title: str


@pytest.fixture
def later() -> Iterator[type[Event]]:
    """A message that only the newer release knows; its class is known while the test runs."""

    class Later(Event, wire=WIRE, about="place:title"):
        title: str

    del _registry["event", WIRE]
    yield Later
    _registry.pop(("event", WIRE), None)


async def test_what_an_older_catalog_cannot_read_a_newer_one_takes_up_by_itself(
    world: World, later: type[Event]
) -> None:
    async with world.leading(Rereading()):
        said = await world.say(later.model_validate({"title": "Here"}))

        async def parked() -> list[str]:
            return [each.event_id for each in (await world.ask(ListParked())).items]

        assert await eventually(parked) == [said.id]

    _registry["event", WIRE] = later
    model = ReadModel(rows=(Place,))
    model.folds[later].append(_placed)
    newer = replace(world, brain=brain_of((*MODELS, model)))
    async with newer.leading(Rereading()):
        await eventually(lambda: newer.said(ParkedRetried))
        await newer.quiet()
        assert await parked() == []
        assert f"event.{WIRE}" in await newer.types_in_archive()
        seen = await newer.checksum()
    async with newer.leading(Rereading()) as leader:
        rebuilt = await leader.rebuild()
        assert rebuilt.new_checksum == seen
        assert len(await newer.said(ParkedRetried)) == 1


async def test_a_job_that_its_worker_does_not_know_is_tried_again(world: World) -> None:
    job = fresh(JobQueued(job_id=JobId("j"), attempt=1, spec=Noop()), source="test")
    slip = Slip(job.encode(), dead=DeadLetter("jobs.noop", "rejected"))
    async with world.leading():
        await DeadLetters(world.bus, world.engine).take(slip)
        [failed] = await eventually(lambda: world.said(JobFailed))
    assert slip.became == "acked"
    assert (failed.code, failed.retryable, failed.after) == ("not_understood", True, 60.0)


def _placed(event: Event, _: Envelope, state: State) -> None:
    state.put(Place(id="1", title=event.subject))
