"""Runs of pipelines: what has come of each step. `advancing` decides which comes next."""

from datetime import datetime
from typing import Literal

from mvidarr_catalog.brain.model import ReadModel
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import JobId, PipelineId
from mvidarr_common.messages.jobs import (
    AnyResult,
    JobAdded,
    JobCompleted,
    JobGivenUp,
    PipelineCancelled,
    PipelineCompleted,
    PipelineExpired,
    PipelineFailed,
    PipelineRetried,
    PipelineStarted,
)
from mvidarr_common.messages.queries import Failure, RunState
from mvidarr_common.messages.work.plans import AnyStep, PipelinePlan

from .conditions import holds
from .graph import Progress, Wanted
from .specs import is_possible
from .standard import STANDARD
from .task import RunInputs, Task


class Run(
    Row,
    table="pipelines",
    subject="pipeline",
    indexes=(("for_subject",), ("added",), ("state",), ("bulk_id",)),
):
    """One run: the job, the result or the failure of each step that has begun. Without a `plan`
    it is the standard one. `expired`: what its steps have made is gone."""

    name: str
    for_subject: str
    state: RunState
    inputs: dict[str, object]
    plan: PipelinePlan | None
    version: int | None
    bulk_id: str | None
    attempt: int
    jobs: dict[str, JobId]
    results: dict[str, AnyResult]
    failures: dict[str, Failure]
    failure: Failure | None
    failed_step: str | None
    expired: bool
    added: datetime
    ended: datetime | None

    @property
    def steps(self) -> PipelinePlan:
        """The plan with which it has begun."""
        return self.plan or STANDARD[self.name]

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return Progress(self.results.keys(), self.failures.keys(), self.jobs.keys())


model = ReadModel(rows=(Run,), version=2)


@model.fold
def started(event: PipelineStarted, cause: Envelope, state: State) -> None:
    state.put(
        Run(
            id=event.pipeline_id,
            name=event.name,
            for_subject=event.for_subject,
            state="running",
            inputs=event.inputs,
            plan=event.plan,
            version=event.edition,
            bulk_id=event.bulk_id,
            attempt=1,
            jobs={},
            results={},
            failures={},
            failure=None,
            failed_step=None,
            expired=False,
            added=cause.time,
            ended=None,
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
def step_failed(event: JobGivenUp, _: Envelope, state: State) -> None:
    run, step = run_of(state, event.job_id)
    if run and run.state == "running" and step not in run.results:
        failure = Failure(code=event.code, message=event.message)
        state.put(run.changed(failures=run.failures | {step: failure}))


@model.fold
def completed(event: PipelineCompleted, cause: Envelope, state: State) -> None:
    _end(state, event.pipeline_id, "completed", cause)


@model.fold
def failed(event: PipelineFailed, cause: Envelope, state: State) -> None:
    failure = Failure(code=event.code, message=event.message)
    _end(state, event.pipeline_id, "failed", cause, failure=failure, failed_step=event.step)


@model.fold
def cancelled(event: PipelineCancelled, cause: Envelope, state: State) -> None:
    _end(state, event.pipeline_id, "cancelled", cause)


@model.fold
def retried(event: PipelineRetried, _: Envelope, state: State) -> None:
    """What was done stays done; everything else has never begun."""
    run = state.get(Run, event.pipeline_id)
    if run and run.state == "failed" and event.attempt == run.attempt + 1:
        results = {} if event.anew else run.results
        jobs = {step: job for step, job in run.jobs.items() if step in results}
        now: dict[str, object] = {"state": "running", "attempt": event.attempt, "expired": False}
        none: dict[str, object] = {
            "failures": {},
            "failure": None,
            "failed_step": None,
            "ended": None,
        }
        state.put(run.changed(results=results, jobs=jobs, **now, **none))


@model.fold
def expired(event: PipelineExpired, _: Envelope, state: State) -> None:
    run = state.get(Run, event.pipeline_id)
    if run and run.state == "failed":
        state.put(run.changed(expired=True))


def run_of(state: Known, job_id: JobId) -> tuple[Run | None, str]:
    """The run that a job is a step of, and the step's name. A job of an earlier attempt is none."""
    job = state.get(Job, job_id)
    run = state.get(Run, job.pipeline_id) if job and job.pipeline_id and job.step else None
    if job is None or run is None or job.step is None or run.jobs.get(job.step) != job_id:
        return None, ""
    return run, job.step


def task_of(run: Run, step: AnyStep, state: Known) -> Task:
    """A step with all that its run knows."""
    return Task(run.steps, step, RunInputs.model_validate(run.inputs), run.results, state)


def wanted(run: Run, state: Known) -> Wanted:
    """Whether a step of the run is needed."""

    def is_wanted(step: AnyStep) -> bool:
        task = task_of(run, step, state)
        return holds(step.when, task.facts()) and is_possible(task)

    return is_wanted


def _end(
    state: State,
    id: PipelineId,
    how: Literal["completed", "failed", "cancelled"],
    cause: Envelope,
    **more: object,
) -> None:
    run = state.get(Run, id)
    if run and run.state == "running":
        state.put(run.changed(state=how, ended=cause.time, **more))
