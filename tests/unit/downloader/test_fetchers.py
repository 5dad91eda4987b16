"""Every fetcher in the folder is listed, and the service knows its job."""

import inspect
import pkgutil
from importlib import import_module

import pytest

from mvidarr_common.jobs import spec_of
from mvidarr_common.messages.jobs import Download, Inspect
from mvidarr_common.sites import SEARCH
from mvidarr_downloader import fetchers
from mvidarr_downloader.fetchers import FETCHERS, fetcher_for
from mvidarr_downloader.service import service
from mvidarr_downloader.settings import DownloaderSettings


def test_every_fetcher_is_listed() -> None:
    modules = {m.name for m in pkgutil.iter_modules(fetchers.__path__)} - {"base"}
    listed = {type(fetcher).__module__.rpartition(".")[2] for fetcher in FETCHERS}
    assert modules == listed


def test_every_address_has_a_fetcher() -> None:
    assert fetcher_for("https://site.test/anything").name == "yt-dlp"


def test_the_service_takes_its_jobs_in_the_slots_that_it_is_given() -> None:
    assert [spec_of(job) for job in service.jobs] == [Download, Inspect]
    slots = service.slots(DownloaderSettings(download_slots=7, inspect_slots=3))
    assert slots == {Download.queue: 7, Inspect.queue: 3}


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("ytsearch5:Björk Jóga", True),
        ("ytsearchdateall:Björk", True),
        ("scsearch:Björk", True),
        ("https://site.test/search5:x", False),
        ("file:///etc/passwd", False),
        ("ytsearch5:a\nb", False),
    ],
)
def test_a_search_is_told_from_an_address(text: str, search: bool) -> None:
    assert bool(SEARCH.fullmatch(text)) is search


def test_what_children_find_imported_exists() -> None:
    assert all(inspect.ismodule(import_module(name)) for name in service.preload)


def test_a_large_machine_downloads_fifty_at_once_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for processors, slots in ((1, 8), (2, 16), (8, 50), (64, 50)):
        monkeypatch.setattr("os.cpu_count", lambda count=processors: count)
        assert service.slots(DownloaderSettings())[Download.queue] == slots
