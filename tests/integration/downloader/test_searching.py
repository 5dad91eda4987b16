"""A search for one video is fetched like a page; of several nobody knows which is meant."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from yt_dlp.extractor.common import SearchInfoExtractor
from yt_dlp.globals import extractors

from mvidarr_common.demo.site import Site
from mvidarr_common.errors import JobError
from mvidarr_downloader import remote

from .conftest import fetch_guarded

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY, TRAIN = "midnight-ferry", "last-train"


@pytest.fixture
def searchable(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site, with a search as yt-dlp has them for others."""

    class FerrySearchIE(SearchInfoExtractor):  # type: ignore[misc]  # yt-dlp has no types
        _SEARCH_KEY = "ferrysearch"

        def _search_results(self, query: str) -> Any:
            slugs = [slug for slug in (FERRY, TRAIN) if query in slug]
            return (self.url_result(site.url(slug)) for slug in slugs)

    with remote.Session({"quiet": True, "cachedir": False}):
        known = dict(remote._extractors)
    monkeypatch.setitem(extractors.value, FerrySearchIE.__name__, FerrySearchIE)
    monkeypatch.setattr(remote, "_extractors", {"FerrySearch": FerrySearchIE} | known)
    return site


@pytest.mark.parametrize("search", ["ferrysearch:t", "ferrysearch1:t"])
async def test_a_search_for_one_gives_the_first_that_is_found(
    search: str, searchable: Site, tmp_path: Path
) -> None:
    found = await asyncio.to_thread(fetch_guarded, search, tmp_path)
    assert found.found.title == "Midnight Ferry"
    assert found.page_url == searchable.url(FERRY)
    assert searchable.served[TRAIN] == 0


async def test_a_search_that_finds_nothing_says_so(searchable: Site, tmp_path: Path) -> None:
    with pytest.raises(JobError) as failed:
        await asyncio.to_thread(fetch_guarded, "ferrysearch1:nothing", tmp_path)
    assert (failed.value.code, failed.value.retry) == ("unsupported_url", False)


@pytest.mark.parametrize("search", ["ytsearch2:x", "ytsearchall:x"])
async def test_a_search_for_several_is_refused_before_it_is_asked(search: str, fetch: Any) -> None:
    with pytest.raises(JobError) as refused:
        await fetch(search)
    assert (refused.value.code, refused.value.retry) == ("several_videos", False)
    assert "inspect" in refused.value.message


async def test_a_list_is_refused_with_what_to_do_instead(site: Site, fetch: Any) -> None:
    with pytest.raises(JobError) as refused:
        await fetch(site.list_url(3))
    assert (refused.value.code, refused.value.retry) == ("several_videos", False)
    assert sum(site.served.values()) == 0
