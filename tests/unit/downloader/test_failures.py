"""What yt-dlp raises becomes a failure with a code, and is tried again only where that helps."""

import errno
import io
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from yt_dlp.networking.common import Response
from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, TransportError
from yt_dlp.utils import (
    ContentTooShortError,
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    PostProcessingError,
    UnavailableVideoError,
    UnsupportedError,
)

from mvidarr_common.errors import JobError
from mvidarr_downloader import failures
from mvidarr_downloader.failures import Failure, failure_of

BOT_TEXT = "Sign in to confirm you’re not a bot. Use --cookies-from-browser or --cookies"


def answer(status: int, **headers: str) -> HTTPError:
    """The error of an answer with this status."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return HTTPError(Response(io.BytesIO(), "https://site.test/", names, status=status))


def page(cause: Exception | str, *, expected: bool = True) -> DownloadError:
    """As it arrives when a page cannot be read."""
    if isinstance(cause, str):
        inner = ExtractorError(cause, expected=expected, video_id="captcha-drm", ie="Site")
    else:
        inner = ExtractorError(f"Unable to download webpage: {cause}", cause=cause)
    return wrapped(inner)


def wrapped(inner: Exception) -> DownloadError:
    """As YoutubeDL wraps it."""
    try:
        raise inner
    except Exception:
        return DownloadError(f"ERROR: {inner}", sys.exc_info())


def data(cause: Exception) -> DownloadError:
    """As it arrives when the video itself cannot be fetched."""
    try:
        raise cause
    except Exception:
        return DownloadError(f"ERROR: unable to download video data: {cause}", sys.exc_info())


def full_disk() -> UnavailableVideoError:
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise UnavailableVideoError(error) from None
    except UnavailableVideoError as error:
        return error


TABLE: list[tuple[Exception, str, bool]] = [
    (wrapped(UnsupportedError("https://site.test/captcha")), "unsupported_url", False),
    (page("'x y' is not a valid URL"), "unsupported_url", False),
    (page(answer(404)), "gone", False),
    (page(answer(410)), "gone", False),
    (data(answer(404)), "gone", False),
    (page("Private video. Sign in if you've been granted access to this video"), "private", False),
    (page("This video is private"), "private", False),
    (page("This content is age-restricted and needs an account"), "age_restricted", False),
    (page("Video unavailable. This video has been removed by the uploader"), "gone", False),
    (page("This video is no longer available because the account was terminated"), "gone", False),
    (page(answer(403)), "forbidden", False),
    (data(answer(403)), "forbidden", True),
    (page(answer(401)), "login_required", False),
    (page("Sign in to confirm your age. This video may be inappropriate"), "age_restricted", False),
    (page("This video is only available for registered users"), "login_required", False),
    (page("Join this channel to get access to members-only content"), "login_required", False),
    (page(answer(451)), "geo_blocked", False),
    (wrapped(GeoRestrictedError("Not here", countries=["DE"])), "geo_blocked", False),
    (page("The uploader has not made this video available in your country"), "geo_blocked", False),
    (page(answer(429)), "rate_limited", True),
    (page("The current session has been rate-limited by YouTube"), "rate_limited", True),
    (page(BOT_TEXT), "bot_check", True),
    (page("Got HTTP Error 403 caused by Cloudflare anti-bot challenge"), "bot_check", True),
    (page("Premieres in 3 hours"), "live_not_started", True),
    (page(answer(503)), "network", True),
    (DownloadError("ERROR: [download] Got error: HTTP Error 500: Internal"), "network", True),
    (page(TransportError("Failed to resolve 'site.test'")), "network", True),
    (data(ContentTooShortError(10, 100)), "network", True),
    (DownloadError("ERROR: Got error: 10 bytes read, 90 more expected"), "network", True),
    (page(TransportError("Read timed out. (read timeout=20.0)")), "timeout", True),
    (page(TransportError(cause=TimeoutError())), "timeout", True),
    (page(CertificateVerifyError("self-signed certificate")), "tls", False),
    (full_disk(), "disk_full", True),
    (wrapped(OSError(errno.EDQUOT, "Disk quota exceeded")), "disk_full", True),
    (DownloadError("ERROR: unable to write data: No space left on device"), "disk_full", True),
    (page("Requested format is not available. Use --list-formats"), "no_matching_format", False),
    (page("No video formats found!"), "no_matching_format", False),
    (page("This video is DRM protected"), "drm_protected", False),
    (wrapped(PostProcessingError("Conversion failed!")), "postprocessing", True),
    (page("Unable to extract player response", expected=False), "unknown", True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "code", "retry"), TABLE, ids=[f"{c}-{e}"[:60] for e, c, _ in TABLE]
)
def test_a_failure_has_a_code_and_says_whether_to_try_again(
    error: Exception, code: str, retry: bool
) -> None:
    told = failure_of(error)
    assert (told.code, told.retry) == (code, bool(retry))
    assert told.message.endswith(".")
    assert told.detail


def later() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=3000))


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (lambda: "120", 120, 120),
        (lambda: "9999999", 86400, 86400),
        (later, 2000, 3000),
        (lambda: "soon", 300, 300),
    ],
)
def test_the_pause_that_a_site_asks_for_is_kept(
    value: Callable[[], str], least: float, most: float
) -> None:
    after = failure_of(page(answer(429, Retry_After=value()))).after
    assert after is not None
    assert least <= after <= most


def test_a_robot_check_asks_for_a_long_pause() -> None:
    assert failure_of(page(BOT_TEXT)).after == 3600


def test_a_word_in_an_address_or_an_id_means_nothing() -> None:
    told = failure_of(page("Unable to extract title from https://site.test/sign-in/captcha"))
    assert told.code == "unknown"


def test_a_failure_of_our_own_passes_through_what_wraps_it() -> None:
    ours = JobError("too_large", "The file is larger than allowed.")
    assert failure_of(wrapped(ours)) is ours


CODES = frozenset({
    "unsupported_url", "gone", "private", "geo_blocked", "age_restricted", "login_required",
    "rate_limited", "bot_check", "drm_protected", "live_not_started", "network", "timeout", "tls",
    "too_large", "disk_full", "no_matching_format", "postprocessing", "unknown",
})  # fmt: skip


def test_every_code_has_a_sentence_and_a_case_in_the_table() -> None:
    known = {each.code: each for each in vars(failures).values() if isinstance(each, Failure)}
    assert known.keys() >= CODES
    assert CODES - {"too_large"} <= {code for _, code, _ in TABLE}
    assert failures.too_large(9, 8).code == "too_large"
    assert all(each.sentence.endswith((".", ").")) for each in known.values())
    assert all(known[code].after for code in ("rate_limited", "bot_check", "live_not_started"))
