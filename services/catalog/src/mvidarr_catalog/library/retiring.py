"""Files whose place others have taken: they wait in the trash, and no video brings them back."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, Later, ReadModel
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import JobId, derive
from mvidarr_common.messages.jobs import JobAdded, Purge
from mvidarr_common.messages.library import FileRetired, PurgeFile

from .files import File, to_move
from .videos import TRASH_TIME, Video, subject_of

model = ReadModel()


@model.fold
def retired(event: FileRetired, cause: Envelope, state: State) -> None:
    file, video = state.get(File, event.file_id), state.get(Video, event.video_id)
    if file:
        update = {"path": event.path, "sidecars": event.sidecars}
        rendition = file.rendition.model_copy(update=update)
        state.put(file.changed(state="trashed", rendition=rendition))
    if video:
        left = tuple(id for id in video.files if id != event.file_id)
        state.put(video.changed(files=left, changed_at=cause.time))


@model.decide
def expire(event: FileRetired, cause: Envelope, _: Known) -> Iterator[Decision]:
    """The clock will empty the trash."""
    yield Later(cause.time + TRASH_TIME, PurgeFile(file_id=event.file_id))


@model.decide
def purge(command: PurgeFile, cause: Envelope, state: Known) -> Iterator[Decision]:
    file = state.get(File, command.file_id)
    if file and file.state == "trashed":
        yield JobAdded(
            job_id=JobId(derive(cause.id, "purge")),
            spec=Purge(files=(to_move(file),)),
            for_subject=subject_of(file.video_id),
        )
