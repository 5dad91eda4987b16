"""What the operations need beyond their job: where FFmpeg is, and what the settings say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mvidarr_common.ffmpeg import find_ffmpeg
from mvidarr_common.service import Runtime

from .settings import TranscoderSettings, threads_of_a_slot


@dataclass(frozen=True, slots=True)
class Deps:
    """`threads` is for one decoder or encoder; `naming` is the template; the limits are seconds;
    `niceness` is how much FFmpeg gives way."""

    ffmpeg: str
    threads: int
    naming: str
    stall_timeout: float
    time_limit: float
    niceness: int = 0
    embed_tags: bool = True


@asynccontextmanager
async def open_deps(runtime: Runtime[TranscoderSettings]) -> AsyncIterator[Deps]:
    """Nothing stays open: the transcoder has no state."""
    yield deps_from(runtime.settings)


def deps_from(settings: TranscoderSettings) -> Deps:
    """The dependencies that these settings describe."""
    return Deps(
        ffmpeg=find_ffmpeg(settings.ffmpeg),
        threads=settings.ffmpeg_threads or threads_of_a_slot(settings),
        naming=settings.naming,
        stall_timeout=settings.stall_timeout,
        time_limit=settings.time_limit,
        niceness=settings.niceness,
        embed_tags=settings.embed_tags,
    )
