"""The options that yt-dlp works with, and the journal of what it says."""

from collections import deque
from io import StringIO
from typing import Any

from yt_dlp.networking.impersonate import ImpersonateTarget

from mvidarr_common.messages.fetching import Subtitles

from .blocks import LARGE, LEAST
from .formats import SORT
from .orders import Manners, Order
from .partial import NAME

PROOFS = "youtubepot-ownservice"
"""How the provider in `services` is called in arguments."""

LONGEST_RECORDING = 5 * 3600.0
"""Seconds; an attempt at a job may take an hour more."""

_BY_HTTP = ["-protocol_whitelist", "http,https,tcp,tls,crypto,httpproxy,data"]
"""FFmpeg opens no files, and no streams beside HTTP."""


class Journal:
    """yt-dlp's logger: keeps the last lines, for the engineer who reads of a failure."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=40)

    def debug(self, line: str) -> None:
        """yt-dlp sends its ordinary lines here, too."""
        self.lines.append(line)

    info = warning = error = debug

    def text(self) -> str:
        """The last lines."""
        return "\n".join(self.lines)[-4000:]

    def last_error(self) -> str:
        """The last line that tells of an error."""
        return next((line for line in reversed(self.lines) if line.startswith("ERROR:")), "")


def options(order: Order, journal: Journal, proxy: str = "") -> dict[str, Any]:
    """For one video into one folder."""
    manners, containers = order.manners, order.profile.containers
    together = {"merge_output_format": "/".join((*containers, "mkv"))} if containers else {}
    return {
        **reading(manners, journal, proxy),
        **together,
        "paths": {"home": str(order.into)},
        "outtmpl": {"default": f"{NAME}.%(ext)s"},
        "playlist_items": "1-2",
        **_subtitles(order.profile.fetch.subtitles),
        "ratelimit": order.rate,
        "buffersize": LARGE if order.rate is None else LEAST,
        "noresizebuffer": True,
        "fragment_retries": manners.retries,
        "concurrent_fragment_downloads": manners.fragments,
        # A fragment left out makes a file with a hole, which yt-dlp would call a success.
        "skip_unavailable_fragments": False,
        "ffmpeg_location": manners.ffmpeg,
        "external_downloader": {"http": manners.program} if manners.program else None,
        "external_downloader_args": {"ffmpeg_i": [*_BY_HTTP], "ffmpeg_o": _ends(order)},
        "live_from_start": order.profile.fetch.live == "from_start",
        "updatetime": False,
        "continuedl": True,
    }


def _ends(order: Order) -> list[str]:
    """Where FFmpeg ends a recording of what is live."""
    seconds = min(order.profile.fetch.longest or LONGEST_RECORDING, LONGEST_RECORDING)
    return ["-fs", str(order.max_bytes), "-t", f"{seconds:g}"]


def _subtitles(wanted: Subtitles) -> dict[str, Any]:
    if not wanted.languages:
        return {}
    return {
        "writesubtitles": True,
        "writeautomaticsub": wanted.automatic,
        "subtitleslangs": [*wanted.languages, "-live_chat"],
        "subtitlesformat": "/".join((*wanted.formats, "best")),
    }


def reading(manners: Manners, journal: Journal, proxy: str = "") -> dict[str, Any]:
    """For reading pages, with nothing read from or left in a home directory."""
    agent = {"http_headers": {"User-Agent": manners.user_agent}} if manners.user_agent else {}
    return {
        **agent,
        "logger": journal,
        "noprogress": True,
        "color": "never",
        "cachedir": False,
        "noplaylist": True,
        "extract_flat": "in_playlist",
        "default_search": "error",
        "format_sort": list(SORT),
        "socket_timeout": manners.timeout,
        "retries": manners.retries,
        "extractor_retries": manners.retries,
        "retry_sleep_functions": dict.fromkeys(("http", "fragment", "extractor"), _pause),
        "cookiefile": StringIO(manners.cookies) if manners.cookies else None,
        "username": manners.username,
        "password": manners.password,
        "usenetrc": manners.netrc is not None,
        "netrc_location": manners.netrc,
        "impersonate": _browser(manners.impersonate),
        "geo_bypass_country": manners.country,
        "extractor_args": _arguments(manners),
        "nocheckcertificate": False,
        # An empty one is none: through a proxy of the environment nobody here could see where a
        # connection leads.
        "proxy": proxy,
    }


def _arguments(manners: Manners) -> dict[str, dict[str, list[str]]]:
    """Of extractors; that of our provider of proofs is ours alone."""
    given = {
        name.lower(): {key: list(values) for key, values in each.items()}
        for name, each in manners.arguments.items()
    }
    return given | {PROOFS: {"address": [manners.po_tokens or ""]}}


def _browser(name: str | None) -> ImpersonateTarget | None:
    return ImpersonateTarget.from_str(name) if name else None


def _pause(n: int) -> float:
    return float(min(0.2 * 2**n, 10))
