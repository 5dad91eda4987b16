"""Reading the log: in order, from any place, checked, without gap or repeat."""

import asyncio

import pytest

from mvidarr_common.bus import After, Bus, FromFirst, FromNow, Record
from mvidarr_common.envelope import decode
from mvidarr_common.errors import LogReplaced, LogRewound
from mvidarr_common.messages.system import LogStarted
from mvidarr_common.testing.buses import (
    Engine,
    command,
    follow,
    follow_to,
    ids,
    persist,
    soon,
)


async def test_the_log_begins_with_its_genesis(bus: Bus) -> None:
    async with bus.read_log(FromFirst()) as log:
        genesis, *_ = await follow(log, 1)
        message = decode(genesis.body).message
        assert isinstance(message, LogStarted)
        assert log.log_id == message.log_id


async def test_reading_from_the_first_gives_everything_in_order(bus: Bus) -> None:
    sent = [command() for _ in range(100)]
    await bus.publish(*sent)
    async with bus.read_log(FromFirst()) as log:
        assert ids(await follow(log, 101)) == [each.id for each in sent]


async def test_offsets_rise(bus: Bus) -> None:
    await bus.publish(*(command() for _ in range(200)))
    async with bus.read_log(FromFirst()) as log:
        offsets = [record.offset for record in await follow(log, 201)]
    assert offsets == sorted(set(offsets))


async def test_reading_goes_on_after_a_record(bus: Bus) -> None:
    sent = [command() for _ in range(10)]
    await bus.publish(*sent)
    async with bus.read_log(FromFirst()) as log:
        records = await follow(log, 11)
    for place in (0, 4, 9):
        start = After(records[place].offset, decode(records[place].body).id)
        async with bus.read_log(start) as log:
            assert await follow(log, 10 - place) == records[place + 1 :]


async def test_reading_after_the_last_record_waits_for_the_next(bus: Bus) -> None:
    last, next_one = command(), command()
    await bus.publish(last)
    async with bus.read_log(FromFirst()) as log:
        place = (await follow_to(log, last))[-1].offset
    async with bus.read_log(After(place, last.id)) as log:
        assert list(await log.batch(wait=0.05)) == []
        await bus.publish(next_one)
        assert ids(await follow(log, 1)) == [next_one.id]


async def test_a_place_may_be_given_without_its_id(bus: Bus) -> None:
    first, second = command(), command()
    await bus.publish(first, second)
    async with bus.read_log(FromFirst()) as log:
        records = await follow(log, 3)
    async with bus.read_log(After(records[1].offset)) as log:
        assert ids(await follow(log, 1)) == [second.id]


async def test_reading_from_now_leaves_the_past_out(bus: Bus) -> None:
    await bus.publish(command())
    sent = command()
    async with bus.read_log(FromNow()) as log:
        await bus.publish(sent)
        assert ids(await follow(log, 1)) == [sent.id]


async def test_a_batch_is_no_larger_than_asked(bus: Bus) -> None:
    sent = [command() for _ in range(25)]
    async with bus.read_log(FromNow()) as log:
        await bus.publish(*sent)
        found: list[str] = []
        while len(found) < 25:
            batch = await soon(log.batch(limit=10))
            assert len(batch) <= 10
            found += ids(batch)
    assert found == [each.id for each in sent]


async def test_an_idle_log_gives_an_empty_batch(bus: Bus) -> None:
    async with bus.read_log(FromNow()) as log:
        assert list(await soon(log.batch(wait=0.05))) == []
        assert list(await soon(log.batch(wait=0.0))) == []


async def test_a_waiting_reader_is_woken(bus: Bus) -> None:
    sent = command()
    async with bus.read_log(FromNow()) as log:
        waiting = asyncio.create_task(soon(log.batch(wait=30.0)))
        await asyncio.sleep(0)
        await bus.publish(sent)
        assert ids(await waiting) == [sent.id]


async def test_a_batch_that_was_given_up_loses_nothing(bus: Bus) -> None:
    sent = [command() for _ in range(20)]
    found: list[str] = []
    async with bus.read_log(FromNow()) as log:
        for each in sent:
            giving_up = asyncio.create_task(log.batch())
            await bus.publish(each)
            giving_up.cancel()
            (outcome,) = await asyncio.gather(giving_up, return_exceptions=True)
            found += [] if isinstance(outcome, BaseException) else ids(outcome)
        if len(found) < 20:
            found += ids(await follow(log, 20 - len(found)))
    assert found == [each.id for each in sent]


async def test_readers_do_not_disturb_one_another(bus: Bus) -> None:
    sent = [command() for _ in range(30)]
    await bus.publish(*sent)
    async with bus.read_log(FromFirst()) as one, bus.read_log(FromFirst()) as two:
        assert await follow(one, 31) == await follow(two, 31)


async def test_another_record_at_the_place_means_another_log(bus: Bus) -> None:
    sent = command()
    await bus.publish(sent)
    async with bus.read_log(FromFirst()) as log:
        place = (await follow_to(log, sent))[-1].offset
    with pytest.raises(LogReplaced):
        async with bus.read_log(After(place, "somebody else")):
            pass


@pytest.mark.parametrize("event_id", ["lost", None])
async def test_a_place_beyond_the_end_means_a_lost_tail(bus: Bus, event_id: str | None) -> None:
    await bus.publish(command())
    with pytest.raises(LogRewound):
        async with bus.read_log(After(1000, event_id)):
            pass


async def test_what_nobody_can_decode_is_read_all_the_same(bus: Bus) -> None:
    async with bus.read_log(FromNow()) as log:
        await bus.append([("event.from.the.future", b"\x00 not JSON")])
        (record,) = await follow(log, 1)
    assert record.body == b"\x00 not JSON"


async def test_a_reader_survives_lost_connections_without_gap_or_repeat(
    engine: Engine, bus: Bus
) -> None:
    sent = [command() for _ in range(120)]
    async with bus.read_log(FromNow()) as log:
        await bus.publish(*sent[:60])
        found = list(await soon(log.batch(limit=25, wait=20.0)))
        await engine.injure()
        await persist(bus, *sent[60:90])
        await engine.injure()
        await persist(bus, *sent[90:])
        last = command()
        await persist(bus, last)
        if last.id not in ids(found):
            found += await follow_to(log, last)
    offsets = [record.offset for record in found]
    assert offsets == sorted(set(offsets))
    assert list(dict.fromkeys(ids(found))) == [*(each.id for each in sent), last.id]


async def test_a_reader_goes_on_where_the_one_before_a_restart_ended(durable: Engine) -> None:
    sent = [command() for _ in range(150)]
    found: list[Record] = []
    for start in range(0, 150, 50):
        async with durable.open() as bus:
            place = After(found[-1].offset, decode(found[-1].body).id) if found else FromFirst()
            async with bus.read_log(place) as log:
                await bus.publish(*sent[start : start + 50])
                found += await follow_to(log, sent[start + 49])
    assert ids(found) == [each.id for each in sent]


async def test_a_log_keeps_its_identity(durable: Engine) -> None:
    async with durable.open() as bus, bus.read_log(FromFirst()) as log:
        first = log.log_id
    async with durable.open() as bus, bus.read_log(FromNow()) as log:
        assert log.log_id == first
