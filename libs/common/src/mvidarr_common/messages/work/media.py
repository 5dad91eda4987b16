"""Looking at a media file and making renditions and pictures of it."""

from typing import Literal

from pydantic import Field

from mvidarr_common.messages.base import Value
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import Recipe

from .base import JobSpec, Result
from .encoding import OwnRecipe, Treatment


class Probed(Result):
    kind: Literal["probe"] = "probe"
    facts: MediaFacts


class Probe(JobSpec, queue="media", gives=Probed):
    kind: Literal["probe"] = "probe"
    path: str


class ProbedFile(Value):
    """The facts of one of many files, or the reason why there are none."""

    path: str
    facts: MediaFacts | None = None
    reason: str | None = None


class ProbedMany(Result):
    kind: Literal["probe_many"] = "probe_many"
    files: tuple[ProbedFile, ...]


class ProbeMany(JobSpec, queue="media", gives=ProbedMany):
    """Probe many files in one process; one that is no media file does not stop the others."""

    kind: Literal["probe_many"] = "probe_many"
    paths: tuple[str, ...] = Field(min_length=1, max_length=1000)


class Finding(Value):
    """One thing that was found in a file; `at` is where, in seconds."""

    code: str
    message: str
    at: float | None = None


class Verified(Result):
    """What was proved. `whole`: every frame of every stream was decoded. `suspicious`: whole, but
    a person should look. `damaged` is told only by a report; otherwise the job fails."""

    kind: Literal["verify"] = "verify"
    facts: MediaFacts
    frames: int
    sha256: str
    verdict: Literal["whole", "suspicious", "damaged"] = "whole"
    findings: tuple[Finding, ...] = ()


class Verify(JobSpec, queue="media", gives=Verified):
    """Prove a file whole. A damaged one fails the job for good, with the reason.

    `quick` reads headers, index and packets and decodes nothing. The shares say how much of a film
    may be black, still or silent before it is suspicious.
    """

    kind: Literal["verify"] = "verify"
    path: str
    expected_duration: float | None = None
    audio_required: bool = True
    mode: Literal["full", "quick"] = "full"
    report: bool = False
    most_black: float = Field(default=0.5, ge=0, le=1)
    most_frozen: float = Field(default=0.9, ge=0, le=1)
    most_silent: float = Field(default=0.9, ge=0, le=1)


class Transcoded(Result):
    """`notes` say what was chosen on the way: a crop, an encoder, a stream that was copied."""

    kind: Literal["transcode"] = "transcode"
    path: str
    sha256: str
    facts: MediaFacts
    notes: tuple[str, ...] = ()


class Transcode(JobSpec, queue="transcode", gives=Transcoded, stages=True):
    """Make a rendition by a recipe that comes along or by one's own."""

    kind: Literal["transcode"] = "transcode"
    path: str
    recipe: Recipe | OwnRecipe
    facts: MediaFacts
    treatment: Treatment = Treatment()


class Artwork(Value):
    """A picture in staging, and the place it takes beside the video ("poster", "thumb" …).

    `role` is the suffix of its file name; "trickplay/<width>" is a sheet of tiles.
    """

    path: str
    role: str
    width: int
    height: int


class ThumbnailsMade(Result):
    kind: Literal["thumbnails"] = "thumbnails"
    artwork: tuple[Artwork, ...]


class Thumbnails(JobSpec, queue="media", gives=ThumbnailsMade, stages=True):
    """A poster at a good frame in three sizes, and a sprite sheet; all from one decode pass.

    `sizes` are wished of every candidate, in every format; 0 is the picture's own size.
    """

    kind: Literal["thumbnails"] = "thumbnails"
    path: str
    facts: MediaFacts
    candidates: int = Field(default=1, ge=1, le=10)
    sizes: tuple[Literal[0, 150, 300, 600, 1200], ...] = ()
    formats: tuple[Literal["jpeg", "webp", "avif"], ...] = ("jpeg",)
    contact_sheet: bool = False
    webvtt: bool = False
