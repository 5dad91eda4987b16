"""What a site tells of a file's checksum is compared with what came."""

import hashlib
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.processes import Children
from mvidarr_downloader.deps import manners_of
from mvidarr_downloader.fetchers import fetcher_for
from mvidarr_downloader.orders import Order, Progress
from mvidarr_downloader.settings import DownloaderSettings

from .conftest import ALL

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY = "midnight-ferry"
WRONG = ("Digest", f"MD5={b64encode(bytes(16)).decode()}")


def told(site: Site, name: str = "Repr-Digest") -> tuple[str, str]:
    """The right checksum."""
    film = site.samples[FERRY].path.read_bytes()
    if name == "Content-MD5":
        return name, b64encode(hashlib.md5(film, usedforsecurity=False).digest()).decode()
    return name, f"sha-256=:{b64encode(hashlib.sha256(film).digest()).decode()}:"


def is_whole(site: Site, downloader: Any, path: str) -> bool:
    fetched: bytes = downloader.root.at(path).read_bytes()
    return fetched == site.samples[FERRY].path.read_bytes()


@pytest.mark.parametrize("header", ["Repr-Digest", "Content-MD5"])
async def test_a_file_that_came_spoiled_is_fetched_anew(
    header: str, site: Site, downloader: Any, fetch: Any
) -> None:
    site.media[FERRY] = Conduct(headers=(told(site, header),), spoils=1)
    result = await fetch(site.url(FERRY))
    assert is_whole(site, downloader, result.path)
    assert site.ranges[FERRY] == [None, None]


async def test_a_file_with_the_right_checksum_is_fetched_once(site: Site, fetch: Any) -> None:
    site.media[FERRY] = Conduct(headers=(told(site),))
    await fetch(site.url(FERRY))
    assert site.ranges[FERRY] == [None]


async def test_how_long_it_takes_to_compare_is_no_stall(
    site: Site, tmp_path: Path, children: Children
) -> None:
    site.media[FERRY] = Conduct(headers=(told(site),))
    manners, words = manners_of(DownloaderSettings(allow_private_addresses=True)), list[Any]()
    order = Order(site.url(FERRY), ALL, DataRoot(tmp_path), tmp_path, (), manners)
    await children.call(fetcher_for(order.url).fetch, order, on_message=words.append)
    stages = [word.stage for word in words if isinstance(word, Progress)]
    assert stages.count("checking") == 2


async def test_a_file_that_came_spoiled_twice_is_no_success_and_leaves_nothing(
    site: Site, downloader: Any, fetch: Any
) -> None:
    site.media[FERRY] = Conduct(headers=(WRONG,))
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY))
    assert (failed.value.code, failed.value.retry) == ("checksum", True)
    assert len(site.ranges[FERRY]) == 2
    assert not any(name.startswith("source.") for name in downloader.left())


@pytest.mark.parametrize("header", ["Repr-Digest", "Content-MD5"])
async def test_what_is_continued_is_compared_as_a_whole(
    header: str, site: Site, downloader: Any, fetch: Any
) -> None:
    """The first part is the spoiled one; Content-MD5 came with it alone."""
    right = told(site, header)
    site.media[FERRY] = Conduct(headers=(right,), spoils=1, cut_after=1_000_000)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY))
    assert failed.value.code == "network"
    more = (right,) if header == "Repr-Digest" else ()
    site.media[FERRY] = replace(site.media[FERRY], headers=more)
    result = await fetch(site.url(FERRY))
    assert is_whole(site, downloader, result.path)
    _, continued, anew = site.ranges[FERRY]
    assert (continued or "").startswith("bytes=")
    assert anew is None


async def test_a_part_of_another_file_is_known_by_its_checksum_alone(
    site: Site, downloader: Any, fetch: Any, tmp_path: Path
) -> None:
    nameless = ("etag", "")
    site.media[FERRY] = Conduct(headers=(told(site), nameless), cut_after=1_000_000)
    with pytest.raises(JobError):
        await fetch(site.url(FERRY))
    other = tmp_path / "other.mp4"
    other.write_bytes(site.samples[FERRY].path.read_bytes()[::-1])
    site.samples[FERRY] = replace(site.samples[FERRY], path=other)
    site.media[FERRY] = Conduct(headers=(told(site), nameless))
    result = await fetch(site.url(FERRY))
    assert is_whole(site, downloader, result.path)
    assert result.resumed_from == 0
