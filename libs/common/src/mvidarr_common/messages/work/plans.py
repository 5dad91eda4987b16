"""Pipelines as data: which step follows which, on what condition, and what it does.

A step is one job. Its films, pictures and verdicts come from the steps before it; what a kind of
step needs and gives is the catalog's to know.
"""

from typing import Annotated, Literal

from pydantic import Field

from mvidarr_common.messages.base import Value
from mvidarr_common.messages.profiles import Recipe

from .encoding import OwnRecipe, Treatment

StepName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Step(Value):
    """What all steps have. `when` is a filter over the facts of the film that the step works on
    and over what was found before it. With `on` "failure" it runs only when one of the steps
    before it has failed, and the run goes on. `of` names the steps whose films it takes, the best
    first; without it the nearest before it."""

    name: StepName
    after: tuple[StepName, ...] = ()
    when: str | None = Field(default=None, max_length=2000)
    on: Literal["success", "failure"] = "success"
    of: tuple[StepName, ...] = ()


class DownloadStep(Step):
    """Fetch the video from its page."""

    does: Literal["download"] = "download"


class TakeStep(Step):
    """Take a file that is on disk already."""

    does: Literal["take"] = "take"


class VerifyStep(Step):
    """Prove what was fetched whole."""

    does: Literal["verify"] = "verify"


class TranscodeStep(Step):
    """Make a rendition, by the recipe of the video's profile or by another."""

    does: Literal["transcode"] = "transcode"
    recipe: Literal["profile"] | Recipe | OwnRecipe = "profile"
    treatment: Treatment = Treatment()


class TrimStep(Step):
    """Keep what lies between two moments."""

    does: Literal["trim"] = "trim"
    start: float = Field(default=0, ge=0)
    end: float = Field(gt=0)
    exact: bool = False


class ExtractAudioStep(Step):
    """The sound alone."""

    does: Literal["extract_audio"] = "extract_audio"
    form: Literal["copy", "mp3", "aac", "opus", "flac"] = "copy"
    kbps: int = Field(default=192, ge=16, le=640)


class PreviewStep(Step):
    """A few seconds that move; a sidecars step after it puts them beside the film."""

    does: Literal["preview"] = "preview"
    form: Literal["gif", "webp"] = "webp"
    start: float = Field(default=0, ge=0)
    seconds: float = Field(default=3, gt=0, le=15)


class WaveformStep(Step):
    """The sound as a picture and as numbers; a sidecars step after it puts both beside the film."""

    does: Literal["waveform"] = "waveform"


class HlsStep(Step):
    """Renditions for streaming; a sidecars step after it puts them with the hidden renditions."""

    does: Literal["hls"] = "hls"
    heights: tuple[Literal[240, 360, 480, 720, 1080, 1440, 2160], ...] = (360, 720, 1080)
    seconds: int = Field(default=6, ge=2, le=20)


class FingerprintStep(Step):
    """Take the fingerprint of the film that the step works on, or of the one in the library."""

    does: Literal["fingerprint"] = "fingerprint"
    film: Literal["this", "library"] = "this"
    seconds: int = Field(default=180, ge=10, le=600)


class MatchStep(Step):
    """Compare the last two fingerprints: gives `match`."""

    does: Literal["match"] = "match"


class ThumbnailsStep(Step):
    """Poster, sizes and sprites."""

    does: Literal["thumbnails"] = "thumbnails"


class QualityStep(Step):
    """Measure how good the film is: gives `score`."""

    does: Literal["quality"] = "quality"


class IsBetterStep(Step):
    """Whether the film is better than the one in the library: gives `verdict`."""

    does: Literal["is_better"] = "is_better"


class ScrubStep(Step):
    """Whether the files in the library are what they were: gives `intact`."""

    does: Literal["scrub"] = "scrub"


class PlaceStep(Step):
    """Put the films into the library; those of a video that is there already go beside it."""

    does: Literal["place"] = "place"


class RetireStep(Step):
    """What was in the library before the new films were placed goes to the trash."""

    does: Literal["retire"] = "retire"


class RenameStep(Step):
    """Give the files the names that the video has now."""

    does: Literal["rename"] = "rename"


class SidecarsStep(Step):
    """Write the `.nfo` anew, and put previews, waveforms and streams beside the film."""

    does: Literal["sidecars"] = "sidecars"


class EncodePartStep(Step):
    """A part of one film; made by the catalog alone, when it splits a job."""

    does: Literal["encode_part"] = "encode_part"
    what: Literal["picture", "sound"] = "picture"
    begin: float = Field(default=0.0, ge=0)
    end: float | None = Field(default=None, gt=0)


class JoinPartsStep(Step):
    """The parts of one film together."""

    does: Literal["join_parts"] = "join_parts"


AnyStep = Annotated[
    DownloadStep | VerifyStep | TranscodeStep | TrimStep | ExtractAudioStep | ThumbnailsStep
    | QualityStep | IsBetterStep | ScrubStep | PlaceStep | RetireStep | RenameStep | SidecarsStep
    | EncodePartStep | JoinPartsStep | TakeStep | PreviewStep | WaveformStep
    | HlsStep | FingerprintStep | MatchStep,
    Field(discriminator="does"),
]  # fmt: skip


class PipelinePlan(Value):
    """A whole pipeline. A run keeps the plan with which it has begun."""

    title: str = Field(min_length=1, max_length=100)
    steps: tuple[AnyStep, ...] = Field(min_length=1, max_length=40)
