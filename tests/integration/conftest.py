"""What tests of several services stand on: database servers, and the catalog at work on one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.catalogs import Catalog, Databases, running_catalog

from mvidarr_common.bus import Bus
from mvidarr_common.testing.postgres import PostgresServer


@pytest.fixture(scope="session")
def databases(postgres: PostgresServer) -> Databases:
    """Databases of catalogs that have seen nothing yet."""
    return Databases(postgres)


@pytest.fixture
async def empty(databases: Databases, bus: Bus, tmp_path: Path) -> AsyncIterator[Catalog]:
    """A catalog that knows nobody and nothing."""
    async with databases.lend() as database, running_catalog(bus, database, tmp_path) as catalog:
        yield catalog
