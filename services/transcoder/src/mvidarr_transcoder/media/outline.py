"""Reading a container's outermost boxes: does the file hold as many bytes as it says it does?

Cheap and exact: a download that was cut off shows here before a single frame is decoded.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from . import ebml, mpeg

_START = 1200
_MP4_BOXES = frozenset(
    b"ftyp moov mdat moof mfra free skip wide uuid meta sidx styp emsg prft ssix pdin pnot".split()
)


@dataclass(frozen=True, slots=True)
class Outline:
    """How many bytes the container promises, None when it does not say; whether an MP4 lacks the
    index (`moov`) that its data needs; and the first byte that makes no sense."""

    size: int
    promised: int | None = None
    unindexed: bool = False
    damaged: int | None = None

    @property
    def cut(self) -> bool:
        """Whether something is missing at the end."""
        return self.unindexed or (self.promised is not None and self.promised > self.size)


def outline(path: Path) -> Outline:
    """The outline of an MP4, Matroska, WebM, AVI or MPEG file; of others only the size."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_START)
        if start[4:8] in _MP4_BOXES:
            return _mp4(file, size)
        if start[:4] == b"RIFF":
            return Outline(size, 8 + int.from_bytes(start[4:8], "little"))
        walked = _walked(file, size, start)
    return Outline(size, walked.promised, damaged=walked.damaged)


def _walked(file: BinaryIO, size: int, start: bytes) -> ebml.Walked:
    if start[:4] == ebml.MAGIC:
        return ebml.walk(file, size)
    if start[:4] == mpeg.PACK:
        return mpeg.walk_program(file, size)
    if (shape := mpeg.shape(start)) is not None:
        return mpeg.walk_transport(file, size, shape)
    return ebml.Walked()


def _mp4(file: BinaryIO, size: int) -> Outline:
    position, seen = 0, set()
    while position < size:
        length, kind = _box(file, position)
        if kind not in _MP4_BOXES or length < 8:
            break  # padding, or what some program has appended
        seen.add(kind)
        position += length
    unindexed = b"mdat" in seen and not seen & {b"moov", b"moof"}
    return Outline(size, position, unindexed)


def _box(file: BinaryIO, position: int) -> tuple[int, bytes]:
    """Length and kind of the box there; a length of 0 is written for "to the end of the file"."""
    file.seek(position)
    head = file.read(16)
    length = int.from_bytes(head[:4], "big")
    if length == 1:
        length = int.from_bytes(head[8:16], "big")
    if length == 0:
        length = file.seek(0, 2) - position
    return length, head[4:8]
