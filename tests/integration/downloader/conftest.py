"""A site with real videos, and a way to run the downloader's job against it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from mvidarr_common.addresses import Address, is_public
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Download, Downloaded, Inspect, Inspected, JobProgressed
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.messages.sites import SiteProfile
from mvidarr_common.processes import Children, open_children
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.testing.worker import run_job
from mvidarr_downloader.cookies import Jar
from mvidarr_downloader.deps import Deps, manners_of
from mvidarr_downloader.fetchers import fetcher_for
from mvidarr_downloader.jobs import download, inspect
from mvidarr_downloader.orders import Order
from mvidarr_downloader.service import service
from mvidarr_downloader.settings import DownloaderSettings

KEY = InstanceKey(b"k" * 32)
ALL = QualityProfile(name="all")


@dataclass
class Downloader:
    """Runs downloads one attempt at a time, in one data root."""

    root: DataRoot
    children: Children
    told: list[JobProgressed] = field(default_factory=list)

    async def fetch(
        self, url: str, *, job_id: str = "job", profile: QualityProfile = ALL,
        at_site: SiteProfile | None = None, **settings: Any,
    ) -> Downloaded:  # fmt: skip
        """What the job gives; loopback is allowed unless the settings say otherwise."""
        known = {"allow_private_addresses": True, "download_retries": 0, **settings}
        taken = DownloaderSettings(**known)
        result = await run_job(
            download,
            Download(url=url, profile=profile, site=at_site),
            Deps(manners_of(taken), KEY, taken.download_stall, Jar(taken.download_cookies, KEY)),
            self.root,
            job_id=job_id,
            children=self.children,
            told=self.told.append,
        )
        assert isinstance(result, Downloaded)
        return result

    async def inspect(self, url: str, *, allow_private: bool = True, **asked: Any) -> Inspected:
        """What the inspection of a page gives."""
        settings = DownloaderSettings(allow_private_addresses=allow_private, download_retries=0)
        result = await run_job(
            inspect,
            Inspect(url=url, **asked),
            Deps(manners_of(settings), KEY),
            self.root,
            children=self.children,
            told=self.told.append,
        )
        assert isinstance(result, Inspected)
        return result

    def left(self) -> list[str]:
        """The names of all files below the data root."""
        return sorted(path.name for path in self.root.path.rglob("*") if path.is_file())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def children() -> AsyncIterator[Children]:
    """Opened once: jobs get their children from them, as in a worker."""
    async with open_children(service.preload) as children:
        yield children


@pytest_asyncio.fixture(loop_scope="session")
async def site(samples: list[Sample]) -> AsyncIterator[Site]:
    async with Site(samples) as site:
        yield site


@pytest.fixture
def downloader(tmp_path: Path, children: Children) -> Downloader:
    return Downloader(DataRoot(tmp_path), children)


Fetch = Callable[..., Awaitable[Downloaded]]


@pytest.fixture
def fetch(downloader: Downloader) -> Fetch:
    return downloader.fetch


def site_alone(address: Address) -> bool:
    """The address of the test's site counts as public; all else on loopback does not."""
    return str(address) == "127.0.0.1" or is_public(address)


def fetch_guarded(
    url: str,
    into: Path,
    public: Callable[[Address], bool] = site_alone,
    profile: QualityProfile = ALL,
    **given: Any,
) -> Downloaded:
    """In this process, without the look at the URL: as if its name had led elsewhere before."""
    manners = replace(manners_of(DownloaderSettings(download_retries=0)), public=public, **given)
    order = Order(url, profile, DataRoot(into), into, (), manners)
    return fetcher_for(url).fetch(order)


def downloading() -> list[psutil.Process]:
    """The processes that download: what the fork server has started. Other servers of the test
    run have children too."""
    servers = [each for each in psutil.Process().children() if "forkserver" in str(each.cmdline())]
    return [child for server in servers for child in server.children(recursive=True)]
