"""No page and no wish of a user's has a program fetch in place of yt-dlp: a setting alone does."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.fetching import FetchOptions
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.messages.sites import SiteProfile, SiteSettings
from mvidarr_downloader.deps import manners_of
from mvidarr_downloader.options import Journal, options
from mvidarr_downloader.orders import Order
from mvidarr_downloader.settings import DownloaderSettings
from mvidarr_downloader.sites import at_site

from .conftest import KEY, fetch_guarded

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY = "midnight-ferry"
PROGRAMS = ("aria2c", "axel", "curl", "wget", "httpie", "http", "rtmpdump", "mplayer", "mpv")
WISHES = dict.fromkeys(("external_downloader", "downloader", "external_downloader_args"), ("curl",))


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """The programs that were asked to fetch; each of them notes it, and fails."""
    programs, notes = tmp_path / "programs", tmp_path / "notes"
    for folder in (programs, notes):
        folder.mkdir()
    for name in PROGRAMS:
        path = programs / name
        note = f'touch "{notes}/{name}"; exit 1'
        path.write_text(f'#!/bin/sh\ncase "$*" in *://*) {note};; esac\necho {name} 8.0.0 made\n')
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return lambda: sorted(note.name for note in notes.iterdir())


async def test_a_setting_alone_has_a_program_fetch(
    site: Site, tmp_path: Path, started: Callable[[], list[str]]
) -> None:
    with pytest.raises(JobError):
        await asyncio.to_thread(fetch_guarded, site.url(FERRY), tmp_path, program="curl")
    assert started() == ["curl"]


async def test_no_argument_for_extractors_and_no_address_has_a_program_fetch(
    site: Site, tmp_path: Path, started: Callable[[], list[str]]
) -> None:
    smuggled = (
        f"{site.url(FERRY)}#__youtubedl_smuggle=%7B%22external_downloader%22%3A+%22curl%22%7D"
    )
    arguments = {"generic": WISHES, "youtube": WISHES}
    found = await asyncio.to_thread(fetch_guarded, smuggled, tmp_path, arguments=arguments)
    assert found.size == site.samples[FERRY].path.stat().st_size
    assert started() == []


@pytest.mark.parametrize("scheme", ["rtmp", "rtsp", "mms", "ftp"])
async def test_no_page_has_a_program_fetch(
    scheme: str, site: Site, tmp_path: Path, started: Callable[[], list[str]]
) -> None:
    site.pages[FERRY] = Conduct(shows=f"{scheme}://127.0.0.1:9/film.mp4")
    with pytest.raises(JobError):
        await asyncio.to_thread(fetch_guarded, site.url(FERRY), tmp_path)
    assert started() == []


@pytest.mark.parametrize("wish", [{"program": "curl"}, {"external_downloader": "curl"}])
async def test_nothing_that_users_say_names_a_program(wish: dict[str, Any]) -> None:
    for said in (FetchOptions, SiteSettings):
        assert said.model_validate(wish) == said()
    taken = SiteProfile.model_validate({**wish, "arguments": {"generic": WISHES}})
    manners = at_site(manners_of(DownloaderSettings()), taken, KEY)
    profile = QualityProfile.model_validate({"name": "x", "fetch": wish, **wish})
    order = Order("https://a.example", profile, DataRoot(Path()), Path(), (), manners)
    assert options(order, Journal())["external_downloader"] is None
