"""Many downloads at once: a stuck one harms none, and each has little memory to itself."""

import asyncio
import os
from typing import Any

import pytest
from prometheus_client import REGISTRY

from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import JobError
from mvidarr_common.testing.conditions import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY, MOONS = "midnight-ferry", "paper-moons"
MANY = int(os.environ.get("CHAOS_DOWNLOADS", "50"))
MEMORY = "mvidarr_download_memory_bytes"


async def test_a_download_that_stalls_is_given_up_and_the_others_come_through(
    site: Site, downloader: Any, fetch: Any
) -> None:
    await fetch(site.url(MOONS), job_id="first")
    site.media[FERRY] = Conduct(stall_after=500_000)
    limits = {"download_stall": 8.0, "download_timeout": 60.0}
    stuck = asyncio.create_task(fetch(site.url(FERRY), job_id="stuck", **limits))
    await eventually(lambda: site.served[FERRY] >= 500_000, 60)
    others = [fetch(site.url(MOONS), job_id=f"job{n}") for n in range(4)]
    for result in await asyncio.gather(*others):
        assert result.size == site.samples[MOONS].path.stat().st_size
    with pytest.raises(JobError) as failed:
        await stuck
    assert (failed.value.code, failed.value.retry) == ("timeout", True)

    site.media.clear()
    assert (await fetch(site.url(FERRY), job_id="stuck")).resumed_from > 0


async def test_the_memory_of_each_download_is_counted(site: Site, fetch: Any) -> None:
    def counted() -> tuple[float, float]:
        count, total = (REGISTRY.get_sample_value(f"{MEMORY}_{s}") or 0 for s in ("count", "sum"))
        return count, total

    before = counted()
    await fetch(site.url(MOONS))
    count, total = (now - then for now, then in zip(counted(), before, strict=True))
    assert count == 1
    assert 0 < total < 256 * 1024**2


async def test_many_downloads_at_once_all_come_whole(
    site: Site, downloader: Any, fetch: Any
) -> None:
    async with asyncio.TaskGroup() as group:
        jobs = [group.create_task(fetch(site.url(MOONS), job_id=f"job{n}")) for n in range(MANY)]
    digests = {job.result().sha256 for job in jobs}
    assert len({job.result().path for job in jobs}) == MANY
    assert len(digests) == 1
