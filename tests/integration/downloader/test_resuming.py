"""What a broken or killed attempt has left is continued, and never fetched twice."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import JobError
from mvidarr_common.testing.conditions import eventually

from .conftest import downloading

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY = "midnight-ferry"


def size_of(site: Site) -> int:
    return site.samples[FERRY].path.stat().st_size


async def test_a_cut_connection_is_continued_by_the_next_attempt(
    site: Site, downloader: Any, fetch: Any
) -> None:
    site.media[FERRY] = Conduct(cut_after=1_000_000)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY))
    assert (failed.value.code, failed.value.retry) == ("network", True)
    first = site.served[FERRY]

    result = await fetch(site.url(FERRY))
    assert result.resumed_from > 0
    assert site.ranges[FERRY] == [None, f"bytes={result.resumed_from}-"]
    assert site.served[FERRY] - first == size_of(site) - result.resumed_from
    path = downloader.root.at(result.path)
    assert path.read_bytes() == site.samples[FERRY].path.read_bytes()
    assert downloader.left() == [".lock", ".told", "source.mp4", "thumbnail.jpg"]


async def test_a_cut_connection_is_continued_within_an_attempt(site: Site, fetch: Any) -> None:
    site.media[FERRY] = Conduct(cut_after=1_000_000)
    result = await fetch(site.url(FERRY), download_retries=2)
    assert result.size == size_of(site)
    assert len(site.ranges[FERRY]) == 2


async def test_a_site_that_cannot_continue_begins_anew(
    site: Site, downloader: Any, fetch: Any
) -> None:
    site.media[FERRY] = Conduct(cut_after=1_000_000, ranges=False)
    with pytest.raises(JobError):
        await fetch(site.url(FERRY))
    result = await fetch(site.url(FERRY))
    assert result.resumed_from == 0
    path = downloader.root.at(result.path)
    assert path.read_bytes() == site.samples[FERRY].path.read_bytes()


async def test_a_file_that_has_changed_meanwhile_begins_anew(
    site: Site, downloader: Any, fetch: Any
) -> None:
    site.media[FERRY] = Conduct(cut_after=500_000)
    with pytest.raises(JobError):
        await fetch(site.url(FERRY))
    other = site.samples["last-train"]
    site.samples[FERRY], before = other, site.samples[FERRY]
    try:
        result = await fetch(site.url(FERRY))
    finally:
        site.samples[FERRY] = before
    assert result.resumed_from == 0
    assert downloader.root.at(result.path).read_bytes() == other.path.read_bytes()


@pytest.mark.parametrize("heeds", [True, False])
async def test_another_file_of_the_same_length_is_not_mixed_with_the_one_that_was_begun(
    heeds: bool, site: Site, downloader: Any, fetch: Any, tmp_path: Path
) -> None:
    site.media[FERRY] = Conduct(cut_after=1_000_000)
    with pytest.raises(JobError):
        await fetch(site.url(FERRY))
    before = site.samples[FERRY]
    other = tmp_path / "other.mp4"
    other.write_bytes(before.path.read_bytes()[::-1])
    site.samples[FERRY] = replace(before, path=other)
    site.media[FERRY] = Conduct(heeds_if_range=heeds)
    result = await fetch(site.url(FERRY))
    assert result.resumed_from == 0
    assert downloader.root.at(result.path).read_bytes() == other.read_bytes()


async def test_a_killed_child_costs_an_attempt_and_not_the_bytes(
    site: Site, downloader: Any, fetch: Any
) -> None:
    await downloader.children.rest()
    site.media[FERRY] = Conduct(rate=600_000)
    attempt = asyncio.create_task(fetch(site.url(FERRY)))
    await eventually(lambda: _part(downloader) > 300_000)
    (child,) = downloading()
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(JobError) as failed:
        await attempt
    assert failed.value.code == "worker_child_died"
    assert failed.value.retry

    site.media.clear()
    result = await fetch(site.url(FERRY))
    assert result.resumed_from > 300_000
    path = downloader.root.at(result.path)
    assert path.read_bytes() == site.samples[FERRY].path.read_bytes()


async def test_a_cancelled_download_leaves_no_process_no_bytes_and_no_file(
    site: Site, downloader: Any, fetch: Any
) -> None:
    await downloader.children.rest()
    site.media[FERRY] = Conduct(rate=300_000)
    attempt = asyncio.create_task(fetch(site.url(FERRY)))
    await eventually(lambda: any(word.stage == "downloading" for word in downloader.told))
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert downloading() == []
    assert downloader.left() == []
    assert site.served[FERRY] < size_of(site)


def _part(downloader: Any) -> int:
    return sum(path.stat().st_size for path in downloader.root.path.rglob("*.part"))
