"""Watching an encoder, and judging what it has made. Pure."""

from mvidarr_common.messages.media import MediaFacts

from .encodings import Encoding

_SECONDS, _SHARE = 1.5, 0.02
"""How far the rendition's length may be from its source's: encoders pad, containers round."""


class Encoder:
    """What FFmpeg's `-progress` says: lines of `key=value`, a block every half second."""

    def __init__(self, duration: float | None) -> None:
        self.duration = duration
        self.seconds = 0.0
        self.speed: float | None = None
        self._at = ""

    def hear(self, line: str) -> bool:
        """Take one line; whether the encoder has moved on since the last block."""
        key, _, value = line.strip().partition("=")
        if key == "speed":
            self.speed = _number(value.rstrip("x"))
        if key != "out_time_us" or value == self._at or (at := _number(value)) is None:
            return False
        self._at, self.seconds = value, max(0.0, at / 1_000_000)
        return True

    @property
    def fraction(self) -> float | None:
        """0 to 1."""
        return min(1.0, self.seconds / self.duration) if self.duration else None

    @property
    def eta(self) -> float | None:
        """Seconds until the end at this speed."""
        if not self.duration or not self.speed:
            return None
        return max(0.0, self.duration - self.seconds) / self.speed


def refusal(encoding: Encoding, source: MediaFacts, made: MediaFacts) -> str | None:
    """Why what was made is no rendition of its source; None when it is one."""
    if encoding.video and source.picture is not None and made.picture is None:
        return "The rendition has no picture."
    if source.audio and not made.audio:
        return "The rendition has no sound."
    if source.duration is None:
        return None
    wanted = source.duration
    if made.duration is None or abs(made.duration - wanted) > max(_SECONDS, wanted * _SHARE):
        return f"The rendition lasts {made.duration} seconds and not {wanted:.1f}."
    return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None  # "N/A", before the first frame
