"""Knows whether pieces that are byte ranges make up one whole file, and the checksum of that."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from email.message import Message
from operator import attrgetter

from . import digests

_PART = 206


@dataclass(frozen=True, slots=True)
class Range:
    """A part of a file as an answer names it; `whole` is the size of the file."""

    url: str
    first: int
    after: int
    whole: int
    digest: str | None


def range_in(url: str, status: int, headers: Message) -> Range | None:
    """What a partial answer says of itself and of its file."""
    if status != _PART:
        return None
    said = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", str(headers.get("Content-Range")))
    if said is None:
        return None
    return Range(url, int(said[1]), int(said[2]) + 1, int(said[3]), digests.given(status, headers))


def digest_of(ranges: Collection[Range], size: int) -> str | None:
    """The checksum of a film of this size that ends with these: where they are the rest of one file
    without a gap, it is that of the file. What comes before them came in an earlier attempt."""
    files = {(each.url, each.whole, each.digest) for each in ranges}
    if len(files) != 1:
        return None
    [(_, whole, digest)] = files
    return digest if whole == size and _reach(ranges, size) else None


def _reach(ranges: Collection[Range], end: int) -> bool:
    """Whether they are without a gap up to there."""
    ordered = sorted(ranges, key=attrgetter("first"))
    reached = ordered[0].first
    for each in ordered:
        if each.first > reached:
            return False
        reached = max(reached, each.after)
    return reached == end
