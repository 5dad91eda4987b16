"""Publishing: confirmed, in order, to the log and the work queues at once."""

import asyncio

import pytest

from mvidarr_common.bus import Bus, FromFirst, FromNow
from mvidarr_common.bus.topology import job_queue
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Invalid
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobQueued, JobSpec, NothingDone
from mvidarr_common.testing.buses import (
    Engine,
    command,
    follow,
    follow_to,
    ids,
    job,
    persist,
    progress,
    said,
    soon,
    taking,
)

NOOP = job_queue("noop")
MIB = 1024 * 1024


async def test_a_confirmed_publish_is_in_the_log(bus: Bus) -> None:
    sent = command()
    await soon(bus.publish(sent))
    async with bus.read_log(FromFirst()) as log:
        found = await follow_to(log, sent)
    assert decode(found[-1].body) == sent


async def test_one_publish_reaches_the_log_and_the_work_queue(bus: Bus) -> None:
    sent = job()
    async with bus.read_log(FromNow()) as log, taking(bus, NOOP) as taken:
        await bus.publish(sent)
        delivery = await taken.next()
        (record,) = await follow(log, 1)
        await delivery.ack()
    assert delivery.body == record.body == sent.encode()


async def test_a_batch_keeps_its_order(bus: Bus) -> None:
    sent = [command() if number % 3 else job() for number in range(300)]
    async with bus.read_log(FromNow()) as log:
        await bus.publish(*sent)
        assert ids(await follow(log, 300)) == [each.id for each in sent]


async def test_publishes_in_flight_together_keep_the_order_in_which_they_began(bus: Bus) -> None:
    sent = [command() for _ in range(300)]
    async with bus.read_log(FromNow()) as log:
        for start in range(0, 300, 100):
            await asyncio.gather(*(bus.publish(each) for each in sent[start : start + 100]))
        assert ids(await follow(log, 300)) == [each.id for each in sent]


async def test_nothing_to_publish_is_confirmed_at_once(bus: Bus) -> None:
    await soon(bus.publish())


async def test_the_same_message_may_be_published_twice(bus: Bus) -> None:
    sent = job()
    async with bus.read_log(FromNow()) as log, taking(bus, NOOP, slots=2) as taken:
        await bus.publish(sent)
        await bus.publish(sent)
        assert ids(await follow(log, 2)) == [sent.id, sent.id]
        for _ in range(2):
            delivery = await taken.next()
            assert decode(delivery.body) == sent
            await delivery.ack()


async def test_a_message_of_one_mebibyte_arrives_whole(bus: Bus) -> None:
    sent = job("ä" * (MIB // 2))
    async with bus.read_log(FromNow()) as log, taking(bus, NOOP) as taken:
        await bus.publish(sent)
        delivery = await taken.next()
        (record,) = await follow(log, 1)
        await delivery.ack()
    assert len(delivery.body) > MIB
    assert delivery.body == record.body == sent.encode()


async def test_a_job_for_a_queue_that_nobody_declares_is_refused(bus: Bus) -> None:
    sent = command()
    async with bus.read_log(FromNow()) as log:
        with pytest.raises(Invalid) as refused:
            await bus.publish(command(), _lost_job())
        assert refused.value.code == "unknown_queue"
        await bus.publish(sent)
        assert ids(await follow(log, 1)) == [sent.id], "nothing of the refused batch is there"


def _lost_job() -> Envelope:
    class Wish(JobSpec, queue="nosuch", gives=NothingDone):
        """A kind of work that no worker does."""

    return said(
        JobQueued.model_construct(
            job_id=JobId("j"),
            attempt=1,
            spec=Wish(),  # type: ignore[arg-type]  # a spec outside the registry is the point
        )
    )


async def test_what_the_log_does_not_take_cannot_be_published(bus: Bus) -> None:
    with pytest.raises(Invalid):
        await bus.publish(progress("lost"))


async def test_what_was_confirmed_is_there_although_the_connection_broke(
    engine: Engine, bus: Bus
) -> None:
    sent = [job() for _ in range(200)]
    async with bus.read_log(FromNow()) as log, taking(bus, NOOP, slots=1000) as taken:
        for number, each in enumerate(sent):
            if number == 100:
                injury = asyncio.create_task(asyncio.wait_for(engine.injure(), 30))
            await persist(bus, each)
        await injury
        last = command()
        await persist(bus, last)
        logged = ids(await follow_to(log, last))
        first_seen = list(dict.fromkeys(logged))
        assert first_seen == [*(each.id for each in sent), last.id]
        worked: set[str] = set()
        while len(worked) < len(sent):
            delivery = await taken.next()
            worked.add(decode(delivery.body).id)
            await delivery.ack()


async def test_a_bus_that_can_be_used_says_so(engine: Engine, bus: Bus) -> None:
    await bus.publish(command())
    assert bus.health.ready, bus.health.reason
