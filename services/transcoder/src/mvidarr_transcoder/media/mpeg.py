"""Walking the packets of MPEG transport and program streams: do they follow each other, to the end?

Neither tells its length. One that was cut between two packets is only shorter, and nothing in it
says so: the length that its page gave finds those.
"""

from typing import BinaryIO

from .ebml import Walked

PACK = b"\x00\x00\x01\xba"
_SIGN, _SIGNS = 0x47, 5
_SHAPES = ((188, 0), (192, 4), (204, 0))
"""Length of a packet and where its sign stands: plain, with a clock before, a checksum behind."""

_AT_ONCE = 20_000
_END, _LEAST_ID = 0xB9, 0xBB


def shape(start: bytes) -> tuple[int, int] | None:
    """Which kind of transport stream begins so; None for anything else."""
    for length, at in _SHAPES:
        if start[at::length][:_SIGNS] == bytes([_SIGN] * _SIGNS):
            return length, at
    return None


def walk_transport(file: BinaryIO, size: int, shape: tuple[int, int]) -> Walked:
    """Every packet begins with its sign, and the last one is whole."""
    length, at = shape
    promised = -(-size // length) * length
    for position in range(0, size, length * _AT_ONCE):
        file.seek(position)
        signs = file.read(length * _AT_ONCE)[at::length]
        if (right := _right(signs)) < len(signs):
            return Walked(promised, position + right * length)
    return Walked(promised)


def walk_program(file: BinaryIO, size: int) -> Walked:
    """Every packet says how long it is, and another one follows it."""
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(14)
        if len(head) < 6:
            return Walked(size + 1)
        length = _length(head)
        if length is None:
            return Walked(damaged=position)
        position += length
    return Walked(position)


def _right(signs: bytes) -> int:
    """How many of them are right before the first that is not."""
    return len(signs) - len(signs.lstrip(bytes([_SIGN])))


def _length(head: bytes) -> int | None:
    """Of the packet with this head; None for what is none."""
    if head[:3] != PACK[:3]:
        return None
    if head[3] == PACK[3]:
        return 14 + (head[-1] & 7) if head[4] >> 6 == 1 else 12  # MPEG-2, MPEG-1
    if head[3] == _END:
        return 4
    return 6 + int.from_bytes(head[4:6], "big") if head[3] >= _LEAST_ID else None
