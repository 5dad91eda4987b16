"""Judging films: how good one is, whether one is better than another, whether two are the same."""

from typing import Literal

from pydantic import Field

from mvidarr_common.messages.base import Value
from mvidarr_common.messages.media import MediaFacts

from .base import JobSpec, Result


class QualityFound(Result):
    """`score` and its `parts` go from 0 to 100; `measured` is what they were made from. With a
    reference, `likeness` holds vmaf, ssim and psnr, as far as FFmpeg has them."""

    kind: Literal["quality"] = "quality"
    score: float
    parts: dict[str, float]
    measured: dict[str, float]
    doubts: tuple[str, ...] = ()
    likeness: dict[str, float] = Field(default_factory=dict)


class Quality(JobSpec, queue="media", gives=QualityFound):
    """Measure how good a film looks and sounds, and how like its reference it is."""

    kind: Literal["quality"] = "quality"
    path: str
    facts: MediaFacts
    reference: str | None = None


class Compared(Result):
    """Whether the film is better than the other, and why; `by` is the difference in score."""

    kind: Literal["is_better"] = "is_better"
    verdict: Literal["better", "worse", "alike"]
    by: float
    reasons: tuple[str, ...]


class IsBetter(JobSpec, queue="media", gives=Compared):
    """Is this film better than that one? For upgrades."""

    kind: Literal["is_better"] = "is_better"
    path: str
    facts: MediaFacts
    than: str
    than_facts: MediaFacts


class Print(Value):
    """What a film looks and sounds like, in little: Chromaprint's numbers (base64, 32 bits each,
    about eight a second) and a 64 bit hash of the picture each second (hexadecimal)."""

    sound: str = ""
    pictures: tuple[str, ...] = ()
    duration: float | None = None


class Fingerprinted(Result):
    kind: Literal["fingerprint"] = "fingerprint"
    print: Print


class Fingerprint(JobSpec, queue="media", gives=Fingerprinted):
    """Take a film's fingerprint, of its first `seconds`."""

    kind: Literal["fingerprint"] = "fingerprint"
    path: str
    facts: MediaFacts
    seconds: int = Field(default=180, ge=10, le=600)


class Matched(Result):
    """`offset` is how many seconds later the second one begins; `sound` and `picture` are
    likenesses from 0 to 1, None where there was too little to compare."""

    kind: Literal["match"] = "match"
    verdict: Literal[
        "same_video", "other_cut", "same_recording", "same_pictures", "different", "unknown"
    ]
    sound: float | None
    picture: float | None
    offset: float | None


class Match(JobSpec, queue="media", gives=Matched):
    """Are two fingerprints of the same recording, the same video, another cut of it?"""

    kind: Literal["match"] = "match"
    first: Print
    second: Print
