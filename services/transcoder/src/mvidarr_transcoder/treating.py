"""What a treatment does to a film, as FFmpeg's filters, and what has to be measured first. Pure."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from mvidarr_common.messages.jobs import Treatment
from mvidarr_common.messages.media import MediaFacts, VideoStream

TONE_MAP = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
)
"""From a high to the usual dynamic range; hable keeps detail in what is bright."""

RANGE = 11
_LEAST_BORDER = 0.02
_TEXTS = frozenset({"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"})
"""Subtitles that are letters; pictures of letters fit into neither MP4 nor WebM."""
_STYLED = frozenset({"ass", "ssa"})

FONTS = Path(str(files("font_source_sans_pro"))) / "files"
FONT = "Source Sans Pro"
"""Has Latin, Greek and Cyrillic letters; others come from the system's fonts, where it has some."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """What a first pass measured, in the words of FFmpeg's `loudnorm`."""

    integrated: float
    peak: float
    spread: float
    threshold: float
    offset: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What was looked for before encoding; None where it was not, or not found."""

    crop: tuple[int, int, int, int] | None = None
    loudness: Loudness | None = None


def picture_filters(
    treatment: Treatment,
    picture: VideoStream,
    size: tuple[int, int],
    measured: Measured = Measured(),  # frozen
) -> list[str]:
    """The chain from the decoded film to the encoder; empty when nothing has to happen. `size` is
    what the picture shall have."""
    chain = []
    if treatment.deinterlace and picture.interlaced:
        chain.append("bwdif=mode=send_frame:deint=interlaced")
    if measured.crop is not None:
        chain.append("crop={}:{}:{}:{}".format(*measured.crop))
    if treatment.tone_map and picture.hdr is not None:
        chain.append(TONE_MAP)
    if size != (measured.crop[:2] if measured.crop else (picture.width, picture.height)):
        chain.append(f"scale={size[0]}:{size[1]}")
    if treatment.most_fps is not None and (picture.fps or 0) > treatment.most_fps:
        chain.append(f"fps={treatment.most_fps:g}")
    return chain


def sound_filters(treatment: Treatment, measured: Measured) -> list[str]:
    """The second pass of normalising; one gain for all of it where the peak allows that."""
    found = measured.loudness
    if treatment.loudness is None or found is None:
        return []
    return [
        f"loudnorm=I={treatment.loudness:g}:TP={treatment.true_peak:g}:LRA={RANGE}"
        f":measured_I={found.integrated:g}:measured_TP={found.peak:g}"
        f":measured_LRA={found.spread:g}:measured_thresh={found.threshold:g}"
        f":offset={found.offset:g}:linear=true",
        "aresample=48000",
    ]


def listening(treatment: Treatment) -> str:
    """The filter of the first pass; it prints what it heard as JSON at the end."""
    wanted = f"I={treatment.loudness:g}:TP={treatment.true_peak:g}:LRA={RANGE}"
    return f"loudnorm={wanted}:print_format=json"


def heard(errors: str) -> Loudness | None:
    """What the first pass printed; None for silence, which no gain makes loud."""
    found = re.findall(r"\{[^{}]*\"input_i\"[^{}]*\}", errors)
    if not found:
        return None
    said = {
        name: float(value) for name, value in json.loads(found[-1]).items() if _is_number(value)
    }
    if not said["input_i"] > -70 or not said["input_tp"] > -99:
        return None
    return Loudness(
        said["input_i"], said["input_tp"], said["input_lra"], said["input_thresh"],
        said["target_offset"],
    )  # fmt: skip


def borders(lines: Sequence[str], picture: VideoStream) -> tuple[int, int, int, int] | None:
    """The crop that `cropdetect` proposes most often at the end; None where next to nothing is
    black at the border, or all is."""
    found = Counter(re.findall(r"crop=(\d+:\d+:\d+:\d+)", "\n".join(lines)))
    if not found:
        return None
    [(best, _)] = found.most_common(1)
    width, height, left, top = (int(part) for part in best.split(":"))
    share = 1 - width * height / (picture.width * picture.height)
    return (width, height, left, top) if _LEAST_BORDER < share < 0.8 else None


def texts_of(facts: MediaFacts) -> list[int]:
    """The numbers of the subtitle streams that are letters."""
    return [n for n, name in enumerate(facts.subtitles) if name.split(":")[0] in _TEXTS]


def burning(source: Path, facts: MediaFacts, number: int) -> str:
    """The filter that draws subtitle stream `number` of a file into the picture, in a font that we
    bring along: a server may have none. Those that say how they look are left as they are."""
    drawn = f"subtitles=filename={quoted(source)}:si={number}:fontsdir={quoted(FONTS)}"
    styled = facts.subtitles[number].split(":")[0] in _STYLED
    return drawn if styled else f"{drawn}:force_style=FontName={FONT}"


def quoted(path: Path) -> str:
    """A path as the value of a filter's option, within a chain."""
    value = re.sub(r"([\\':])", r"\\\1", str(path))
    return re.sub(r"([\\'\[\],;])", r"\\\1", value)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?(\d+\.?\d*|inf)", value) is not None
