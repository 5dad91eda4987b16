"""Nothing on a page leads the downloader into private networks unless that is allowed."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.addresses import is_public
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import Invalid, JobError

from .conftest import fetch_guarded

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY = "midnight-ferry"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/watch",
        "http://localhost/watch",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://2130706433/",
    ],
)
async def test_a_private_address_is_refused_before_anything_is_asked(url: str, fetch: Any) -> None:
    with pytest.raises(Invalid) as refused:
        await fetch(url, allow_private_addresses=False)
    assert refused.value.code == "private_address"


@pytest.mark.parametrize(
    "url", ["ftp://site.test/x", "file:///etc/passwd", "nosearch5x:x", "words"]
)
async def test_what_is_no_web_address_is_refused(url: str, fetch: Any) -> None:
    with pytest.raises(Invalid) as refused:
        await fetch(url)
    assert refused.value.code == "invalid_url"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_name_that_resolves_to_a_private_address_later_is_refused_too(
    host: str, tmp_path: Path
) -> None:
    with pytest.raises(JobError) as refused:
        fetch_guarded(f"http://{host}:9/watch", tmp_path, is_public)
    assert (refused.value.code, refused.value.retry) == ("private_address", False)


@pytest.mark.parametrize("way", ["redirect of the page", "media", "redirect of the media"])
async def test_no_way_leads_from_a_public_page_into_a_private_network(
    way: str, site: Site, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.2", 0)) as inner:
        inside = f"http://127.0.0.2:{inner.getsockname()[1]}/secret.mp4"
        if way == "redirect of the page":
            site.pages[FERRY] = Conduct(redirect=inside)
        elif way == "media":
            site.pages[FERRY] = Conduct(shows=inside)
        else:
            site.media[FERRY] = Conduct(redirect=inside)
        with pytest.raises(JobError) as refused:
            await asyncio.to_thread(fetch_guarded, site.url(FERRY), tmp_path)
        assert (refused.value.code, refused.value.retry) == ("private_address", False)
        inner.setblocking(False)
        with pytest.raises(BlockingIOError):
            inner.accept()


async def test_a_public_page_is_fetched_while_private_ones_are_refused(
    site: Site, tmp_path: Path
) -> None:
    result = await asyncio.to_thread(fetch_guarded, site.url(FERRY), tmp_path)
    assert result.size == site.samples[FERRY].path.stat().st_size
