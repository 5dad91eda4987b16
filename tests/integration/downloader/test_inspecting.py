"""An inspection tells what a page holds, and fetches nothing of it."""

from datetime import date
from typing import Any

import pytest

from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import Invalid, JobError
from mvidarr_common.messages.profiles import QualityItem, QualityProfile

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY = "midnight-ferry"


async def test_a_video_is_described_with_its_formats_and_nothing_is_fetched(
    site: Site, downloader: Any
) -> None:
    site.pages[FERRY] = Conduct(claims=123_456)
    found = await downloader.inspect(site.url(FERRY), profile=QualityProfile(name="all"))
    assert (found.holds, found.title) == ("video", "Neon Harbour - Midnight Ferry (Official Video)")
    assert (found.found.artist, found.found.title) == ("Neon Harbour", "Midnight Ferry")
    assert (found.duration, found.uploaded) == (8.0, date(2024, 5, 17))
    [format] = found.formats
    assert (format.width, format.height, format.quality) == (640, 360, "360p")
    assert (format.container, format.size) == ("mp4", 123_456)
    assert found.choice.formats == found.formats
    assert site.served[FERRY] == 0
    assert downloader.left() == []


async def test_a_video_that_the_profile_does_not_allow_is_shown_without_a_choice(
    site: Site, downloader: Any
) -> None:
    only_hd = QualityProfile(name="hd", items=(QualityItem(quality="1080p"),))
    found = await downloader.inspect(site.url(FERRY), profile=only_hd)
    assert [format.quality for format in found.formats] == ["360p"]
    assert found.choice is None


async def test_a_list_of_a_thousand_comes_in_pages(site: Site, downloader: Any) -> None:
    url, cursor, seen = site.list_url(1000), None, []
    while True:
        page = await downloader.inspect(url, cursor=cursor, limit=200)
        assert (page.holds, page.title, page.total) == ("list", "Videos", 1000)
        seen += page.entries
        if page.next is None:
            break
        cursor = page.next
    assert [entry.position for entry in seen] == list(range(1, 1001))
    assert seen[0].url == f"{site.url(FERRY)}?n=1"
    assert len({entry.url for entry in seen}) == 1000
    assert seen[-1].title == "Midnight Ferry"


async def test_an_entry_of_a_list_is_fetched_by_its_address(
    site: Site, downloader: Any, fetch: Any
) -> None:
    page = await downloader.inspect(site.list_url(3), cursor="3", limit=1)
    [entry] = page.entries
    assert (entry.position, page.next) == (3, None)
    assert (await fetch(entry.url)).found.title == "Last Train"


@pytest.mark.parametrize(
    ("url", "code"),
    [("file:///etc/passwd", "invalid_url"), ("ytsearch5:x y", None), ("nosearch5:x", None)],
)
async def test_only_addresses_and_searches_are_taken(
    url: str, code: str | None, downloader: Any
) -> None:
    with pytest.raises((JobError, Invalid)) as refused:
        await downloader.inspect(url)
    assert refused.value.code == code or code is None
    assert refused.value.code != "defect"


async def test_a_page_without_a_video_and_one_that_is_gone_are_told(
    site: Site, downloader: Any
) -> None:
    for conduct, code in ((Conduct(blank=True), "unsupported_url"), (Conduct(status=410), "gone")):
        site.pages[FERRY] = conduct
        with pytest.raises(JobError) as failed:
            await downloader.inspect(site.url(FERRY))
        assert failed.value.code == code, failed.value.detail


async def test_an_inspection_reaches_no_private_network(site: Site, downloader: Any) -> None:
    with pytest.raises((JobError, Invalid)) as refused:
        await downloader.inspect(site.url(FERRY), allow_private=False)
    assert refused.value.code == "private_address"


async def test_a_cursor_that_nobody_gave_is_refused(site: Site, downloader: Any) -> None:
    with pytest.raises(JobError) as refused:
        await downloader.inspect(site.list_url(3), cursor="1:99")
    assert refused.value.code == "invalid_cursor"
