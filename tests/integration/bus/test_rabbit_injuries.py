"""What was confirmed is in the log and in the queue, whatever happens to the broker meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from mvidarr_common.bus import Delivery, FromFirst, Record
from mvidarr_common.bus.rabbit import RabbitBus, open_rabbit
from mvidarr_common.bus.rabbit.tail import event_id
from mvidarr_common.bus.topology import LOG, job_queue
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Unconfirmed
from mvidarr_common.testing.buses import command, eventually, follow_to, ids, job, persist
from mvidarr_common.testing.rabbitmq import RabbitNode

NOOP = job_queue("noop")


@asynccontextmanager
async def busy(bus: RabbitBus) -> AsyncIterator[tuple[list[Envelope], set[str]]]:
    """Sixty-four that publish jobs without pause and a worker that takes them: what was
    confirmed, and what was worked."""
    confirmed: list[Envelope] = []
    worked: set[str] = set()
    over = asyncio.Event()

    async def speak() -> None:
        while not over.is_set():
            each = job()
            await persist(bus, each)
            confirmed.append(each)

    async def work(delivery: Delivery) -> None:
        worked.add(decode(delivery.body).id)
        await delivery.ack()

    async with bus.work(NOOP, 16, work):
        speakers = [asyncio.create_task(speak()) for _ in range(64)]
        try:
            yield confirmed, worked
        finally:
            over.set()
            await asyncio.gather(*speakers)
        await eventually(lambda: _covers(worked, confirmed))


async def _covers(worked: set[str], confirmed: list[Envelope]) -> bool:
    return worked.issuperset(each.id for each in confirmed)


async def _grows(confirmed: list[Envelope], by: int) -> None:
    size = len(confirmed) + by

    async def grown() -> bool:
        return len(confirmed) >= size

    await eventually(grown)


@pytest.mark.parametrize("injury", ["connections closed", "application stopped", "killed"])
async def test_what_was_confirmed_survives(
    injury: str, url: str, vhost: str, node: RabbitNode
) -> None:
    def hurt() -> None:
        if injury == "connections closed":
            node.close_connections(vhost)
        elif injury == "application stopped":
            node.stop_app()
            node.start_app()
        else:
            node.kill()
            node.start()

    read: list[Record] = []
    async with open_rabbit(url, "test") as bus, bus.read_log(FromFirst()) as reader:
        await asyncio.to_thread(node.settle)
        async with busy(bus) as (confirmed, _):
            await _grows(confirmed, 300)
            await asyncio.to_thread(hurt)
            await _grows(confirmed, 300)
        last = command()
        await persist(bus, last)
        read = await follow_to(reader, last)
        async with bus.read_log(FromFirst()) as again:
            assert await follow_to(again, last) == read
    assert all(a.offset < b.offset for a, b in pairwise(read))
    missing = {each.id for each in confirmed} - {event_id(each.body) for each in read}
    assert not missing, f"{len(missing)} of {len(confirmed)} confirmed are missing in the log"


async def test_nothing_is_confirmed_before_a_started_broker_has_found_the_log_again(
    url: str, vhost: str, node: RabbitNode
) -> None:
    """Queues are there sooner than streams: what came in between would be in the queue alone."""
    async with open_rabbit(url, "test") as bus, open_rabbit(url, "another") as idle:
        await persist(bus, job())
        await asyncio.to_thread(node.mislay, vhost, LOG)
        await asyncio.to_thread(node.close_connections, vhost)
        said = (each.publish(job()) for each in (bus, idle))
        told = await asyncio.gather(*said, return_exceptions=True)
        assert [type(each) for each in told] == [Unconfirmed, Unconfirmed]
        assert await bus.depth(NOOP.name) == 1
        await asyncio.to_thread(node.find, vhost, LOG)
        found = [job(), job()]
        for each, message in zip((bus, idle), found, strict=True):
            await persist(each, message)
        async with bus.read_log(FromFirst()) as reader:
            assert ids(await follow_to(reader, found[-1]))[-2:] == [each.id for each in found]
        assert await bus.depth(NOOP.name) == 3


async def test_a_broker_killed_right_after_its_first_declarations_is_mended(
    url: str, node: RabbitNode
) -> None:
    """What was declared in the last half second may be gone. The broker's very first stream is
    an exception, which nobody can mend but an operator: hence one before."""
    async with open_rabbit(node.url(node.new_vhost()), "earlier"):
        await asyncio.to_thread(node.settle)
    async with open_rabbit(url, "test") as bus:
        await asyncio.to_thread(node.kill)
        await asyncio.to_thread(node.start)
        last = command()
        await persist(bus, last)
        async with bus.read_log(FromFirst()) as reader:
            assert reader.log_id is not None
            await follow_to(reader, last)
