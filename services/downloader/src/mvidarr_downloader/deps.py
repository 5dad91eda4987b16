"""What the downloader holds while it runs."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import imageio_ffmpeg

from mvidarr_common.service import Runtime

from .orders import Manners
from .settings import DownloaderSettings


@dataclass(frozen=True)
class Deps:
    """How this worker behaves towards sites."""

    manners: Manners


@asynccontextmanager
async def open_deps(runtime: Runtime[DownloaderSettings]) -> AsyncIterator[Deps]:
    """Nothing stays open between jobs: each fetches in a child of its own."""
    yield Deps(manners_of(runtime.settings))


def manners_of(settings: DownloaderSettings) -> Manners:
    """The settings as fetchers take them."""
    return Manners(
        max_bytes=settings.download_max_bytes,
        rate=settings.download_rate,
        timeout=settings.download_timeout,
        retries=settings.download_retries,
        fragments=settings.download_fragments,
        user_agent=settings.user_agent,
        ffmpeg=str(settings.ffmpeg or shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()),
        allow_private=settings.allow_private_addresses,
    )
