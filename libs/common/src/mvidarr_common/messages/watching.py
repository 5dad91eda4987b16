"""How far people have come in films: for each user and for nobody else."""

from pydantic import Field

from .base import Command, Event
from .ids import UserId, VideoId

LONGEST = 1_000_000.0
"""Seconds."""


class KeepPosition(Command, wire="watching.keep", about="user:user_id"):
    """The user has come so many seconds into the film."""

    user_id: UserId
    video_id: VideoId
    position: float = Field(ge=0, le=LONGEST)


class ForgetPosition(Command, wire="watching.forget", about="user:user_id"):
    user_id: UserId
    video_id: VideoId


class PositionKept(Event, wire="watching.kept", about="user:user_id"):
    """A film that is `finished` begins at its beginning again. `duration` is the film's."""

    user_id: UserId
    video_id: VideoId
    position: float
    duration: float | None
    finished: bool


class PositionForgotten(Event, wire="watching.forgotten", about="user:user_id"):
    user_id: UserId
    video_id: VideoId
