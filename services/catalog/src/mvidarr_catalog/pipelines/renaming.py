"""A video that is described anew while it lies in the library gets its names anew.

One run at a time for each video: what is said meanwhile is looked at when the run has ended.
"""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
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
    VideoDeleted,
    VideoDescribed,
    VideoEdited,
    VideoReady,
    VideoRestored,
)

from .rename import RENAME, RenameInputs
from .runs import Run, cancelling_run


class Renaming(Row, table="renamings"):
    """By the video's id: the run that gives it its names."""

    pipeline_id: PipelineId


model = ReadModel(rows=(Renaming,), version=1)


@model.fold
def started(event: PipelineStarted, _: Envelope, state: State) -> None:
    if event.name == RENAME.name:
        id = RenameInputs.model_validate(event.inputs).video_id
        state.put(Renaming(id=id, pipeline_id=event.pipeline_id))


@model.fold
def completed(event: PipelineCompleted, _: Envelope, state: State) -> None:
    _ended(event, state)


@model.fold
def failed(event: PipelineFailed, _: Envelope, state: State) -> None:
    _ended(event, state)


@model.fold
def cancelled(event: PipelineCancelled, _: Envelope, state: State) -> None:
    _ended(event, state)


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
def again(event: PipelineCompleted, cause: Envelope, state: Known) -> Iterator[Decision]:
    yield from _rename_what_changed(event, cause, state)


@model.decide
def again_after_failure(event: PipelineFailed, cause: Envelope, state: Known) -> Iterator[Decision]:
    yield from _rename_what_changed(event, cause, state)


@model.decide
def stop(event: VideoDeleted, _: Envelope, state: Known) -> Iterator[Decision]:
    going = state.get(Renaming, event.video_id)
    run = state.get(Run, going.pipeline_id) if going else None
    if run:
        yield from cancelling_run(run)


@model.decide
def restored(event: VideoRestored, cause: Envelope, state: Known) -> Iterator[Decision]:
    yield from _rename(event.video_id, cause, state)


def _rename(id: VideoId, cause: Envelope, state: Known) -> Iterator[Decision]:
    video = misnamed(state, id)
    if video and state.get(Renaming, id) is None:
        yield PipelineStarted(
            pipeline_id=PipelineId(derive(cause.id, RENAME.name)),
            name=RENAME.name,
            for_subject=subject_of(id),
            inputs=RenameInputs(video_id=id, about=video.about).model_dump(mode="json"),
        )


def _rename_what_changed(
    event: PipelineCompleted | PipelineFailed, cause: Envelope, state: Known
) -> Iterator[Decision]:
    """Only what was said since: a failure is not tried for ever."""
    run = state.get(Run, event.pipeline_id) if event.name == RENAME.name else None
    inputs = RenameInputs.model_validate(run.inputs) if run else None
    video = misnamed(state, inputs.video_id) if inputs else None
    if video and inputs and video.about != inputs.about:
        yield from _rename(inputs.video_id, cause, state)


def _ended(event: PipelineCompleted | PipelineFailed | PipelineCancelled, state: State) -> None:
    kind, _, id = event.for_subject.partition("/")
    going = state.get(Renaming, id) if kind == "video" and event.name == RENAME.name else None
    if going and going.pipeline_id == event.pipeline_id:
        state.drop(Renaming, id)
