"""Writes to the log alone, past the work queues: the genesis, and what is restored."""

from collections.abc import Sequence
from uuid import uuid4

from pamqp.commands import Basic

from mvidarr_common.bus.topology import LOG
from mvidarr_common.envelope import CONTENT_TYPE

from .connection import Link, close_channel
from .lost import broker_errors
from .publisher import Outgoing, Publisher


async def append(link: Link, bodies: Sequence[tuple[str, bytes]]) -> None:
    """Through an exchange of its own: through `mvidarr` old work would be done again, and the
    default exchange would replace the routing keys."""
    exchange = f"mvidarr.restore.{uuid4()}"
    channel = await link.channel()
    try:
        with broker_errors():
            await channel.exchange_declare(exchange, exchange_type="topic", durable=True)
            await channel.queue_bind(LOG, exchange, "#")
        await Publisher(link, exchange).publish([_record(key, body) for key, body in bodies])
        with broker_errors():
            await channel.exchange_delete(exchange)
    finally:
        await close_channel(channel)


def _record(key: str, body: bytes) -> Outgoing:
    return Outgoing(key, body, Basic.Properties(content_type=CONTENT_TYPE, delivery_mode=2))
