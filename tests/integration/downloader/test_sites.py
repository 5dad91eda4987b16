"""What people have set for a site is kept towards it: cookies, login, proxy, manners."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import JobError
from mvidarr_common.messages.sites import SiteSettings
from mvidarr_common.site_secrets import SiteSecrets, sealed
from mvidarr_downloader.options import Journal, reading
from mvidarr_downloader.orders import Manners
from mvidarr_downloader.sites import at_site

from .conftest import KEY, fetch_guarded

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY = "midnight-ferry"


def cookie(name: str, expires: int = 0) -> str:
    return "\t".join(("127.0.0.1", "FALSE", "/", "FALSE", str(expires), *name.split("=")))


@dataclass
class Proxy:
    """An ordinary HTTP proxy; `asked` are the hosts that it was asked to connect to."""

    address: str = ""
    asked: list[str] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split("\r\n")[0].split(" ")
        self.asked.append(target)
        assert (method, "Basic bWU6d29yZA==" in head) == ("CONNECT", True)
        host, _, port = target.rpartition(":")
        theirs, ours = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Well\r\n\r\n")
        await asyncio.gather(_copy(reader, ours), _copy(theirs, writer))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while block := await source.read(65536):
            sink.write(block)
            await sink.drain()
        sink.close()
    except ConnectionError:
        sink.close()


@asynccontextmanager
async def proxying() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    async with await asyncio.start_server(proxy.take, "127.0.0.3", 0) as server:
        port = server.sockets[0].getsockname()[1]
        proxy.address = f"http://me:word@127.0.0.3:{port}"
        yield proxy


async def test_the_sealed_cookies_of_a_site_open_its_pages(site: Site, fetch: Any) -> None:
    site.pages[FERRY] = Conduct(cookie="session=good", age_gate=True)
    cookies = "\n".join((cookie("session=good"), cookie("adult=yes")))
    profile = sealed(SiteSettings(), SiteSecrets(cookies=cookies), KEY)
    assert (await fetch(site.url(FERRY), at_site=profile)).size > 0


async def test_cookies_that_have_all_expired_are_noticed_before_the_site_is_asked(
    site: Site, fetch: Any
) -> None:
    profile = sealed(SiteSettings(), SiteSecrets(cookies=cookie("session=good", 1000)), KEY)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY), at_site=profile)
    assert (failed.value.code, failed.value.retry) == ("cookies_expired", False)
    assert FERRY not in site.visits


async def test_an_age_gate_is_told_as_what_it_is(site: Site, fetch: Any) -> None:
    site.pages[FERRY] = Conduct(age_gate=True)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY))
    assert (failed.value.code, failed.value.retry) == ("age_restricted", False)


async def test_the_site_sees_the_user_agent_that_is_set_for_it(site: Site, fetch: Any) -> None:
    profile = sealed(SiteSettings(user_agent="Harbour/1"), SiteSecrets(), KEY)
    await fetch(site.url(FERRY), at_site=profile, user_agent="everywhere/1")
    assert {seen["user-agent"] for seen in site.visits[FERRY]} == {"Harbour/1"}


async def test_everything_else_that_is_set_reaches_yt_dlp() -> None:
    plain = SiteSettings(country="DE", rate=5, arguments={"YouTube": {"lang": ("de",)}})
    profile = sealed(plain, SiteSecrets(username="me", password="word"), KEY)
    manners = at_site(Manners(1, "ffmpeg", rate=9, netrc="/etc/netrc"), profile, KEY)
    given = reading(manners, Journal())
    assert (given["username"], given["password"]) == ("me", "word")
    assert (given["geo_bypass_country"], manners.rate) == ("DE", 5)
    assert given["extractor_args"]["youtube"] == {"lang": ["de"]}
    assert (given["usenetrc"], given["netrc_location"]) == (True, "/etc/netrc")


async def test_a_browser_that_cannot_be_imitated_is_told(site: Site, fetch: Any) -> None:
    profile = sealed(SiteSettings(impersonate="lynx"), SiteSecrets(), KEY)
    with pytest.raises(JobError) as failed:
        await fetch(site.url(FERRY), at_site=profile)
    assert (failed.value.code, failed.value.retry) == ("cannot_imitate", False)


async def test_the_proxy_of_a_site_is_used_and_may_stand_in_a_private_network(
    site: Site, tmp_path: Path
) -> None:
    async with proxying() as proxy:
        result = await asyncio.to_thread(
            fetch_guarded, site.url(FERRY), tmp_path, proxy=proxy.address
        )
    assert result.size == site.samples[FERRY].path.stat().st_size
    assert set(proxy.asked) == {site.address.removeprefix("http://")}


async def test_a_proxy_leads_nobody_into_a_private_network(site: Site, tmp_path: Path) -> None:
    site.media[FERRY] = Conduct(redirect="http://127.0.0.2:9/secret.mp4")
    async with proxying() as proxy:
        with pytest.raises(JobError) as refused:
            await asyncio.to_thread(fetch_guarded, site.url(FERRY), tmp_path, proxy=proxy.address)
    assert refused.value.code == "private_address"
    assert "127.0.0.2:9" not in proxy.asked
