"""Decoding every frame of a file, to know whether it is whole. Measures; `verdict` judges.

PyAV and not `ffmpeg -xerror -f null`: as fast, and it tells where a file breaks, how far each
stream reaches, and what is missing. FFmpeg ends with 0 for a WebM that was cut off.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from mvidarr_common import forked
from mvidarr_common.messages.media import MediaFacts

from .digest import BesideDigest
from .facts import facts_of, is_cover, stream_duration
from .opening import open_media
from .outline import Outline, outline

_TELL_EVERY = 0.2


@dataclass(slots=True)
class StreamSpan:
    """What decoding one stream gave. `start` and `end` in seconds; `promised` by the container."""

    kind: str
    codec: str
    promised: float | None
    packets: int = 0
    frames: int = 0
    interlaced: bool = False
    keyed: bool = False
    start: float | None = None
    end: float | None = None


@dataclass(slots=True)
class Examination:
    """What was measured. `facts` is None when the file could not be opened at all; `broken_at` is
    where decoding met damage, in seconds, and `broken` what the decoder said of it; `last` tells
    that nothing came after the damage."""

    outline: Outline
    facts: MediaFacts | None = None
    spans: list[StreamSpan] = field(default_factory=list)
    broken: str | None = None
    broken_at: float = 0.0
    last: bool = False
    sha256: str = ""


def examine(path: str, threads: int = 0) -> Examination:
    """Decode all of it; ends early at damage. Tells ("verify", seconds, of how many) and
    ("hash", bytes, of how many)."""
    found = Examination(outline(Path(path)))
    if found.outline.size == 0 or found.outline.cut:
        return found
    digest = BesideDigest(path)
    try:
        _decode_file(path, threads, found)
        if found.broken is None:
            found.sha256 = digest.result(
                lambda done: forked.tell(("hash", done, found.outline.size))
            )
    finally:
        digest.close()
    return found


def _decode_file(path: str, threads: int, found: Examination) -> None:
    try:
        with open_media(path) as container:
            found.facts = facts_of(container, Path(path))
        if found.outline.damaged is not None:
            found.broken = f"the container is broken at byte {found.outline.damaged}"
            share = found.outline.damaged / found.outline.size
            found.broken_at = share * (found.facts.duration or 0.0)
            return
        with open_media(path) as container:  # again: measuring has decoded the first frame
            _decode(container, threads, found)
    except av.FFmpegError as error:
        found.broken = found.broken or _said(error)


def _decode(container: InputContainer, threads: int, found: Examination) -> None:
    spans = {stream.index: _prepared(stream, threads) for stream in _films(container)}
    found.spans = list(spans.values())
    told = 0.0
    packets = container.demux([container.streams[index] for index in spans])
    for packet in packets:
        if packet.pts is not None:
            found.broken_at = max(0.0, float(packet.pts * packet.time_base))
        if damage := _take(packet, spans[packet.stream_index]):
            found.broken = damage
            found.last = not any(later.size for later in packets)
            return
        if (now := time.monotonic()) - told > _TELL_EVERY:
            told = now
            forked.tell(("verify", found.broken_at, found.facts and found.facts.duration))


def _films(container: InputContainer) -> list[Stream]:
    """What is seen and heard; covers, subtitles and data cannot make a film unplayable."""
    return [s for s in container.streams if s.type in ("video", "audio") and not is_cover(s)]


def _prepared(stream: Stream, threads: int) -> StreamSpan:
    context = stream.codec_context
    context.thread_type = "AUTO"
    context.thread_count = threads
    context.options = {"err_detect": "explode"}  # say it, instead of painting over it
    return StreamSpan(stream.type, context.codec.canonical_name, stream_duration(stream))


def _take(packet: "Packet[Stream]", span: StreamSpan) -> str | None:
    """Decode one packet into its span; returns what is wrong with it."""
    if packet.size and not span.keyed and not packet.is_keyframe:
        return None  # a recording may begin in the middle of a group of pictures
    span.keyed = True
    span.packets += bool(packet.size) and not packet.is_discard
    if packet.is_corrupt:
        return "the container marks it as damaged"
    for frame in packet.decode():
        assert isinstance(frame, av.VideoFrame | av.AudioFrame)
        span.frames += 1
        if frame.is_corrupt:
            return "a frame is damaged"
        _stretch(span, frame)
    return None


def _stretch(span: StreamSpan, frame: av.VideoFrame | av.AudioFrame) -> None:
    if isinstance(frame, av.VideoFrame):
        span.interlaced = span.interlaced or frame.interlaced_frame
    if frame.pts is None or frame.time_base is None:
        return
    start = float(frame.pts * frame.time_base)
    end = start + float(frame.duration * frame.time_base)
    span.start = start if span.start is None else min(span.start, start)
    span.end = end if span.end is None else max(span.end, end)


def _said(error: av.FFmpegError) -> str:
    return str(error.strerror or error)
