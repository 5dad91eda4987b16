"""Runs that people ask for, and what a run would do."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.state import Known
from mvidarr_catalog.library.naming import IMPORTED
from mvidarr_catalog.library.shelved import present_files
from mvidarr_catalog.library.videos import ACQUIRING, Video, subject_of
from mvidarr_catalog.library.videos import existing as existing_video
from mvidarr_catalog.profiles import Profile
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, Invalid
from mvidarr_common.messages.ids import JobId, PipelineId, VideoId, derive
from mvidarr_common.messages.jobs import JobAdded, PipelineStarted, ShowCommands
from mvidarr_common.messages.pipelines import RunPipeline, TryPipeline
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.messages.work.plans import PipelinePlan

from .checking import begins_with, check
from .going import is_busy
from .own import plan_of
from .standard import STANDARD
from .supposing import supposed
from .task import RunInputs

model = ReadModel()


@model.decide
def run(command: RunPipeline, cause: Envelope, state: Known) -> Iterator[Decision]:
    plan, version = plan_of(state, command.name)
    require_runnable(command.name)
    video = existing_video(state, command.video_id)
    inputs = require_inputs(plan, video, state)
    yield PipelineStarted(
        pipeline_id=PipelineId(derive(cause.id, "run")),
        name=command.name,
        for_subject=subject_of(command.video_id),
        inputs=inputs.model_dump(mode="json"),
        plan=None if command.name in STANDARD else plan,
        edition=version,
    )


@model.decide
def try_out(command: TryPipeline, cause: Envelope, state: Known) -> Iterator[Decision]:
    """A worker that has FFmpeg says how it would be called; nothing is read or written."""
    if command.plan is not None:
        check(command.plan)
        plan = command.plan
    elif command.name is not None:
        plan, _ = plan_of(state, command.name)
    else:
        raise Invalid("bad_pipeline", "Name a pipeline, or give a plan.")
    inputs = inputs_of(existing_video(state, command.video_id), state)
    yield JobAdded(
        job_id=JobId(derive(cause.id, "show")),
        spec=ShowCommands(steps=supposed(plan, inputs, state)),
        for_subject=subject_of(command.video_id),
    )


def require_runnable(name: str) -> None:
    """Raises Conflict for the one that the library runs by itself."""
    if name in ACQUIRING:
        raise Conflict("use_acquire", "Videos are acquired by asking for them.")


def require_inputs(plan: PipelinePlan, video: Video, state: Known) -> RunInputs:
    """What a run for this video begins with; raises Conflict when the plan needs its files and
    none lies in the library, or when another run works on it."""
    id = VideoId(video.id)
    if is_busy(state, id):
        raise Conflict("video_busy", "Another run of this video is going.")
    if "library" in begins_with(plan) and (
        video.state != "ready" or not any(present_files(state, id))
    ):
        raise Conflict("video_not_ready", "The pipeline needs a video that is in the library.")
    inputs = inputs_of(video, state)
    if "page" in begins_with(plan) and inputs.url is None:
        raise Conflict("video_has_no_page", "The pipeline needs a page; this came as a file.")
    return inputs


def inputs_of(video: Video, state: Known) -> RunInputs:
    """The page and the profile of a video, as they are now."""
    profile = state.get(Profile, video.profile_id) or state.get(Profile, DEFAULT_PROFILE)
    file = video.url.removeprefix(IMPORTED) if video.url.startswith(IMPORTED) else None
    return RunInputs(
        video_id=VideoId(video.id),
        url=None if file else video.url,
        file=f"import/{file}" if file else None,
        profile=profile.profile if profile else None,
    )
