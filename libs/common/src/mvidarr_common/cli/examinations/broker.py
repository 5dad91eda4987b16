"""The broker: whether it lets us in, and whether it is new enough."""

import asyncio
from collections.abc import AsyncIterator

import aiormq
from aiormq.exceptions import AMQPError

from mvidarr_common.settings import Settings

from .finding import Finding, Verdict

ABOUT = "broker"
OLDEST = (3, 10)
_PATIENCE = 10.0


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Only connects; declares nothing."""
    if settings.amqp_url is None:
        yield Finding(ABOUT, "well", "None is configured: the embedded bus serves one process.")
        return
    try:
        async with asyncio.timeout(_PATIENCE):
            version = await _version(settings.amqp_url.get_secret_value())
    except (OSError, AMQPError, TimeoutError) as error:
        yield Finding(ABOUT, "wrong", f"It does not let us in: {error or type(error).__name__}.")
        return
    verdict: Verdict = "well" if _numbers(version) >= OLDEST else "wrong"
    wanted = ".".join(map(str, OLDEST))
    yield Finding(ABOUT, verdict, f"RabbitMQ {version}; {wanted} or newer is needed.")
    yield Finding(
        ABOUT, "note", "Only its administrator can see that consumer_timeout is 43200000 there."
    )


async def _version(url: str) -> str:
    connection = await aiormq.connect(url)
    try:
        told = connection.server_properties.get("version", b"")
        return told.decode() if isinstance(told, bytes) else str(told)
    finally:
        await connection.close()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
