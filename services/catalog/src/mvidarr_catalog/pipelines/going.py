"""Which runs of a video are going: one at a time, and none for a video that is deleted."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.library.videos import ACQUIRING
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import PipelineId, VideoId
from mvidarr_common.messages.jobs import (
    PipelineCancelled,
    PipelineCompleted,
    PipelineFailed,
    PipelineRetried,
    PipelineStarted,
)
from mvidarr_common.messages.library import VideoDeleted

from .advancing import cancelling_run
from .runs import Run


class Going(Row, table="going_runs"):
    """By the video's id: its runs that have not ended."""

    runs: tuple[PipelineId, ...]


model = ReadModel(rows=(Going,), version=1)


@model.fold
def started(event: PipelineStarted, _: Envelope, state: State) -> None:
    _began(event, state)


@model.fold
def retried(event: PipelineRetried, _: Envelope, state: State) -> None:
    _began(event, state)


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
def stop(event: VideoDeleted, _: Envelope, state: Known) -> Iterator[Decision]:
    """Acquiring stops its own."""
    going = state.get(Going, event.video_id)
    for id in going.runs if going else ():
        run = state.get(Run, id)
        if run and run.name not in ACQUIRING:
            yield from cancelling_run(run)


def is_busy(state: Known, id: VideoId) -> bool:
    """Whether a run of this video is going: two would move each other's files."""
    going = state.get(Going, id)
    return going is not None and bool(going.runs)


def _began(event: PipelineStarted | PipelineRetried, state: State) -> None:
    id = _video_of(event.for_subject)
    going = state.get(Going, id) if id else None
    runs = going.runs if going else ()
    if id and event.pipeline_id not in runs:
        state.put(Going(id=id, runs=(*runs, event.pipeline_id)))


def _ended(event: PipelineCompleted | PipelineFailed | PipelineCancelled, state: State) -> None:
    id = _video_of(event.for_subject)
    going = state.get(Going, id) if id else None
    if going is None or event.pipeline_id not in going.runs:
        return
    left = tuple(run for run in going.runs if run != event.pipeline_id)
    if left:
        state.put(going.changed(runs=left))
    else:
        state.drop(Going, going.id)


def _video_of(subject: str) -> VideoId | None:
    kind, _, id = subject.partition("/")
    return VideoId(id) if kind == "video" else None
