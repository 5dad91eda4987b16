"""Looking at a media file and making renditions and pictures of it."""

from typing import Literal

from pydantic import Field

from mvidarr_common.messages.base import Value
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import Recipe

from .base import JobSpec, Result


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


class Verified(Result):
    """The file is whole: every frame of every stream was decoded."""

    kind: Literal["verify"] = "verify"
    facts: MediaFacts
    frames: int
    sha256: str


class Verify(JobSpec, queue="media", gives=Verified):
    """Prove a file whole. A damaged one fails the job for good, with the reason."""

    kind: Literal["verify"] = "verify"
    path: str
    expected_duration: float | None = None
    audio_required: bool = True


class Transcoded(Result):
    kind: Literal["transcode"] = "transcode"
    path: str
    sha256: str
    facts: MediaFacts


class Transcode(JobSpec, queue="transcode", gives=Transcoded, stages=True):
    kind: Literal["transcode"] = "transcode"
    path: str
    recipe: Recipe
    facts: MediaFacts


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
    """A poster at a good frame in three sizes, and a sprite sheet."""

    kind: Literal["thumbnails"] = "thumbnails"
    path: str
    facts: MediaFacts
