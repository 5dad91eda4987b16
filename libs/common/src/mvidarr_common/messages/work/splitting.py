"""One film on many workers: parts are encoded beside one another, and joined without encoding."""

from typing import Literal

from pydantic import Field

from mvidarr_common.messages.media import MediaFacts

from .base import JobSpec, Result
from .media import Transcode


class PartEncoded(Result):
    """`begin` and `end` are the key frames at which it was cut, in seconds of the film; `end` is
    None at the film's own. A part between whose ends there is no key frame has no file. `start`
    is the time of its first picture, or sound."""

    kind: Literal["encode_part"] = "encode_part"
    path: str | None = None
    begin: float = 0.0
    end: float | None = None
    frames: int = 0
    start: float = 0.0


class EncodePart(JobSpec, queue="transcode", gives=PartEncoded, stages=True):
    """Encode the pictures from the first key frame at or after `begin` to that at or after `end`,
    or all the sound."""

    kind: Literal["encode_part"] = "encode_part"
    whole: Transcode
    what: Literal["picture", "sound"] = "picture"
    begin: float = Field(default=0.0, ge=0)
    end: float | None = Field(default=None, gt=0)


class PartsJoined(Result):
    kind: Literal["join_parts"] = "join_parts"
    path: str
    sha256: str
    facts: MediaFacts
    notes: tuple[str, ...] = ()


class JoinParts(JobSpec, queue="media", gives=PartsJoined, stages=True):
    """Put the parts and the sound together, and prove it: as many pictures as the film has, each at
    its time, and the sound where it was. What differs fails the job."""

    kind: Literal["join_parts"] = "join_parts"
    whole: Transcode
    pictures: tuple[PartEncoded, ...] = Field(min_length=1, max_length=40)
    sound: PartEncoded | None = None
