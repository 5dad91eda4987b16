"""How each recipe encodes, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

from mvidarr_common.messages.profiles import Recipe


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a recipe encodes. `box` bounds the picture, width by height, either way up; `texts` is
    the codec that the container has for subtitles."""

    muxer: str
    extension: str
    audio: tuple[str, ...]
    video: tuple[str, ...] = ()
    box: tuple[int, int] | None = None
    container: tuple[str, ...] = ()
    texts: str | None = None


def _x264(preset: str, crf: int, *rates: str) -> tuple[str, ...]:
    return ("libx264", "-preset", preset, "-crf", str(crf), *rates, "-pix_fmt", "yuv420p")


FASTSTART = ("-movflags", "+faststart")

RECIPES: Mapping[Recipe, Encoding] = {
    "web_optimized": Encoding(
        "mp4", "mp4", ("aac", "-b:a", "128k"),
        _x264("medium", 23, "-maxrate", "2M", "-bufsize", "4M"),
        container=FASTSTART, texts="mov_text",
    ),
    "high_quality": Encoding(
        "mp4", "mp4", ("aac", "-b:a", "192k"), _x264("slow", 18), texts="mov_text",
    ),
    "mobile_optimized": Encoding(
        "mp4", "mp4", ("aac", "-b:a", "96k"),
        _x264("fast", 28, "-maxrate", "1M", "-bufsize", "2M"),
        box=(1280, 720), container=FASTSTART, texts="mov_text",
    ),
    "ultra_compress": Encoding(
        "mp4", "mp4", ("aac", "-b:a", "64k"),
        ("libx265", "-preset", "medium", "-crf", "32", "-pix_fmt", "yuv420p", "-tag:v", "hvc1",
         "-x265-params", "log-level=error"),
        texts="mov_text",
    ),
    # libvpx refuses a peak rate without a target (`-b:v 0 -maxrate 2M`); in its constrained quality
    # the target is the ceiling, which is what is meant.
    "webm_web": Encoding(
        "webm", "webm", ("libopus", "-b:a", "128k"),
        ("libvpx-vp9", "-crf", "30", "-b:v", "2M", "-row-mt", "1",
         "-cpu-used", "4", "-pix_fmt", "yuv420p"),
        texts="webvtt",
    ),
    "audio_only": Encoding("mp3", "mp3", ("libmp3lame", "-b:a", "192k")),
    "hevc": Encoding(
        "mp4", "mp4", ("aac", "-b:a", "160k"),
        ("libx265", "-preset", "medium", "-crf", "24", "-pix_fmt", "yuv420p", "-tag:v", "hvc1",
         "-x265-params", "log-level=error"),
        container=FASTSTART, texts="mov_text",
    ),
    "av1": Encoding(
        "mp4", "mp4", ("libopus", "-b:a", "128k"),
        ("libsvtav1", "-preset", "8", "-crf", "32", "-pix_fmt", "yuv420p"),
        container=FASTSTART, texts="mov_text",
    ),
}  # fmt: skip
