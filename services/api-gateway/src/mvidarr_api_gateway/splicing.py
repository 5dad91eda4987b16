"""A film as a part of an endless MPEG-TS: the command line of FFmpeg that makes it.

The stream is H.264 and AAC from end to end, since players do not follow one whose codecs change.
What a film has of them is copied as it is; the rest is encoded, at a size that a small machine can
keep up with.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from mvidarr_common.ffmpeg import DEMUXERS, MOST_STREAMS, PROTOCOLS

WIDTH: Final = 1280
HEIGHT: Final = 720
FPS: Final = 30
PLAIN: Final = frozenset({"yuv420p", "yuvj420p", None})
UNTIMED: Final = frozenset({"avi"})
"""Containers that do not tell when a frame is shown."""
KEY_SECONDS: Final = 30.0
"""Who joins a film that has fewer key frames would see nothing for longer."""
BASE: Final = 90.0
"""The stream's first timestamp: a copy begins at the key frame before what is asked for."""
WRAP: Final = 2**33 / 90_000
"""Seconds after which the timestamps of MPEG-TS begin anew."""
BURST: Final = "-readrate_initial_burst"
"""An option of FFmpeg 6.1 and newer."""
PACE: Final = ("-readrate", "1", BURST)

Sound = Literal["copied", "encoded", "none"]


@dataclass(frozen=True, slots=True)
class Reel:
    """A file, and what of it is copied; `lead` is how many seconds a copy may begin earlier."""

    path: str
    picture_is_copied: bool
    sound: Sound
    lead: float = 0.0

    @property
    def is_copied(self) -> bool:
        """Whether nothing has to be encoded."""
        return self.picture_is_copied and self.sound != "encoded"


@dataclass(frozen=True, slots=True)
class Piece:
    """Which part of a film, and where it stands in the stream: its number, and the seconds that
    come before it. `burst` is how much comes at once."""

    number: int
    at: float
    start: float
    seconds: float
    burst: float
    title: str


def reel_of(rendition: dict[str, Any]) -> Reel | None:
    """How a file that the catalog shows is played; None for what is no film."""
    facts = rendition["facts"]
    picture = next((each for each in facts["video"] if not each["attached"]), None)
    if picture is None:
        return None
    copied = _is_copied(picture) and facts["container"] not in UNTIMED
    lead = picture["keySeconds"] or 0.0
    return Reel(rendition["path"], copied, _sound(facts["audio"]), lead if copied else 0.0)


def command(ffmpeg: str, film: Path, reel: Reel, piece: Piece, *, bursts: bool = True) -> list[str]:
    """A whole command line; the film can name no other file, and no address."""
    silent = reel.sound == "none"
    pace = (*PACE, f"{piece.burst:.3f}") if bursts else ("-re",)
    return [
        ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-protocol_whitelist", PROTOCOLS,
        "-format_whitelist", DEMUXERS, "-max_streams", str(MOST_STREAMS),
        *pace, *(["-ss", f"{piece.start:.3f}"] if piece.start else []), "-i", f"file:{film}",
        *(["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-shortest"] if silent else []),
        "-map", "0:V:0", "-map", "1:a:0" if silent else "0:a:0", "-t", f"{piece.seconds:.3f}",
        *(_COPIED if reel.picture_is_copied else _ENCODED),
        *(_SOUND_COPIED if reel.sound == "copied" else _SOUND_ENCODED),
        *(["-copypriorss", "0"] if piece.number and piece.start else []),
        "-map_metadata", "-1", "-metadata", "service_provider=MVidarr",
        "-metadata", f"service_name={piece.title}", "-tables_version", str(piece.number % 32),
        *(["-mpegts_flags", "+initial_discontinuity"] if piece.number else []),
        "-output_ts_offset", f"{(BASE + piece.at) % WRAP:.6f}", "-f", "mpegts", "pipe:1",
    ]  # fmt: skip


_COPIED: Final = ("-c:v", "copy")
_ENCODED: Final = (
    "-vf", f"scale=w='min({WIDTH},iw)':h='min({HEIGHT},ih)':force_original_aspect_ratio=decrease"
    ":force_divisible_by=2,setsar=1,format=yuv420p",
    "-fpsmax", str(FPS), "-c:v", "libx264", "-preset", "veryfast", "-crf", "23",
    "-maxrate", "4M", "-bufsize", "8M", "-force_key_frames", "expr:gte(t,n_forced*2)",
    "-threads:v", "2",
)  # fmt: skip
_SOUND_COPIED: Final = ("-c:a", "copy")
_SOUND_ENCODED: Final = ("-c:a", "aac", "-b:a", "160k", "-ac", "2", "-ar", "48000")


def _is_copied(picture: dict[str, Any]) -> bool:
    plain = picture["codec"] == "h264" and picture["pixelFormat"] in PLAIN
    return plain and not picture["rotation"] and (picture["keySeconds"] or 0.0) <= KEY_SECONDS


def _sound(audio: list[dict[str, Any]]) -> Sound:
    if not audio:
        return "none"
    fits = audio[0]["codec"] == "aac" and audio[0]["channels"] <= 2
    return "copied" if fits else "encoded"
