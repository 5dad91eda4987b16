"""What all tests share: a broker and database servers, started when the first test asks."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mvidarr_common.testing.mariadb import MariaServer
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode

# Forked children import the functions of test modules by the names that pytest gives them.
sys.path.insert(0, str(Path(__file__).parent.parent))

# pytest-xdist tells its workers how wide its terminal is; commands would break their lines there.
os.environ.pop("COLUMNS", None)


@pytest.fixture(scope="session")
def rabbit_node() -> Iterator[RabbitNode]:
    """A broker for tests that do it no harm; each has a virtual host of its own."""
    with RabbitNode() as node:
        yield node


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for tests that do it no harm; each has a database of its own."""
    with PostgresServer(fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaServer]:
    """As the other."""
    with MariaServer(fsync=False) as server:
        yield server
