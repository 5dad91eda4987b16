"""A video that is described anew while it lies in the library gets its names anew.

What is said while a run of the video is going is looked at when the run has ended.
"""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.state import Known
from mvidarr_catalog.library.shelved import misnamed
from mvidarr_catalog.library.videos import subject_of
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import PipelineId, VideoId, derive
from mvidarr_common.messages.jobs import (
    PipelineCancelled,
    PipelineCompleted,
    PipelineFailed,
    PipelineStarted,
)
from mvidarr_common.messages.library import (
    VideoDescribed,
    VideoEdited,
    VideoReady,
    VideoRestored,
)

from .going import is_busy
from .runs import Run
from .task import RunInputs

NAME = "rename"

model = ReadModel()


@model.decide
def edited(event: VideoEdited, cause: Envelope, state: Known) -> Iterator[Decision]:
    yield from _rename(event.video_id, cause, state)


@model.decide
def described(event: VideoDescribed, cause: Envelope, state: Known) -> Iterator[Decision]:
    yield from _rename(event.video_id, cause, state)


@model.decide
def ready(event: VideoReady, cause: Envelope, state: Known) -> Iterator[Decision]:
    """It may have been edited while its files were on their way."""
    yield from _rename(event.video_id, cause, state)


@model.decide
def restored(event: VideoRestored, cause: Envelope, state: Known) -> Iterator[Decision]:
    yield from _rename(event.video_id, cause, state)


@model.decide
def after_a_run(event: PipelineCompleted, cause: Envelope, state: Known) -> Iterator[Decision]:
    yield from _rename_after(event, cause, state)


@model.decide
def after_a_failed_run(event: PipelineFailed, cause: Envelope, state: Known) -> Iterator[Decision]:
    yield from _rename_after(event, cause, state)


@model.decide
def after_a_cancelled_run(
    event: PipelineCancelled, cause: Envelope, state: Known
) -> Iterator[Decision]:
    yield from _rename_after(event, cause, state)


def _rename(id: VideoId, cause: Envelope, state: Known) -> Iterator[Decision]:
    video = misnamed(state, id)
    if video and not is_busy(state, id):
        yield PipelineStarted(
            pipeline_id=PipelineId(derive(cause.id, NAME)),
            name=NAME,
            for_subject=subject_of(id),
            inputs=RunInputs(video_id=id, about=video.about).model_dump(mode="json"),
        )


def _rename_after(
    event: PipelineCompleted | PipelineFailed | PipelineCancelled, cause: Envelope, state: Known
) -> Iterator[Decision]:
    """After a renaming only what was said since: a failure is not tried for ever."""
    run = state.get(Run, event.pipeline_id)
    if run is None or not run.for_subject.startswith("video/"):
        return
    inputs = RunInputs.model_validate(run.inputs)
    video = misnamed(state, inputs.video_id)
    if video and (run.name != NAME or video.about != inputs.about):
        yield from _rename(inputs.video_id, cause, state)
