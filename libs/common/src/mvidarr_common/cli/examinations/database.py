"""The catalog's database: whether it lets us in and make tables, its version, and its time."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from mvidarr_common.settings import Settings

from . import clock
from .finding import Finding, Verdict
from .services import own_settings

ABOUT = "database"
OLDEST = {"PostgreSQL": (14,), "MySQL": (8,), "MariaDB": (10, 6)}
LARGEST_PACKET = 16 * 2**20
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a database says of itself, how far our clock is ahead, and what does not fit."""

    product: str
    version: str
    skew: float
    problems: tuple[str, ...] = ()


async def examine(_: Settings) -> AsyncIterator[Finding]:
    """Where the catalog is installed."""
    settings = own_settings("catalog")
    if settings is None:
        return
    url = settings.database_url
    if url is None:
        yield Finding(ABOUT, "well", "None is configured: PostgreSQL is started with the catalog.")
        return
    try:
        async with asyncio.timeout(_PATIENCE):
            seen = await _ask(url.get_secret_value())
    except Exception as error:  # whatever a driver raises is the answer
        yield Finding(ABOUT, "wrong", f"It does not let us in: {error or type(error).__name__}.")
        return
    yield new_enough(seen)
    for problem in seen.problems:
        yield Finding(ABOUT, "wrong", problem)
    yield clock.compared("database", seen.skew)


def new_enough(seen: Seen) -> Finding:
    """The oldest that is tested."""
    oldest = OLDEST[seen.product]
    numbers = tuple(int(part) for part in re.findall(r"\d+", seen.version)[: len(oldest)])
    verdict: Verdict = "well" if numbers >= oldest else "wrong"
    wanted = ".".join(map(str, oldest))
    return Finding(ABOUT, verdict, f"{seen.product} {seen.version}; {wanted} or newer is needed.")


async def _ask(url: str) -> Seen:
    """With the driver that comes with the catalog."""
    scheme, _, rest = url.partition("://")
    if scheme.startswith(("mysql", "mariadb")):
        return await _ask_mysql(f"mysql://{rest}")
    return await _ask_postgres(f"postgresql://{rest}")


async def _ask_postgres(url: str) -> Seen:
    driver: Any = import_module("asyncpg")
    connection = await driver.connect(url)
    try:
        time, encoding, creates = await connection.fetchrow(
            "SELECT clock_timestamp(), current_setting('server_encoding'),"
            " has_schema_privilege(current_schema(), 'CREATE')"
        )
        skew = clock.since(time)
        version = str(connection.get_server_version().major)
    finally:
        await connection.close()
    unfit = [] if creates else ["Its user may not make tables."]
    unfit += [] if encoding == "UTF8" else [f"It was made for {encoding}; our texts need UTF8."]
    return Seen("PostgreSQL", version, skew, tuple(unfit))


async def _ask_mysql(url: str) -> Seen:
    driver: Any = import_module("asyncmy")
    parts = urlsplit(url)
    connection = await driver.connect(
        host=parts.hostname, port=parts.port or 3306, user=unquote(parts.username or ""),
        password=unquote(parts.password or ""), db=parts.path.strip("/"),
    )  # fmt: skip
    try:
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT VERSION(), UTC_TIMESTAMP(6), @@max_allowed_packet")
            version, time, packet = await cursor.fetchone()
            skew = clock.since(time.replace(tzinfo=UTC))
    finally:
        connection.close()
    product = "MariaDB" if "mariadb" in version.lower() else "MySQL"
    told = f"max_allowed_packet is {packet}; at least {LARGEST_PACKET} is needed."
    problems = (told,) if packet < LARGEST_PACKET else ()
    return Seen(product, version.partition("-")[0], skew, problems)
