"""Quality profiles: what may be fetched, what is good enough, and which rendition to make."""

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import Command, Event, Value
from .fetching import FetchOptions
from .ids import ProfileId
from .media import QUALITIES

Recipe = Literal[
    "web_optimized",
    "high_quality",
    "mobile_optimized",
    "ultra_compress",
    "webm_web",
    "audio_only",
    "hevc",
    "av1",
]
"""The name of a transcode; no client ever passes FFmpeg arguments."""

VideoCodec = Literal["av1", "vp9", "h265", "h264", "vp8"]
Container = Literal["mp4", "webm", "mkv"]


class QualityItem(Value):
    """One rank of a profile: a quality, or a named group of qualities that count the same."""

    quality: str | None = None
    name: str | None = None
    items: tuple["QualityItem", ...] = ()
    allowed: bool = True

    @property
    def qualities(self) -> tuple[str, ...]:
        """The qualities of this rank."""
        if self.quality is not None:
            return (self.quality,)
        return tuple(quality for item in self.items for quality in item.qualities)


class FormatItem(Value):
    """The score that a profile gives a custom format."""

    format: int
    name: str
    score: int = 0


class QualityProfile(Value):
    """Ordered qualities, worst to best, in the fields that users of *arr programs know."""

    name: str = Field(min_length=1, max_length=100)
    upgrade_allowed: bool = True
    cutoff: str = "1080p"
    items: tuple[QualityItem, ...] = tuple(QualityItem(quality=name) for name in QUALITIES)
    min_format_score: int = 0
    cutoff_format_score: int = 0
    min_upgrade_format_score: int = 1
    format_items: tuple[FormatItem, ...] = ()
    language: str = "any"
    max_bytes: int | None = Field(default=None, gt=0)
    transcode: Recipe | None = None
    codecs: tuple[VideoCodec, ...] = ()
    """Preferred among formats of the same rank, best first."""
    containers: tuple[Container, ...] = ()
    """Preferred, best first; picture and sound are put together in the first that holds them."""
    max_fps: float | None = Field(default=None, gt=0)
    """A format with fewer frames a second comes before one with more than these."""
    hdr: Literal["any", "prefer", "avoid"] = "any"
    fetch: FetchOptions = FetchOptions()

    @property
    def allowed(self) -> tuple[str, ...]:
        """The qualities that may be fetched, worst to best."""
        return tuple(q for item in self.items if item.allowed for q in item.qualities)

    @property
    def below_cutoff(self) -> tuple[str, ...]:
        """The qualities of the ranks before the cutoff's, which are not good enough for ever."""
        ranks = [(*item.qualities, item.name) for item in self.items]
        [reached, *_] = [place for place, names in enumerate(ranks) if self.cutoff in names]
        return tuple(q for item in self.items[:reached] for q in item.qualities)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        known = {q for item in self.items for q in item.qualities}
        names = known | {item.name for item in self.items if item.name}
        if unknown := known - set(QUALITIES):
            raise ValueError(
                f"unknown quality {sorted(unknown)[0]}; known are {', '.join(QUALITIES)}"
            )
        if not self.allowed:
            raise ValueError("a profile allows at least one quality")
        if self.cutoff not in names:
            raise ValueError(f"the cutoff {self.cutoff!r} is none of the profile's qualities")
        return self


DEFAULT_PROFILE = ProfileId("default")


class SaveProfile(Command, wire="profile.save", about="profile:profile_id"):
    """Make a profile, or replace the one of this id."""

    profile_id: ProfileId
    profile: QualityProfile


class DeleteProfile(Command, wire="profile.delete", about="profile:profile_id"):
    profile_id: ProfileId


class ProfileSaved(Event, wire="profile.saved", about="profile:profile_id"):
    profile_id: ProfileId
    profile: QualityProfile


class ProfileDeleted(Event, wire="profile.deleted", about="profile:profile_id"):
    profile_id: ProfileId
