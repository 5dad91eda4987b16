"""The broker: whether it lets us in and do our work, is new enough, and has the same time."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiormq
import httpx
from aiormq.abc import AbstractConnection
from aiormq.exceptions import AMQPError, ChannelAccessRefused

from mvidarr_common.settings import Settings

from . import clock
from .finding import Finding, Verdict

ABOUT = "broker"
OLDEST, TIMEOUT_BY_QUEUE = (3, 10), (3, 12)
MANAGEMENT = {"amqp": "http://{}:15672", "amqps": "https://{}:15671"}
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a broker says of itself, and why it refuses what each of our services needs."""

    version: str
    refusal: str | None = None


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """What is made there to see our rights goes with the connection."""
    if settings.amqp_url is None:
        yield Finding(ABOUT, "well", "None is configured: the embedded bus serves one process.")
        return
    url = settings.amqp_url.get_secret_value()
    try:
        async with asyncio.timeout(_PATIENCE):
            seen = await _look(url)
    except (OSError, AMQPError, TimeoutError) as error:
        yield Finding(ABOUT, "wrong", f"It does not let us in: {error or type(error).__name__}.")
        return
    yield new_enough(seen.version)
    if seen.refusal is not None:
        yield Finding(ABOUT, "wrong", f"Its user may not do what is needed: {seen.refusal}")
    yield lease(seen.version)
    parts = urlsplit(url)
    yield await same_time(MANAGEMENT[parts.scheme].format(parts.hostname))


def new_enough(version: str) -> Finding:
    """The oldest whose streams and queues we rely on."""
    verdict: Verdict = "well" if _numbers(version) >= OLDEST else "wrong"
    wanted = ".".join(map(str, OLDEST))
    return Finding(ABOUT, verdict, f"RabbitMQ {version}; {wanted} or newer is needed.")


def lease(version: str) -> Finding:
    """How long a job may hold its delivery. No protocol tells what the broker's own files say."""
    if _numbers(version) >= TIMEOUT_BY_QUEUE:
        return Finding(ABOUT, "well", "Queues of jobs say themselves: consumer_timeout 43200000.")
    asked = "rabbitmqctl eval 'application:get_env(rabbit, consumer_timeout).'"
    return Finding(
        ABOUT, "note",
        f"Before 3.12 its own files must say consumer_timeout = 43200000; {asked} tells it there.",
    )  # fmt: skip


async def same_time(management: str) -> Finding:
    """By the date of any answer of the management plug-in: AMQP tells no time."""
    with suppress(httpx.HTTPError, KeyError, ValueError):
        async with httpx.AsyncClient(timeout=3) as client:
            answer = await client.head(management)
        return clock.compared("broker", clock.since(parsedate_to_datetime(answer.headers["date"])))
    return Finding(
        clock.ABOUT, "note", f"The broker's is not seen: nothing answers on {management}."
    )


async def _look(url: str) -> Seen:
    connection = await aiormq.connect(url)
    try:
        told = connection.server_properties.get("version", b"")
        version = told.decode() if isinstance(told, bytes) else str(told)
        return Seen(version, await _refusal(connection))
    finally:
        await connection.close()


async def _refusal(connection: AbstractConnection) -> str | None:
    """Whether we may make a queue and read from it."""
    name = f"mvidarr.doctor.{secrets.token_hex(4)}"
    channel = await connection.channel()
    try:
        await channel.queue_declare(name, exclusive=True)
        await channel.basic_get(name)
    except ChannelAccessRefused as error:
        return str(error)
    return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
