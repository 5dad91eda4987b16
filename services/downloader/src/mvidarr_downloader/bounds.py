"""The bounds within which yt-dlp works in a child: no private networks, and failures as ours."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from yt_dlp.utils import DownloadError, YoutubeDLError

from mvidarr_common.errors import JobError

from . import failures
from .connections import only_public
from .options import Journal
from .orders import Manners


@contextmanager
def bounded(manners: Manners, journal: Journal) -> Iterator[None]:
    """Within the block every failure of yt-dlp's becomes a JobError."""
    refused = list[str]()
    guard = nullcontext() if manners.allow_private else only_public(manners.public, refused)
    try:
        with guard:
            yield
    except (YoutubeDLError, ValueError) as error:
        failure = _failure(error, journal, refused)
        if failure is None:
            raise
        raise failure from error


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
