"""The records that *arr clients read (Radarr's resources, API version 3)."""

from datetime import date, datetime
from typing import Literal

from mvidarr_common.messages import Value

QueueStatus = Literal["queued", "paused", "downloading", "completed", "failed", "delay"]
Tracked = Literal["downloading", "importPending", "importing", "failed"]


class Item(Value):
    """A video."""

    id: str
    title: str
    artist: str | None
    year: int | None
    overview: str
    studio: str | None
    genres: tuple[str, ...]
    tags: tuple[str, ...] = ()
    monitored: bool
    has_file: bool
    status: str
    quality: str | None
    quality_profile_id: str
    added: datetime
    release_date: date | None
    file_path: str | None
    folder_path: str | None
    size_on_disk: int


class QueueItem(Value):
    """A piece of work for a video; `sizeleft` and `timeleft` are spelt as clients read them."""

    id: str
    video_id: str | None
    title: str
    size: int
    sizeleft: int
    timeleft: str | None
    estimated_completion_time: datetime | None
    added: datetime
    status: QueueStatus
    tracked_download_status: Literal["ok", "warning", "error"]
    tracked_download_state: Tracked
    status_messages: tuple[str, ...] = ()
    error_message: str | None
    download_id: str
    protocol: Literal["http"] = "http"
    download_client: Literal["yt-dlp"] = "yt-dlp"
    indexer: str | None
    quality: str | None


class QueueStatusView(Value):
    """How much is in the queue."""

    total_count: int
    count: int
    unknown_count: int = 0
    errors: bool
    warnings: bool


class HistoryItem(Value):
    """One thing that happened to a video."""

    id: str
    video_id: str
    event_type: str
    source_title: str
    date: datetime
    data: dict[str, str]


class HealthItem(Value):
    """Something that is not well."""

    source: str
    type: Literal["ok", "notice", "warning", "error"]
    message: str
    wiki_url: str


class RootFolder(Value):
    """Where the library lies."""

    id: int
    path: str
    accessible: bool
    free_space: int
    unmapped_folders: tuple[str, ...] = ()


class DiskSpace(Value):
    """A disk, in bytes."""

    path: str
    label: str
    free_space: int
    total_space: int
