"""What the suites that kill have in common; the logs of the processes stand beside a failure."""

import os
import sys
from collections.abc import Callable, Generator

import imageio_ffmpeg
import pytest

from mvidarr_common.demo.samples import Sample, encode, picture
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.system import System


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the processes said goes beside a failure."""
    report = yield
    found = [getattr(each, "system", each) for each in getattr(item, "funcargs", {}).values()]
    for system in [each for each in found if isinstance(each, System)] if report.failed else ():
        report.sections += [(f"log of {name}", system.tail(name)) for name in system.processes]
    return report


collect_ignore = [] if "CHAOS_NAPS" in os.environ else ["test_sleeping_gateway.py"]
"""What has many processes of its own runs with `make chaos` alone."""


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """As short as can be, since it is fetched many times."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    exe = imageio_ffmpeg.get_ffmpeg_exe()
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    encode(exe, path, 2, "testsrc2=size=320x180:rate=25", (196, 294), codecs)
    sample = Sample(path.stem, "Clip", "Test Pattern", path, False, 2)
    picture(exe, path, sample.poster)
    return sample


@pytest.fixture(scope="session")
def servers(rabbit_node: RabbitNode, postgres: PostgresServer) -> tuple[RabbitNode, PostgresServer]:
    """A broker and a database server; each test has its own part of them."""
    return rabbit_node, postgres


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a line for whoever watches, though tests are captured."""

    def line(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text}")
            sys.stdout.flush()

    return line
