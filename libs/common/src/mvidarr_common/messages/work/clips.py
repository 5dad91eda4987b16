"""Cutting, joining and showing parts of films: new files beside the source, which stays."""

from typing import Literal, Self

from pydantic import Field, model_validator

from mvidarr_common.messages.media import MediaFacts

from .base import JobSpec, Result


class Trimmed(Result):
    kind: Literal["trim"] = "trim"
    path: str
    sha256: str
    facts: MediaFacts


class Trim(JobSpec, queue="transcode", gives=Trimmed, stages=True):
    """Keep what lies between two moments. Without `exact` nothing is encoded again, and the cut
    begins at the key frame before `start`."""

    kind: Literal["trim"] = "trim"
    path: str
    facts: MediaFacts
    start: float = Field(ge=0)
    end: float = Field(gt=0)
    exact: bool = False

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a cut ends after it begins")
        return self


class Concatenated(Result):
    """`encoded` tells whether the parts differed so much that they had to be encoded anew."""

    kind: Literal["concat"] = "concat"
    path: str
    sha256: str
    facts: MediaFacts
    encoded: bool


class Concat(JobSpec, queue="transcode", gives=Concatenated, stages=True):
    """Join files, one after the other; alike ones without encoding."""

    kind: Literal["concat"] = "concat"
    paths: tuple[str, ...] = Field(min_length=2, max_length=50)


class AudioExtracted(Result):
    kind: Literal["extract_audio"] = "extract_audio"
    path: str
    sha256: str
    facts: MediaFacts


class ExtractAudio(JobSpec, queue="transcode", gives=AudioExtracted, stages=True):
    """The sound alone, with the tags; `copy` keeps it as it is."""

    kind: Literal["extract_audio"] = "extract_audio"
    path: str
    facts: MediaFacts
    form: Literal["copy", "mp3", "aac", "opus", "flac"] = "copy"
    kbps: int = Field(default=192, ge=16, le=640)


class WaveformDrawn(Result):
    """`picture` is a PNG; `peaks` a JSON file with numbers from 0 to 1."""

    kind: Literal["waveform"] = "waveform"
    picture: str
    peaks: str


class Waveform(JobSpec, queue="media", gives=WaveformDrawn, stages=True):
    """How loud the sound is over time, to look at and as numbers."""

    kind: Literal["waveform"] = "waveform"
    path: str
    facts: MediaFacts
    width: int = Field(default=1000, ge=50, le=4000)
    height: int = Field(default=200, ge=20, le=1000)
    points: int = Field(default=1000, ge=10, le=10_000)


class PreviewMade(Result):
    kind: Literal["preview"] = "preview"
    path: str
    size: int


class Preview(JobSpec, queue="media", gives=PreviewMade, stages=True):
    """A few seconds that move, as GIF or animated WebP."""

    kind: Literal["preview"] = "preview"
    path: str
    facts: MediaFacts
    form: Literal["gif", "webp"] = "webp"
    start: float = Field(default=0, ge=0)
    seconds: float = Field(default=3, gt=0, le=15)
    width: int = Field(default=320, ge=32, le=1280)
    fps: float = Field(default=10, ge=1, le=30)


class Streamable(Result):
    """`master` is the playlist to open; all `files` lie in its folder and below."""

    kind: Literal["hls"] = "hls"
    master: str
    heights: tuple[int, ...]
    files: tuple[str, ...] = ()


class Hls(JobSpec, queue="transcode", gives=Streamable, stages=True):
    """Renditions in fMP4 segments with a master playlist; none is larger than the film. With
    `one_file` the segments of a rendition are parts of one file, and not files of their own."""

    kind: Literal["hls"] = "hls"
    path: str
    facts: MediaFacts
    heights: tuple[Literal[240, 360, 480, 720, 1080, 1440, 2160], ...] = (360, 720, 1080)
    seconds: int = Field(default=6, ge=2, le=20)
    one_file: bool = False
