"""What tells one state of a file from another, and the conditions that clients set with it
(RFC 9110, sections 8.8 and 13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate, parsedate_to_datetime

from .conditional import named


@dataclass(frozen=True, slots=True)
class Validators:
    """`etag` is strong, and in quotes; `modified` is in whole seconds since the epoch."""

    etag: str
    modified: int

    @property
    def headers(self) -> dict[str, str]:
        """As an answer tells them."""
        return {"ETag": self.etag, "Last-Modified": formatdate(self.modified, usegmt=True)}


def is_another(headers: Mapping[str, str], file: Validators) -> bool:
    """Whether the client wants a state that is not this one any more (412)."""
    if (tags := headers.get("if-match")) is not None:
        given = [each.strip() for each in tags.split(",")]
        return file.etag not in given and given != ["*"]
    asked = _seconds(headers.get("if-unmodified-since"))
    return asked is not None and file.modified > asked


def is_known(headers: Mapping[str, str], file: Validators) -> bool:
    """Whether the client has this state already (304)."""
    if (tags := headers.get("if-none-match")) is not None:
        return named(tags, file.etag)
    asked = _seconds(headers.get("if-modified-since"))
    return asked is not None and file.modified <= asked


def may_be_continued(headers: Mapping[str, str], file: Validators, now: float) -> bool:
    """Whether parts go with what the client has. A date proves it only once its second is over."""
    condition = (headers.get("if-range") or "").strip()
    if not condition or condition == file.etag:
        return True
    return _seconds(condition) == file.modified and file.modified + 1 < now


def _seconds(date: str | None) -> int | None:
    """None for what is no date, which a condition must not be judged by."""
    try:
        found: datetime | None = parsedate_to_datetime(date) if date else None
    except (ValueError, TypeError):
        return None
    return int(found.timestamp()) if found and found.tzinfo else None
