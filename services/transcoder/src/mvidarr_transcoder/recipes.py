"""The FFmpeg command line that cooks a recipe. Pure."""

from dataclasses import dataclass
from pathlib import Path

from mvidarr_common.ffmpeg import DEMUXERS, MOST_STREAMS, PROTOCOLS
from mvidarr_common.messages.jobs import OwnRecipe, Treatment
from mvidarr_common.messages.media import MediaFacts, VideoStream
from mvidarr_common.messages.profiles import Recipe

from .encodings import RECIPES, Encoding
from .hardware import Hardware, video_arguments
from .own_recipes import from_own
from .treating import Measured, burning, picture_filters, sound_filters, texts_of

CODECS = {
    "libx264": "h264", "libx265": "hevc", "libsvtav1": "av1", "libvpx-vp9": "vp9",
    "aac": "aac", "libopus": "opus", "libmp3lame": "mp3", "flac": "flac",
}  # fmt: skip
"""What an encoder makes."""

NO_TREATMENT = Treatment(deinterlace=False, tone_map=False)
NOTHING_MEASURED = Measured()


def command(
    ffmpeg: str,
    recipe: Recipe | OwnRecipe,
    facts: MediaFacts,
    source: Path,
    target: Path,
    threads: int = 0,
    treatment: Treatment = NO_TREATMENT,
    measured: Measured = NOTHING_MEASURED,
    hardware: Hardware | None = None,
) -> list[str]:
    """The whole command line. It writes what it has done to standard output, line by line."""
    encoding = encoding_of(recipe)
    cooking = Cooking(encoding, facts, source, treatment, measured, hardware, threads)
    return [
        *opening(ffmpeg, source, threads, hardware),
        *_streams(cooking),
        "-map_metadata", "0", "-map_chapters", "0", "-dn",
        "-threads", str(threads), *encoding.container, "-f", encoding.muxer, f"file:{target}",
    ]  # fmt: skip


def encoding_of(recipe: Recipe | OwnRecipe) -> Encoding:
    """How a recipe encodes."""
    return from_own(recipe) if isinstance(recipe, OwnRecipe) else RECIPES[recipe]


def opening(
    ffmpeg: str, source: Path, threads: int = 0, hardware: Hardware | None = None
) -> list[str]:
    """The part of a command line that every operation begins with: quiet, and bound to files."""
    return [
        ffmpeg, "-nostdin", "-y", "-hide_banner", "-v", "warning", "-nostats",
        "-progress", "pipe:1", "-stats_period", "0.5", *(hardware.before if hardware else ()),
        "-protocol_whitelist", PROTOCOLS, "-format_whitelist", DEMUXERS,
        "-max_streams", str(MOST_STREAMS), "-threads", str(threads), "-i", f"file:{source}",
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cooking:
    """All that decides on the arguments of the streams."""

    encoding: Encoding
    facts: MediaFacts
    source: Path
    treatment: Treatment
    measured: Measured
    hardware: Hardware | None
    threads: int = 0


def copied(cooking: Cooking) -> tuple[str, ...]:
    """Which streams stay as they are: "video", "audio"."""
    wanted = cooking.treatment.copy_fitting
    fitting = (("video", _picture_fits(cooking)), ("audio", _sound_fits(cooking)))
    return tuple(name for name, fits in fitting if wanted and fits)


def picture_arguments(cooking: Cooking) -> list[str]:
    """How the film is encoded; nothing without a picture."""
    picture = cooking.facts.picture
    return _picture(cooking, picture) if picture is not None else []


def sound_arguments(cooking: Cooking) -> list[str]:
    """How the sound is encoded."""
    return _sound(cooking)


def fitted(width: int, height: int, box: tuple[int, int] | None) -> tuple[int, int]:
    """The even size within the box, turned as the picture is; never larger than the picture."""
    scale = 1.0
    if box is not None:
        wide, high = box if width >= height else (box[1], box[0])
        scale = min(1.0, wide / width, high / height)
    return _even(width * scale), _even(height * scale)


def _streams(cooking: Cooking) -> list[str]:
    encoding, facts = cooking.encoding, cooking.facts
    if not encoding.video:
        return ["-map", "0:a:0", "-vn", "-sn", *_sound(cooking)]
    arguments = []
    if facts.picture is not None:
        arguments += _picture(cooking, facts.picture)
    arguments += ["-map", "0:a?", *_sound(cooking)]
    texts = texts_of(facts) if cooking.treatment.subtitles == "keep" and encoding.texts else []
    for number in texts:
        arguments += ["-map", f"0:s:{number}"]
    return arguments + (["-c:s", encoding.texts] if texts and encoding.texts else [])


def _picture(cooking: Cooking, picture: VideoStream) -> list[str]:
    number = cooking.facts.video.index(picture)  # the film, not the cover art before it
    begin = ["-map", f"0:v:{number}"]
    if "video" in copied(cooking):
        return [*begin, "-c:v", "copy"]
    chain = _chain(cooking, picture)
    hardware = cooking.hardware
    if hardware is not None:
        codec = CODECS[cooking.encoding.video[0]]
        chain += [hardware.upload] if hardware.upload else []
        coded = video_arguments(hardware, codec, 26)
    else:
        coded = ["-c:v", *_paced(cooking.encoding.video, cooking.threads)]
    return [*begin, *coded, *(["-vf", ",".join(chain)] if chain else [])]


def _paced(arguments: tuple[str, ...], threads: int) -> list[str]:
    """x265 makes a pool of every processor, whatever `-threads` says."""
    pool = f":pools={threads}" if threads else ""
    return [one + pool if one.startswith("log-level=") else one for one in arguments]


def _chain(cooking: Cooking, picture: VideoStream) -> list[str]:
    crop = cooking.measured.crop
    width, height = crop[:2] if crop else (picture.width, picture.height)
    size = fitted(width, height, cooking.encoding.box)
    chain = picture_filters(cooking.treatment, picture, size, cooking.measured)
    texts = texts_of(cooking.facts)
    if cooking.treatment.subtitles == "burn" and texts:
        chain.append(burning(cooking.source, cooking.facts, texts[0]))
    return chain


def _sound(cooking: Cooking) -> list[str]:
    if "audio" in copied(cooking):
        return ["-c:a", "copy"]
    filters = sound_filters(cooking.treatment, cooking.measured)
    return ["-c:a", *cooking.encoding.audio, *(["-af", ",".join(filters)] if filters else [])]


def _picture_fits(cooking: Cooking) -> bool:
    picture, encoding = cooking.facts.picture, cooking.encoding
    if picture is None or not encoding.video or _chain(cooking, picture):
        return False
    rate = picture.bitrate or cooking.facts.bitrate or 0
    most = _rate(encoding.video)
    plain = picture.pixel_format in ("yuv420p", "yuvj420p") and picture.rotation == 0
    fits = picture.codec == CODECS[encoding.video[0]]
    return plain and fits and (most is None or 0 < rate <= most)


def _sound_fits(cooking: Cooking) -> bool:
    wanted = CODECS[cooking.encoding.audio[0]]
    fits = bool(cooking.facts.audio) and all(s.codec == wanted for s in cooking.facts.audio)
    return fits and not sound_filters(cooking.treatment, cooking.measured)


def _rate(arguments: tuple[str, ...]) -> int | None:
    """The peak rate in bits a second that an encoder's arguments set."""
    for name in ("-maxrate", "-b:v"):
        if name in arguments:
            value = arguments[arguments.index(name) + 1]
            return int(value[:-1]) * {"k": 1000, "M": 1_000_000}[value[-1]]
    return None


def _even(length: float) -> int:
    return max(2, int(length / 2 + 1e-6) * 2)
