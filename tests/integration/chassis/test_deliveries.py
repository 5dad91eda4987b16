"""What a worker does with a delivery: run it, adopt it, know that it is done, or park it."""

import asyncio

import pytest

from mvidarr_common.bus.topology import PARKED
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.errors import Forbidden, JobError, Unavailable, Unconfirmed
from mvidarr_common.jobs import Job
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import (
    Downloaded,
    JobCompleted,
    JobFailed,
    JobQueued,
    JobStarted,
    Noop,
    NothingDone,
    Probe,
    Thumbnails,
    ThumbnailsMade,
)
from mvidarr_common.messages.system import WorkerAlive
from mvidarr_common.testing.conditions import eventually

from .conftest import Shop, Slip, queued, staged_work


async def done(spec: Noop, job: Job[None]) -> NothingDone:
    return NothingDone()


class Gate:
    """A handler that waits for the test, and counts."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.entered = 0

    async def handle(self, spec: Noop, job: Job[None]) -> NothingDone:
        self.entered += 1
        await self.open.wait()
        return NothingDone()


async def test_a_job_is_started_completed_and_gone(shop: Shop) -> None:
    async with shop.serving(shop.worker(done)):
        await shop.bus.publish(queued())

        async def ended() -> bool:
            return bool(await shop.said(JobCompleted))

        await eventually(ended)
    told = await shop.log()
    assert [type(each.message) for each in told] == [JobQueued, JobStarted, JobCompleted]
    assert {each.correlation_id for each in told} == {told[0].id}
    assert await shop.bus.depth("jobs.noop") == 0


async def test_a_redelivery_of_running_work_is_adopted(shop: Shop) -> None:
    gate, cause = Gate(), queued()
    worker = shop.worker(gate.handle)
    first, second = Slip(cause.encode()), Slip(cause.encode(), count=1)
    running = asyncio.create_task(worker.take(first))
    await eventually(lambda: gate.entered)
    first.lost.set()
    adopting = asyncio.create_task(worker.take(second))
    await eventually(lambda: len(worker._takes) == 2)
    gate.open.set()
    await asyncio.gather(running, adopting)
    assert gate.entered == 1
    assert (first.became, second.became) == ("lent", "acked")
    assert len(await shop.said(JobStarted)) == len(await shop.said(JobCompleted)) == 1


async def test_finished_work_is_not_done_again(shop: Shop) -> None:
    gate, cause = Gate(), queued()
    gate.open.set()
    worker = shop.worker(gate.handle)
    await worker.take(Slip(cause.encode()))
    again = Slip(cause.encode(), count=1)
    await worker.take(again)
    assert (gate.entered, again.became) == (1, "acked")


async def test_a_lost_acknowledgement_makes_the_outcome_be_told_again_not_made_again(
    shop: Shop,
) -> None:
    entered = []

    async def with_files(spec: Thumbnails, job: Job[None]) -> ThumbnailsMade:
        entered.append(job.staging)
        (job.staging / "result").write_text("whole")
        return ThumbnailsMade(artwork=())

    cause = staged_work()
    first, second = Slip(cause.encode()), Slip(cause.encode(), count=1)
    first.lost.set()
    await shop.worker(with_files, name="one").take(first)
    await shop.worker(with_files, name="two").take(second)
    assert (len(entered), first.became, second.became) == (1, "lost", "acked")
    ids = [each.id for each in await shop.log() if isinstance(each.message, JobCompleted)]
    assert len(set(ids)) == 1
    assert (entered[0] / "result").read_text() == "whole"


async def test_two_workers_with_one_attempt_spoil_nothing(shop: Shop) -> None:
    gate, cause = Gate(), queued()
    one, two = Slip(cause.encode()), Slip(cause.encode(), count=1)
    tasks = [
        asyncio.create_task(shop.worker(gate.handle, name=name).take(slip))
        for name, slip in (("one", one), ("two", two))
    ]
    await eventually(lambda: gate.entered == 2)
    gate.open.set()
    await asyncio.gather(*tasks)
    started = [each.id for each in await shop.log() if isinstance(each.message, JobStarted)]
    assert len(set(started)) == 2


@pytest.mark.parametrize(
    ("error", "code", "retryable", "after"),
    [
        (JobError("gone", "It is gone."), "gone", False, None),
        (JobError("busy", "Later.", retry=True, after=30), "busy", True, 30),
        (Unavailable("away", "Away.", after=5), "away", True, 5),
        (Forbidden("no", "No."), "no", False, None),
        (OSError(28, "No space left on device"), "disk_full", True, 300),
        (KeyError("x"), "defect", True, None),
        (ExceptionGroup("two", [KeyError("x"), JobError("gone", "It.")]), "gone", False, None),
    ],
)
async def test_an_error_becomes_a_failure_with_its_reason(
    shop: Shop, error: Exception, code: str, retryable: bool, after: float | None
) -> None:
    async def fail(spec: Noop, job: Job[None]) -> NothingDone:
        raise error

    slip = Slip(queued().encode())
    await shop.worker(fail).take(slip)
    (told,) = await shop.said(JobFailed)
    assert isinstance(told, JobFailed)
    assert (told.code, told.retryable, told.after) == (code, retryable, after)
    assert slip.became == "acked"
    assert code != "defect" or "KeyError" in str(told.detail)


async def test_a_result_of_the_wrong_kind_is_a_defect(shop: Shop) -> None:
    async def wrong(spec: Noop, job: Job[None]) -> Downloaded:
        return Downloaded(
            path="x", size=1, sha256="", page_url="", extractor="", source_id="", format=""
        )

    await shop.worker(wrong).take(Slip(queued().encode()))
    (told,) = await shop.said(JobFailed)
    assert isinstance(told, JobFailed)
    assert told.code == "defect"


async def test_what_nobody_can_read_is_parked(shop: Shop) -> None:
    worker = shop.worker(done)
    garbage = Slip(b"{")
    await worker.take(garbage)
    elsewhere = fresh(JobQueued(job_id=JobId("p"), attempt=1, spec=Probe(path="x")), source="test")
    foreign = Slip(elsewhere.encode())
    await worker.take(foreign)
    assert (garbage.became, foreign.became) == ("rejected", "rejected")
    assert await shop.said(JobStarted) == []


async def test_parked_work_lies_in_the_parked_queue(shop: Shop) -> None:
    async with shop.serving(shop.worker(done)) as stopping:
        stopping.set()
    worker = shop.worker(done)
    worker.handlers.clear()
    async with shop.serving(worker):
        await shop.bus.publish(queued())

        async def parked() -> bool:
            return await shop.bus.depth(PARKED.name) == 1

        await eventually(parked)


async def test_an_unconfirmed_fact_is_said_again_with_the_same_id(shop: Shop) -> None:
    refused: list[Envelope] = []
    publish = shop.bus.publish

    class Shaky:
        """Confirms nothing at first."""

        async def publish(self, *envelopes: Envelope) -> None:
            if len(refused) < 2:
                refused.extend(envelopes)
                raise Unconfirmed("unconfirmed", "No confirm came.")
            await publish(*envelopes)

    worker = shop.worker(done)
    object.__setattr__(worker._bench.runtime, "bus", Shaky())
    slip = Slip(queued().encode())
    await worker.take(slip)
    assert slip.became == "acked"
    assert len({each.id for each in refused}) == 1
    assert len(await shop.said(JobStarted, JobCompleted)) == 2


async def test_a_worker_says_at_once_that_it_lives_and_at_last_that_it_leaves(shop: Shop) -> None:
    heard: list[WorkerAlive] = []

    async def listen() -> None:
        async with shop.bus.listen("signal.worker.alive") as live:
            listening.set()
            async for each in live:
                assert isinstance(each, Envelope)
                assert isinstance(each.message, WorkerAlive)
                heard.append(each.message)

    listening = asyncio.Event()
    task = asyncio.create_task(listen())
    await listening.wait()
    gate = Gate()
    async with shop.serving(shop.worker(gate.handle)) as stopping:
        await eventually(lambda: heard and heard[0].slots == {"noop": 2})
        await shop.bus.publish(queued())
        await eventually(lambda: gate.entered)
        stopping.set()
        await eventually(lambda: heard[-1].leaving)
        assert heard[-1].running[0].job_id == "job-1"
        gate.open.set()
    await eventually(lambda: heard[-1].leaving and not heard[-1].running)
    task.cancel()
