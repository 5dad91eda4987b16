"""Jobs that people pause and resume: wherever they are, and whatever a worker has done of them."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobFailed, JobGivenUp, JobRescheduled, JobStarted, StopJob
from mvidarr_common.messages.steering import JobPaused, PauseJob, ResumeJob

from .jobs import ENDED, UNSTOPPABLE, Job, existing, keep

model = ReadModel(rows=(), version=1)


@model.fold
def paused(event: JobPaused, _: Envelope, state: State) -> None:
    """A word of a worker about an attempt that was resumed meanwhile changes nothing."""
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED and job.attempt == event.attempt:
        worker = None if event.worker_id else job.worker_id
        keep(state, job.changed(state="paused", due=None, worker_id=worker))


@model.decide
def pause(command: PauseJob, _: Envelope, state: Known) -> Iterator[Decision]:
    job = existing(state, command.job_id)
    if job.state in ENDED:
        raise Conflict("job_has_ended", f"The job has ended already: {job.state}.")
    if job.kind in UNSTOPPABLE and job.state != "waiting":
        raise Conflict("not_pausable", f"A {job.kind} job moves files and is not stopped.")
    if job.state != "paused":
        yield from pausing(job)


@model.decide
def resume(command: ResumeJob, cause: Envelope, state: Known) -> Iterator[Decision]:
    """A new attempt that costs none: the old one may still be on its way to its end."""
    job = existing(state, command.job_id)
    if job.state != "paused":
        raise Conflict("job_is_not_paused", f"The job is not paused but {job.state}.")
    yield JobRescheduled(
        job_id=command.job_id,
        attempt=job.attempt + 1,
        due=cause.time,
        reason="resumed",
        spent=job.spent,
    )


@model.decide
def stop_again(event: JobStarted, _: Envelope, state: Known) -> Iterator[Decision]:
    """It was on its way to a worker when it was paused."""
    job = state.get(Job, event.job_id)
    if job and job.state == "paused" and job.attempt == event.attempt:
        yield _stop(job)


@model.decide
def give_up(event: JobFailed, _: Envelope, state: Known) -> Iterator[Decision]:
    """It failed for good before its worker heard of the pause."""
    job = state.get(Job, event.job_id)
    if job and job.state == "paused" and job.attempt == event.attempt and not event.retryable:
        yield JobGivenUp(job_id=event.job_id, code=event.code, message=event.message)


def pausing(job: Job) -> Iterator[Decision]:
    """Let it not run: for the read model, and for the worker that may run it."""
    yield JobPaused(job_id=JobId(job.id), attempt=job.attempt)
    yield _stop(job)


def _stop(job: Job) -> StopJob:
    return StopJob(job_id=JobId(job.id), attempt=job.attempt, reason="pause")
