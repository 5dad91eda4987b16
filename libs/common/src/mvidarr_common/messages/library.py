"""Artists, videos and files: what people ask of the library and what happened to it."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from .base import Command, Event, Value
from .ids import ArtistId, FileId, ProfileId, VideoId
from .media import MediaFacts
from .profiles import DEFAULT_PROFILE

Name = Field(min_length=1, max_length=300)

DescriptionField = Literal[
    "title", "artist", "album", "released", "description", "genres", "directors", "studio"
]


ImportPath = Annotated[str, Field(pattern=r"^[^/\\][^\\]*$", max_length=1000)]
"""The path of a file below `import/`."""


class Description(Value):
    """What is known of a video; None is "not known"."""

    title: str | None = Field(default=None, min_length=1, max_length=300)
    artist: str | None = Field(default=None, min_length=1, max_length=300)
    album: str | None = Field(default=None, max_length=300)
    released: date | None = None
    description: str | None = Field(default=None, max_length=20_000)
    genres: tuple[str, ...] | None = None
    directors: tuple[str, ...] | None = None
    studio: str | None = Field(default=None, max_length=300)

    def over(self, other: "Description") -> "Description":
        """This description, with `other` filling what it leaves open."""
        said = {name: value for name, value in self.__dict__.items() if value is not None}
        more = any(value is not None and name not in said for name, value in other.__dict__.items())
        return other.model_copy(update=said) if more else self

    def without(self, fields: Iterable[DescriptionField]) -> "Description":
        """This description, with these fields not known."""
        return self.model_copy(update=dict.fromkeys(fields))


class Rendition(Value):
    """A file in the library: where it lies below the data root, and what it holds."""

    path: str
    role: Literal["original", "transcode"]
    sha256: str
    facts: MediaFacts
    sidecars: tuple[str, ...] = ()


class FollowArtist(Command, wire="artist.follow"):
    name: str = Name


class UnfollowArtist(Command, wire="artist.unfollow", about="artist:artist_id"):
    artist_id: ArtistId


class ArtistAdded(Event, wire="artist.added", about="artist:artist_id"):
    """An artist is known, because somebody follows them or a video names them."""

    artist_id: ArtistId
    name: str


class ArtistFollowed(Event, wire="artist.followed", about="artist:artist_id"):
    artist_id: ArtistId
    name: str


class ArtistUnfollowed(Event, wire="artist.unfollowed", about="artist:artist_id"):
    artist_id: ArtistId


class AddVideo(Command, wire="video.add"):
    """Fetch the video on this page into the library."""

    url: str = Field(min_length=1, max_length=2000)
    known: Description = Description()
    profile_id: ProfileId = DEFAULT_PROFILE


class ImportVideo(Command, wire="video.import"):
    """Take a file below `import/` in the data root into the library; the file itself stays."""

    path: ImportPath
    known: Description = Description()
    profile_id: ProfileId = DEFAULT_PROFILE


class EditVideo(Command, wire="video.edit", about="video:video_id"):
    """Set what is given; what is None stays. What is cleared is not known any more: then the page
    has its say."""

    video_id: VideoId
    changes: Description
    clear: tuple[DescriptionField, ...] = ()


class IgnoreVideo(Command, wire="video.ignore", about="video:video_id"):
    """Stop wanting it: running work is cancelled, files stay."""

    video_id: VideoId


class AcquireVideo(Command, wire="video.acquire", about="video:video_id"):
    """Fetch again a video that failed, is ignored, or has lost its file."""

    video_id: VideoId


class DeleteVideo(Command, wire="video.delete", about="video:video_id"):
    """Move its files to the trash and forget it, until restored or expired."""

    video_id: VideoId


class RestoreVideo(Command, wire="video.restore", about="video:video_id"):
    video_id: VideoId


class PurgeVideo(Command, wire="video.purge", about="video:video_id"):
    """Its time in the trash is over. `deletion` is the event that put it there: a video that was
    restored meanwhile stays."""

    video_id: VideoId
    deletion: str


class VideoAdded(Event, wire="video.added", about="video:video_id"):
    video_id: VideoId
    url: str
    known: Description
    profile_id: ProfileId


class VideoDescribed(Event, wire="video.described", about="video:video_id"):
    """What the page says of the video; it fills what people have left open."""

    video_id: VideoId
    found: Description
    artist_id: ArtistId | None = None


class VideoEdited(Event, wire="video.edited", about="video:video_id"):
    video_id: VideoId
    changes: Description
    artist_id: ArtistId | None = None
    cleared: tuple[DescriptionField, ...] = ()


class VideoWanted(Event, wire="video.wanted", about="video:video_id"):
    """It shall be fetched (again)."""

    video_id: VideoId


class VideoIgnored(Event, wire="video.ignored", about="video:video_id"):
    video_id: VideoId


class VideoReady(Event, wire="video.ready", about="video:video_id"):
    """The whole way is done: it lies in the library and can be played."""

    video_id: VideoId
    title: str
    artist: str
    path: str
    quality: str


class VideoFailed(Event, wire="video.failed", about="video:video_id"):
    """The way ended without a file; code and sentence say why."""

    video_id: VideoId
    title: str
    code: str
    message: str


class VideoDeleted(Event, wire="video.deleted", about="video:video_id"):
    video_id: VideoId
    title: str


class VideoRestored(Event, wire="video.restored", about="video:video_id"):
    video_id: VideoId


class VideoPurged(Event, wire="video.purged", about="video:video_id"):
    """Its time in the trash is over; nothing of it is left but history, and soon no file."""

    video_id: VideoId
    files: tuple[FileId, ...] = ()


class FileAdded(Event, wire="file.added", about="file:file_id"):
    file_id: FileId
    video_id: VideoId
    rendition: Rendition


class FileMoved(Event, wire="file.moved", about="file:file_id"):
    """Its place changed: to the trash, back from it, or to a new name. With new tags it is another
    file of the same film."""

    file_id: FileId
    video_id: VideoId
    path: str
    sidecars: tuple[str, ...] = ()
    state: Literal["present", "trashed"]
    sha256: str | None = None
    facts: MediaFacts | None = None


class FileRemoved(Event, wire="file.removed", about="file:file_id"):
    file_id: FileId
    video_id: VideoId


class FileRetired(Event, wire="file.retired", about="file:file_id"):
    """Another has taken its place; it lies in the trash for some time, and belongs to no video."""

    file_id: FileId
    video_id: VideoId
    path: str
    sidecars: tuple[str, ...] = ()


class PurgeFile(Command, wire="file.purge", about="file:file_id"):
    """Its time in the trash is over."""

    file_id: FileId


class VideoUpgraded(Event, wire="video.upgraded", about="video:video_id"):
    """Another file has taken the place of the one that was there."""

    video_id: VideoId
    title: str
    artist: str
    path: str
    quality: str
