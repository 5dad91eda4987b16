"""The fetchers, in the order in which they are asked."""

from .base import Fetcher
from .ytdlp import YtDlp

FETCHERS: tuple[Fetcher, ...] = (YtDlp(),)


def fetcher_for(url: str) -> Fetcher:
    """The first fetcher that takes the address; the last one takes all."""
    return next(fetcher for fetcher in FETCHERS if fetcher.takes(url))
