"""Consuming a queue until the channel dies or the broker cancels it, whichever is told."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiormq import Channel
from aiormq.abc import DeliveredMessage

from .connection import close_channel
from .lost import Lost, broker_errors

Headers = dict[str, Any]
Take = Callable[[DeliveredMessage], Coroutine[Any, Any, None]]


class Consumer:
    """A consumer on a channel of its own. `gone` gets the reason when nothing comes any more.

    Everything is settled through it: an acknowledgement that follows the closing of its channel
    would end the whole connection.
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._tag: str | None = None
        # A queue that is deleted cancels its consumers and leaves the channel open.
        channel.on_consumer_cancel_callbacks.add(lambda _: self._end("cancelled"))
        channel.closing.add_done_callback(lambda closing: self._end(_reason(closing)))

    async def start(
        self,
        queue: str,
        take: Take,
        *,
        prefetch: int = 0,
        no_ack: bool = False,
        arguments: Headers | None = None,
    ) -> None:
        """`take` must only hand over: the channel cancels it when it dies."""
        with broker_errors():
            if prefetch:
                await self.channel.basic_qos(prefetch_count=prefetch)
            started = await self.channel.basic_consume(
                queue, take, no_ack=no_ack, arguments=arguments
            )
        self._tag = started.consumer_tag

    async def ack(self, tag: int, *, multiple: bool = False) -> None:
        """Raises Lost when it can have no effect any more."""
        self._require()
        with broker_errors():
            await self.channel.basic_ack(tag, multiple=multiple, wait=False)

    async def hand_back(self, tag: int) -> None:
        """To another consumer, now."""
        self._require()
        with broker_errors():
            await self.channel.basic_nack(tag, requeue=True, wait=False)

    async def reject(self, tag: int) -> None:
        """To where the dead go."""
        self._require()
        with broker_errors():
            await self.channel.basic_reject(tag, requeue=False, wait=False)

    def _require(self) -> None:
        if self.gone.done():
            raise Lost(self.gone.result())

    async def cancel(self) -> None:
        """Take nothing more; the channel stays open for what was delivered."""
        if self._tag is None or self.gone.done():
            return
        try:
            with broker_errors():
                await self.channel.basic_cancel(self._tag)
        except Lost:
            return

    async def close(self) -> None:
        """Be gone."""
        self._end("left")
        await close_channel(self.channel)

    def _end(self, reason: str) -> None:
        if not self.gone.done():
            self.gone.set_result(reason)


def headers_of(message: DeliveredMessage) -> Headers:
    """The message's headers, none where it has none."""
    return dict(message.header.properties.headers or {})


def _reason(closing: asyncio.Future[Any]) -> str:
    error = None if closing.cancelled() else closing.exception()
    return "timeout" if "timed out" in str(error) else "closed"
