"""The catalog's database: whether it lets us in, its version, and whether the clocks agree."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from mvidarr_common.settings import Settings

from .finding import Finding, Verdict
from .services import own_settings

ABOUT = "database"
OLDEST = {"PostgreSQL": (14,), "MySQL": (8,), "MariaDB": (10, 6)}
LARGEST_SKEW = 2.0
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a database says of itself, and its time in UTC."""

    product: str
    version: str
    time: datetime
    encoding: str = "UTF8"


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
    yield _version(seen)
    if seen.encoding != "UTF8":
        yield Finding(ABOUT, "wrong", f"It was made for {seen.encoding}; our texts need UTF8.")
    skew = (datetime.now(UTC) - seen.time).total_seconds()
    if abs(skew) > LARGEST_SKEW:
        yield Finding("clock", "wrong", f"Ours and the database's differ by {skew:.1f} s.")
    else:
        yield Finding("clock", "well", "Ours and the database's agree.")


def _version(seen: Seen) -> Finding:
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
        time: datetime = await connection.fetchval("SELECT clock_timestamp()")
        encoding: str = await connection.fetchval("SHOW server_encoding")
        return Seen("PostgreSQL", str(connection.get_server_version().major), time, encoding)
    finally:
        await connection.close()


async def _ask_mysql(url: str) -> Seen:
    driver: Any = import_module("asyncmy")
    parts = urlsplit(url)
    connection = await driver.connect(
        host=parts.hostname, port=parts.port or 3306, user=unquote(parts.username or ""),
        password=unquote(parts.password or ""), db=parts.path.strip("/"),
    )  # fmt: skip
    try:
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT VERSION(), UTC_TIMESTAMP(6)")
            version, time = await cursor.fetchone()
    finally:
        connection.close()
    product = "MariaDB" if "mariadb" in version.lower() else "MySQL"
    return Seen(product, version.partition("-")[0], time.replace(tzinfo=UTC))
