"""What a profile asks beside the format, and what people have stored for a site."""

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import JobError
from mvidarr_common.messages.fetching import FetchOptions, Subtitles
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.secrets import InstanceKey
from mvidarr_downloader.cookies import Jar

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY, MOONS = "midnight-ferry", "paper-moons"
HOUR = 3600


def asking(**options: Any) -> QualityProfile:
    return QualityProfile(name="asking", fetch=FetchOptions(**options))


async def test_subtitles_of_the_wanted_languages_come_with_the_video(
    site: Site, downloader: Any, fetch: Any
) -> None:
    site.pages[MOONS] = Conduct(subtitles=("de", "en", "fr"))
    wanted = asking(subtitles=Subtitles(languages=("en", "d.*")))
    result = await fetch(site.url(MOONS), profile=wanted)
    assert [track.language for track in result.subtitles] == ["de", "en"]
    for track in result.subtitles:
        text = downloader.root.at(track.path).read_text()
        assert f"Words in {track.language}." in text
    assert (await downloader.inspect(site.url(MOONS))).subtitles == ("de", "en", "fr")


async def test_without_the_wish_there_are_no_subtitles(site: Site, fetch: Any) -> None:
    site.pages[MOONS] = Conduct(subtitles=("en",))
    assert (await fetch(site.url(MOONS))).subtitles == ()


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"longest": 7.5}, False),
        ({"shortest": 8.5}, False),
        ({"shortest": 7.5, "longest": 8.5}, True),
        ({"uploaded_after": date(2024, 5, 18)}, False),
        ({"match": ("title*=Ferry & duration<7",)}, False),
        ({"match": ("duration<7", "title*=Ferry")}, True),
        ({"uploaded_before": date(2024, 5, 16)}, False),
        ({"uploaded_after": date(2024, 5, 17), "uploaded_before": date(2024, 5, 17)}, True),
    ],
)
async def test_what_the_profile_does_not_want_is_not_fetched(
    options: dict[str, Any], wanted: bool, site: Site, fetch: Any
) -> None:
    if wanted:
        assert (await fetch(site.url(FERRY), profile=asking(**options))).size > 0
        return
    with pytest.raises(JobError) as refused:
        await fetch(site.url(FERRY), profile=asking(**options))
    assert (refused.value.code, refused.value.retry) == ("not_wanted", False)
    assert site.served[FERRY] == 0


def stored(folder: Path, expires: int, *, sealed: bool = False) -> Path:
    """A folder with the cookies of the site, as a browser exports them."""
    row = "\t".join(("127.0.0.1", "FALSE", "/", "FALSE", str(expires), "session", "good"))
    text = f"# Netscape HTTP Cookie File\n{row}\n"
    cookies = InstanceKey(b"k" * 32).seal(text) if sealed else text
    folder.mkdir()
    (folder / "127.0.0.1.txt").write_text(cookies)
    return folder


@pytest.mark.parametrize("sealed", [False, True])
async def test_the_cookies_of_a_site_open_its_pages(
    sealed: bool, site: Site, fetch: Any, tmp_path: Path
) -> None:
    site.pages[FERRY] = Conduct(cookie="session=good")
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY))
    assert failed.value.code == "login_required"
    cookies = stored(tmp_path / "cookies", int(time.time()) + HOUR, sealed=sealed)
    result = await fetch(site.url(FERRY), download_cookies=cookies)
    assert result.found.title == "Midnight Ferry"
    assert "good" not in result.model_dump_json()


async def test_cookies_that_have_expired_are_noticed(
    site: Site, fetch: Any, tmp_path: Path
) -> None:
    cookies = stored(tmp_path / "cookies", int(time.time()) - HOUR)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY), download_cookies=cookies)
    assert (failed.value.code, failed.value.retry) == ("cookies_expired", False)
    assert "good" not in str(failed.value.detail)
    assert "127.0.0.1" in str(Jar(cookies).note())
