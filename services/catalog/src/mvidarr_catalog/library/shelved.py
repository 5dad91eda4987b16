"""What the names and the `.nfo` in the library were last made from, for each video."""

from collections.abc import Iterator, Sequence

from mvidarr_catalog.brain.model import ReadModel
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import JobCompleted, Place, Placed, PlaceFile, Rename, Renamed
from mvidarr_common.messages.library import Description, VideoPurged

from .files import File
from .videos import Video


class Shelved(Row, table="shelved"):
    """By the video's id: what `place` or `rename` was told of it the last time."""

    about: Description
    page_url: str
    source: str
    source_id: str


model = ReadModel(rows=(Shelved,), version=1)


@model.fold
def told(event: JobCompleted, _: Envelope, state: State) -> None:
    if not isinstance(event.result, Placed | Renamed):
        return
    job = state.get(Job, event.job_id)
    spec = job.spec.place if job and isinstance(job.spec, Rename) else job and job.spec
    if isinstance(spec, Place) and spec.beside is None:
        state.put(
            Shelved(
                id=spec.video_id,
                about=spec.about,
                page_url=spec.page_url,
                source=spec.source,
                source_id=spec.source_id,
            )
        )


@model.fold
def purged(event: VideoPurged, _: Envelope, state: State) -> None:
    state.drop(Shelved, event.video_id)


def misnamed(state: Known, id: VideoId) -> Video | None:
    """The video, if it lies in the library under another description than it has now."""
    video, shelved = state.get(Video, id), state.get(Shelved, id)
    if video is None or shelved is None or video.state != "ready":
        return None
    return None if video.about == shelved.about else video


def present_files(state: Known, id: VideoId) -> Iterator[File]:
    """The video's files in the library; the first is the one that media servers show."""
    video = state.get(Video, id)
    found = [state.get(File, file_id) for file_id in video.files] if video else []
    return (file for file in found if file and file.state == "present")


def placing(state: Known, id: VideoId, present: Sequence[File]) -> Place:
    """What `place` would be told of the video and these files now."""
    video, shelved = state.get(Video, id), state.get(Shelved, id)
    assert video is not None
    assert shelved is not None
    files = tuple(
        PlaceFile(path=each.path, role=each.role, sha256=each.sha256, facts=each.facts)
        for each in (file.rendition for file in present)
    )
    return Place(
        video_id=id,
        files=files,
        about=video.about,
        page_url=shelved.page_url,
        source=shelved.source,
        source_id=shelved.source_id,
    )
