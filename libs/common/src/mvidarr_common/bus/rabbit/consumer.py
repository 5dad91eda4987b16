"""Consuming a queue until the channel dies or the broker cancels it, whichever is told."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from aiormq import Channel
from aiormq.abc import DeliveredMessage

from .lost import broker_errors

Headers = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Consumer:
    """A consumer on a channel of its own. `gone` gets the reason when nothing comes any more."""

    channel: Channel
    tag: str
    gone: asyncio.Future[str]


async def consume(
    channel: Channel,
    queue: str,
    take: Callable[[DeliveredMessage], Coroutine[Any, Any, None]],
    *,
    prefetch: int = 0,
    no_ack: bool = False,
    arguments: Headers | None = None,
) -> Consumer:
    """Start consuming. `take` must only hand over: the channel cancels it when it dies."""
    gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    # A queue that is deleted cancels its consumers and leaves the channel open.
    channel.on_consumer_cancel_callbacks.add(lambda _: _settle(gone, "cancelled"))
    channel.closing.add_done_callback(lambda closing: _settle(gone, _reason(closing)))
    with broker_errors():
        if prefetch:
            await channel.basic_qos(prefetch_count=prefetch)
        started = await channel.basic_consume(queue, take, no_ack=no_ack, arguments=arguments)
    return Consumer(channel, str(started.consumer_tag), gone)


def headers_of(message: DeliveredMessage) -> Headers:
    """The message's headers, none where it has none."""
    return dict(message.header.properties.headers or {})


def _settle(gone: asyncio.Future[str], reason: str) -> None:
    if not gone.done():
        gone.set_result(reason)


def _reason(closing: asyncio.Future[Any]) -> str:
    error = None if closing.cancelled() else closing.exception()
    return "timeout" if "timed out" in str(error) else "closed"
