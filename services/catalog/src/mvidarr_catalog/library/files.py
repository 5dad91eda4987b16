"""The files: renditions that lie in the library or in the trash, and the jobs that move them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

from mvidarr_catalog.brain.filters import fields_of, inside
from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import FileId, JobId, VideoId, derive
from mvidarr_common.messages.jobs import (
    FileToMove,
    JobAdded,
    JobCompleted,
    Moved,
    Place,
    Placed,
    Purge,
    Renamed,
    Restore,
    Restored,
    Sidecars,
    SidecarsWritten,
    Trash,
    Trashed,
)
from mvidarr_common.messages.library import (
    FileAdded,
    FileMoved,
    FileRemoved,
    FileRetired,
    Rendition,
    VideoDeleted,
    VideoPurged,
    VideoRestored,
)
from mvidarr_common.messages.queries import Files, FileView, GetFile, ListFiles

from .videos import Video, subject_of

FileState = Literal["present", "trashed"]


class File(Row, table="files", subject="file", indexes=(("added",), ("video_id",))):
    """One rendition and where it lies."""

    video_id: VideoId
    state: FileState
    rendition: Rendition
    added: datetime


model = ReadModel(rows=(File,), version=2)

FIELDS = fields_of(File, "id", "video_id", "state", "added") | {
    "rendition.path": inside("text", "rendition.path"),
    "rendition.role": inside("text", "rendition.role"),
    "rendition.facts.container": inside("text", "rendition.facts.container"),
    "rendition.facts.duration": inside("number", "rendition.facts.duration"),
    "rendition.facts.size": inside("integer", "rendition.facts.size"),
}
"""What files are filtered by."""


@model.fold
def added(event: FileAdded, cause: Envelope, state: State) -> None:
    state.put(
        File(
            id=event.file_id,
            video_id=event.video_id,
            state="present",
            rendition=event.rendition,
            added=cause.time,
        )
    )


@model.fold
def moved(event: FileMoved, _: Envelope, state: State) -> None:
    file = state.get(File, event.file_id)
    if file:
        update: dict[str, object] = {"path": event.path, "sidecars": event.sidecars}
        if event.sha256 and event.facts:
            update |= {"sha256": event.sha256, "facts": event.facts}
        rendition = file.rendition.model_copy(update=update)
        state.put(file.changed(state=event.state, rendition=rendition))


@model.fold
def removed(event: FileRemoved, _: Envelope, state: State) -> None:
    state.drop(File, event.file_id)


@model.decide
def placed(event: JobCompleted, cause: Envelope, state: Known) -> Iterator[Decision]:
    """What lies in the library is known, even if its run was cancelled meanwhile."""
    job = state.get(Job, event.job_id)
    if not (job and isinstance(event.result, Placed) and isinstance(job.spec, Place)):
        return
    for number, rendition in enumerate(event.result.renditions):
        yield FileAdded(
            file_id=FileId(derive(event.job_id, "file", number)),
            video_id=job.spec.video_id,
            rendition=rendition,
        )


@model.decide
def trash_what_came_too_late(event: FileAdded, cause: Envelope, state: Known) -> Iterator[Decision]:
    video, file = state.get(Video, event.video_id), state.get(File, event.file_id)
    if file and (video is None or video.state == "deleted"):
        yield _job(cause, event.video_id, Trash(files=(to_move(file),)))


@model.decide
def trash(event: VideoDeleted, cause: Envelope, state: Known) -> Iterator[Decision]:
    files = _files(state, event.video_id, "present")
    if files:
        yield _job(cause, event.video_id, Trash(files=files))


@model.decide
def restore(event: VideoRestored, cause: Envelope, state: Known) -> Iterator[Decision]:
    files = _files(state, event.video_id, "trashed")
    if files:
        yield _job(cause, event.video_id, Restore(files=files))


@model.decide
def tell_moves(event: JobCompleted, cause: Envelope, state: Known) -> Iterator[Decision]:
    """The result of a move becomes a fact of each file; then the video may want it back."""
    if isinstance(event.result, Trashed):
        job = state.get(Job, event.job_id)
        retire = job is not None and isinstance(job.spec, Trash) and job.spec.retire
        moved = event.result.moved
        yield from _retired(moved, state) if retire else _moves(moved, "trashed", state)
    elif isinstance(event.result, Restored):
        yield from _moves(event.result.moved, "present", state)
    elif isinstance(event.result, Renamed):
        yield from _moves((event.result.moved, *event.result.others), "present", state)
    elif isinstance(event.result, SidecarsWritten):
        yield from _accompanied(event, event.result.written, state)


@model.decide
def follow_a_changed_mind(event: FileMoved, cause: Envelope, state: Known) -> Iterator[Decision]:
    """Deleted and restored in quick succession: the file follows what the video is now."""
    video, file = state.get(Video, event.video_id), state.get(File, event.file_id)
    if video is None or file is None:
        return
    if video.state == "deleted" and file.state == "present":
        yield _job(cause, event.video_id, Trash(files=(to_move(file),)))
    elif video.state != "deleted" and file.state == "trashed":
        yield _job(cause, event.video_id, Restore(files=(to_move(file),)))


@model.decide
def purge(event: VideoPurged, cause: Envelope, state: Known) -> Iterator[Decision]:
    """The video is gone from the read model; its files are still named by the event."""
    found = [state.get(File, id) for id in event.files]
    files = tuple(to_move(file) for file in found if file)
    if files:
        yield _job(cause, event.video_id, Purge(files=files))


@model.decide
def forget_purged(event: JobCompleted, _: Envelope, state: Known) -> Iterator[Decision]:
    job = state.get(Job, event.job_id)
    for each in job.spec.files if job and isinstance(job.spec, Purge) else ():
        file = state.get(File, each.file_id)
        if file:
            yield FileRemoved(file_id=FileId(file.id), video_id=file.video_id)


@model.query
async def get(query: GetFile, read: Read) -> FileView:
    return file_view(await read.one(File, query.id, "file"))


@model.query
async def list_files(query: ListFiles, read: Read) -> Files:
    columns = read.table(File).c
    where = [columns.video_id == query.video_id] if query.video_id else []
    found = await read.page(File, query, FIELDS, *where)
    return Files(
        items=tuple(file_view(file) for file in found.rows), next=found.next, total=found.total
    )


def file_view(file: File) -> FileView:
    """A file as people see it."""
    return FileView(
        id=FileId(file.id),
        video_id=file.video_id,
        state=file.state,
        quality=file.rendition.facts.quality,
        rendition=file.rendition,
        added=file.added,
    )


def to_move(file: File) -> FileToMove:
    """A file as the jobs that move it are told of it."""
    rendition = file.rendition
    return FileToMove(file_id=file.id, path=rendition.path, sidecars=rendition.sidecars)


def _files(state: Known, video_id: VideoId, where: FileState) -> tuple[FileToMove, ...]:
    video = state.get(Video, video_id)
    found = [state.get(File, id) for id in video.files] if video else []
    return tuple(to_move(file) for file in found if file and file.state == where)


def _moves(moved: Iterable[Moved], now: FileState, state: Known) -> Iterator[Decision]:
    for each in moved:
        file = state.get(File, each.file_id)
        if file:
            yield FileMoved(
                file_id=FileId(each.file_id),
                video_id=file.video_id,
                path=each.path,
                sidecars=each.sidecars,
                state=now,
                sha256=each.sha256,
                facts=each.facts,
            )


def _accompanied(event: JobCompleted, written: Iterable[str], state: Known) -> Iterator[Decision]:
    """What is new beside a film goes with it from now on."""
    job = state.get(Job, event.job_id)
    if job is None or not isinstance(job.spec, Sidecars):
        return
    video = state.get(Video, job.spec.place.video_id)
    found = [state.get(File, id) for id in video.files] if video else []
    for file in found:
        known = file.rendition.sidecars if file else ()
        new = tuple(path for path in written if path not in known)
        if file and new and (file.state, file.rendition.path) == ("present", job.spec.path):
            moved = Moved(file_id=file.id, path=job.spec.path, sidecars=(*known, *new))
            yield from _moves((moved,), "present", state)


def _retired(moved: Iterable[Moved], state: Known) -> Iterator[Decision]:
    for each in moved:
        file = state.get(File, each.file_id)
        if file:
            yield FileRetired(
                file_id=FileId(each.file_id),
                video_id=file.video_id,
                path=each.path,
                sidecars=each.sidecars,
            )


def _job(cause: Envelope, video_id: VideoId, spec: Trash | Restore | Purge) -> JobAdded:
    job_id = JobId(derive(cause.id, spec.kind))
    return JobAdded(job_id=job_id, spec=spec, for_subject=subject_of(video_id))
