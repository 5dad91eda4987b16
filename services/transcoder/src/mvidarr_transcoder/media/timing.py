"""When the pictures of a film are shown, read from its packets without decoding."""

from dataclasses import dataclass

import av
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from .facts import is_cover
from .opening import open_media


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of all pictures in their order, and when the sound begins, None without any.
    Seconds, from the beginning of the file."""

    pictures: tuple[float, ...]
    sound: float | None


def timing(path: str) -> Timing:
    """Raises av.FFmpegError for what is no media file."""
    with open_media(path) as container:
        stream, begins = _film(container), _begins(container)
        sound = next(iter(container.streams.audio), None)
        times = [
            float(packet.pts * packet.time_base) - begins
            for packet in container.demux(stream)
            if packet.pts is not None and packet.time_base is not None and not packet.is_discard
        ]
        return Timing(tuple(sorted(times)), None if sound is None else _start(sound) - begins)


def key_frame_at(path: str, seconds: float) -> float | None:
    """The time of the first key frame at or after this one; None when there is none."""
    with open_media(path) as container:
        stream, begins = _film(container), _begins(container)
        container.seek(int((seconds + begins) * av.time_base), backward=True)
        for packet in container.demux(stream):
            if packet.pts is None or packet.time_base is None or not packet.is_keyframe:
                continue
            at = float(packet.pts * packet.time_base) - begins
            if at >= seconds:
                return at
    return None


def _film(container: InputContainer) -> VideoStream:
    return next(stream for stream in container.streams.video if not is_cover(stream))


def _begins(container: InputContainer) -> float:
    return (container.start_time or 0) / av.time_base


def _start(stream: Stream) -> float:
    if stream.start_time is None or stream.time_base is None:
        return 0.0
    return float(stream.start_time * stream.time_base)
