"""What the downloader holds while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from mvidarr_common.ffmpeg import find_ffmpeg
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.service import Runtime

from .cookies import Jar
from .metrics import describe_ytdlp
from .orders import Manners
from .room import lack_of_room, sweep_for_ever
from .settings import DownloaderSettings
from .version import ytdlp_note


@dataclass(frozen=True)
class Deps:
    """How this worker behaves towards sites, and how long it waits for progress. `key` opens what
    is set for single sites."""

    manners: Manners
    key: InstanceKey
    stall: float = 120.0
    jar: Jar = field(default_factory=Jar)


@asynccontextmanager
async def open_deps(runtime: Runtime[DownloaderSettings]) -> AsyncIterator[Deps]:
    """Nothing stays open here between jobs: they fetch in children."""
    settings = runtime.settings
    runtime.checks["disk"] = partial(lack_of_room, runtime.root.path)
    runtime.notes["yt-dlp"] = ytdlp_note
    describe_ytdlp()
    sweeping = asyncio.create_task(sweep_for_ever(runtime.root, settings.staging_days))
    try:
        jar = Jar(settings.download_cookies, runtime.key)
        runtime.notes["cookies"] = jar.note
        yield Deps(manners_of(settings), runtime.key, settings.download_stall, jar)
    finally:
        sweeping.cancel()


def manners_of(settings: DownloaderSettings) -> Manners:
    """The settings as fetchers take them."""
    return Manners(
        max_bytes=settings.download_max_bytes,
        rate=settings.download_rate,
        timeout=settings.download_timeout,
        retries=settings.download_retries,
        fragments=settings.download_fragments,
        user_agent=settings.user_agent,
        netrc=str(settings.download_netrc) if settings.download_netrc else None,
        program=settings.download_program,
        sponsorblock=settings.sponsorblock_url,
        po_tokens=settings.po_token_url,
        ffmpeg=find_ffmpeg(settings.ffmpeg),
        allow_private=settings.allow_private_addresses,
    )
