"""Putting a library in order: many videos edited as one, artists that are one, and taking back."""

from typing import Self

from pydantic import Field, model_validator

from .base import Command, Event
from .ids import ArtistId, VideoId
from .library import Description, DescriptionField

MOST_AT_ONCE = 10_000
"""Videos that one command edits."""


class BulkEditVideos(Command, wire="video.bulk_edit"):
    """Set the same in all of these; all are edited or, where one cannot be, none."""

    video_ids: tuple[VideoId, ...] = Field(min_length=1, max_length=MOST_AT_ONCE)
    changes: Description
    clear: tuple[DescriptionField, ...] = ()


class VideosEdited(Event, wire="video.bulk_edited"):
    """The answer to a bulk edit: each video that was not so already has a `VideoEdited`."""

    edited: int
    unchanged: int


class MergeArtists(Command, wire="artist.merge", about="artist:artist_id"):
    """These others are the same artist under other names: their videos become this one's."""

    artist_id: ArtistId
    others: tuple[ArtistId, ...] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _are_others(self) -> Self:
        if self.artist_id in self.others:
            raise ValueError("an artist cannot be merged with itself")
        return self


class ArtistsMerged(Event, wire="artist.merged", about="artist:artist_id"):
    """From now on the others' names mean this artist."""

    artist_id: ArtistId
    others: tuple[ArtistId, ...]


class ArtistsParted(Event, wire="artist.parted", about="artist:artist_id"):
    """The others are artists of their own again."""

    artist_id: ArtistId
    others: tuple[ArtistId, ...]


class UndoCommand(Command, wire="command.undo", about="command:command_id"):
    """Take back what a command has changed, as one."""

    command_id: str


class CommandUndone(Event, wire="command.undone", about="command:command_id"):
    """All that the command had changed is as it was before it; the facts before this one say so.

    `changes` counts what was taken back.
    """

    command_id: str
    changes: int
