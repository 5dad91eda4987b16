"""A film's quality as one score with its parts, and the comparison of two. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from mvidarr_common.ffmpeg import DEMUXERS, PROTOCOLS
from mvidarr_common.messages.jobs import Compared, QualityFound
from mvidarr_common.messages.media import MediaFacts

from .recipes import opening
from .treating import quoted

WEIGHTS = {"resolution": 0.35, "bitrate": 0.2, "sharpness": 0.2, "blocks": 0.05, "banding": 0.05,
           "sound": 0.15}  # fmt: skip
ALIKE = 3.0
"""Scores that differ by less say nothing."""

_EFFICIENCY = {"mpeg2video": 0.5, "mpeg4": 0.7, "vp9": 1.5, "hevc": 1.6, "av1": 1.9}
_MOST_BLUR, _LEAST_BLUR, _BLOCKY = 12.0, 2.0, 4.0
_UPSCALED_BLUR, _UPSCALED_LINES = 8.0, 720
_BORDERS = 0.12
_BANDED, _MOST_BANDED = 5.0, 12.0
_BANDING_FRAMES = 40


@dataclass(slots=True)
class Heard:
    """Collects the numbers that FFmpeg's filters print, by name."""

    numbers: dict[str, list[float]] = field(default_factory=dict)

    def hear(self, line: str) -> None:
        """Take one line of `key=value`."""
        key, _, value = line.strip().partition("=")
        if key.startswith("lavfi.") and re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", value):
            self.numbers.setdefault(key.removeprefix("lavfi."), []).append(float(value))

    def mean(self, name: str) -> float | None:
        """The mean of all that was heard under a name."""
        found = self.numbers.get(name)
        return fmean(found) if found else None

    def high(self, name: str) -> float | None:
        """What one in ten exceeds."""
        found = sorted(self.numbers.get(name, ()))
        return found[len(found) * 9 // 10] if found else None


def looking(ffmpeg: str, source: Path, facts: MediaFacts, threads: int) -> list[str]:
    """Blur, blocks and borders of the key frames."""
    line = opening(ffmpeg, source, threads)
    at = line.index("-i")
    chain = "blurdetect,blockdetect,cropdetect=limit=24:round=2,metadata=mode=print:file=-"
    return [*line[:at], "-skip_frame", "nokey", *line[at:],
            "-map", "0:V:0", "-an", "-vf", chain, "-f", "null", "-"]  # fmt: skip


def banding(ffmpeg: str, source: Path, report: Path, threads: int) -> list[str]:
    """Netflix's index of banding (CAMBI) of the first key frames, as libvmaf reports it: the film
    stands for its own reference."""
    line = opening(ffmpeg, source, threads)
    at = line.index("-i")
    judge = f"libvmaf=feature=name=cambi:log_fmt=json:log_path={quoted(report)}"
    return [
        *line[:at], "-skip_frame", "nokey", *line[at:], "-an",
        "-filter_complex", f"[0:V:0]split[a][b];[a][b]{judge}[o]", "-map", "[o]",
        "-frames:v", str(_BANDING_FRAMES), "-f", "null", "-",
    ]  # fmt: skip


def bands(report: bytes) -> dict[str, float]:
    """What libvmaf wrote down."""
    return {"banding": float(json.loads(report)["pooled_metrics"]["cambi"]["mean"])}


def listening(ffmpeg: str, source: Path) -> list[str]:
    """Loudness, its range, peaks, and how high the sound reaches."""
    line = opening(ffmpeg, source)
    line[line.index("-v") + 1] = "info"
    chain = (
        "ebur128=peak=true:framelog=quiet,aspectralstats=win_size=8192:overlap=0:measure=rolloff,"
        "ametadata=mode=print:file=-"
    )
    return [*line, "-map", "0:a:0", "-vn", "-af", chain, "-f", "null", "-"]


def likening(
    ffmpeg: str, source: Path, reference: Path, of: MediaFacts, with_vmaf: bool
) -> list[str]:
    """The film beside its reference, in the reference's size and rhythm."""
    assert of.picture is not None
    size, rate = f"{of.picture.width}:{of.picture.height}", of.picture.fps or 25
    even = f"fps={rate:g},setpts=PTS-STARTPTS,format=yuv420p"
    judges = ["ssim", "psnr", *(["libvmaf=n_threads=2"] if with_vmaf else [])]
    count = len(judges)
    films, others = _labels("d", count), _labels("r", count)
    chains = [
        f"[0:V:0]scale={size}:flags=bicubic,{even},split={count}{''.join(films)}",
        f"[1:V:0]{even},split={count}{''.join(others)}",
        *(f"{films[n]}{others[n]}{judge}[o{n}]" for n, judge in enumerate(judges)),
    ]
    line = opening(ffmpeg, source)
    line[line.index("-v") + 1] = "info"
    return [
        *line, "-protocol_whitelist", PROTOCOLS, "-format_whitelist", DEMUXERS,
        "-i", f"file:{reference}", "-filter_complex", ";".join(chains),
        *(part for out in _labels("o", count) for part in ("-map", out, "-f", "null", "-")),
    ]  # fmt: skip


def likeness(errors: str) -> dict[str, float]:
    """The sums that the judges print at their end."""
    patterns = {
        "vmaf": r"VMAF score: ([\d.]+)",
        "ssim": r"SSIM .*All:([\d.]+)",
        "psnr": r"PSNR .*average:([\d.]+|inf)",
    }
    found = {name: re.findall(pattern, errors) for name, pattern in patterns.items()}
    return {name: min(100.0, float(all_[-1])) for name, all_ in found.items() if all_}


def loudness(errors: str) -> dict[str, float]:
    """The summary of `ebur128`."""
    patterns = {
        "loudness": r"I:\s+(-?[\d.]+) LUFS",
        "loudness_range": r"LRA:\s+(-?[\d.]+) LU\b",
        "true_peak": r"Peak:\s+(-?[\d.]+) dBFS",
    }
    found = {name: re.findall(pattern, errors) for name, pattern in patterns.items()}
    return {name: float(all_[-1]) for name, all_ in found.items() if all_}


def judged(facts: MediaFacts, seen: Heard, said: Mapping[str, float]) -> QualityFound:
    """The score of what was measured."""
    measured = _measured(facts, seen) | dict(said)
    parts = _parts(facts, measured)
    weight = sum(WEIGHTS[name] for name in parts)
    score = sum(value * WEIGHTS[name] for name, value in parts.items()) / weight if parts else 0.0
    return QualityFound(
        score=round(score, 1),
        parts={name: round(value, 1) for name, value in parts.items()},
        measured={name: round(value, 4) for name, value in measured.items()},
        doubts=tuple(_doubts(facts, measured)),
    )


def better(this: QualityFound, than: QualityFound) -> Compared:
    """Whether the first is better than the second, and in which parts it differs."""
    by = this.score - than.score
    reasons = []
    for name in WEIGHTS:
        step = this.parts.get(name, 0.0) - than.parts.get(name, 0.0)
        if abs(step) >= ALIKE:
            how = "better" if step > 0 else "worse"
            reasons.append(f"{name} is {how} by {abs(step):.0f} points")
    reasons += [f"it may be {doubt}" for doubt in this.doubts if doubt not in than.doubts]
    verdict = "alike" if abs(by) < ALIKE else "better" if by > 0 else "worse"
    return Compared.model_validate(
        {"verdict": verdict, "by": round(by, 1), "reasons": tuple(reasons)}
    )


def _measured(facts: MediaFacts, seen: Heard) -> dict[str, float]:
    found = {
        "blur": seen.mean("blur"),
        "block": seen.mean("block"),
        "bandwidth": seen.high("aspectralstats.1.rolloff"),
        "borders": _borders(facts, seen),
        "bits_per_pixel": _bits_per_pixel(facts),
    }
    return {name: value for name, value in found.items() if value is not None}


def _parts(facts: MediaFacts, measured: Mapping[str, float]) -> dict[str, float]:
    parts = {}
    if facts.picture is not None:
        lines = min(facts.picture.width, facts.picture.height)
        parts["resolution"] = 100 * min(1.0, lines / 2160) ** 0.5
    if "bits_per_pixel" in measured:
        parts["bitrate"] = 100 * min(1.0, measured["bits_per_pixel"] / 0.1) ** 0.5
    if "blur" in measured:
        room = _MOST_BLUR - _LEAST_BLUR
        parts["sharpness"] = 100 * _clamped((_MOST_BLUR - measured["blur"]) / room)
    if "block" in measured:
        parts["blocks"] = 100 * _clamped((_BLOCKY - measured["block"]) / (_BLOCKY - 1))
    if "banding" in measured:
        parts["banding"] = 100 * _clamped(1 - measured["banding"] / _MOST_BANDED)
    if "bandwidth" in measured:
        parts["sound"] = 100 * _clamped(measured["bandwidth"] / 16_000)
    return parts


def _doubts(facts: MediaFacts, measured: Mapping[str, float]) -> list[str]:
    picture = facts.picture
    lines = min(picture.width, picture.height) if picture else 0
    doubts = {
        "upscaled": lines >= _UPSCALED_LINES and measured.get("blur", 0) > _UPSCALED_BLUR,
        "banded": measured.get("banding", 0) > _BANDED,
        "bordered": measured.get("borders", 0) > _BORDERS,
        "clipped": measured.get("true_peak", -9) > 0,
    }
    return [name for name, holds in doubts.items() if holds]


def _bits_per_pixel(facts: MediaFacts) -> float | None:
    picture, rate = facts.picture, None
    if picture is not None:
        rate = picture.bitrate or facts.bitrate
    if picture is None or not rate:
        return None
    pixels = picture.width * picture.height * (picture.fps or 25)
    return rate * _EFFICIENCY.get(picture.codec, 1.0) / pixels


def _borders(facts: MediaFacts, seen: Heard) -> float | None:
    width, height = seen.numbers.get("cropdetect.w"), seen.numbers.get("cropdetect.h")
    if not width or not height or facts.picture is None:
        return None
    return _clamped(1 - width[-1] * height[-1] / (facts.picture.width * facts.picture.height))


def _clamped(share: float) -> float:
    return max(0.0, min(1.0, share))


def _labels(letter: str, count: int) -> list[str]:
    return [f"[{letter}{number}]" for number in range(count)]
