"""A running download is paused and resumed by signals, and no byte is fetched twice."""

import asyncio
from typing import Any

import pytest

from mvidarr_common.bus import FromFirst, open_bus
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.envelope import decode, fresh
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import (
    Download,
    Downloaded,
    JobCompleted,
    JobFailed,
    JobQueued,
    StopJob,
)
from mvidarr_common.messages.steering import JobPaused
from mvidarr_common.run import Bench
from mvidarr_common.service import Runtime
from mvidarr_common.settings import Settings
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.worker import Worker
from mvidarr_downloader.deps import Deps, manners_of
from mvidarr_downloader.jobs import download
from mvidarr_downloader.settings import DownloaderSettings

from .conftest import ALL, KEY, downloading

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY, JOB = "midnight-ferry", JobId("job")
LOST = 256 * 1024
"""Bytes that may be on their way when a child is stopped."""


async def test_a_paused_download_goes_on_where_it_was(site: Site, downloader: Any) -> None:
    await downloader.children.rest()
    site.media[FERRY] = Conduct(rate=600_000)
    settings = DownloaderSettings(allow_private_addresses=True)
    async with open_bus("embedded::memory:", "test") as bus:
        runtime = Runtime("downloader", Settings(), bus, downloader.root, KEY, WorkerId("one"))
        bench = Bench(runtime, Deps(manners_of(settings), KEY), downloader.children)
        stopping = asyncio.Event()
        working = asyncio.create_task(Worker(bench, (download,), {"download": 2}).serve(stopping))

        async def said(kind: type[Message]) -> Any:
            async with bus.read_log(FromFirst()) as log:
                found = [decode(record.body).message for record in await log.batch(wait=0.05)]
            assert not [each for each in found if isinstance(each, JobFailed)]
            return next((each for each in found if isinstance(each, kind)), None)

        async def queue(attempt: int) -> None:
            spec = Download(url=site.url(FERRY), profile=ALL)
            await bus.publish(fresh(JobQueued(job_id=JOB, attempt=attempt, spec=spec), source="t"))

        await queue(1)
        await eventually(lambda: site.served[FERRY] > 600_000, 60)
        await bus.signal(fresh(StopJob(job_id=JOB, attempt=1, reason="pause"), source="t"))
        await eventually(lambda: said(JobPaused), 30)
        assert downloading() == []
        assert [path.name for path in downloader.root.path.rglob("*.part")] == ["source.mp4.part"]

        site.media.clear()
        await queue(2)
        done = await eventually(lambda: said(JobCompleted), 60)
        stopping.set()
        await working
    assert isinstance(done.result, Downloaded)
    assert done.result.resumed_from > 400_000
    twice = site.served[FERRY] - done.result.size
    assert 0 <= twice < LOST
