"""The images of deploy/Dockerfile as a running system. `make check-containers` builds them."""

from collections.abc import AsyncIterator, Generator, Iterator

import pytest

from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.demo.receiver import Receiver
from mvidarr_common.demo.samples import Sample, make_samples
from mvidarr_common.demo.site import Site

from .fleet import Fleet


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the containers said goes beside a failure."""
    report = yield
    for fleet in [each for each in item.funcargs.values() if isinstance(each, Fleet)]:
        names = fleet.running if report.failed else ()
        report.sections += [(f"log of {name}", fleet.tail(name)) for name in names]
    return report


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Two whole videos, and one that is cut off."""
    return make_samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Five services in seven containers, with a RabbitMQ and a PostgreSQL."""
    with Fleet(tmp_path_factory.mktemp("fleet")) as fleet:
        yield fleet


@pytest.fixture
async def client(fleet: Fleet) -> AsyncIterator[Client]:
    """The administrator, who does not give up while something is started again."""
    async with open_client(fleet.log_in(), patience=60) as client:
        yield client


@pytest.fixture
async def site(fleet: Fleet, samples: list[Sample]) -> AsyncIterator[Site]:
    """Where videos come from, on this host."""
    async with Site(samples, host=fleet.host) as site:
        yield site


@pytest.fixture
async def receiver(fleet: Fleet) -> AsyncIterator[Receiver]:
    """A webhook receiver on this host."""
    async with Receiver(host=fleet.host) as receiver:
        yield receiver
