"""Compares each piece of a film with the checksum that came with it, and fetches it anew once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yt_dlp.downloader.fragment import FragmentFD

from . import digests, failures
from .remote import Session

_TRIES = 2


@contextmanager
def proved() -> Iterator[None]:
    """Within the block pieces are compared; the whole process is bound."""
    fetch = FragmentFD._download_fragment

    def fetching(self: FragmentFD, ctx: dict[str, Any], url: str, *more: Any, **named: Any) -> bool:
        for _ in range(_TRIES):
            if not fetch(self, ctx, url, *more, **named):
                return False
            path, digest = Path(ctx["fragment_filename_sanitized"]), _told(self, url)
            if digest is None or digests.fits(path, digest):
                return True
            path.unlink()
        raise failures.CHECKSUM.error(f"the site says {digest} of a piece")

    FragmentFD._download_fragment = fetching
    try:
        yield
    finally:
        FragmentFD._download_fragment = fetch


def _told(fetching: FragmentFD, url: str) -> str | None:
    assert isinstance(fetching.ydl, Session)
    return fetching.ydl.told_of(url)
