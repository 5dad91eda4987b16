"""The catalog's database: whether it lets us in, its version, and whether the clocks agree."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from mvidarr_common.settings import Settings

from .finding import Finding, Verdict
from .services import own_settings

ABOUT = "database"
OLDEST = 13
LARGEST_SKEW = 2.0
_PATIENCE = 10.0


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
        version, skew = await _ask(url.get_secret_value())
    except Exception as error:  # whatever a driver raises is the answer
        yield Finding(ABOUT, "wrong", f"It does not let us in: {error or type(error).__name__}.")
        return
    verdict: Verdict = "well" if version >= OLDEST else "wrong"
    yield Finding(ABOUT, verdict, f"PostgreSQL {version}; {OLDEST} or newer is needed.")
    if abs(skew) > LARGEST_SKEW:
        yield Finding("clock", "wrong", f"Ours and the database's differ by {skew:.1f} s.")
    else:
        yield Finding("clock", "well", "Ours and the database's agree.")


async def _ask(url: str) -> tuple[int, float]:
    driver: Any = import_module("asyncpg")  # comes with the catalog
    plain = url.replace("postgresql+asyncpg://", "postgresql://", 1)
    connection = await driver.connect(plain, timeout=_PATIENCE)
    try:
        async with asyncio.timeout(_PATIENCE):
            theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
        skew = (datetime.now(UTC) - theirs).total_seconds()
        return int(connection.get_server_version().major), skew
    finally:
        await connection.close()
