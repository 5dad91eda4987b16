"""Many jobs in one request: added and changed in parts, each job once."""

import pytest

from mvidarr_catalog.jobs.batches import PART, Batches
from mvidarr_common.messages.batches import (
    BatchAdvanced,
    BatchView,
    ChangeJobs,
    EnqueueJobs,
    GetBatch,
)
from mvidarr_common.messages.jobs import JobAdded, JobCancelled, Noop
from mvidarr_common.messages.system import CommandRejected
from mvidarr_common.testing.conditions import eventually

from .conftest import World


@pytest.fixture
def bus_url() -> str:
    """One engine is enough: what matters here is the database."""
    return "embedded::memory:"


async def ended(world: World, id: str) -> BatchView:
    """The batch, when it has ended."""

    async def there() -> bool:
        words = await world.said(BatchAdvanced)
        return any(word.batch_id == id and word.cursor is None for word in words)

    await eventually(there, within=30)
    await world.quiet()
    view: BatchView = await world.ask(GetBatch(id=id))
    return view


async def test_many_jobs_are_added_in_parts_and_what_matches_a_filter_is_cancelled(
    world: World,
) -> None:
    many = PART + 20
    async with world.leading(Batches()):
        bad = await world.say(ChangeJobs(filter="colour = red", deed="cancel"))
        asked = await world.say(EnqueueJobs(specs=tuple(Noop() for _ in range(many)), priority=3))
        assert (await ended(world, asked.id)).done == many
        added = await world.said(JobAdded)
        assert len({each.job_id for each in added}) == len(added) == many
        cancel = ChangeJobs(filter="priority = 3 and state = waiting", deed="cancel")
        asked = await world.say(cancel)
        view = await ended(world, asked.id)
        assert (view.done, view.refused) == (many, 0)
        assert len(await world.said(JobCancelled)) == many
    [refused] = await world.said(CommandRejected)
    assert (refused.command_id, refused.code) == (bad.id, "bad_filter")
