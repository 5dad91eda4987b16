"""Walking through a film, forward: to the next moment that is wanted, decoding as little as may be.

From one key frame to the next nothing is decoded twice, and what lies between is leapt over.
"""

from collections.abc import Iterator

import av
from av.container import InputContainer
from av.video.stream import VideoStream


class Reel:
    """Stands at a frame; `over` is true once the last one has been seen."""

    def __init__(self, container: InputContainer, film: VideoStream) -> None:
        assert film.time_base is not None
        film.codec_context.thread_type = "AUTO"
        self.over = False
        self._container, self._film, self._tick = container, film, film.time_base
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._shown: av.VideoFrame | None = None

    def frame_at(self, at: float) -> av.VideoFrame | None:
        """The frame that is seen then, or the last one; no moment may come before an earlier."""
        wanted = (self._film.start_time or 0) + int(at / self._tick)
        if self._shown is not None and _is_seen(self._shown, wanted):
            return self._shown
        if self._is_worth_a_leap(wanted):
            self._container.seek(wanted, stream=self._film)
            self._frames = self._container.decode(self._film)
        for frame in self._frames:
            self._shown = frame
            if _is_seen(frame, wanted):
                return frame
        self.over = True
        return self._shown

    def _is_worth_a_leap(self, wanted: int) -> bool:
        """Whether a key frame lies between here and there, as far as the index tells."""
        if self._shown is None or self._shown.pts is None:
            return True
        entries = self._film.index_entries
        number = entries.search_timestamp(wanted, backward=True)
        return number < 0 or entries[number].timestamp > self._shown.pts


def _is_seen(frame: av.VideoFrame, wanted: int) -> bool:
    return frame.pts is not None and frame.pts + (frame.duration or 0) > wanted
