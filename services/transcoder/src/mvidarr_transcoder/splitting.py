"""The command lines that encode a part of a film and join the parts, and what is proved. Pure."""

from collections.abc import Sequence
from math import floor
from pathlib import Path

from mvidarr_common.ffmpeg import DEMUXERS, MOST_STREAMS, PROTOCOLS
from mvidarr_common.messages.jobs import Transcode

from .media.timing import Timing
from .recipes import Cooking, encoding_of, opening, picture_arguments, sound_arguments
from .treating import Measured, texts_of

ACCURACY = 0.5
"""How far a picture may be from its time, in pictures: containers round."""

SYNC = 0.045
"""How far the sound may have moved against the picture, in seconds: less than two frames of AAC,
and what nobody sees on lips."""

_UNMEASURED = Measured()


def picture_line(
    ffmpeg: str, whole: Transcode, source: Path, target: Path, threads: int, begin: float,
    end: float | None,
) -> list[str]:  # fmt: skip
    """Encode the pictures between two key frames; timestamps begin anew."""
    cut = ["-ss", _micro(begin)] if begin else []
    if end is not None:
        cut += ["-t", _micro(_cut(end) - _cut(begin))]
    line = opening(ffmpeg, source, threads)
    at = line.index("-i")
    return [
        *line[:at], *cut, *line[at:],
        *picture_arguments(_cooking(whole, source, threads)), "-fps_mode", "vfr",
        "-map_metadata", "-1", "-map_chapters", "-1", "-threads", str(threads),
        "-video_track_timescale", "90000", "-f", "mp4", f"file:{target}",
    ]  # fmt: skip


def sound_line(
    ffmpeg: str, whole: Transcode, source: Path, target: Path, threads: int, measured: Measured
) -> list[str]:
    """Encode all the sound at once: it has no key frames, and no seams."""
    cooking = _cooking(whole, source, threads, measured)
    return [
        *opening(ffmpeg, source, threads), "-map", "0:a?", "-vn", *sound_arguments(cooking),
        "-map_chapters", "-1", "-f", sound_muxer(whole), f"file:{target}",
    ]  # fmt: skip


def sound_muxer(whole: Transcode) -> str:
    """A container that keeps the times of this sound exactly."""
    return "mp4" if encoding_of(whole.recipe).audio[0] == "aac" else "matroska"


def listing(parts: Sequence[tuple[Path, float, float | None]]) -> str:
    """The file that names the parts, each with its ends: a part lasts until the next one begins,
    whatever its own container says."""
    lines = ["ffconcat version 1.0"]
    for path, begin, end in parts:
        quoted = str(path).replace("'", "'\\''")
        lines.append(f"file 'file:{quoted}'")
        if end is not None:
            lines.append(f"duration {_micro(_cut(end) - _cut(begin))}")
    return "\n".join(lines) + "\n"


def joining_line(
    ffmpeg: str, whole: Transcode, names: Path, begins: float, sound: tuple[Path, float] | None,
    source: Path, target: Path,
) -> list[str]:  # fmt: skip
    """Copy pictures and sound into the container; texts, chapters and tags come from the film."""
    encoding = encoding_of(whole.recipe)
    inputs = [*_input(names, begins, concat=True), *(_input(*sound) if sound else [])]
    film = 2 if sound else 1
    wanted = whole.treatment.subtitles == "keep" and encoding.texts is not None
    texts = texts_of(whole.facts) if wanted else []
    maps = ["-map", "0:v:0", *(["-map", "1:a?"] if sound else [])]
    for number in texts:
        maps += ["-map", f"{film}:s:{number}"]
    return [
        ffmpeg, "-nostdin", "-y", "-hide_banner", "-v", "warning", "-nostats",
        "-progress", "pipe:1", *inputs, *_input(source, 0.0), *maps, "-c", "copy",
        *(["-c:s", encoding.texts] if texts and encoding.texts else []),
        "-map_metadata", str(film), "-map_chapters", str(film), "-dn",
        *encoding.container, "-f", encoding.muxer, f"file:{target}",
    ]  # fmt: skip


def difference(film: Timing, made: Timing) -> str | None:
    """Why the joined parts are not the film; None when they are, as far as times tell."""
    if len(film.pictures) != len(made.pictures):
        return f"{len(made.pictures)} pictures were made of {len(film.pictures)}."
    if len(film.pictures) < 2:
        return None
    length = (film.pictures[-1] - film.pictures[0]) / (len(film.pictures) - 1)
    shift = made.pictures[0] - film.pictures[0]
    pairs = zip(film.pictures, made.pictures, strict=True)
    furthest = max(abs(after - before - shift) for before, after in pairs)
    if furthest > length * ACCURACY:
        return f"A picture is {furthest:.3f} s away from its time."
    if film.sound is None or made.sound is None:
        return None if film.sound is made.sound else "The sound is missing."
    moved = abs(made.sound - film.sound - shift)
    return f"The sound has moved by {moved:.3f} s." if moved > SYNC else None


def _cooking(
    whole: Transcode, source: Path, threads: int, measured: Measured = _UNMEASURED
) -> Cooking:
    encoding = encoding_of(whole.recipe)
    return Cooking(encoding, whole.facts, source, whole.treatment, measured, None, threads)


def _input(path: Path, offset: float, *, concat: bool = False) -> list[str]:
    """FFmpeg moves what it reads to zero; the offset moves it back."""
    formats = f"concat,{DEMUXERS}" if concat else DEMUXERS
    return [
        *(["-itsoffset", f"{offset:.6f}"] if offset else []),
        "-protocol_whitelist", PROTOCOLS, "-format_whitelist", formats,
        "-max_streams", str(MOST_STREAMS),
        *(["-f", "concat", "-safe", "0"] if concat else []), "-i", f"file:{path}",
    ]  # fmt: skip


def _cut(seconds: float) -> float:
    """Microseconds, never after the picture at which is cut."""
    return floor(seconds * 1_000_000) / 1_000_000


def _micro(seconds: float) -> str:
    return f"{_cut(seconds + 1e-9):.6f}"
