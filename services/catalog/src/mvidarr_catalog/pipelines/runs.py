"""Runs of pipelines: which steps have come to what, and which comes next."""

from collections.abc import Iterator
from typing import Literal

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.jobs.jobs import ENDED, UNSTOPPABLE, Job, cancelling, site_of
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import JobId, PipelineId, derive
from mvidarr_common.messages.jobs import (
    AnyResult,
    JobAdded,
    JobCancelled,
    JobCompleted,
    JobGivenUp,
    PipelineCancelled,
    PipelineCompleted,
    PipelineFailed,
    PipelineStarted,
    Tidy,
)

from . import PIPELINES
from .graph import Sofar, finished, ready

TIDY_PRIORITY = -10
"""Cleaning up waits behind work that somebody waits for."""


class Run(Row, table="pipelines", subject="pipeline", indexes=(("for_subject",),)):
    """One run of a pipeline: the job and the result of each step that has begun."""

    name: str
    for_subject: str
    state: Literal["running", "completed", "failed", "cancelled"]
    inputs: dict[str, object]
    jobs: dict[str, JobId]
    results: dict[str, AnyResult]


model = ReadModel(rows=(Run,), version=1)
_BY_NAME = {pipeline.name: pipeline for pipeline in PIPELINES}


@model.fold
def started(event: PipelineStarted, _: Envelope, state: State) -> None:
    state.put(
        Run(
            id=event.pipeline_id,
            name=event.name,
            for_subject=event.for_subject,
            state="running",
            inputs=event.inputs,
            jobs={},
            results={},
        )
    )


@model.fold
def step_begun(event: JobAdded, _: Envelope, state: State) -> None:
    run = state.get(Run, event.pipeline_id) if event.pipeline_id else None
    if run and event.step:
        state.put(run.changed(jobs=run.jobs | {event.step: event.job_id}))


@model.fold
def step_done(event: JobCompleted, _: Envelope, state: State) -> None:
    run, step = run_of(state, event.job_id)
    if run and run.state == "running" and step not in run.results:
        state.put(run.changed(results=run.results | {step: event.result}))


@model.fold
def completed(event: PipelineCompleted, _: Envelope, state: State) -> None:
    _end(state, event.pipeline_id, "completed")


@model.fold
def failed(event: PipelineFailed, _: Envelope, state: State) -> None:
    _end(state, event.pipeline_id, "failed")


@model.fold
def cancelled(event: PipelineCancelled, _: Envelope, state: State) -> None:
    _end(state, event.pipeline_id, "cancelled")


@model.decide
def begin(event: PipelineStarted, cause: Envelope, state: Known) -> Iterator[Decision]:
    run = state.get(Run, event.pipeline_id)
    if run:
        yield from _advance(run, cause, state)


@model.decide
def go_on(event: JobCompleted, cause: Envelope, state: Known) -> Iterator[Decision]:
    run, _ = run_of(state, event.job_id)
    if run and run.state == "running":
        yield from _advance(run, cause, state)


@model.decide
def fail(event: JobGivenUp, _: Envelope, state: Known) -> Iterator[Decision]:
    run, step = run_of(state, event.job_id)
    if run and run.state == "running":
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
def tidy_after_success(event: PipelineCompleted, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _tidy(event.pipeline_id, state)


@model.decide
def stop_after_failure(event: PipelineFailed, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _stop_jobs(event.pipeline_id, state)
    yield from _tidy(event.pipeline_id, state)


@model.decide
def stop_after_cancelling(
    event: PipelineCancelled, _: Envelope, state: Known
) -> Iterator[Decision]:
    yield from _stop_jobs(event.pipeline_id, state)
    yield from _tidy(event.pipeline_id, state)


def cancelling_run(run: Run) -> Iterator[Decision]:
    """End a run that is still going; its jobs are stopped when this is folded."""
    if run.state == "running":
        yield PipelineCancelled(
            pipeline_id=PipelineId(run.id), name=run.name, for_subject=run.for_subject
        )


def run_of(state: Known, job_id: JobId) -> tuple[Run | None, str]:
    """The run that a job is a step of, and the step's name."""
    job = state.get(Job, job_id)
    if job is None or job.pipeline_id is None or job.step is None:
        return None, ""
    return state.get(Run, job.pipeline_id), job.step


def _advance(run: Run, cause: Envelope, state: Known) -> Iterator[Decision]:
    pipeline = _BY_NAME[run.name]
    sofar = Sofar(run.inputs, run.results, state)
    if finished(pipeline, sofar):
        yield PipelineCompleted(
            pipeline_id=PipelineId(run.id), name=run.name, for_subject=run.for_subject
        )
    for step in ready(pipeline, sofar, set(run.jobs)):
        spec = step.spec(sofar)
        yield JobAdded(
            job_id=JobId(derive(run.id, step.name)),
            spec=spec,
            for_subject=run.for_subject,
            pipeline_id=PipelineId(run.id),
            step=step.name,
            site=site_of(spec),
        )


def _stop_jobs(id: PipelineId, state: Known) -> Iterator[Decision]:
    run = state.get(Run, id)
    for job_id in run.jobs.values() if run else ():
        job = state.get(Job, job_id)
        if job and job.state not in ENDED and job.kind not in UNSTOPPABLE:
            yield from cancelling(job)


def _tidy(id: PipelineId, state: Known) -> Iterator[Decision]:
    run = state.get(Run, id)
    if run and run.jobs:
        yield JobAdded(
            job_id=JobId(derive(run.id, "tidy")),
            spec=Tidy(jobs=tuple(run.jobs.values())),
            for_subject=run.for_subject,
            priority=TIDY_PRIORITY,
        )


def _end(state: State, id: PipelineId, how: Literal["completed", "failed", "cancelled"]) -> None:
    run = state.get(Run, id)
    if run and run.state == "running":
        state.put(run.changed(state=how))
