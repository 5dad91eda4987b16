"""Which part of a file a Range header asks for (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

_SPEC = re.compile(r"(\d{0,20})-(\d{0,20})", re.ASCII)


@dataclass(frozen=True, slots=True)
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


def span_of(header: str | None, size: int) -> Span | None:
    """The part that is asked for; None for the whole file.

    A header that is malformed, of another unit, or of several parts is ignored, as the RFC allows.
    """
    unit, _, spec = (header or "").strip().partition("=")
    found = _SPEC.fullmatch(spec.strip())
    if unit.strip().lower() != "bytes" or found is None or spec.strip() == "-":
        return None
    first, last = found.groups()
    if not first:
        return _suffix(int(last), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return Span(int(first), min(int(last) + 1, size) if last else size)


def _suffix(length: int, size: int) -> Span:
    if length == 0 or size == 0:
        raise Unsatisfiable
    return Span(max(0, size - length), size)
