"""Walking the elements of a Matroska or WebM file: do they lie one after the other, to the end?

FFmpeg skips to the next cluster when they do not, and says nothing of the seconds that it lost.
Where clusters bear a checksum it is compared too: no decoder notices every bit.
"""

import zlib
from dataclasses import dataclass
from typing import BinaryIO

MAGIC = bytes.fromhex("1a45dfa3")
_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_CHECKSUM = 0xBF
_LONGEST_HEAD = 12
_CHUNK = 4 << 20
_ANYWHERE = {0xEC, _CHECKSUM}  # void, checksum
_IN_SEGMENT = _ANYWHERE | {
    _CLUSTER, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1043A770, 0x1254C367, 0x1941A469,
}  # fmt: skip
_IN_CLUSTER = _ANYWHERE | {0xE7, 0xA3, 0xA0, 0xAB, 0xA7, 0xAF, 0x5854}


@dataclass(frozen=True, slots=True)
class Walked:
    """Where the file should end by its own account, and the first byte that makes no sense."""

    promised: int | None = None
    damaged: int | None = None


@dataclass(frozen=True, slots=True)
class _Element:
    id: int
    body: int
    length: int | None

    def end(self, otherwise: int) -> int:
        return otherwise if self.length is None else self.body + self.length


class _Damage(Exception):
    def __init__(self, position: int) -> None:
        self.position = position


def walk(file: BinaryIO, size: int) -> Walked:
    """Read every element's head, and none of their bodies."""
    try:
        header = _element(file, 0)
        segment = _element(file, header.end(size))
    except _Damage as damage:
        return _told(damage, None, size)
    if segment.id != _SEGMENT:
        return Walked(damaged=header.end(size))
    promised = None if segment.length is None else segment.end(size)
    if promised is not None and promised > size:
        return Walked(promised)
    try:
        return Walked(_segment(file, segment, size))
    except _Damage as damage:
        return _told(damage, promised, size)


def _told(damage: _Damage, promised: int | None, size: int) -> Walked:
    """A head that the end of the file cuts short is no damage: more was to come."""
    if promised is None and damage.position + _LONGEST_HEAD > size:
        return Walked(size + 1)
    return Walked(promised, damage.position)


def _segment(file: BinaryIO, segment: _Element, size: int) -> int:
    position, end = segment.body, segment.end(size)
    while position < end:
        element = _known(file, position, _IN_SEGMENT)
        if element.id == _CLUSTER:
            position = _cluster(file, element, end)
        elif element.length is None or (segment.length and element.end(end) > end):
            raise _Damage(position)
        else:
            position = element.end(end)
    return position


def _cluster(file: BinaryIO, cluster: _Element, outer: int) -> int:
    """Where it ends. One of unknown length, in a live recording, ends where another begins."""
    position, end = cluster.body, cluster.end(outer)
    while position < end:
        known = _IN_CLUSTER if cluster.length else _IN_CLUSTER | _IN_SEGMENT
        element = _known(file, position, known)
        if element.id not in _IN_CLUSTER:
            return position
        if element.id == _CHECKSUM and cluster.length and not _right(file, element, end):
            raise _Damage(position)
        if element.length is None or (cluster.length and element.end(end) > end):
            raise _Damage(position)
        position = element.end(end)
    return position


def _right(file: BinaryIO, checksum: _Element, end: int) -> bool:
    """Whether all that follows it in its cluster is as it was."""
    file.seek(checksum.body)
    stored = int.from_bytes(file.read(4), "little")
    left, found = end - checksum.end(end), 0
    while left > 0 and (chunk := file.read(min(left, _CHUNK))):
        found, left = zlib.crc32(chunk, found), left - len(chunk)
    return found == stored


def _known(file: BinaryIO, position: int, ids: set[int]) -> _Element:
    element = _element(file, position)
    if element.id not in ids:
        raise _Damage(position)
    return element


def _element(file: BinaryIO, position: int) -> _Element:
    file.seek(position)
    head = file.read(_LONGEST_HEAD)
    width = 9 - head[0].bit_length() if head else 9
    if width > 4 or len(head) <= width or not head[width]:
        raise _Damage(position)
    size_width = 9 - head[width].bit_length()
    body = width + size_width
    if len(head) < body:
        raise _Damage(position)
    unknown = (1 << (7 * size_width)) - 1
    length = int.from_bytes(head[width:body], "big") & unknown
    identity = int.from_bytes(head[:width], "big")
    return _Element(identity, position + body, None if length == unknown else length)
