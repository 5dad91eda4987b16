"""Our views in the words of *arr clients: pure functions from one to the other."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from mvidarr_common.messages.jobs import JobProgressed
from mvidarr_common.messages.queries import FileView, JobView, RecordView, VideoView

from .shapes import HistoryItem, Item, QueueItem, QueueStatus, Tracked

EVENTS = {
    "event.video.wanted": "grabbed",
    "event.video.ready": "downloadFolderImported",
    "event.video.failed": "downloadFailed",
    "event.video.ignored": "downloadIgnored",
    "event.video.deleted": "videoFileDeleted",
    "event.file.moved": "videoFileRenamed",
}
"""Facts of our log that are history to these clients, and what they call them."""
STATES: dict[str, QueueStatus] = {
    "waiting": "delay",
    "queued": "queued",
    "running": "downloading",
    "paused": "paused",
    "failed": "failed",
}


def item_of(video: VideoView) -> Item:
    """A video with the first of its files."""
    file = _present(video.files)
    path = file.rendition.path if file else None
    return Item(
        id=video.id,
        title=video.title,
        artist=video.artist,
        year=video.about.released.year if video.about.released else None,
        overview=video.about.description or "",
        studio=video.about.studio,
        genres=video.about.genres or (),
        monitored=video.state not in ("ignored", "deleted"),
        has_file=file is not None,
        status=video.state,
        quality=video.quality,
        quality_profile_id=video.profile_id,
        added=video.added,
        release_date=video.about.released,
        file_path=path,
        folder_path=path.rpartition("/")[0] if path else None,
        size_on_disk=sum(each.rendition.facts.size for each in video.files),
    )


def queued(
    job: JobView, video: VideoView | None, heard: JobProgressed | None, now: datetime
) -> QueueItem:
    """A job in the queue, with what its worker has said last."""
    size, done = _bytes(heard)
    eta = timedelta(seconds=heard.eta) if heard and heard.eta is not None else None
    return QueueItem(
        id=job.id,
        video_id=video.id if video else None,
        title=_title(video) if video else job.kind,
        size=size,
        sizeleft=max(0, size - done),
        timeleft=str(eta).partition(".")[0] if eta is not None else None,
        estimated_completion_time=now + eta if eta is not None else None,
        added=job.added,
        status=STATES.get(job.state, "completed"),
        tracked_download_status="warning" if job.failure else "ok",
        tracked_download_state=_tracked(job),
        status_messages=(job.failure.message,) if job.failure else (),
        error_message=job.failure.message if job.failure else None,
        download_id=job.pipeline_id or job.id,
        indexer=urlsplit(video.url).hostname if video else None,
        quality=video.quality if video else None,
    )


def happened(record: RecordView, video: VideoView | None) -> HistoryItem:
    """A fact of the log."""
    data = {name: str(value) for name, value in record.data.items() if _is_plain(value)}
    return HistoryItem(
        id=record.id,
        video_id=str(record.data.get("videoId", "")),
        event_type=EVENTS[record.type],
        source_title=_title(video) if video else str(record.data.get("title", "")),
        date=record.time,
        data=data,
    )


def _present(files: tuple[FileView, ...]) -> FileView | None:
    return next((each for each in files if each.state == "present"), None)


def _title(video: VideoView) -> str:
    return f"{video.artist} - {video.title}" if video.artist else video.title


def _bytes(heard: JobProgressed | None) -> tuple[int, int]:
    if heard is None or heard.unit != "bytes" or heard.total is None:
        return 0, 0
    return int(heard.total), int(heard.done or 0)


def _tracked(job: JobView) -> Tracked:
    if job.failure and job.state == "failed":
        return "failed"
    if job.kind == "download":
        return "downloading"
    return "importing" if job.state == "running" else "importPending"


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
