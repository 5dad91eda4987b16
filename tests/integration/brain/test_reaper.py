"""Jobs that the broker has lost, or whose worker is gone for good, wait again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from mvidarr_catalog.jobs.dispatcher import Dispatcher
from mvidarr_catalog.jobs.reaper import Reaper
from mvidarr_catalog.jobs.workforce import Workforce
from mvidarr_common.bus.topology import job_queue
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import EnqueueJob, JobStarted, Noop
from mvidarr_common.messages.queries import JobView, ListJobs
from mvidarr_common.messages.system import Claim, WorkerAlive
from mvidarr_common.testing.conditions import eventually

from .conftest import World

AT_ONCE = timedelta(0)
ME = WorkerId("w")


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def workforce() -> Workforce:
    """One whose leader has listened long enough to have heard every living worker."""
    clock = Clock()
    workforce = Workforce(clock)
    clock.now = 1000.0
    return workforce


def reaper(world: World, workforce: Workforce) -> Reaper:
    """One that suspects at once."""
    return Reaper(workforce, world.bus.depth, unclaimed_for=AT_ONCE, unseen_for=AT_ONCE)


async def the_job(world: World, *, attempt: int) -> JobView | None:
    """The only job, once it is at this attempt."""
    items = (await world.ask(ListJobs())).items
    return items[0] if items and items[0].attempt >= attempt else None


async def test_a_release_that_lies_in_no_queue_is_released_again(
    world: World, workforce: Workforce
) -> None:
    dispatcher = Dispatcher(workforce, 3)
    async with world.leading(dispatcher, reaper(world, workforce)), taking_everything(world):
        await world.say(EnqueueJob(spec=Noop()))
        await eventually(lambda: the_job(world, attempt=2), within=30)


async def test_a_running_job_that_nobody_claims_waits_again(
    world: World, workforce: Workforce
) -> None:
    workforce.hear(_claiming("job", 0))
    async with world.leading(Dispatcher(workforce, 3), reaper(world, workforce)):
        await world.say(EnqueueJob(spec=Noop()))
        job = await eventually(lambda: the_job(world, attempt=1))
        assert job is not None
        await world.say(JobStarted(job_id=job.id, attempt=1, worker_id=ME, delivery="d"))
        await eventually(lambda: the_job(world, attempt=2), within=30)


async def test_a_claimed_job_is_left_alone(world: World, workforce: Workforce) -> None:
    async with world.leading(Dispatcher(workforce, 3)):
        await world.say(EnqueueJob(spec=Noop()))
        job = await eventually(lambda: the_job(world, attempt=1))
        assert job is not None
        await world.say(JobStarted(job_id=job.id, attempt=1, worker_id=ME, delivery="d"))
        await world.quiet()
    workforce.hear(_claiming(job.id, 1))
    async with world.leading(Dispatcher(workforce, 3), reaper(world, workforce)):
        other = await world.say(EnqueueJob(spec=Noop()))
        await eventually(lambda: world.known(other))
        assert {each.attempt for each in (await world.ask(ListJobs())).items} == {1}


@asynccontextmanager
async def taking_everything(world: World) -> AsyncIterator[None]:
    """Somebody swallows whatever is released and says nothing."""
    async with world.bus.work(job_queue("noop"), 1, lambda delivery: delivery.ack()):
        yield


def _claiming(job: str, attempt: int) -> WorkerAlive:
    claim = Claim(job_id=JobId(job), attempt=attempt, delivery="d")
    return WorkerAlive(worker_id=ME, service="test", slots={"noop": 1}, running=(claim,))
