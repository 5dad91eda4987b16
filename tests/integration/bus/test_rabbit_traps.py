"""What RabbitMQ does that a reader of its manual would not expect, and what we do about it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import pairwise

import aio_pika
import pytest
from aiormq import Channel

from mvidarr_common.bus import (
    After,
    DeadLetter,
    Delivery,
    FromFirst,
    FromNow,
    LogReader,
    Record,
    open_bus,
)
from mvidarr_common.bus.rabbit import RabbitBus, asking, open_rabbit
from mvidarr_common.bus.rabbit.connection import Link
from mvidarr_common.bus.rabbit.declare import a_channel
from mvidarr_common.bus.rabbit.log import read_log
from mvidarr_common.bus.rabbit.publisher import Outgoing, outgoing
from mvidarr_common.bus.topology import LOG, PARKED, UNROUTED, job_queue
from mvidarr_common.envelope import Envelope, decode, fresh
from mvidarr_common.errors import (
    Conflict,
    LogReplaced,
    LogRewound,
    LogTruncated,
    Unavailable,
    Unconfirmed,
)
from mvidarr_common.messages.queries import GetPosition
from mvidarr_common.messages.system import LogStarted
from mvidarr_common.testing.buses import (
    command,
    eventually,
    follow,
    follow_to,
    ids,
    job,
    persist,
    soon,
    taking,
)
from mvidarr_common.testing.rabbitmq import RabbitNode

NOOP = job_queue("noop")
Policy = Callable[[str], None]


def place(record: Record) -> After:
    """Just after this record, which must still be there."""
    return After(record.offset, decode(record.body).id)


async def whole_log(bus: RabbitBus) -> list[Record]:
    """Everything up to a message of our own."""
    last = command()
    await bus.publish(last)
    async with bus.read_log(FromFirst()) as reader:
        return await follow_to(reader, last)


async def fill(bus: RabbitBus, count: int) -> None:
    """Records of about a kilobyte: small segments fill quickly."""
    await bus.publish(*(job("x" * 500) for _ in range(count)))


async def test_a_new_log_begins_with_its_genesis_however_many_open_it(url: str) -> None:
    async with open_rabbit(url, "one") as one, open_rabbit(url, "two"):
        records = await whole_log(one)
        async with one.read_log(FromFirst()) as reader:
            genesis = decode(records[0].body).message
            assert isinstance(genesis, LogStarted)
            assert reader.log_id == genesis.log_id
    assert records[0].offset == 0
    assert [type(decode(each.body).message) for each in records].count(LogStarted) == 1


async def test_two_that_start_at_once_write_one_genesis(url: str) -> None:
    @asynccontextmanager
    async def opened(name: str) -> AsyncIterator[RabbitBus]:
        async with open_rabbit(url, name) as bus:
            yield bus

    async def visit(name: str) -> None:
        async with opened(name):
            pass

    await asyncio.gather(*(visit(f"visitor {number}") for number in range(4)))
    async with open_rabbit(url, "last") as bus:
        records = await whole_log(bus)
    assert [type(decode(each.body).message) for each in records].count(LogStarted) == 1


async def test_offsets_have_gaps_and_reading_goes_on_at_each(url: str, policy: Policy) -> None:
    policy('{"stream-max-segment-size-bytes":200000}')
    async with open_rabbit(url, "test") as bus:
        await fill(bus, 1500)
        records = await whole_log(bus)
        beside = [(a, b) for a, b in pairwise(records) if b.offset != a.offset + 1]
        assert beside, "the test needs segments small enough for gaps"
        assert all(a.offset < b.offset for a, b in pairwise(records))
        for before, after in beside:
            async with bus.read_log(place(before)) as reader:
                assert (await follow(reader, 1))[0] == after
            async with bus.read_log(place(after)) as reader:
                assert (await follow(reader, 1))[0].offset > after.offset


async def test_a_place_that_retention_has_removed_is_told(url: str, policy: Policy) -> None:
    policy('{"stream-max-segment-size-bytes":200000,"max-length-bytes":400000}')
    async with open_rabbit(url, "test") as bus:
        async with bus.read_log(FromFirst()) as reader:
            second = (await follow(reader, 1))[0]
        await fill(bus, 2500)
        await eventually(lambda: _refuses(bus, place(second), LogTruncated))
        async with bus.read_log(After(second.offset)) as reader:
            assert (await follow(reader, 1))[0].offset > second.offset + 1
            assert reader.log_id is None


async def _refuses(bus: RabbitBus, start: After, error: type[Exception]) -> bool:
    try:
        async with bus.read_log(start):
            return False
    except error:
        return True


async def test_a_log_deleted_under_its_reader_is_told(url: str, node: RabbitNode) -> None:
    async with open_rabbit(url, "test") as bus, bus.read_log(FromFirst()) as reader:
        await follow(reader, 1)
        await _delete(url, LOG)
        with pytest.raises(LogRewound):
            await _read_on(reader)


async def test_looking_whether_the_log_is_still_ours_disturbs_nobody(url: str) -> None:
    async with (
        open_rabbit(url, "test") as bus,
        read_log(bus.links[2], FromFirst(), probe_every=0.01) as reader,
    ):
        sent = [command() for _ in range(60)]
        read: list[Record] = []
        for each in sent:
            await bus.publish(each)
            read += await follow_to(reader, each)
        assert ids(read) == [each.id for each in sent]


async def test_another_log_in_its_place_is_told(url: str) -> None:
    async with open_rabbit(url, "test") as bus:
        await bus.publish(*(command() for _ in range(20)))
        last = (await whole_log(bus))[-1]
        async with bus.read_log(place(last)) as reader:
            await _delete(url, LOG)
            async with open_rabbit(url, "another") as other:
                await other.publish(*(command() for _ in range(40)))
            with pytest.raises(LogReplaced):
                await _read_on(reader)


async def test_a_shorter_log_in_its_place_is_told(url: str) -> None:
    async with open_rabbit(url, "test") as bus:
        await bus.publish(*(command() for _ in range(20)))
        last = (await whole_log(bus))[-1]
        async with bus.read_log(place(last)) as reader:
            await _delete(url, LOG)
            async with open_rabbit(url, "another") as other:
                await other.publish(command())
            with pytest.raises(LogRewound):
                await _read_on(reader)


async def _delete(url: str, queue: str) -> None:
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        await channel.queue_delete(queue)


async def _read_on(reader: LogReader) -> None:
    async with asyncio.timeout(20):
        while True:
            await reader.batch()


async def test_a_wrong_key_is_kept_and_not_lost(url: str) -> None:
    async with open_rabbit(url, "test") as bus:
        strange = Outgoing("nonsense.key", b"kept", outgoing(command()).properties)
        await bus.publisher.publish([strange])
        assert await soon(_first_of(url, UNROUTED)) == b"kept"


async def _first_of(url: str, stream: str) -> bytes:
    found: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        await message.ack()
        if not found.done():
            found.set_result(message.body)

    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        await channel.set_qos(10)
        queue = await channel.get_queue(stream)
        await queue.consume(take, arguments={"x-stream-offset": "first"})
        return await found


async def test_a_log_that_the_broker_has_lost_is_begun_again(url: str) -> None:
    async with open_rabbit(url, "test") as bus:
        for stream in (LOG, UNROUTED):
            await _delete(url, stream)
        said_anyway = command()
        await bus.publish(said_anyway)
        async with bus.read_log(FromFirst()) as reader:
            assert reader.log_id is not None
            assert ids(await follow_to(reader, said_anyway)) == [said_anyway.id]


async def test_a_topology_with_other_arguments_is_a_start_up_error(url: str) -> None:
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        await channel.declare_queue(NOOP.name, durable=True)
    with pytest.raises(Conflict, match="differently"):
        async with open_rabbit(url, "test"):
            pass


async def test_a_broker_that_refuses_us_is_told_at_once(url: str) -> None:
    with pytest.raises(Unavailable):
        async with open_bus(url.replace("guest:guest", "guest:wrong"), "test"):
            pass


async def test_during_a_memory_alarm_nothing_is_confirmed_and_nothing_is_lost(
    url: str, node: RabbitNode
) -> None:
    async with open_rabbit(url, "test") as bus, bus.read_log(FromNow()) as reader:
        sent = [command() for _ in range(3)]
        await asyncio.to_thread(node.memory_alarm, True)
        try:
            with pytest.raises(Unconfirmed):
                await bus.publish(*sent)
            assert not bus.health.ready
        finally:
            await asyncio.to_thread(node.memory_alarm, False)
        await persist(bus, *sent)
        last = command()
        await persist(bus, last)
        logged = ids(await follow_to(reader, last))
        assert list(dict.fromkeys(logged)) == [*(each.id for each in sent), last.id]
        await eventually(lambda: _ready(bus))


async def _ready(bus: RabbitBus) -> bool:
    return bus.health.ready


async def test_work_outlives_its_channel_and_its_result_is_in_the_log(
    url: str, node: RabbitNode
) -> None:
    """The broker closes a channel whose delivery is unacknowledged for too long."""
    finish, result, counts = asyncio.Event(), command(), list[int]()
    lost = asyncio.Event()
    await asyncio.to_thread(node.consumer_timeout, 2)
    try:
        async with open_rabbit(url, "test") as bus, bus.read_log(FromNow()) as reader:

            async def work(delivery: Delivery) -> None:
                counts.append(delivery.count)
                if delivery.count:
                    return await delivery.ack()
                await delivery.lost.wait()
                lost.set()
                await finish.wait()
                await bus.publish(result)
                await delivery.ack()

            async with bus.work(NOOP, 1, work):
                await bus.publish(job())
                await soon(lost.wait())
                await eventually(lambda: _is(counts, [0, 1]))
                finish.set()
                await follow_to(reader, result)
                await bus.publish(job())
                await eventually(lambda: _is(counts, [0, 1, 0]))
    finally:
        await asyncio.to_thread(node.consumer_timeout, 43200)


async def _is(found: list[int], wanted: list[int]) -> bool:
    return found[: len(wanted)] == wanted


async def test_a_cancelled_consumer_comes_back(url: str) -> None:
    """Deleting a queue cancels its consumers, and their channel stays open."""
    async with open_rabbit(url, "test") as bus, taking(bus, NOOP) as taken:
        await bus.publish(job())
        lent = await taken.next()
        await _delete(url, NOOP.name)
        await soon(lent.lost.wait())
        await lent.ack()

        async def consumed_again() -> bool:
            await bus.publish(job())
            return not taken.deliveries.empty()

        await eventually(consumed_again)


async def test_only_the_culprit_pays_for_a_crash(url: str) -> None:
    sent = [job() for _ in range(5)]
    async with open_rabbit(url, "test") as bus:
        await bus.publish(*sent)
        for crash in range(3):
            async with taking(bus, NOOP) as taken:
                assert (await taken.next()).count == crash
        async with taking(bus, NOOP, slots=5) as taken:
            lent = [await taken.next() for _ in sent]
            counts = {decode(each.body).id: each.count for each in lent}
            assert [counts[each.id] for each in sent] == [3, 0, 0, 0, 0]


async def test_what_is_handed_back_too_often_is_parked_with_its_reason(url: str) -> None:
    async with open_rabbit(url, "test") as bus, taking(bus, PARKED) as parked:
        sent = job()
        async with bus.work(NOOP, 1, lambda delivery: delivery.hand_back()):
            await bus.publish(sent)
            dead = await parked.next()
        assert decode(dead.body).id == sent.id
        assert dead.dead == DeadLetter(NOOP.name, "delivery_limit")
        await dead.ack()


async def test_many_who_doubt_whether_an_answer_comes_look_together(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look is a channel. A hundred that are given up half-way end the connection for all."""
    looks, held = 0, asyncio.Event()

    def counted(link: Link) -> AbstractAsyncContextManager[Channel]:
        nonlocal looks
        looks += 1
        return a_channel(link)

    async def late(query: Envelope) -> bytes:
        await held.wait()
        return query.id.encode()

    async def looked() -> bool:
        return looks > 0

    monkeypatch.setattr(asking, "a_channel", counted)
    questions = [fresh(GetPosition(), source="test") for _ in range(100)]
    async with open_rabbit(url, "test") as bus, bus.answer(late, len(questions)):
        asked = [asyncio.create_task(bus.ask(each, 30)) for each in questions]
        await eventually(looked)
        held.set()
        answers = await asyncio.gather(*asked)
    assert answers == [each.id.encode() for each in questions]
    assert looks < len(questions) / 2
