"""What a profile asks to be done with a film: reported parts marked or cut, things written into
it, and what is known of it kept beside it."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from yt_dlp.postprocessor import SponsorBlockPP

from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.server import serving
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import JobError
from mvidarr_common.messages.fetching import FetchOptions, SponsorBlock, Subtitles
from mvidarr_common.messages.jobs import Downloaded
from mvidarr_common.messages.profiles import QualityProfile

from .conftest import fetch_guarded

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY, MOONS = "midnight-ferry", "paper-moons"


def asking(**options: Any) -> QualityProfile:
    return QualityProfile(name="asking", fetch=FetchOptions(**options))


@dataclass
class Reports:
    """A service like SponsorBlock's, with one report: seconds 2 to 4 of the ferry are an intro."""

    address: str = ""
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> JSONResponse:
        self.asked.append(request.url.path)
        assert request.query_params["service"] == "YouTube"
        assert json.loads(request.query_params["categories"]) == ["intro"]
        part = {"segment": [2.0, 4.0], "category": "intro", "description": "", "videoDuration": 8.0,
                "UUID": "u", "actionType": "skip", "locked": 0, "votes": 3}  # fmt: skip
        return JSONResponse([{"videoID": FERRY, "segments": [part]}])


@pytest_asyncio.fixture(loop_scope="session")
async def reports() -> AsyncIterator[Reports]:
    reports = Reports()
    routes = [Route("/api/skipSegments/{start}", reports.answer)]
    async with serving(Starlette(routes=routes)) as address:
        reports.address = address
        yield reports


def fetch_here(site: Site, reports: str, profile: QualityProfile, into: Path) -> Downloaded:
    """In this process, in which the site counts as one that the service knows."""
    return fetch_guarded(site.url(FERRY), into, profile=profile, sponsorblock=reports)


@pytest.fixture
def known_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SponsorBlockPP.EXTRACTORS, "Generic", "YouTube")


async def seconds_and_chapters(path: Path) -> tuple[float, list[str]]:
    def read() -> tuple[float, list[str]]:
        with av.open(str(path)) as film:
            names = [str(each["metadata"].get("title")) for each in film.chapters()]
            return (film.duration or 0) / 1e6, names

    return await asyncio.to_thread(read)


@pytest.mark.usefixtures("known_site")
async def test_reported_parts_become_chapters(site: Site, reports: Reports, tmp_path: Path) -> None:
    wanted = asking(sponsorblock=SponsorBlock(mark=("intro",)))
    result = await asyncio.to_thread(fetch_here, site, reports.address, wanted, tmp_path)
    assert [chapter.start for chapter in result.chapters] == [0.0, 2.0, 4.0]
    seconds, names = await seconds_and_chapters(tmp_path / result.path)
    assert round(seconds) == 8
    assert names[1] == "[SponsorBlock]: Intermission/Intro Animation"
    digest = hashlib.sha256(FERRY.encode()).hexdigest()
    assert reports.asked == [f"/api/skipSegments/{digest[:4]}"]


@pytest.mark.usefixtures("known_site")
async def test_reported_parts_are_cut(site: Site, reports: Reports, tmp_path: Path) -> None:
    wanted = asking(sponsorblock=SponsorBlock(cut=("intro",)))
    result = await asyncio.to_thread(fetch_here, site, reports.address, wanted, tmp_path)
    seconds, _ = await seconds_and_chapters(tmp_path / result.path)
    assert result.duration == 6.0
    assert seconds < 7.5  # cut at key frames, nothing is encoded anew


@pytest.mark.usefixtures("known_site")
async def test_a_service_that_does_not_answer_is_tried_again(site: Site, tmp_path: Path) -> None:
    wanted = asking(sponsorblock=SponsorBlock(cut=("intro",)))
    with pytest.raises(JobError) as failed:
        await asyncio.to_thread(fetch_here, site, "http://127.0.0.2:9", wanted, tmp_path)
    assert (failed.value.code, failed.value.retry) == ("postprocessing", True)
    assert "SponsorBlock" in failed.value.message


async def test_what_is_asked_is_written_into_the_file(
    site: Site, downloader: Any, fetch: Any
) -> None:
    site.pages[FERRY] = Conduct(chapters=((0, "Harbour"), (3, "Open sea")))
    wanted = asking(embed=("metadata", "chapters", "thumbnail"))
    result = await fetch(site.url(FERRY), profile=wanted)
    assert [chapter.title for chapter in result.chapters] == ["Harbour", "Open sea"]
    with av.open(str(downloader.root.at(result.path))) as film:
        assert film.metadata["title"] == "Neon Harbour - Midnight Ferry (Official Video)"
        assert [each["metadata"]["title"] for each in film.chapters()] == ["Harbour", "Open sea"]
        assert [stream.codec.name for stream in film.streams.video] == ["h264", "mjpeg"]
    assert result.found.title == "Midnight Ferry"


async def test_subtitles_are_written_into_the_film_and_stay_beside_it(
    site: Site, downloader: Any, fetch: Any
) -> None:
    site.pages[MOONS] = Conduct(subtitles=("en",))
    wanted = asking(subtitles=Subtitles(languages=("en",)), embed=("subtitles",))
    result = await fetch(site.url(MOONS), profile=wanted)
    with av.open(str(downloader.root.at(result.path))) as film:
        assert len(film.streams.subtitles) == 1
    assert [track.language for track in result.subtitles] == ["en"]


async def test_what_is_known_of_the_video_is_kept_beside_it_without_secrets(
    site: Site, downloader: Any, fetch: Any
) -> None:
    result = await fetch(site.url(FERRY), profile=asking(info=True))
    known = json.loads(downloader.root.at(result.info).read_text())
    assert (known["id"], known["duration"]) == (FERRY, 8.0)
    assert not {"url", "http_headers", "formats", "cookies"} & known.keys()
    assert (await fetch(site.url(FERRY), job_id="plain")).info is None
