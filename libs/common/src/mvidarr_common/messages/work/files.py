"""Moving files: into the library, to the trash and back, and away."""

from typing import Literal

from pydantic import Field

from mvidarr_common.messages.base import Value
from mvidarr_common.messages.ids import JobId, VideoId
from mvidarr_common.messages.library import Description, Rendition
from mvidarr_common.messages.media import MediaFacts

from .base import JobSpec, Result
from .media import Artwork


class Moved(Value):
    """A file's new path and its sidecars'; what it holds, if it was written anew."""

    file_id: str
    path: str
    sidecars: tuple[str, ...] = ()
    sha256: str | None = None
    facts: MediaFacts | None = None


class FileToMove(Value):
    file_id: str
    path: str
    sidecars: tuple[str, ...] = ()


class PlaceFile(Value):
    """One media file in staging that goes into the library."""

    path: str
    role: Literal["original", "transcode"]
    sha256: str
    facts: MediaFacts


class Placed(Result):
    kind: Literal["place"] = "place"
    renditions: tuple[Rendition, ...]


class Place(JobSpec, queue="files", gives=Placed):
    """Move files and artwork into the library by rename, and write the `.nfo` after them.

    The first file is the one that media servers show; the others get their recipe in the name.
    With `beside` the video is there already: all of them become others of that film.
    """

    kind: Literal["place"] = "place"
    video_id: VideoId
    files: tuple[PlaceFile, ...] = Field(min_length=1)
    artwork: tuple[Artwork, ...] = ()
    about: Description
    page_url: str
    source: str
    source_id: str
    beside: FileToMove | None = None


class Trashed(Result):
    kind: Literal["trash"] = "trash"
    moved: tuple[Moved, ...]


class Trash(JobSpec, queue="files", gives=Trashed):
    """Move files with their sidecars to `trash/`, keeping their relative path. With `retire`
    others have taken their place, and they come back with no video."""

    kind: Literal["trash"] = "trash"
    files: tuple[FileToMove, ...]
    retire: bool = False


class Restored(Result):
    kind: Literal["restore"] = "restore"
    moved: tuple[Moved, ...]


class Restore(JobSpec, queue="files", gives=Restored):
    """Bring files back from the trash to where they were; a taken name gets a number."""

    kind: Literal["restore"] = "restore"
    files: tuple[FileToMove, ...]


class Purged(Result):
    kind: Literal["purge"] = "purge"
    removed: int


class Purge(JobSpec, queue="files", gives=Purged):
    """Delete files for good; only paths below `trash/` are touched."""

    kind: Literal["purge"] = "purge"
    files: tuple[FileToMove, ...]


class Tidied(Result):
    kind: Literal["tidy"] = "tidy"
    removed: int


class Tidy(JobSpec, queue="files", gives=Tidied):
    """Remove the staging folders of these jobs, once no one holds them."""

    kind: Literal["tidy"] = "tidy"
    jobs: tuple[JobId, ...]


class Renamed(Result):
    kind: Literal["rename"] = "rename"
    moved: Moved
    others: tuple[Moved, ...] = ()


class Rename(JobSpec, queue="files", gives=Renamed):
    """Give a film in the library, its sidecars and its other renditions the names that `place`
    would give them now; `place` tells of the film first, and of the others in their order."""

    kind: Literal["rename"] = "rename"
    file: FileToMove
    place: Place
    others: tuple[FileToMove, ...] = ()


class SidecarsWritten(Result):
    kind: Literal["sidecars"] = "sidecars"
    written: tuple[str, ...]


class Sidecars(JobSpec, queue="files", gives=SidecarsWritten):
    """Write the `.nfo` of a film in the library anew, and its lyrics, and put pictures from
    staging beside it."""

    kind: Literal["sidecars"] = "sidecars"
    path: str
    place: Place
    artwork: tuple[Artwork, ...] = ()
    lyrics: str | None = Field(default=None, max_length=100_000)


class FileToScrub(Value):
    path: str
    sha256: str


class ScrubbedFile(Value):
    path: str
    state: Literal["intact", "changed", "missing"]


class Scrubbed(Result):
    kind: Literal["scrub"] = "scrub"
    files: tuple[ScrubbedFile, ...]


class Scrub(JobSpec, queue="media", gives=Scrubbed):
    """Read files again and compare their checksums: disks forget."""

    kind: Literal["scrub"] = "scrub"
    files: tuple[FileToScrub, ...] = Field(min_length=1, max_length=1000)
