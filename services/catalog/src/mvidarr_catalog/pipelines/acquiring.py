"""How a wanted video becomes a ready one: begins, cancels and ends its runs of `acquire`."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.state import Known
from mvidarr_catalog.library.naming import plain
from mvidarr_catalog.library.videos import ACQUIRING, Video, subject_of
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import PipelineId, VideoId, artist_id, derive
from mvidarr_common.messages.jobs import (
    Downloaded,
    JobCompleted,
    PipelineCompleted,
    PipelineFailed,
    PipelineStarted,
    Placed,
    Taken,
)
from mvidarr_common.messages.library import (
    VideoAdded,
    VideoDeleted,
    VideoDescribed,
    VideoFailed,
    VideoIgnored,
    VideoReady,
    VideoWanted,
)

from .advancing import cancelling_run
from .asking import inputs_of
from .runs import Run, run_of
from .task import RunInputs

model = ReadModel()


@model.decide
def begin_new(event: VideoAdded, cause: Envelope, state: Known) -> Iterator[Decision]:
    yield from _begin(event.video_id, cause, state)


@model.decide
def begin_again(event: VideoWanted, cause: Envelope, state: Known) -> Iterator[Decision]:
    yield from _begin(event.video_id, cause, state)


@model.decide
def describe(event: JobCompleted, cause: Envelope, state: Known) -> Iterator[Decision]:
    """What the page says of the video."""
    run, _ = run_of(state, event.job_id)
    if run and run.name in ACQUIRING and isinstance(event.result, Downloaded | Taken):
        found = plain(event.result.found)
        artist = artist_id(found.artist) if found.artist else None
        yield VideoDescribed(video_id=_video_of(run), found=found, artist_id=artist)


@model.decide
def stop_for_ignored(event: VideoIgnored, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _stop(event.video_id, state)


@model.decide
def stop_for_deleted(event: VideoDeleted, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _stop(event.video_id, state)


@model.decide
def arrive(event: PipelineCompleted, _: Envelope, state: Known) -> Iterator[Decision]:
    run = state.get(Run, event.pipeline_id)
    video = state.get(Video, _video_of(run)) if run and run.name in ACQUIRING else None
    if video is None or video.pipeline_id != event.pipeline_id or video.state != "acquiring":
        return
    placed = run.results["place"] if run else None
    assert isinstance(placed, Placed)
    shown = placed.renditions[0]
    yield VideoReady(
        video_id=VideoId(video.id),
        title=video.title,
        artist=video.about.artist or "",
        path=shown.path,
        quality=shown.facts.quality,
    )


@model.decide
def fail(event: PipelineFailed, _: Envelope, state: Known) -> Iterator[Decision]:
    run = state.get(Run, event.pipeline_id)
    video = state.get(Video, _video_of(run)) if run and run.name in ACQUIRING else None
    if video and video.pipeline_id == event.pipeline_id and video.state == "acquiring":
        yield VideoFailed(
            video_id=VideoId(video.id), title=video.title, code=event.code, message=event.message
        )


def _begin(id: VideoId, cause: Envelope, state: Known) -> Iterator[Decision]:
    video = state.get(Video, id)
    if video is None or video.state != "wanted":
        return
    inputs = inputs_of(video, state)
    yield PipelineStarted(
        pipeline_id=PipelineId(derive(cause.id, "pipeline")),
        name="import" if inputs.file else "acquire",
        for_subject=subject_of(id),
        inputs=inputs.model_dump(mode="json"),
    )


def _stop(id: VideoId, state: Known) -> Iterator[Decision]:
    video = state.get(Video, id)
    run = state.get(Run, video.pipeline_id) if video and video.pipeline_id else None
    if run:
        yield from cancelling_run(run)


def _video_of(run: Run) -> VideoId:
    return RunInputs.model_validate(run.inputs).video_id
