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
        self._given: set[int] = set()

    def frame_at(self, at: float) -> av.VideoFrame | None:
        """The frame that is seen then, or the last one; no moment may come before an earlier."""
        return self._frame(self._tick_of(at))

    def frame_about(self, at: float) -> av.VideoFrame | None:
        """A frame near that moment that costs little: the key frame before it, where the index
        knows of one that was not given here before; else the frame that is seen then."""
        wanted = self._tick_of(at)
        key = self._key_before(wanted)
        if key is None or key in self._given:
            return self._frame(wanted)
        self._given.add(key)
        if not self._has_passed(key):
            self._leap(wanted)
            self._shown = next(self._frames, self._shown)
        return self._shown

    def _frame(self, wanted: int) -> av.VideoFrame | None:
        if self._shown is not None and _is_seen(self._shown, wanted):
            return self._shown
        if self._is_worth_a_leap(wanted):
            self._leap(wanted)
        for frame in self._frames:
            self._shown = frame
            if _is_seen(frame, wanted):
                return frame
        self.over = True
        return self._shown

    def _leap(self, wanted: int) -> None:
        """To the key frame before it."""
        self._container.seek(wanted, stream=self._film)
        self._frames = self._container.decode(self._film)

    def _is_worth_a_leap(self, wanted: int) -> bool:
        """Whether a key frame lies between here and there, as far as the index tells."""
        key = self._key_before(wanted)
        return key is None or not self._has_passed(key)

    def _has_passed(self, key: int) -> bool:
        shown = self._shown
        return shown is not None and shown.pts is not None and key <= shown.pts

    def _key_before(self, wanted: int) -> int | None:
        entries = self._film.index_entries
        number = entries.search_timestamp(wanted, backward=True)
        return entries[number].timestamp if number >= 0 else None

    def _tick_of(self, at: float) -> int:
        return (self._film.start_time or 0) + int(at / self._tick)


def _is_seen(frame: av.VideoFrame, wanted: int) -> bool:
    return frame.pts is not None and frame.pts + (frame.duration or 0) > wanted
