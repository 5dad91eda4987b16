"""The six recipes of a transcode, as data, and the FFmpeg command line that cooks one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mvidarr_common.messages.media import MediaFacts, VideoStream
from mvidarr_common.messages.profiles import Recipe

from .media.opening import DEMUXERS, PROTOCOLS


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


_FASTSTART = ("-movflags", "+faststart")

RECIPES: Mapping[Recipe, Encoding] = {
    "web_optimized": Encoding(
        "mp4", "mp4", ("aac", "-b:a", "128k"),
        _x264("medium", 23, "-maxrate", "2M", "-bufsize", "4M"),
        container=_FASTSTART, texts="mov_text",
    ),
    "high_quality": Encoding(
        "mp4", "mp4", ("aac", "-b:a", "192k"), _x264("slow", 18), texts="mov_text",
    ),
    "mobile_optimized": Encoding(
        "mp4", "mp4", ("aac", "-b:a", "96k"),
        _x264("fast", 28, "-maxrate", "1M", "-bufsize", "2M"),
        box=(1280, 720), container=_FASTSTART, texts="mov_text",
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
}  # fmt: skip

_TEXT_CODECS = frozenset({"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"})
"""Subtitles that are letters; pictures of letters fit into neither MP4 nor WebM."""


def command(
    ffmpeg: str, recipe: Recipe, facts: MediaFacts, source: Path, target: Path, threads: int = 0
) -> list[str]:
    """The whole command line. It writes what it has done to standard output, line by line."""
    encoding = RECIPES[recipe]
    return [
        ffmpeg, "-nostdin", "-y", "-hide_banner", "-v", "warning", "-nostats",
        "-progress", "pipe:1", "-stats_period", "0.5",
        "-protocol_whitelist", PROTOCOLS, "-format_whitelist", DEMUXERS,
        "-threads", str(threads), "-i", f"file:{source}",
        *_streams(encoding, facts),
        "-map_metadata", "0", "-map_chapters", "0", "-dn",
        "-threads", str(threads), *encoding.container, "-f", encoding.muxer, f"file:{target}",
    ]  # fmt: skip


def fitted(width: int, height: int, box: tuple[int, int] | None) -> tuple[int, int]:
    """The even size within the box, turned as the picture is; never larger than the picture."""
    scale = 1.0
    if box is not None:
        wide, high = box if width >= height else (box[1], box[0])
        scale = min(1.0, wide / width, high / height)
    return _even(width * scale), _even(height * scale)


def _streams(encoding: Encoding, facts: MediaFacts) -> list[str]:
    if not encoding.video:
        return ["-map", "0:a:0", "-vn", "-sn", "-c:a", *encoding.audio]
    arguments = []
    if facts.picture is not None:
        arguments += [*_picture(encoding, facts, facts.picture)]
    arguments += ["-map", "0:a?", "-c:a", *encoding.audio]
    texts = [n for n, name in enumerate(facts.subtitles) if name.split(":")[0] in _TEXT_CODECS]
    for number in texts:
        arguments += ["-map", f"0:s:{number}"]
    return arguments + (["-c:s", encoding.texts] if texts and encoding.texts else [])


def _picture(encoding: Encoding, facts: MediaFacts, picture: VideoStream) -> list[str]:
    number = facts.video.index(picture)  # the film, not the cover art that may come before it
    size = fitted(picture.width, picture.height, encoding.box)
    scale = [] if size == (picture.width, picture.height) else [f"scale={size[0]}:{size[1]}"]
    filters = ["-vf", ",".join(scale)] if scale else []
    return ["-map", f"0:v:{number}", "-c:v", *encoding.video, *filters]


def _even(length: float) -> int:
    return max(2, int(length / 2 + 1e-6) * 2)
