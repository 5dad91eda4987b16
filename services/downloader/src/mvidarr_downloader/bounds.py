"""The bounds within which yt-dlp works in a child: no private networks, and failures as ours."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from yt_dlp.postprocessor.ffmpeg import FFmpegPostProcessor
from yt_dlp.utils import DownloadError, YoutubeDLError

from mvidarr_common.errors import JobError

from . import failures
from .connections import Guard, only_public
from .options import Journal
from .orders import Manners
from .relay import relaying


class Way:
    """How the child gets to the world: straight, through a proxy, or through the relay."""

    def __init__(self, manners: Manners, guard: Guard | None, stack: ExitStack) -> None:
        self.proxy = manners.proxy or ""
        self._start = partial(relaying, guard, manners.proxy, manners.timeout) if guard else None
        self._guard, self._stack = guard, stack
        if manners.proxy or manners.impersonate or manners.program:
            self.for_programs()

    def for_programs(self) -> str:
        """The proxy for what opens its connections where the guard does not see them."""
        if self._guard is not None and self._start is not None and not self._guard.relayed:
            self._guard.relayed = True
            self.proxy = self._stack.enter_context(self._start()).address
        return self.proxy


@contextmanager
def bounded(manners: Manners, journal: Journal) -> Iterator[Way]:
    """Within the block every failure of yt-dlp's becomes a JobError."""
    guard = None if manners.allow_private else Guard(manners.public)
    heed_no_exceptions()
    place = FFmpegPostProcessor._ffmpeg_location.set(manners.ffmpeg)
    try:
        with ExitStack() as stack:
            way = Way(manners, guard, stack)
            if guard is not None:
                stack.enter_context(only_public(guard))
            yield way
    except (YoutubeDLError, ValueError) as error:
        failure = _failure(error, journal, guard.refused if guard else [])
        if failure is None:
            raise
        raise failure from error
    finally:
        FFmpegPostProcessor._ffmpeg_location.reset(place)


def heed_no_exceptions() -> None:
    """Of the environment, from the proxies that people have set for a site."""
    for name in ("no_proxy", "NO_PROXY"):
        os.environ.pop(name, None)


def _failure(error: Exception, journal: Journal, refused: list[str]) -> JobError | None:
    """What to raise instead; None for a defect. A ValueError is one, but where several threads
    fetch pieces: the one that gives up closes the file while another writes."""
    detail = f"{journal.text()}\n{type(error).__name__}: {error}"
    if refused:
        return failures.PRIVATE.error(f"{refused[0]}\n{detail}")
    if isinstance(error, YoutubeDLError):
        return failures.failure_of(error, detail)
    if "closed file" in str(error):
        return failures.failure_of(DownloadError(journal.last_error()), detail)
    return None
