"""Work queues: shared by consumers, lent until settled, parked when nobody can take it."""

import asyncio

from mvidarr_common.bus import Bus, DeadLetter, Delivery, FromNow, WorkQueue
from mvidarr_common.bus.topology import PARKED, job_queue
from mvidarr_common.envelope import decode
from mvidarr_common.testing.buses import (
    Engine,
    command,
    eventually,
    follow_to,
    ids,
    job,
    persist,
    soon,
    taking,
)

NOOP = job_queue("noop")
EVENTS = WorkQueue("test.events", ("command.job.*", "event.job.queued.noop"))


async def test_a_queue_keeps_what_comes_while_nobody_is_there(bus: Bus) -> None:
    async with taking(bus, EVENTS):
        pass
    sent = command()
    await bus.publish(sent)
    async with taking(bus, EVENTS) as taken:
        delivery = await taken.next()
        assert decode(delivery.body) == sent
        assert delivery.count == 0
        await delivery.ack()


async def test_every_queue_with_a_matching_binding_gets_its_own_copy(bus: Bus) -> None:
    sent = job()
    async with taking(bus, EVENTS) as events, taking(bus, NOOP) as jobs:
        await bus.publish(sent)
        for taken in (events, jobs):
            delivery = await taken.next()
            assert decode(delivery.body) == sent
            await delivery.ack()


async def test_one_slot_gets_the_messages_in_order(bus: Bus) -> None:
    sent = [job() for _ in range(20)]
    await bus.publish(*sent)
    async with taking(bus, NOOP) as taken:
        for each in sent:
            delivery = await taken.next()
            assert decode(delivery.body).id == each.id
            await delivery.ack()


async def test_consumers_compete(engine: Engine, bus: Bus) -> None:
    sent = [job(), job()]
    async with engine.beside(bus) as other, taking(bus, NOOP) as one, taking(other, NOOP) as two:
        await bus.publish(*sent)
        first, second = await one.next(), await two.next()
        got = {decode(delivery.body).id for delivery in (first, second)}
        assert got == {each.id for each in sent}, "each has one, and none is lent twice"
        await first.ack()
        await second.ack()


async def test_a_slot_is_taken_until_its_delivery_is_settled(bus: Bus) -> None:
    held: set[str] = set()
    most, worked = 0, 0
    full, done = asyncio.Event(), asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        nonlocal most, worked
        name = decode(delivery.body).id
        held.add(name)
        most = max(most, len(held))
        if len(held) == 3:
            full.set()
        await full.wait()
        held.discard(name)
        await delivery.ack()
        worked += 1
        if worked == 30:
            done.set()

    async with bus.work(NOOP, 3, handle):
        await bus.publish(*(job() for _ in range(30)))
        await soon(done.wait())
    assert most == 3


async def test_what_a_dying_consumer_held_goes_to_another(engine: Engine, bus: Bus) -> None:
    sent = job()
    async with engine.beside(bus) as other:
        async with taking(other, NOOP) as dying:
            await bus.publish(sent)
            lost = await dying.next()
            assert lost.count == 0
        async with taking(bus, NOOP) as taken:
            delivery = await taken.next()
            assert decode(delivery.body) == sent
            assert delivery.count == 1
            await soon(lost.lost.wait())
            assert not delivery.lost.is_set()
            await delivery.ack()


async def test_settling_a_lost_delivery_does_nothing(bus: Bus) -> None:
    await bus.publish(job())
    async with taking(bus, NOOP) as dying:
        lost = await dying.next()
    await soon(lost.ack())
    await soon(lost.hand_back())
    await soon(lost.reject())
    async with taking(bus, NOOP) as taken:
        delivery = await taken.next()
        assert delivery.body == lost.body
        assert delivery.count == 1
        await delivery.ack()


async def test_what_was_acknowledged_does_not_come_again(bus: Bus) -> None:
    done, left = job(), job()
    await bus.publish(done, left)
    async with taking(bus, NOOP) as taken:
        await (await taken.next()).ack()
    async with taking(bus, NOOP) as taken:
        delivery = await taken.next()
        assert decode(delivery.body) == left
        await delivery.ack()


async def test_a_handler_outlives_the_connection(engine: Engine, bus: Bus) -> None:
    release, began = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def handle(delivery: Delivery) -> None:
        began.set()
        try:
            await release.wait()
            await delivery.ack()
            ended.append(decode(delivery.body).id)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    first, second = job(), job()
    async with bus.work(NOOP, 1, handle):
        await bus.publish(first)
        await soon(began.wait())
        await engine.injure()
        release.set()
        await persist(bus, second)

        async def both_are_done() -> bool:
            return {first.id, second.id} <= set(ended)

        await eventually(both_are_done)
        assert "cancelled" not in ended


async def test_a_lost_connection_is_a_lost_lease(engine: Engine, bus: Bus) -> None:
    sent = job()
    async with taking(bus, NOOP) as taken:
        await bus.publish(sent)
        delivery = await taken.next()
        await engine.injure()
        if engine.remote:
            await soon(delivery.lost.wait())
            delivery = await taken.next()
        assert decode(delivery.body) == sent
        assert delivery.count == engine.remote
        await delivery.ack()


async def test_what_is_handed_back_comes_again(bus: Bus) -> None:
    await bus.publish(job())
    async with taking(bus, NOOP) as taken:
        first = await taken.next()
        await first.hand_back()
        again = await taken.next()
        assert again.body == first.body
        assert again.count == 1
        await again.ack()


async def test_a_consumer_that_stopped_hands_back_to_another(engine: Engine, bus: Bus) -> None:
    async with engine.beside(bus) as other, taking(other, NOOP) as leaving:
        await bus.publish(job())
        first = await leaving.next()
        await leaving.work.stop()
        async with taking(bus, NOOP) as taken:
            await first.hand_back()
            again = await taken.next()
            assert again.body == first.body
            await again.ack()


async def test_a_handler_that_fails_hands_its_delivery_back(bus: Bus) -> None:
    counts: list[int] = []
    done = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        counts.append(delivery.count)
        if delivery.count < 2:
            raise RuntimeError("a defect")
        await delivery.ack()
        done.set()

    async with bus.work(NOOP, 1, handle):
        await bus.publish(job())
        await soon(done.wait())
    assert counts == [0, 1, 2]


async def test_what_is_rejected_is_parked_with_its_reason(bus: Bus) -> None:
    sent = job()
    await bus.publish(sent)
    async with taking(bus, NOOP) as taken, taking(bus, PARKED) as parked:
        rejected = await taken.next()
        assert rejected.dead is None
        await rejected.reject()
        delivery = await parked.next()
        assert decode(delivery.body) == sent
        assert delivery.dead == DeadLetter("jobs.noop", "rejected")
        await delivery.ack()


async def test_what_kills_every_consumer_is_parked(bus: Bus) -> None:
    culprit, innocent = job(), job()
    await bus.publish(culprit)
    counts: list[int] = []
    async with taking(bus, PARKED) as parked:
        while parked.deliveries.empty() and len(counts) < 21:
            async with taking(bus, NOOP) as dying:
                counts.append((await dying.next()).count)
        delivery = await parked.next()
        assert decode(delivery.body) == culprit
        assert delivery.dead == DeadLetter("jobs.noop", "delivery_limit")
        await delivery.ack()
    assert counts == list(range(21))
    await bus.publish(innocent)
    async with taking(bus, NOOP) as taken:
        alive = await taken.next()
        assert (decode(alive.body), alive.count) == (innocent, 0)
        await alive.ack()


async def test_who_stops_takes_no_more_and_can_still_settle(bus: Bus) -> None:
    first, second = job(), job()
    await bus.publish(first, second)
    async with taking(bus, NOOP) as draining:
        lent = await draining.next()
        await soon(draining.work.stop())
        assert not lent.lost.is_set()
        await lent.ack()
        async with taking(bus, NOOP) as taken:
            delivery = await taken.next()
            assert decode(delivery.body) == second
            await delivery.ack()
        assert draining.deliveries.empty()


async def test_depth_counts_what_nobody_has_taken(bus: Bus) -> None:
    await bus.publish(job(), job(), job())

    async def three() -> bool:
        return await bus.depth("jobs.noop") == 3

    async def two() -> bool:
        return await bus.depth("jobs.noop") == 2

    await eventually(three)
    async with taking(bus, NOOP) as taken:
        await taken.next()
        await eventually(two)


async def test_what_is_appended_reaches_the_log_alone(bus: Bus) -> None:
    old, new = job(), job()
    async with bus.read_log(FromNow()) as log, taking(bus, NOOP) as taken:
        await bus.append([(old.routing_key, old.encode())])
        await bus.publish(new)
        delivery = await taken.next()
        assert decode(delivery.body) == new
        await delivery.ack()
        assert ids(await follow_to(log, new)) == [old.id, new.id]


async def test_work_outlives_the_bus(durable: Engine) -> None:
    lent, waiting = job(), job()
    async with durable.open() as bus, taking(bus, NOOP) as taken:
        await bus.publish(lent, waiting)
        await taken.next()
    async with durable.open() as bus, taking(bus, NOOP, slots=2) as taken:
        found = [await taken.next(), await taken.next()]
        counts = {decode(each.body).id: each.count for each in found}
        assert counts == {lent.id: 1, waiting.id: 0}
        for delivery in found:
            await delivery.ack()
    async with durable.open() as bus:
        assert await bus.depth("jobs.noop") == 0


async def test_a_queue_once_declared_is_there_after_a_restart(durable: Engine) -> None:
    async with durable.open() as bus, taking(bus, EVENTS):
        pass
    sent = command()
    async with durable.open() as bus:
        await bus.publish(sent)
    async with durable.open() as bus, taking(bus, EVENTS) as taken:
        delivery = await taken.next()
        assert decode(delivery.body) == sent
        await delivery.ack()
