"""What the catalog holds while it runs: its database, and the brain that thinks with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from mvidarr_common.service import Runtime

from .brain.leadership import LEASE
from .brain.model import Brain
from .embedded_database import embedded_database
from .models import whole_brain
from .postgres_connection import LeavableConnection
from .settings import CatalogSettings


@dataclass(frozen=True)
class Deps:
    """The open database and the brain."""

    engine: AsyncEngine
    brain: Brain


@asynccontextmanager
async def open_deps(runtime: Runtime[CatalogSettings]) -> AsyncIterator[Deps]:
    """Connect to the configured database, or start the embedded one."""
    async with _database(runtime.settings) as url:
        engine = _engine(url, runtime.settings.database_connections)
        try:
            yield Deps(engine, whole_brain())
        finally:
            await engine.dispose()


def _engine(url: str, connections: int) -> AsyncEngine:
    """A replica that stands still in the middle of a transaction must not hold up the others. No
    ping before each use, which costs more than most queries: whoever meets a dead connection
    begins again, and the pool drops the rest."""
    waits = {"idle_in_transaction_session_timeout": f"{LEASE}s"}
    postgres = {"server_settings": waits, "connection_class": LeavableConnection}
    told = postgres if make_url(url).get_driver_name() == "asyncpg" else {}
    return create_async_engine(url, pool_size=connections, max_overflow=0, connect_args=told)


@asynccontextmanager
async def _database(settings: CatalogSettings) -> AsyncIterator[str]:
    if settings.database_url is not None:
        yield with_driver(settings.database_url.get_secret_value())
    else:
        async with embedded_database(settings.state_dir / "postgres") as url:
            yield url


def with_driver(url: str) -> str:
    """The URL for SQLAlchemy's asynchronous driver, however people write it."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+asyncpg://{rest}" if scheme in ("postgres", "postgresql") else url
