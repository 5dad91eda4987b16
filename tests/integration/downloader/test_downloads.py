"""Real yt-dlp fetches real videos from a real site."""

import asyncio
import hashlib
from datetime import date
from typing import Any

import av
import pytest

from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import JobError
from mvidarr_common.messages.profiles import QualityItem, QualityProfile

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY, MOONS, TRAIN = "midnight-ferry", "paper-moons", "last-train"


async def test_an_mp4_comes_whole_and_with_what_the_page_says(
    site: Site, downloader: Any, fetch: Any
) -> None:
    result = await fetch(site.url(FERRY))
    path = downloader.root.at(result.path)
    original = site.samples[FERRY].path.read_bytes()
    assert path.read_bytes() == original
    assert (result.size, result.sha256) == (len(original), hashlib.sha256(original).hexdigest())
    assert (result.found.artist, result.found.title) == ("Neon Harbour", "Midnight Ferry")
    assert result.found.description == "Midnight Ferry by Neon Harbour. Made by FFmpeg."
    assert (result.duration, result.uploaded) == (8.0, date(2024, 5, 17))
    assert (result.page_url, result.source_id) == (site.url(FERRY), FERRY)
    assert result.resumed_from == 0
    assert downloader.root.at(result.thumbnail).read_bytes()[:2] == b"\xff\xd8"


async def test_a_webm_comes_from_a_page_with_a_video_element(
    site: Site, downloader: Any, fetch: Any
) -> None:
    result = await fetch(site.url(MOONS))
    assert (result.found.artist, result.found.title) == ("The Glass Orchard", "Paper Moons")
    with av.open(str(downloader.root.at(result.path))) as film:
        assert [stream.codec.name for stream in film.streams] == ["vp9", "opus"]


async def test_a_page_that_tells_of_its_video_in_its_head_alone_will_do(
    site: Site, fetch: Any
) -> None:
    site.pages[FERRY] = Conduct(player="opengraph")
    result = await fetch(site.url(FERRY))
    assert result.size == site.samples[FERRY].path.stat().st_size


async def test_a_damaged_file_is_fetched_as_it_is(site: Site, fetch: Any) -> None:
    result = await fetch(site.url(TRAIN))
    assert result.size == site.samples[TRAIN].path.stat().st_size


async def test_a_direct_address_of_a_file_will_do(site: Site, fetch: Any) -> None:
    result = await fetch(site.media_url(FERRY))
    assert result.found.title == FERRY


async def test_a_redirected_page_is_followed(site: Site, fetch: Any) -> None:
    site.pages["short"] = Conduct(redirect=site.url(FERRY))
    assert (await fetch(site.url("short"))).found.title == "Midnight Ferry"


async def test_only_the_video_its_picture_and_the_lock_stay(
    site: Site, downloader: Any, fetch: Any
) -> None:
    await fetch(site.url(FERRY))
    assert downloader.left() == [".lock", ".told", "source.mp4", "thumbnail.jpg"]


async def test_a_video_without_a_picture_is_still_a_video(site: Site, fetch: Any) -> None:
    site.samples[FERRY].poster.rename(site.samples[FERRY].poster.with_suffix(".away"))
    try:
        assert (await fetch(site.url(FERRY))).thumbnail is None
    finally:
        site.samples[FERRY].poster.with_suffix(".away").rename(site.samples[FERRY].poster)


async def test_progress_is_told_with_bytes_speed_and_what_is_to_come(
    site: Site, downloader: Any, fetch: Any
) -> None:
    site.media[FERRY] = Conduct(rate=1_500_000)
    await fetch(site.url(FERRY))
    size = site.samples[FERRY].path.stat().st_size
    told = [word for word in downloader.told if word.stage == "downloading"]
    assert len(told) >= 2
    assert all(word.unit == "bytes" and word.total == size for word in told)
    assert [word.done for word in told] == sorted(word.done for word in told)
    assert told[-1].speed > 0
    assert told[-1].eta is not None


async def test_several_downloads_at_once_keep_their_own_files(
    site: Site, downloader: Any, fetch: Any
) -> None:
    slugs = [FERRY, MOONS, TRAIN, FERRY]
    async with asyncio.TaskGroup() as group:
        jobs = [
            group.create_task(fetch(site.url(slug), job_id=f"job{n}"))
            for n, slug in enumerate(slugs)
        ]
    for slug, job in zip(slugs, jobs, strict=True):
        path = downloader.root.at(job.result().path)
        assert path.read_bytes() == site.samples[slug].path.read_bytes()


@pytest.mark.parametrize(
    ("where", "conduct", "code", "retry"),
    [
        ("pages", Conduct(status=404), "gone", False),
        ("pages", Conduct(status=410), "gone", False),
        ("pages", Conduct(status=403), "forbidden", False),
        ("pages", Conduct(status=401), "login_required", False),
        ("pages", Conduct(status=500), "network", True),
        ("pages", Conduct(blank=True), "unsupported_url", False),
        ("pages", Conduct(claims=10 * 10**9), "too_large", False),
        ("media", Conduct(status=404), "gone", False),
        ("media", Conduct(status=403), "forbidden", True),
        ("media", Conduct(status=500), "network", True),
        ("media", Conduct(claims=10 * 10**9), "too_large", False),
        ("media", Conduct(cut_after=100_000), "network", True),
    ],
)
async def test_a_failure_is_told_with_its_reason_and_leaves_nothing_that_cannot_be_used(
    where: str, conduct: Conduct, code: str, retry: bool, site: Site, downloader: Any, fetch: Any
) -> None:
    getattr(site, where)[FERRY] = conduct
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY))
    assert (failed.value.code, failed.value.retry) == (code, retry), failed.value.detail
    if not retry:
        assert downloader.left() == []


@pytest.mark.parametrize("where", ["pages", "media"])
async def test_too_many_requests_are_a_pause_that_the_site_names(
    where: str, site: Site, fetch: Any
) -> None:
    getattr(site, where)[FERRY] = Conduct(status=429, retry_after=77)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY))
    assert (failed.value.code, failed.value.retry, failed.value.after) == ("rate_limited", True, 77)


@pytest.mark.parametrize("where", ["pages", "media"])
async def test_a_site_that_says_nothing_is_given_up(where: str, site: Site, fetch: Any) -> None:
    getattr(site, where)[FERRY] = Conduct(hang=True)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY), download_timeout=0.5)
    assert (failed.value.code, failed.value.retry) == ("timeout", True)


async def test_a_site_that_is_not_there_is_tried_again(fetch: Any) -> None:
    with pytest.raises(JobError) as failed:
        await fetch("http://127.0.0.1:9/watch")
    assert (failed.value.code, failed.value.retry) == ("network", True)


async def test_a_file_that_grows_over_the_limit_is_stopped(site: Site, fetch: Any) -> None:
    site.media[FERRY] = Conduct(rate=400_000)
    profile = QualityProfile(name="small", max_bytes=500_000)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY), profile=profile)
    assert (failed.value.code, failed.value.retry) == ("too_large", False)
    assert site.served[FERRY] < site.samples[FERRY].path.stat().st_size


async def test_what_the_disk_cannot_hold_waits_for_room(site: Site, fetch: Any) -> None:
    site.pages[FERRY] = Conduct(claims=10**15)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY), download_max_bytes=10**16)
    assert (failed.value.code, failed.value.retry) == ("disk_full", True)
    assert site.served[FERRY] == 0


async def test_a_profile_that_allows_other_qualities_alone_is_told(site: Site, fetch: Any) -> None:
    items = (QualityItem(quality="1080p"),)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY), profile=QualityProfile(name="hd", items=items))
    assert (failed.value.code, failed.value.retry) == ("no_matching_format", False)


async def test_an_address_that_is_a_file_is_asked_for_once(
    site: Site, downloader: Any, fetch: Any
) -> None:
    result = await fetch(site.media_url(FERRY))
    assert site.ranges[FERRY] == [None]
    film = site.samples[FERRY].path.read_bytes()
    assert downloader.root.at(result.path).read_bytes() == film
    assert result.sha256 == hashlib.sha256(film).hexdigest()


async def test_a_file_that_was_asked_for_once_is_continued(site: Site, fetch: Any) -> None:
    site.media[FERRY] = Conduct(cut_after=1_000_000)
    result = await fetch(site.media_url(FERRY), download_retries=2)
    assert result.sha256 == hashlib.sha256(site.samples[FERRY].path.read_bytes()).hexdigest()
    first, *_, last = site.ranges[FERRY]
    assert first is None
    assert last is not None
