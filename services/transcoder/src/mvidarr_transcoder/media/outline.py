"""Reading a container's outermost boxes: does the file hold as many bytes as it says it does?

Cheap and exact: a download that was cut off shows here before a single frame is decoded.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MP4_BOXES = frozenset(
    b"ftyp moov mdat moof mfra free skip wide uuid meta sidx styp emsg prft ssix pdin pnot".split()
)
_EBML, _SEGMENT = bytes.fromhex("1a45dfa3"), bytes.fromhex("18538067")


@dataclass(frozen=True, slots=True)
class Outline:
    """How many bytes the container promises, None when it does not say; and whether an MP4 lacks
    the index (`moov`) that its data needs."""

    size: int
    promised: int | None = None
    unindexed: bool = False

    @property
    def cut(self) -> bool:
        """Whether something is missing at the end."""
        return self.unindexed or (self.promised is not None and self.promised > self.size)


def outline(path: Path) -> Outline:
    """The outline of an MP4, Matroska, WebM or AVI file; of others only the size."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        file.seek(0)
        if start[4:8] in _MP4_BOXES:
            return _mp4(file, size)
        if start[:4] == _EBML:
            return Outline(size, _matroska(file))
        if start[:4] == b"RIFF":
            return Outline(size, 8 + int.from_bytes(start[4:8], "little"))
    return Outline(size)


def _mp4(file: BinaryIO, size: int) -> Outline:
    position, seen = 0, set()
    while position < size:
        file.seek(position)
        header = file.read(16)
        kind, length = header[4:8], int.from_bytes(header[:4], "big")
        if len(header) < 8 or kind not in _MP4_BOXES:
            break  # padding, or what some program has appended
        seen.add(kind)
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        position += length or size - position  # 0: to the end of the file
        if length and length < 8:
            break
    unindexed = b"mdat" in seen and not seen & {b"moov", b"moof"}
    return Outline(size, position, unindexed)


def _matroska(file: BinaryIO) -> int | None:
    file.seek(4)
    header = _vint(file)
    if header is None:
        return None
    file.seek(header, 1)
    if file.read(4) != _SEGMENT:
        return None
    length = _vint(file)
    return None if length is None else file.tell() + length


def _vint(file: BinaryIO) -> int | None:
    """An EBML length; None for "unknown", as live recordings have it."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] & ((1 << (8 - width)) - 1)]) + file.read(width - 1))
    return None if value == (1 << (7 * width)) - 1 else value
