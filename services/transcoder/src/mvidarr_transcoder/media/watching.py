"""Looking at what is decoded: is there a picture that moves, a sound that can be heard, and does
time run evenly? A film may be whole and still show nothing."""

from dataclasses import dataclass, field

import av
from av.audio.resampler import AudioResampler

LOOK_EVERY = 0.5
"""Seconds of film between two looks at the picture."""

_SIZE = (32, 18)
_BLACK, _STILL = 34, 0.6
"""The brightest that black may be (16 is black in video), the mean change that is no change."""

_SILENT = 33
"""Of 32768: -60 dB below full scale."""

_PICTURE_GAP, _SOUND_GAP = 2.5, 0.5
_MOST_JUMPS = 20


@dataclass(slots=True)
class Watched:
    """Shares of the looks, None where there was none; and where time jumped, in seconds."""

    looks: int = 0
    black: int = 0
    still: int = 0
    silent: int = 0
    jumps: list[float] = field(default_factory=list)

    def share(self, what: int) -> float | None:
        """A count as a share of all looks."""
        return what / self.looks if self.looks else None


class Watch:
    """Watches one stream's frames as they are decoded."""

    def __init__(self) -> None:
        self.watched = Watched()
        self._next = float("-inf")
        self._before = b""
        self._end: float | None = None
        self._hearing = AudioResampler("s16", "mono", 8000)

    def see(self, frame: av.VideoFrame | av.AudioFrame, at: float, length: float) -> None:
        """Take the next frame, which is shown or heard at `at` for `length` seconds."""
        picture = isinstance(frame, av.VideoFrame)
        self._feel_time(at, length, _PICTURE_GAP if picture else _SOUND_GAP)
        if isinstance(frame, av.AudioFrame):
            self._listen(frame)
        elif at >= self._next:
            self._next = at + LOOK_EVERY
            self._look(frame)

    def _feel_time(self, at: float, length: float, gap: float) -> None:
        end = self._end
        if end is not None and (at - end > gap or end - at > gap + length):
            if len(self.watched.jumps) < _MOST_JUMPS:
                self.watched.jumps.append(round(at, 3))
            self._end = at + length
        self._end = max(self._end or 0.0, at + length)

    def _look(self, frame: av.VideoFrame) -> None:
        small = frame.reformat(*_SIZE, format="gray")
        plane = small.planes[0]
        raw = bytes(plane)
        rows = (raw[y * plane.line_size :][: _SIZE[0]] for y in range(_SIZE[1]))
        now = b"".join(rows)
        self.watched.looks += 1
        self.watched.black += max(now) < _BLACK
        self.watched.still += bool(self._before) and _change(self._before, now) < _STILL
        self._before = now

    def _listen(self, frame: av.AudioFrame) -> None:
        for heard in self._heard(frame):
            samples = memoryview(bytes(heard.planes[0])).cast("h")[: heard.samples]
            if len(samples):
                self.watched.looks += 1
                self.watched.silent += max(samples) < _SILENT and min(samples) > -_SILENT

    def _heard(self, frame: av.AudioFrame) -> list[av.AudioFrame]:
        try:
            return self._hearing.resample(frame)
        except ValueError:  # the stream has changed its layout or rate
            self._hearing = AudioResampler("s16", "mono", 8000)
            return self._hearing.resample(frame)


def _change(before: bytes, now: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(before, now, strict=True)) / len(now)
