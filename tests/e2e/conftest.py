"""Running systems, shared as far as a test does not kill them; their logs stand beside failures."""

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

from mvidarr_common.cli.access import Access
from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.demo.receiver import Receiver
from mvidarr_common.demo.samples import Sample, encode, picture
from mvidarr_common.demo.site import Site
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.servers import DatabaseServer
from mvidarr_common.testing.system import EMBEDDED, SEPARATE, System
from mvidarr_common.testing.traces import Collector, collecting

Separate = Callable[..., System]

HOSTS = ip_network("127.1.0.0/16").hosts()

RUNNING = pytest.StashKey[dict[str, System]]()
"""What runs for the tests of a folder."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the processes said goes beside a failure."""
    report = yield
    systems = [each for each in _found(item) if isinstance(each, System)]
    for system in systems if report.failed else ():
        report.sections += [(f"log of {name}", system.tail(name)) for name in system.processes]
    return report


def _found(item: pytest.Item) -> list[Any]:
    return list(getattr(item, "funcargs", {}).values())


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Long enough to be met while something is done with it."""
    return _filmed(tmp_path_factory.mktemp("film") / "film.mp4", 12, "640x360")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """As short as can be, for what is done many times."""
    return _filmed(tmp_path_factory.mktemp("clip") / "clip.mp4", 2, "320x180")


@pytest.fixture(scope="session")
def sharper(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The same clip with four times as many pixels."""
    return _filmed(tmp_path_factory.mktemp("sharper") / "sharper.mp4", 2, "640x360")


def _filmed(path: Path, seconds: float, size: str) -> Sample:
    exe = imageio_ffmpeg.get_ffmpeg_exe()
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    encode(exe, path, seconds, f"testsrc2=size={size}:rate=25", (196, 294), codecs)
    sample = Sample(path.stem, path.stem.title(), "Test Pattern", path, False, seconds)
    picture(exe, path, sample.poster)
    return sample


@pytest.fixture(scope="session")
def separate_system(
    rabbit_node: RabbitNode, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Separate:
    """Makes systems of separate processes, which the test starts and ends."""

    def make(name: str, database: DatabaseServer = postgres, **settings: object) -> System:
        return System(
            tmp_path_factory.mktemp(name),
            SEPARATE,
            amqp_url=rabbit_node.url(rabbit_node.new_vhost()),
            database_url=database.new_database(),
            allow_private_addresses=True,
            **settings,
        )

    return make


@pytest.fixture(scope="module")
def embedded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """`mvidarr up` with everything embedded."""
    folder: Path = tmp_path_factory.mktemp("embedded")
    system = System(folder, EMBEDDED, allow_private_addresses=True)
    return _of_the_folder(request, _whole_life(system))


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the processes of `separate` send their spans."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def separate(
    request: pytest.FixtureRequest, separate_system: Separate, collector: Collector
) -> System:
    """Seven processes on RabbitMQ and PostgreSQL."""

    def life() -> Iterator[System]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")  # milliseconds until spans are sent
            yield from _whole_life(separate_system("separate", otlp_endpoint=collector.url))

    return _of_the_folder(request, life())


@pytest.fixture(scope="module")
def killable(separate_system: Separate, mariadb: DatabaseServer) -> Iterator[System]:
    """The same on MariaDB, for tests that kill: whoever kills a process starts it again."""
    yield from _whole_life(separate_system("killable", mariadb))


def _whole_life(system: System) -> Iterator[System]:
    """Started, used, and ended as an orchestrator does; it leaves no process behind."""
    with system:
        yield system
        system.stop()
        assert set(system.codes.values()) == {0}, system.codes
        assert system.remains() == []


def _of_the_folder(request: pytest.FixtureRequest, life: Iterator[System]) -> System:
    """All tests of a folder share it; it ends after the last of them, not with the process."""
    folder, name = request.node.parent, str(request.fixturename)
    running: dict[str, System] = folder.stash.setdefault(RUNNING, {})
    if name not in running:
        running[name] = next(life)

        def end() -> None:
            del running[name]
            next(life, None)

        folder.addfinalizer(end)
    return running[name]


@pytest.fixture(scope="module")
def strict(
    rabbit_node: RabbitNode, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """What decides and what answers, with the settings that they have by themselves; but for
    tokens, which do not live long."""
    yield from _whole_life(
        System(
            tmp_path_factory.mktemp("strict"),
            ("catalog", "api-gateway"),
            amqp_url=rabbit_node.url(rabbit_node.new_vhost()),
            database_url=postgres.new_database(),
            token_lifetime=5,
        )
    )


@pytest.fixture(scope="module")
def access(embedded: System) -> Access:
    """The administrator's, of the system in one process."""
    return embedded.log_in()


@pytest.fixture
async def client(access: Access) -> AsyncIterator[Client]:
    """The administrator."""
    async with open_client(access, patience=60) as client:
        yield client


@pytest.fixture
async def site(film: Sample, clip: Sample) -> AsyncIterator[Site]:
    """Where videos come from, at an address of its own: a port alone may come again, and a page
    that has been added once is not taken twice."""
    async with Site([film, clip], host=str(next(HOSTS))) as site:
        yield site


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A webhook receiver."""
    async with Receiver() as receiver:
        yield receiver
