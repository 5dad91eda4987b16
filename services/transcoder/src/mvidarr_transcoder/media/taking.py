"""Taking a stream's packets one by one: decoding them, or only reading what stands on them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import av
from av.codec.context import CodecContext
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext

from .facts import stream_duration
from .watching import Watch, Watched


@dataclass(slots=True)
class StreamSpan:
    """What one stream gave. `start` and `end` in seconds; `promised` by the container."""

    kind: str
    codec: str
    promised: float | None
    packets: int = 0
    frames: int = 0
    interlaced: bool = False
    keyed: bool = False
    start: float | None = None
    end: float | None = None
    watched: Watched = field(default_factory=Watched)

    def stretch(self, start: float, end: float) -> None:
        """Let it reach over this too."""
        self.start = start if self.start is None else min(self.start, start)
        self.end = end if self.end is None else max(self.end, end)


class Take(Protocol):
    """Fills spans, by number of stream."""

    spans: dict[int, StreamSpan]

    def take(self, packet: "Packet[Stream]") -> str | None:
        """What is wrong with the packet."""


_STRICTER = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Decoders that notice when the data of a frame end too early. FFmpeg's own ones for these codecs,
which have no checksums, make a picture of anything."""


class Decoding:
    """Decodes everything, and looks at it."""

    def __init__(self, streams: Sequence[Stream], threads: int) -> None:
        self.spans = {stream.index: _span(stream) for stream in streams}
        self._stricter: dict[int, VideoCodecContext] = {}
        for stream in streams:
            if (stricter := _stricter(stream)) is not None:
                self._stricter[stream.index] = stricter
            _set_up(stricter or stream.codec_context, threads)
        self._watches = {index: Watch() for index in self.spans}
        for index, watch in self._watches.items():
            self.spans[index].watched = watch.watched

    def take(self, packet: "Packet[Stream]") -> str | None:
        span = self.spans[packet.stream.index]
        if packet.size and not span.keyed and not packet.is_keyframe:
            return None  # a recording may begin in the middle of a group of pictures
        span.keyed = True
        span.packets += bool(packet.size) and not packet.is_discard
        if packet.is_corrupt:
            return "the container marks it as damaged"
        for frame in self._frames(packet):
            assert isinstance(frame, av.VideoFrame | av.AudioFrame)
            if frame.is_corrupt:
                return "a frame is damaged"
            self._see(packet.stream.index, frame)
        return None

    def _frames(self, packet: "Packet[Stream]") -> Sequence[object]:
        """An empty packet stands for the end: what is left comes out. Only its stream is right,
        not its number."""
        stricter = self._stricter.get(packet.stream.index)
        if stricter is None:
            return packet.decode()
        return stricter.decode(packet if packet.size else None)

    def _see(self, index: int, frame: av.VideoFrame | av.AudioFrame) -> None:
        span = self.spans[index]
        span.frames += 1
        if isinstance(frame, av.VideoFrame):
            span.interlaced = span.interlaced or frame.interlaced_frame
        if frame.pts is None or frame.time_base is None:
            return
        start = float(frame.pts * frame.time_base)
        length = float(frame.duration * frame.time_base)
        span.stretch(start, start + length)
        self._watches[index].see(frame, start, length)


class Reading:
    """Decodes nothing: it counts packets and follows their clocks."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self.spans = {stream.index: _span(stream) for stream in streams}

    def take(self, packet: "Packet[Stream]") -> str | None:
        span = self.spans[packet.stream.index]
        if packet.is_corrupt:
            return "the container marks it as damaged"
        if packet.size:
            span.packets += 1
            span.frames += 1
        if packet.pts is not None:
            start = float(packet.pts * packet.time_base)
            span.stretch(start, start + float((packet.duration or 0) * packet.time_base))
        return None


def _span(stream: Stream) -> StreamSpan:
    name = stream.codec_context.codec.canonical_name
    return StreamSpan(stream.type, name, stream_duration(stream))


def _stricter(stream: Stream) -> VideoCodecContext | None:
    name = _STRICTER.get(stream.codec_context.codec.canonical_name)
    if name is None or name not in av.codecs_available:
        return None
    stricter = av.CodecContext.create(name, "r")
    assert isinstance(stricter, VideoCodecContext)
    return stricter


def _set_up(context: CodecContext, threads: int) -> None:
    context.thread_type = "AUTO"
    context.thread_count = threads
    # Compare the checksums that frames bring along (FLAC, AC-3, HEVC with hashes), and say what is
    # wrong, instead of painting over it.
    context.options = {"err_detect": "explode+crccheck"}
