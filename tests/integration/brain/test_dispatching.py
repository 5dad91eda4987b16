"""The dispatcher on a real database: what it sends to the workers, and in which order."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from mvidarr_catalog.brain.timers import Timers
from mvidarr_catalog.jobs import census
from mvidarr_catalog.jobs.dispatcher import Dispatcher
from mvidarr_catalog.jobs.workforce import FLOOR, Workforce
from mvidarr_common.messages.dispatch import (
    ChangeQueue,
    ChangeQuota,
    ChangeRetryPolicy,
    Pace,
    QueueChanges,
    QuotaRules,
    RetryPolicy,
    SetPace,
)
from mvidarr_common.messages.dispatch_queries import ListPaces, ListQueues, ListQuotas
from mvidarr_common.messages.jobs import (
    Download,
    EnqueueJob,
    JobQueued,
    Noop,
)
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.messages.queries import JobView, ListJobs
from mvidarr_common.messages.steering import SetJobPriority
from mvidarr_common.testing.conditions import eventually

from .conftest import World


@pytest.fixture
def bus_url() -> str:
    """One engine is enough: what matters here is the database."""
    return "embedded::memory:"


async def jobs(world: World, filter: str) -> list[JobView]:
    """Those that match."""
    found = await world.ask(ListJobs(filter=filter, limit=500))
    return list(found.items)


async def released(world: World, count: int) -> list[JobView]:
    """So many jobs with the workers, and no more."""

    async def there() -> bool:
        return len(await jobs(world, "state in (queued, running)")) >= count

    await eventually(there)
    await world.quiet()
    found = await jobs(world, "state in (queued, running)")
    assert len(found) == count
    return found


def download(site: str, n: int = 0) -> EnqueueJob:
    """A job that goes to a site."""
    profile = QualityProfile(name="Any")
    return EnqueueJob(spec=Download(url=f"https://{site}/{n}", profile=profile))


async def test_a_paused_queue_sends_nothing_out_until_it_is_resumed(world: World) -> None:
    async with world.leading():
        await world.say(ChangeQueue(queue="noop", changes=QueueChanges(paused=True)))
        await world.say(EnqueueJob(spec=Noop()))
        await world.say(download("a.example"))
        [other] = await released(world, 1)
        assert other.queue == "download"
        view = {each.queue: each for each in (await world.ask(ListQueues())).items}
        assert (view["noop"].paused, view["noop"].jobs["waiting"]) == (True, 1)
        assert (view["all"].jobs["waiting"], view["all"].jobs["queued"]) == (1, 1)
        await world.say(ChangeQueue(queue="noop", changes=QueueChanges(paused=False)))
        await released(world, 2)
        await world.say(ChangeQueue(queue="all", changes=QueueChanges(paused=True)))
        await world.say(EnqueueJob(spec=Noop()))
        await world.quiet()
        await released(world, 2)


async def test_what_no_further_worker_could_do_is_no_backlog_for_a_scaler(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(census, "EVERY", timedelta(0))
    workforce = Workforce()
    pause, go = QueueChanges(paused=True), QueueChanges(paused=False)
    usual = Timers(), Dispatcher(workforce, 3)
    async with world.leading(*usual, census.Census(workforce)):
        await world.say(ChangeQueue(queue="noop", changes=pause))
        for _ in range(FLOOR + 1):
            await world.say(EnqueueJob(spec=Noop()))
        await eventually(lambda: counted("later") == FLOOR + 1)
        assert (counted("waiting"), counted("queued")) == (0, 0)
        await world.say(ChangeQueue(queue="noop", changes=go))
        await eventually(lambda: (counted("waiting"), counted("queued")) == (1, FLOOR))
        assert counted("later") == 0


def counted(state: str) -> float | None:
    """Jobs of a queue in a state, as Prometheus hears it."""
    return REGISTRY.get_sample_value("mvidarr_jobs", {"queue": "noop", "state": state})


async def test_a_full_or_slow_site_with_many_jobs_lets_others_pass(world: World) -> None:
    async with world.leading():
        await world.say(SetPace(site="slow.example", rules=Pace(per_minute=0.01)))
        for n in range(12):
            await world.say(download("slow.example", n))
            await world.say(download("full.example", n))
        await world.say(download("free.example"))
        found = {job.site: job for job in await released(world, 4)}
        assert "slow.example" in found
        sites = {each.site: each for each in (await world.ask(ListPaces())).items}
        assert sites["slow.example"].free_at is not None


async def test_one_request_overtakes_a_bulk_and_priority_overtakes_both(world: World) -> None:
    async with world.leading():
        await world.say(ChangeQueue(queue="noop", changes=QueueChanges(paused=True)))
        for n in range(20):
            await world.say(EnqueueJob(spec=Noop(payload=f"bulk {n}")))
        one = await world.say(EnqueueJob(spec=Noop(payload="one")), actor="user/one")
        urgent = await world.say(EnqueueJob(spec=Noop(payload="urgent")))
        await eventually(lambda: world.known(urgent))
        await world.quiet()
        [job] = await jobs(world, f'requester = "{one.actor}"')
        assert job.requester == "user/one"
        last = max(await jobs(world, "state = waiting"), key=lambda job: job.added)
        await world.say(SetJobPriority(job_id=last.id, priority=9))
        await world.say(ChangeQueue(queue="noop", changes=QueueChanges(paused=False)))
        payloads = [job.spec["payload"] for job in await released(world, 4)]
        assert {"urgent", "one", "bulk 0"} < set(payloads)


async def test_quotas_bound_what_somebody_has_with_the_workers(world: World) -> None:
    async with world.leading():
        await world.say(ChangeQuota(requester="all", rules=QuotaRules(at_once=1)))
        for _ in range(10):
            await world.say(EnqueueJob(spec=Noop()))
        await world.say(EnqueueJob(spec=Noop()), actor="user/other")
        found = await released(world, 2)
        assert {job.requester for job in found} == {"user/test", "user/other"}
        [*_, mine] = (await world.ask(ListQuotas())).items
        assert (mine.requester, mine.open_jobs) == ("user/test", 10)


async def test_the_longest_run_travels_with_the_job(world: World) -> None:
    async with world.leading():
        policy = RetryPolicy(run_limit=60)
        await world.say(ChangeRetryPolicy(kind_of_job="noop", policy=policy))
        await world.say(EnqueueJob(spec=Noop(), run_limit=5))
        await released(world, 1)
    assert [each.limit for each in await world.said(JobQueued)] == [5]
