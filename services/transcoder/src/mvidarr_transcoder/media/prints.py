"""A hash of the picture at every second: films that look alike have hashes that are alike."""

import av

from mvidarr_common import forked

from .facts import is_cover
from .opening import open_media

_SIZE = (9, 8)


def picture_hashes(source: str, seconds: int) -> list[str]:
    """One difference hash (64 bits, hexadecimal) a second, decoding all and keeping little."""
    found: list[str] = []
    with open_media(source) as container:
        film = next(stream for stream in container.streams.video if not is_cover(stream))
        film.codec_context.thread_type = "AUTO"
        start: float | None = None
        for frame in container.decode(film):
            if frame.pts is None:
                continue
            start = frame.time if start is None else start
            at = frame.time - start
            if at > seconds:
                break
            if at >= len(found):
                found.append(_hash(frame))
                forked.tell(at)
    return found


def _hash(frame: av.VideoFrame) -> str:
    small = frame.reformat(*_SIZE, format="gray")
    raw, step = bytes(small.planes[0]), small.planes[0].line_size
    bits = 0
    for row in range(_SIZE[1]):
        for column in range(_SIZE[0] - 1):
            at = row * step + column
            bits = bits << 1 | (raw[at] > raw[at + 1])
    return f"{bits:016x}"
