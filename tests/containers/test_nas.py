"""The all-in-one image: one port, two folders, and files that belong to whom one says."""

import asyncio
from collections.abc import Iterator

import pytest

from mvidarr_common.cli.client import open_client
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.messages.queries import Videos
from mvidarr_common.testing.outside import add, ended, nothing_left, nothing_lost, plays

from .nas import GROUP, OWNER, Nas, image

pytestmark = pytest.mark.timeout(600)

PATIENCE = 300.0
USERS = """
import os, pathlib
for each in pathlib.Path("/proc").glob("[0-9]*/status"):
    told = dict(line.split(":", 1) for line in each.read_text().splitlines())
    if told["Pid"].strip() != str(os.getpid()):
        print(told["Uid"].split()[1], told["Gid"].split()[1], int(told["CapEff"], 16))
"""
"""User, group and capabilities of every process but the one that looks."""


@pytest.fixture(scope="module")
def nas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nas]:
    """Up and healthy."""
    with Nas(tmp_path_factory.mktemp("nas")) as nas:
        yield nas


def test_it_has_two_folders_and_one_port() -> None:
    config = image()
    assert set(config["Volumes"]) == {"/config", "/data"}
    assert set(config["ExposedPorts"]) == {"8080/tcp"}


async def test_the_main_job_is_done_with_files_that_belong_to_whom_one_says(
    nas: Nas, samples: list[Sample]
) -> None:
    async with (
        Site(samples, host=nas.host) as site,
        open_client(await asyncio.to_thread(nas.log_in), patience=60) as client,
    ):
        added = [await add(client, site.url(sample.slug)) for sample in samples]
        videos = await ended(client, [each.id for each in added], PATIENCE)
        assert [video.state for video in videos] == ["ready", "ready", "failed"]
        await nothing_lost(client, videos, nas.root, PATIENCE)
        await nothing_left(nas.root, PATIENCE)
    for file in [file for video in videos for file in video.files]:
        path = nas.root.at(file.rendition.path)
        assert await plays(path)
        assert (path.stat().st_uid, path.stat().st_gid) == (OWNER, GROUP)
        assert oct(path.stat().st_mode & 0o777) == "0o640"
        assert oct(path.parent.stat().st_mode & 0o777) == "0o750"


def test_everything_in_it_runs_as_that_user_without_capabilities(nas: Nas) -> None:
    users = nas.run("python3", "-c", USERS).splitlines()
    assert len(users) > 5
    assert set(users) == {f"{OWNER} {GROUP} 0"}


def test_its_clock_shows_the_time_of_its_zone(nas: Nas) -> None:
    assert nas.run("python3", "-c", "import time; print(time.tzname[0])") == "JST"


async def test_what_it_knows_lies_in_its_folders(nas: Nas) -> None:
    assert await asyncio.to_thread(nas.stop) == 0
    await asyncio.to_thread(nas.restart)
    async with open_client(await asyncio.to_thread(nas.log_in), patience=60) as client:
        found = await client.get("/videos", Videos)
    assert sorted(video.state for video in found.items) == ["failed", "ready", "ready"]
