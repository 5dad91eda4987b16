"""What a run does next: begins what is ready, ends, is cancelled, is tried again."""

from collections.abc import Iterator
from datetime import timedelta

from mvidarr_catalog.brain.model import Decision, Later, ReadModel
from mvidarr_catalog.brain.state import Known
from mvidarr_catalog.jobs.jobs import ENDED, UNSTOPPABLE, Job, cancelling, site_of
from mvidarr_catalog.library.videos import ACQUIRING, Video
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, NotFound
from mvidarr_common.messages.ids import JobId, PipelineId, derive
from mvidarr_common.messages.jobs import (
    JobAdded,
    JobCancelled,
    JobCompleted,
    JobGivenUp,
    PipelineCancelled,
    PipelineCompleted,
    PipelineExpired,
    PipelineFailed,
    PipelineRetried,
    PipelineStarted,
    Tidy,
)
from mvidarr_common.messages.pipelines import CancelPipeline, ExpirePipeline, RetryPipeline

from .graph import finished, is_caught, ready
from .runs import Run, run_of, task_of, wanted
from .specs import spec_of
from .task import RunInputs

TIDY_PRIORITY = -10
"""Cleaning up waits behind work that somebody waits for."""

NOT_RETRIED = ("split",)
"""Runs whose failure is another's to deal with."""

KEPT = timedelta(days=1)
"""How long what a failed run has made is kept for another try."""

model = ReadModel()


@model.decide
def begin(event: PipelineStarted, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _advance(state.get(Run, event.pipeline_id), state)


@model.decide
def go_on(event: JobCompleted, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _advance(run_of(state, event.job_id)[0], state)


@model.decide
def go_on_or_fail(event: JobGivenUp, _: Envelope, state: Known) -> Iterator[Decision]:
    run, step = run_of(state, event.job_id)
    if run is None or run.state != "running":
        return
    if is_caught(run.steps, step):
        yield from _advance(run, state)
        return
    yield PipelineFailed(
        pipeline_id=PipelineId(run.id),
        name=run.name,
        for_subject=run.for_subject,
        step=step,
        code=event.code,
        message=event.message,
    )


@model.decide
def cancel_with_a_job(event: JobCancelled, _: Envelope, state: Known) -> Iterator[Decision]:
    run, _step = run_of(state, event.job_id)
    if run:
        yield from cancelling_run(run)


@model.decide
def cancel(command: CancelPipeline, _: Envelope, state: Known) -> Iterator[Decision]:
    run = existing(state, command.pipeline_id)
    if run.state != "running":
        raise Conflict("run_has_ended", f"The run has ended already: {run.state}.")
    yield from cancelling_run(run)


@model.decide
def retry(command: RetryPipeline, _: Envelope, state: Known) -> Iterator[Decision]:
    run = existing(state, command.pipeline_id)
    if run.state != "failed":
        raise Conflict("run_has_not_failed", f"Only a failed run is retried, not a {run.state}.")
    id = RunInputs.model_validate(run.inputs).video_id
    video = state.get(Video, id)
    if video is None or video.state == "deleted":
        raise Conflict("not_retryable", "Its video is gone.")
    if run.name in ACQUIRING and (video.state, video.pipeline_id) != ("failed", run.id):
        raise Conflict("not_retryable", f"Its video has gone another way: it is {video.state}.")
    yield PipelineRetried(
        pipeline_id=command.pipeline_id,
        name=run.name,
        for_subject=run.for_subject,
        attempt=run.attempt + 1,
        anew=run.expired,
    )


@model.decide
def begin_again(event: PipelineRetried, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _advance(state.get(Run, event.pipeline_id), state)


@model.decide
def tidy_after_success(event: PipelineCompleted, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _tidy(event.pipeline_id, state)


@model.decide
def stop_after_failure(event: PipelineFailed, cause: Envelope, state: Known) -> Iterator[Decision]:
    """What was made is kept for another try, unless the next try would need it made anew."""
    yield from _stop_jobs(event.pipeline_id, state)
    run = state.get(Run, event.pipeline_id)
    if run is None:
        return
    kinds = {step.name: step.does for step in run.steps.steps}
    if not run.results or kinds.get(event.step) == "verify" or run.name in NOT_RETRIED:
        yield PipelineExpired(pipeline_id=event.pipeline_id)
    else:
        forget = ExpirePipeline(pipeline_id=event.pipeline_id, attempt=run.attempt)
        yield Later(cause.time + KEPT, forget)


@model.decide
def expire(command: ExpirePipeline, _: Envelope, state: Known) -> Iterator[Decision]:
    run = state.get(Run, command.pipeline_id)
    if run and run.state == "failed" and run.attempt == command.attempt and not run.expired:
        yield PipelineExpired(pipeline_id=command.pipeline_id)


@model.decide
def tidy_expired(event: PipelineExpired, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _tidy(event.pipeline_id, state)


@model.decide
def stop_after_cancelling(
    event: PipelineCancelled, _: Envelope, state: Known
) -> Iterator[Decision]:
    yield from _stop_jobs(event.pipeline_id, state)
    yield from _tidy(event.pipeline_id, state)


def existing(state: Known, id: PipelineId) -> Run:
    """The run of this id; raises NotFound."""
    run = state.get(Run, id)
    if run is None:
        raise NotFound("run_not_found", f"There is no run {id}.")
    return run


def cancelling_run(run: Run) -> Iterator[Decision]:
    """End a run that is still going; its jobs are stopped when this is folded."""
    if run.state == "running":
        yield PipelineCancelled(
            pipeline_id=PipelineId(run.id), name=run.name, for_subject=run.for_subject
        )


def _advance(run: Run | None, state: Known) -> Iterator[Decision]:
    if run is None or run.state != "running":
        return
    is_wanted = wanted(run, state)
    if finished(run.steps, run.progress, is_wanted):
        yield PipelineCompleted(
            pipeline_id=PipelineId(run.id), name=run.name, for_subject=run.for_subject
        )
    for step in ready(run.steps, run.progress, is_wanted):
        spec = spec_of(task_of(run, step, state))
        yield JobAdded(
            job_id=_job_id(run, step.name),
            spec=spec,
            for_subject=run.for_subject,
            pipeline_id=PipelineId(run.id),
            step=step.name,
            site=site_of(spec),
        )


def _job_id(run: Run, step: str) -> JobId:
    return JobId(derive(run.id, step) if run.attempt == 1 else derive(run.id, step, run.attempt))


def _stop_jobs(id: PipelineId, state: Known) -> Iterator[Decision]:
    run = state.get(Run, id)
    for job_id in run.jobs.values() if run else ():
        job = state.get(Job, job_id)
        if job and job.state not in ENDED and job.kind not in UNSTOPPABLE:
            yield from cancelling(job)


def _tidy(id: PipelineId, state: Known) -> Iterator[Decision]:
    run = state.get(Run, id)
    jobs = tuple(_staged(run, state)) if run else ()
    if run and jobs:
        yield JobAdded(
            job_id=_job_id(run, "tidy"),
            spec=Tidy(jobs=jobs),
            for_subject=run.for_subject,
            priority=TIDY_PRIORITY,
        )


def _staged(run: Run, state: Known) -> Iterator[JobId]:
    """The jobs whose folders it leaves: of a job that was split the one that joined the parts. That
    one's folder stays as long as the job's own would."""
    for step, id in run.jobs.items():
        if not (run.name == "split" and run.state == "completed" and step == "join"):
            yield id
        job = state.get(Job, id)
        split = state.get(Run, job.split) if job and job.split else None
        if split and "join" in split.jobs:
            yield split.jobs["join"]
