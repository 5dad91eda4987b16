"""When a run has put a better or a whole file in the place of the old one, the video says so."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.library.shelved import present_files
from mvidarr_catalog.library.videos import Video
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import PipelineCompleted, Placed, Trashed
from mvidarr_common.messages.library import VideoUpgraded

from .runs import Run
from .task import RunInputs

model = ReadModel()


@model.fold
def upgraded(event: VideoUpgraded, cause: Envelope, state: State) -> None:
    video = state.get(Video, event.video_id)
    if video:
        state.put(video.changed(quality=event.quality, changed_at=cause.time))


@model.decide
def tell(event: PipelineCompleted, _: Envelope, state: Known) -> Iterator[Decision]:
    run = state.get(Run, event.pipeline_id)
    kinds = {type(result) for result in run.results.values()} if run else set()
    if run is None or not {Placed, Trashed} <= kinds:
        return
    id = RunInputs.model_validate(run.inputs).video_id
    video, file = state.get(Video, id), next(present_files(state, id), None)
    if video and file:
        yield VideoUpgraded(
            video_id=VideoId(video.id),
            title=video.title,
            artist=video.about.artist or "",
            path=file.rendition.path,
            quality=file.rendition.facts.quality,
        )
