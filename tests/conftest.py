"""What all tests share: a broker and database servers, started when the first test asks."""

import fcntl
import gc
import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it has no types

from mvidarr_common.demo.samples import Sample, make_samples
from mvidarr_common.testing.lending import Lender, borrow
from mvidarr_common.testing.mariadb import MariaServer
from mvidarr_common.testing.mysql import GivenServer
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.servers import DatabaseServer, Server

# Forked children import the functions of test modules by the names that pytest gives them.
sys.path.insert(0, str(Path(__file__).parent.parent))

# pytest-xdist tells its workers how wide its terminal is; commands would break their lines there.
os.environ.pop("COLUMNS", None)

# No property depends on the clock, and the first example of all takes seconds to come.
settings.register_profile(
    "ours", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("ours")


def mariadb_or_mysql() -> DatabaseServer:
    """A MySQL server instead, where one is named."""
    return GivenServer.of_the_environment() or MariaServer(fsync=False)


# What is imported stays: to look through it again and again takes a third of the time to collect.
gc.disable()

SHARED: dict[str, Callable[[], Server]] = {
    "rabbitmq": partial(RabbitNode, thrifty=True),
    "postgres": partial(PostgresServer, fsync=False),
    "mariadb": mariadb_or_mysql,
}
LENDER = pytest.StashKey[Lender]()


class BySystem(LoadFileScheduling):  # type: ignore[misc]
    """A process has all tests of a file, or of a folder whose tests share what is long to start: a
    running system, a broker to be hurt, a site with films and a downloader that knows them."""

    FOLDERS = (
        "tests/e2e/embedded", "tests/e2e/separate",
        "tests/integration/bus", "tests/integration/downloader",
    )  # fmt: skip

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        folder = file.rpartition("/")[0]
        return folder if folder in self.FOLDERS else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BySystem:
    """What `pytest -n` asks for how to spread tests over processes."""
    return BySystem(config, log)


def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """The processes that `pytest -n` starts share their servers."""
    config.stash[LENDER] = lender = Lender(SHARED)
    config.add_cleanup(lender.close)


def pytest_configure_node(node: Any) -> None:
    """Each of them is told whom to ask."""
    node.workerinput["lender"] = node.config.stash[LENDER].address


def pytest_collection_finish() -> None:
    """From here on there is something to collect."""
    gc.freeze()
    gc.enable()


@contextmanager
def shared(config: pytest.Config, name: str) -> Iterator[Any]:
    """The one of all processes; of this one where there is no other."""
    if lender := getattr(config, "workerinput", {}).get("lender"):
        yield borrow(lender, name)
    else:
        with SHARED[name]() as server:
            yield server


@pytest.fixture(scope="session")
def rabbit_node(pytestconfig: pytest.Config) -> Iterator[RabbitNode]:
    """A broker for tests that do it no harm; each has a virtual host of its own."""
    with shared(pytestconfig, "rabbitmq") as node:
        yield node


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """A server for tests that do it no harm; each has a database of its own."""
    with shared(pytestconfig, "postgres") as server:
        yield server


@pytest.fixture(scope="session")
def mariadb(pytestconfig: pytest.Config) -> Iterator[DatabaseServer]:
    """As the other; see `mvidarr_common.testing.mysql`."""
    with shared(pytestconfig, "mariadb") as server:
        yield server


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Two whole videos, and one that is cut off: made by the process that asks first, copied by
    the others."""
    base, own = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("samples")
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "samples"
    told = kept / "samples.pickle"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            made = make_samples(kept)
            told.write_bytes(pickle.dumps(made))
    shutil.copytree(kept, own, dirs_exist_ok=True)
    return [replace(each, path=own / each.path.name) for each in pickle.loads(told.read_bytes())]
