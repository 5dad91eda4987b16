"""A child downloads one film after the other, and goes when one has left anything to the next."""

import asyncio
import logging
import os
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import JobError
from mvidarr_common.messages.sites import SiteSettings
from mvidarr_common.processes import Children
from mvidarr_common.site_secrets import SiteSecrets, sealed
from mvidarr_common.testing.conditions import eventually
from mvidarr_downloader.unspoilt import unspoilt

from .conftest import KEY, downloading

pytestmark = pytest.mark.asyncio(loop_scope="session")

FERRY, MOONS = "midnight-ferry", "paper-moons"


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def none_waits(children: Children) -> None:
    await children.rest()


def pids() -> set[int]:
    return {each.pid for each in downloading()}


async def test_downloads_one_after_the_other_have_the_same_child(site: Site, fetch: Any) -> None:
    first = await fetch(site.media_url(MOONS), job_id="one")
    (child,) = pids()
    second = await fetch(site.media_url(MOONS), job_id="two")
    assert pids() == {child}
    assert first.sha256 == second.sha256


async def test_a_page_and_its_film_leave_nothing_behind(
    site: Site, downloader: Any, fetch: Any
) -> None:
    await downloader.inspect(site.url(MOONS))
    (child,) = pids()
    await fetch(site.url(MOONS))
    assert pids() == {child}


async def test_two_downloads_at_once_have_a_child_each(site: Site, fetch: Any) -> None:
    site.media[MOONS] = Conduct(stall_after=100_000)
    jobs = [asyncio.create_task(fetch(site.media_url(MOONS), job_id=f"job{n}")) for n in range(2)]
    await eventually(lambda: len(pids()) == 2, 30)
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)


async def test_what_a_site_gives_to_one_download_the_next_one_does_not_send(
    site: Site, fetch: Any
) -> None:
    site.media[MOONS] = Conduct(headers=(("Set-Cookie", "adult=yes; Path=/"),))
    await fetch(site.media_url(MOONS))
    (child,) = pids()
    site.pages[FERRY] = Conduct(cookie="adult=yes")
    with pytest.raises(JobError):
        await fetch(site.url(FERRY))
    assert child not in pids()


async def test_who_knows_a_secret_works_for_nobody_else(site: Site, fetch: Any) -> None:
    profile = sealed(SiteSettings(), SiteSecrets(username="mia", password="moon"), KEY)
    await fetch(site.media_url(MOONS), at_site=profile)
    assert pids() == set()


async def test_a_download_that_fails_takes_its_child_along(site: Site, fetch: Any) -> None:
    await fetch(site.media_url(MOONS))
    site.media[MOONS] = Conduct(status=404)
    with pytest.raises(JobError):
        await fetch(site.media_url(MOONS))
    assert pids() == set()


async def test_cancelling_ends_a_child_that_stays_with_all_it_has_started(
    site: Site, downloader: Any, fetch: Any
) -> None:
    await fetch(site.media_url(MOONS), job_id="first")
    (child,), before = pids(), downloader.left()
    downloader.told.clear()
    site.media[FERRY] = Conduct(rate=300_000)
    attempt = asyncio.create_task(fetch(site.url(FERRY)))
    await eventually(lambda: any(word.stage == "downloading" for word in downloader.told))
    assert pids() == {child}
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert (pids(), downloader.left()) == (set(), before)


LEAVINGS = {
    "working directory": "os.chdir('/')",
    "environment": "os.environ['LANG'] = 'xx'",
    "command line": "sys.argv.append('--verbose')",
    "standard stream": "sys.stdout = None",
    "locale": "import locale; locale.setlocale(locale.LC_ALL, 'C.UTF-8')",
    "way to open addresses": "socket.setdefaulttimeout(1)",
    "way to open addresses ": "import urllib.request as r; r.install_opener(r.build_opener())",
    "logging": "import logging; logging.basicConfig()",
    "signals or threads": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "signals or threads ": "import threading; threading.Thread(target=input, daemon=True).start()",
    "signals or threads  ": "os.umask(0o77)",
    "open files": "sys.kept = open('/dev/null')",
    "programs": "import subprocess; subprocess.run(['true'])",
    "programs ": "import subprocess; sys.kept = subprocess.Popen(['sleep', '600'])",
    "limit": "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (64, 64))",
    "guard": "socket.socket.connect = print",
    "way to send requests": "yt_dlp.networking.common._REQUEST_HANDLERS.popitem()",
    "place of FFmpeg": "yt_dlp.postprocessor.FFmpegPostProcessor._ffmpeg_location.set('/')",
    "plug-in": "yt_dlp.globals.plugin_dirs.value.append('/')",
    "it has grown": "sys.kept = os.urandom(1 << 20) * 80",
    "its call failed": "raise ValueError",
}
"""What a call may do, by what is seen of it."""


@pytest.mark.parametrize(("seen", "code"), LEAVINGS.items())
async def test_nothing_that_a_call_leaves_behind_is_met_by_the_next_one(
    seen: str, code: str, children: Children, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "mvidarr_common.answering")
    child = await children.ask(os.getpid)
    with suppress(ValueError):
        await children.ask(unspoilt, exec, f"import os, socket, sys, yt_dlp; {code}")
    assert seen.strip() in caplog.text
    assert await children.ask(os.getpid) != child


async def test_a_call_that_leaves_nothing_has_a_successor(children: Children) -> None:
    child = await children.ask(os.getpid)
    assert await children.ask(unspoilt, len, "four") == 4
    assert await children.ask(os.getpid) == child
