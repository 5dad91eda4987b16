"""Work that reaches into the world: look at a page, fetch the video on it."""

from datetime import date
from typing import Literal

from pydantic import Field

from mvidarr_common.messages.base import Value
from mvidarr_common.messages.fetching import SubtitleFile
from mvidarr_common.messages.library import Description
from mvidarr_common.messages.media import Chapter
from mvidarr_common.messages.pages import Choice, Entry, FormatFacts
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.messages.sites import SiteProfile

from .base import JobSpec, Result


class Downloaded(Result):
    """`path` and `info`, what yt-dlp knows of the video (JSON), are below the data root. `found` is
    what the page says; `chapters` are those of the file as it is, without what was cut."""

    kind: Literal["download"] = "download"
    path: str
    size: int
    sha256: str
    found: Description = Description()
    duration: float | None = None
    thumbnail: str | None = None
    page_url: str
    extractor: str
    source_id: str
    format: str
    uploaded: date | None = None
    resumed_from: int = 0
    choice: Choice | None = None
    subtitles: tuple[SubtitleFile, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    info: str | None = None


class Download(JobSpec, queue="download", gives=Downloaded, stages=True):
    """Fetch the video on a page, or the first of a search ("ytsearch1:…"), in the best format that
    the profile allows. `site` is what is set for its site when the job is released."""

    kind: Literal["download"] = "download"
    url: str
    profile: QualityProfile
    site: SiteProfile | None = None


class Taken(Result):
    """`found` is what its name says."""

    kind: Literal["take"] = "take"
    path: str
    size: int
    sha256: str
    found: Description = Description()


class Take(JobSpec, queue="files", gives=Taken, stages=True):
    """Take a file below `import/`: by a link where that can be, else by a copy."""

    kind: Literal["take"] = "take"
    path: str


class Importable(Value):
    """A file below `import/`, by its path there."""

    path: str
    size: int


class ImportsFound(Result):
    """The first of them by name; `more` are there."""

    kind: Literal["find_imports"] = "find_imports"
    files: tuple[Importable, ...]
    more: int = 0


class FindImports(JobSpec, queue="files", gives=ImportsFound):
    """List what lies below `import/`."""

    kind: Literal["find_imports"] = "find_imports"


class Inspected(Result):
    """A video with its formats, or a page of a list: `next` is the cursor of the page after it.
    `choice` is what the given profile would take."""

    kind: Literal["inspect"] = "inspect"
    holds: Literal["video", "list"]
    page_url: str
    extractor: str
    source_id: str
    title: str | None = None
    found: Description = Description()
    duration: float | None = None
    uploaded: date | None = None
    age_limit: int | None = None
    live: str | None = None
    formats: tuple[FormatFacts, ...] = ()
    subtitles: tuple[str, ...] = ()
    automatic_subtitles: tuple[str, ...] = ()
    chapters: int = 0
    choice: Choice | None = None
    entries: tuple[Entry, ...] = ()
    next: str | None = None
    total: int | None = None


class Inspect(JobSpec, queue="inspect", gives=Inspected):
    """Look what is there, and fetch nothing. `url` may also be a search, such as
    "ytsearch5:Björk Jóga"; `limit` entries of a list from `cursor` on are told."""

    kind: Literal["inspect"] = "inspect"
    url: str
    profile: QualityProfile | None = None
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)
    site: SiteProfile | None = None
