"""Turns what yt-dlp raises into a failure that people understand, and says whether to try again.

yt-dlp tells most failures by their text alone; `_RULES` are the texts, the first that fits counts.
"""

import errno
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from io import BytesIO

from yt_dlp.networking.common import Response
from yt_dlp.networking.exceptions import (
    CertificateVerifyError,
    HTTPError,
    TransportError,
)
from yt_dlp.postprocessor.common import PostProcessingError
from yt_dlp.utils import ContentTooShortError, ExtractorError, GeoRestrictedError, UnsupportedError

from mvidarr_common.errors import JobError

_HOUR, _DAY = 3600.0, 86400.0
_PAGE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Failure:
    """A kind of failure. `retry` after a pause of `after` seconds, if it may pass."""

    code: str
    sentence: str
    retry: bool = False
    after: float | None = None

    def error(self, detail: str, after: float | None = None) -> JobError:
        """The failure as a job tells it."""
        pause = after if after is not None else self.after
        return JobError(self.code, self.sentence, retry=self.retry, after=pause, detail=detail)


UNSUPPORTED = Failure("unsupported_url", "No video that could be fetched was found on this page.")
GONE = Failure("gone", "The video is not there any more.")
PRIVATE_VIDEO = Failure("private", "The video is private: its owner shows it only to some people.")
AGE = Failure("age_restricted", "The site shows this video only to people who prove their age.")
FORBIDDEN = Failure("forbidden", "The site refuses to give the video (HTTP 403).")
EXPIRED = Failure("forbidden", "The site refused the transfer (HTTP 403).", True, 60)
LOGIN = Failure("login_required", "The site gives this video only to people who have signed in.")
GEO = Failure("geo_blocked", "The video may not be seen from where this server stands.")
LIMITED = Failure("rate_limited", "The site asks for a pause (too many requests).", True, 300)
BOT = Failure("bot_check", "The site takes us for a robot and wants a proof of the contrary.", True,
              _HOUR)  # fmt: skip
NETWORK = Failure("network", "The connection to the site failed.", True)
TROUBLE = Failure("network", "The site is in trouble (HTTP 5xx).", True, 60)
CHECKSUM = Failure("checksum", "The file came twice with another checksum than the site tells.",
                   True, _HOUR)  # fmt: skip
TIMEOUT = Failure("timeout", "The site did not answer in time.", True)
CERTIFICATE = Failure("tls", "The site's certificate cannot be trusted.")
DISK_FULL = Failure("disk_full", "There is no room left on the disk.", True, 300)
TOO_LARGE = Failure("too_large", "The file is larger than allowed.")
NO_FORMAT = Failure("no_matching_format", "The page has no format that the profile allows.")
DRM = Failure("drm_protected", "The video is protected against copying (DRM).")
NOT_YET = Failure("live_not_started", "The video is announced or still live.", True, _HOUR)
MERGE = Failure("postprocessing", "Picture and sound could not be put together.", True)
REPORTS = Failure("postprocessing", "SponsorBlock did not say which parts to skip.", True, 60)
PRIVATE = Failure("private_address", "The page leads to an address in a private network.")
BAD_FILTER = Failure("invalid_filter", "A filter of the profile is none that yt-dlp can read.")
SEVERAL = Failure("several_videos", "There are several videos: inspect it, and give the address of "
                  "the one that is meant.")  # fmt: skip
UNWANTED = Failure("not_wanted", "The profile does not want such a video.")
EXPIRED_COOKIES = Failure("cookies_expired", "The cookies stored for this site have expired.")
CANNOT_IMITATE = Failure("cannot_imitate", "This installation cannot imitate the browser that is "
                         "set for the site.")  # fmt: skip
UNKNOWN = Failure("unknown", "yt-dlp could not fetch the video.", True)

_RULES: tuple[tuple[str, Failure], ...] = (
    (r"not a bot|captcha|anti-bot|unusual traffic", BOT),
    (r"impersonate target", CANNOT_IMITATE),
    (r"sponsorblock did not answer", REPORTS),
    (r"too many requests|rate.?limit", LIMITED),
    (r"\bDRM\b", DRM),
    (r"(not|n't) (made )?(this video )?available (in|from|to) your (country|location|region)"
     r"|geo.?restrict|geo.?block|blocked it in your country", GEO),
    (r"premieres in|live event will begin|will begin in|not currently live|is upcoming", NOT_YET),
    (r"private video|video is private|this (video|content) is private", PRIVATE_VIDEO),
    (r"confirm your age|age.?restrict|age.?gate|inappropriate for some users|adults only"
     r"|age verification", AGE),
    (r"unavailable|has been (removed|deleted|taken down)"
     r"|no longer (available|exists)|account .*terminated|does(n't| not) exist|not available",
     GONE),
    (r"sign in|log ?in|registered users|members.only|join this channel|cookies"
     r"|purchase|requires payment|subscri(be|ption|bers)", LOGIN),
    (r"no space left|disk quota", DISK_FULL),
    (r"certificate verify failed", CERTIFICATE),
    (r"timed out|timeout", TIMEOUT),
    (r"is not a valid URL|unsupported url|no suitable extractor|unusual and will be skipped",
     UNSUPPORTED),
    (r"connection|bytes read|content too short|did not get any data|name resolution"
     r"|failed to resolve|unable to download|getaddrinfo|network is unreachable", NETWORK),
)  # fmt: skip

_NO_FORMATS = re.compile(r"no video formats found|requested format is not available", re.I)
_STATUS = {401: LOGIN, 402: LOGIN, 403: FORBIDDEN, 404: GONE, 410: GONE, 429: LIMITED, 451: GEO}
_EXPLAINED = (401, 403, 451)
"""Refusals whose page may say more than the number."""

_PLAIN = (BOT, GEO, AGE)
"""Kinds whose words stand on no page for another reason."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


def failure_of(error: BaseException, detail: str = "") -> JobError:
    """The failure behind an exception of yt-dlp."""
    chain = list(_chain(error))
    detail = detail or str(error)
    for link in chain:
        if isinstance(link, JobError):
            return link
        if failure := _by_kind(link):
            return failure.error(detail)
    text = _text(chain)
    answer = next((link for link in chain if isinstance(link, HTTPError)), None)
    status = answer.status if answer else _status_in(text)
    if status is None:
        return _by_text(text, chain).error(detail)
    said = f"{text} {_page_of(answer)}" if answer and status in _EXPLAINED else text
    return _by_status(status, said).error(detail, _retry_after(answer) if answer else None)


def explained(refusal: HTTPError) -> HTTPError:
    """The same refusal, with the words of its page noted; the page can be read once more."""
    answer = refusal.response
    if answer.status not in _EXPLAINED:
        return refusal
    with suppress(Exception), answer:
        page = answer.read(_PAGE)
        again = Response(BytesIO(page), answer.url, answer.headers, answer.status, answer.reason)
        told = HTTPError(again, refusal.redirect_loop)
        told.add_note(re.sub(r"<[^>]*>", " ", page.decode("utf-8", "replace")))
        return told
    return refusal


def too_large(size: float, limit: int) -> JobError:
    """The file exceeds the limit."""
    return TOO_LARGE.error(f"{int(size)} bytes, allowed are {limit}")


def _by_kind(error: BaseException) -> Failure | None:
    """What the class alone says."""
    if isinstance(error, UnsupportedError):
        return UNSUPPORTED
    if isinstance(error, GeoRestrictedError):
        return GEO
    if isinstance(error, OSError) and error.errno in _FULL:
        return DISK_FULL
    if isinstance(error, TimeoutError):
        return TIMEOUT
    return CERTIFICATE if isinstance(error, CertificateVerifyError) else None


def _status_in(text: str) -> int | None:
    """yt-dlp forgets the answer when it has tried often enough, and says only this."""
    found = re.search(r"HTTP Error (\d{3})\b", text)
    return int(found[1]) if found else None


def _by_status(status: int, text: str) -> Failure:
    for pattern, failure in _RULES:
        if failure in _PLAIN and re.search(pattern, text, re.I):
            return failure
    if status == 403 and "unable to download video data" in text:
        return EXPIRED
    return _STATUS.get(status, TROUBLE if status >= 500 else UNKNOWN)


def _by_text(text: str, chain: list[BaseException]) -> Failure:
    if _NO_FORMATS.search(text):
        return NO_FORMAT
    for pattern, failure in _RULES:
        if re.search(pattern, text, re.I):
            return failure
    return _by_family(chain)


def _by_family(chain: list[BaseException]) -> Failure:
    if any(isinstance(link, (TransportError, ContentTooShortError)) for link in chain):
        return NETWORK
    return MERGE if any(isinstance(link, PostProcessingError) for link in chain) else UNKNOWN


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that led to it; yt-dlp keeps causes in several places."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        origin = getattr(link, "exc_info", None) or (None, None)
        cause = getattr(link, "cause", None)
        waiting += [origin[1], cause, link.__cause__, link.__context__]


def _text(chain: list[BaseException]) -> str:
    """All that was said, without URLs and ids: a title may contain any word."""
    said = [str(getattr(link, "orig_msg", None) or link) for link in chain if _speaks(link)]
    return re.sub(r"https?://\S+", "", " ".join(said)).replace("’", "'")


def _speaks(error: BaseException) -> bool:
    """Whether its text is its own: a DownloadError repeats an ExtractorError's, with the id."""
    origin = getattr(error, "exc_info", None) or (None, None)
    return not isinstance(origin[1], ExtractorError)


def _page_of(answer: HTTPError) -> str:
    """The words of the page that came with a refusal."""
    return " ".join(note for note in getattr(answer, "__notes__", ()))


def _retry_after(error: HTTPError) -> float | None:
    """The pause that the site asks for, at most a day (RFC 9110, 10.2.3)."""
    value = error.response.headers.get("Retry-After")
    if not value:
        return None
    if value.isdigit():
        return min(float(value), _DAY)
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - time.time(), 1.0), _DAY)
    except ValueError:
        return None
