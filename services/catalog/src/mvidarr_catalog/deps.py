"""What the catalog holds while it runs: its database, and the brain that thinks with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_common.service import Runtime

from .brain.dialects import open_engine
from .brain.model import Brain
from .embedded_database import embedded_database
from .models import whole_brain
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
        engine = open_engine(url, runtime.settings.database_connections)
        try:
            yield Deps(engine, whole_brain())
        finally:
            await engine.dispose()


@asynccontextmanager
async def _database(settings: CatalogSettings) -> AsyncIterator[str]:
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
    else:
        async with embedded_database(settings.state_dir / "postgres") as url:
            yield url
