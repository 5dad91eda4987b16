"""Declares the topology, and begins a new log with its genesis.

Everybody declares everything at start: it costs milliseconds, and a difference is an error at
start instead of a message that goes astray later.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiormq import Channel

from mvidarr_common.bus.protocol import WorkQueue
from mvidarr_common.bus.topology import (
    DEAD_EXCHANGE,
    EXCHANGE,
    JOB_QUEUES,
    LIVE_EXCHANGE,
    LOG,
    LOG_BINDINGS,
    PARKED,
    QUERIES,
    UNROUTED,
)
from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Conflict
from mvidarr_common.messages.ids import new_id
from mvidarr_common.messages.system import LogStarted

from .append import append
from .connection import Link, close_channel
from .lost import Lost, broker_errors
from .tail import first_record

DELIVERY_LIMIT = 20
_GENESIS_LOCK = "mvidarr.genesis"
Arguments = dict[str, Any]

STREAM: Arguments = {"x-queue-type": "stream", "x-stream-max-segment-size-bytes": 100_000_000}
UNROUTED_STREAM: Arguments = {
    "x-queue-type": "stream",
    "x-max-age": "30D",
    "x-stream-max-segment-size-bytes": 10_000_000,
}
QUERY_QUEUE: Arguments = {
    "x-expires": 1_800_000,
    "x-max-length": 10_000,
    "x-overflow": "reject-publish",
}


def work_arguments(queue: str) -> Arguments:
    """Without a length limit: it would refuse what the log has stored already."""
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD_EXCHANGE,
        "x-dead-letter-routing-key": f"dead.{queue}",
        # At least once, so that a dead job cannot vanish; it demands reject-publish.
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
        # Heeded from 3.12; before, the broker's own configuration has to say it.
        "x-consumer-timeout": 43_200_000,
    }


async def prepare(link: Link) -> None:
    """Declare everything. A log that does not exist yet begins with its genesis."""
    if not await _begun(link):
        await _begin(link)
    async with a_channel(link) as channel:
        await _declare_all(channel)


@asynccontextmanager
async def a_channel(link: Link) -> AsyncIterator[Channel]:
    """A channel for a few calls. A difference in arguments is told as a Conflict."""
    channel = await link.channel()
    try:
        with broker_errors():
            yield channel
    except Lost as lost:
        if lost.differs:
            raise Conflict("topology", f"the broker has it differently: {lost}") from lost
        raise
    finally:
        await close_channel(channel)


async def _begun(link: Link) -> bool:
    return await _has_log(link) and await _has_exchange(link)


async def _has_log(link: Link) -> bool:
    return await _there(link, lambda channel: channel.queue_declare(LOG, passive=True))


async def _has_exchange(link: Link) -> bool:
    return await _there(link, lambda channel: channel.exchange_declare(EXCHANGE, passive=True))


async def _there(link: Link, look: Callable[[Channel], Awaitable[object]]) -> bool:
    try:
        async with a_channel(link) as channel:
            await look(channel)
    except Lost as lost:
        if lost.absent:
            return False
        raise
    return True


async def _begin(link: Link) -> None:
    """Write the genesis into the unbound stream; the exchange comes after, so whoever sees the
    exchange knows that it is done and that nothing can be before the genesis."""
    async with _alone(link):
        if await _begun(link):
            return
        if not await _has_records(link):
            log_id = new_id()
            genesis = fresh(LogStarted(log_id=log_id), source="bus", id=log_id)
            await append(link, [(genesis.routing_key, genesis.encode())])
        async with a_channel(link) as channel:
            await _declare_exchange(channel)


async def _has_records(link: Link) -> bool:
    new = not await _has_log(link)
    async with a_channel(link) as channel:
        await channel.queue_declare(LOG, durable=True, arguments=STREAM)
    # The broker's message count is seconds old: only reading tells. A new stream needs no wait.
    return not new and await first_record(link, timeout=2.0) is not None


@asynccontextmanager
async def _alone(link: Link) -> AsyncIterator[None]:
    """Nobody else begins the log meanwhile: an exclusive queue has one owner, and goes with it."""
    while True:
        try:
            async with a_channel(link) as channel:
                await channel.queue_declare(_GENESIS_LOCK, exclusive=True, auto_delete=True)
            break
        except Lost as lost:
            if not lost.locked:
                raise
            await asyncio.sleep(0.1)
    try:
        yield
    finally:
        async with a_channel(link) as channel:
            await channel.queue_delete(_GENESIS_LOCK)


async def _declare_all(channel: Channel) -> None:
    await channel.queue_declare(LOG, durable=True, arguments=STREAM)
    await channel.queue_declare(UNROUTED, durable=True, arguments=UNROUTED_STREAM)
    await channel.exchange_declare(UNROUTED, exchange_type="fanout", durable=True)
    await channel.queue_bind(UNROUTED, UNROUTED, "")
    await channel.exchange_declare(LIVE_EXCHANGE, exchange_type="topic", durable=True)
    await _declare_exchange(channel)
    for key in LOG_BINDINGS:
        await channel.queue_bind(LOG, EXCHANGE, key)
    await _declare_parked(channel)
    for queue in JOB_QUEUES:
        await declare_work(channel, queue)
    await declare_queries(channel)


async def _declare_exchange(channel: Channel) -> None:
    await channel.exchange_declare(
        EXCHANGE, exchange_type="topic", durable=True, arguments={"alternate-exchange": UNROUTED}
    )


async def _declare_parked(channel: Channel) -> None:
    await channel.exchange_declare(DEAD_EXCHANGE, exchange_type="topic", durable=True)
    await channel.queue_declare(PARKED.name, durable=True, arguments={"x-queue-type": "quorum"})
    await channel.queue_bind(PARKED.name, DEAD_EXCHANGE, "#")


async def declare_work(channel: Channel, queue: WorkQueue) -> None:
    """A queue of work with its bindings."""
    if queue.name == PARKED.name:
        return await _declare_parked(channel)
    await channel.queue_declare(queue.name, durable=True, arguments=work_arguments(queue.name))
    for key in queue.bindings:
        await channel.queue_bind(queue.name, EXCHANGE, key)
    return None


async def declare_queries(channel: Channel) -> None:
    """The queue of questions; it expires when nobody answers for half an hour."""
    await channel.queue_declare(QUERIES, durable=True, arguments=QUERY_QUEUE)
