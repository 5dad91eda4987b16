"""Which parts of a file a Range header asks for (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

MOST = 16
"""Parts of one answer; who asks for more gets the whole file."""
GAP = 128
"""Parts so near to one another are sent as one: a part's own header takes as much."""
_SPEC = re.compile(r"(\d{0,20})-(\d{0,20})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Bytes from `start` up to but not including `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.end - self.start


class Unsatisfiable(Exception):
    """No byte of the file is in what was asked."""


def spans_of(header: str | None, size: int) -> tuple[Span, ...]:
    """The parts that are asked for, none overlapping or touching another; empty for the whole.

    A header that is malformed, of another unit, or of too many parts is ignored, as the RFC allows.
    """
    unit, _, text = (header or "").strip().partition("=")
    specs = [_SPEC.fullmatch(each.strip()) for each in text.split(",", MOST)]
    if unit.strip().lower() != "bytes" or len(specs) > MOST:
        return ()
    bounds = [found.groups() for found in specs if found and _means_something(*found.groups())]
    if len(bounds) < len(specs):
        return ()
    found = [span for first, last in bounds if (span := _span(first, last, size))]
    if not found:
        raise Unsatisfiable
    return _joined(found)


def _means_something(first: str, last: str) -> bool:
    return bool(last) if not first else not last or int(first) <= int(last)


def _span(first: str, last: str, size: int) -> Span | None:
    """None where no byte of the file is in it."""
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    return Span(start, end) if start < end else None


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """In the order in which they were asked for, unless some of them are sent as one."""
    ordered = sorted(spans)
    joined = ordered[:1]
    for span in ordered[1:]:
        before = joined[-1]
        if span.start <= before.end + GAP:
            joined[-1] = Span(before.start, max(before.end, span.end))
        else:
            joined.append(span)
    return tuple(spans if len(joined) == len(spans) else joined)
