"""How FFmpeg would be called for a job, without a file being there. Pure."""

from pathlib import Path

from mvidarr_common.messages.jobs import (
    AnySpec,
    ExtractAudio,
    Fingerprint,
    Hls,
    IsBetter,
    Preview,
    Quality,
    ShownStep,
    SupposedStep,
    Transcode,
    Trim,
    Waveform,
)
from mvidarr_common.messages.media import MediaFacts

from . import clipping, judging
from .measuring import crop_line, loudness_line
from .recipes import command, encoding_of

FFMPEG = "ffmpeg"
TARGET = "staging/{}"
"""Paths are those below the data root: where it lies is the worker's own business."""


def shown(step: SupposedStep, threads: int) -> ShownStep:
    """A step as people read it."""
    if step.spec is None:
        return ShownStep(name=step.name, left_out=step.left_out)
    lines = tuple(map(tuple, commands(step.spec, step.name, threads)))
    return ShownStep(name=step.name, kind=step.spec.kind, commands=lines)


def commands(spec: AnySpec, name: str, threads: int) -> list[list[str]]:
    """The command lines of a job in their order; none for a job that calls no FFmpeg."""
    folder = Path(TARGET.format(name))
    match spec:
        case Transcode():
            return _transcoding(spec, folder, threads)
        case Trim():
            muxer = "mp4" if spec.exact else clipping.muxer_of(spec.facts)
            target = folder / f"trimmed.{muxer}"
            return [clipping.trim(FFMPEG, spec, Path(spec.path), target, threads)]
        case ExtractAudio() if spec.facts.audio:
            target = folder / f"audio.{clipping.sound_form(spec).extension}"
            return [clipping.extract(FFMPEG, spec, Path(spec.path), target)]
        case Preview() | Hls() if spec.facts.picture:
            return [_seen(spec, folder, threads)]
        case Waveform() | Fingerprint() if spec.facts.audio:
            return [_heard(spec, folder)]
        case Quality():
            return _weighing(spec.path, spec.facts, threads)
        case IsBetter():
            ours = _weighing(spec.path, spec.facts, threads)
            return ours + _weighing(spec.than, spec.than_facts, threads)
        case _:
            return []


def _seen(spec: Preview | Hls, folder: Path, threads: int) -> list[str]:
    if isinstance(spec, Hls):
        return clipping.hls(FFMPEG, spec, Path(spec.path), folder / "hls", threads)
    return clipping.preview(FFMPEG, spec, Path(spec.path), folder / f"preview.{spec.form}")


def _heard(spec: Waveform | Fingerprint, folder: Path) -> list[str]:
    if isinstance(spec, Waveform):
        return clipping.waveform(FFMPEG, spec, Path(spec.path), folder / "waveform.png")
    return clipping.sound_print(FFMPEG, spec, Path(spec.path), folder / "sound.print")


def _transcoding(spec: Transcode, folder: Path, threads: int) -> list[list[str]]:
    """What a first pass would find is not known: the last command stands without it."""
    source, treatment, facts = Path(spec.path), spec.treatment, spec.facts
    lines = []
    if treatment.crop and facts.picture is not None:
        lines.append(crop_line(FFMPEG, facts, source, threads))
    if treatment.loudness is not None and facts.audio:
        lines.append(loudness_line(FFMPEG, treatment, source, threads))
    target = folder / f"film.{encoding_of(spec.recipe).extension}"
    cook = command(FFMPEG, spec.recipe, facts, source, target, threads, treatment)
    return [*lines, cook]


def _weighing(path: str, facts: MediaFacts, threads: int) -> list[list[str]]:
    source, lines = Path(path), []
    if facts.picture is not None:
        lines.append(judging.looking(FFMPEG, source, facts, threads))
    return [*lines, judging.listening(FFMPEG, source)] if facts.audio else lines
