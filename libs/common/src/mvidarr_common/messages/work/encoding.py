"""How a rendition is wished for: a recipe of one's own as data, and what happens on the way.

Everything is a choice or a bounded number. No client ever passes FFmpeg arguments.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from mvidarr_common.messages.base import Value

_HOLDS: dict[str, tuple[set[str], set[str]]] = {
    "mp4": ({"h264", "hevc", "av1"}, {"aac", "opus", "mp3", "flac"}),
    "mkv": ({"h264", "hevc", "av1", "vp9"}, {"aac", "opus", "mp3", "flac"}),
    "webm": ({"vp9", "av1"}, {"opus"}),
    "mp3": (set(), {"mp3"}),
    "m4a": (set(), {"aac"}),
    "ogg": (set(), {"opus", "flac"}),
}


class OwnRecipe(Value):
    """A recipe beside the ones that come along. Lower `crf` is better and larger."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    container: Literal["mp4", "mkv", "webm", "mp3", "m4a", "ogg"]
    video: Literal["h264", "hevc", "av1", "vp9"] | None = None
    audio: Literal["aac", "opus", "mp3", "flac"]
    crf: int = Field(default=23, ge=0, le=63)
    speed: Literal["fast", "medium", "slow"] = "medium"
    most_kbps: int | None = Field(default=None, ge=50, le=200_000)
    audio_kbps: int = Field(default=128, ge=16, le=640)
    width: int | None = Field(default=None, ge=16, le=8192)
    height: int | None = Field(default=None, ge=16, le=8192)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        pictures, sounds = _HOLDS[self.container]
        if self.audio not in sounds or (self.video is not None and self.video not in pictures):
            raise ValueError(f"{self.container} does not hold {self.video} with {self.audio}")
        if pictures and self.video is None:
            raise ValueError(f"{self.container} is for films: name a video codec")
        if self.crf > 51 and self.video in ("h264", "hevc"):
            raise ValueError(f"crf of {self.video} ends at 51")
        if (self.width is None) != (self.height is None):
            raise ValueError("a box has a width and a height")
        return self


class Treatment(Value):
    """What happens to picture and sound on the way. `loudness` in LUFS and `true_peak` in dBTP
    (EBU R128, two passes); `crop` finds black borders; `copy_fitting` leaves streams as they are
    that the recipe would hardly change; `hardware` tries this machine's encoders first."""

    loudness: float | None = Field(default=None, ge=-40, le=-5)
    true_peak: float = Field(default=-1.5, ge=-9, le=0)
    crop: bool = False
    deinterlace: bool = True
    tone_map: bool = True
    most_fps: float | None = Field(default=None, ge=1, le=240)
    subtitles: Literal["keep", "burn", "drop"] = "keep"
    copy_fitting: bool = False
    hardware: bool = False
