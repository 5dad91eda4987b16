"""How jobs come, and what holds for them before they run: dependencies, deadlines, priorities."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, Later, ReadModel
from mvidarr_catalog.brain.state import Key, Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict
from mvidarr_common.messages.ids import JobId, derive
from mvidarr_common.messages.jobs import (
    EnqueueJob,
    JobAdded,
    JobCancelled,
    JobGivenUp,
    StopJob,
)
from mvidarr_common.messages.steering import JobOverdue, JobPriorityChanged, SetJobPriority

from .jobs import ENDED, UNSTOPPABLE, Job, existing, keep, site_of
from .lanes import take_turn
from .quotas import require_room

MOST_BEFORE = 1000
"""Jobs that may wait for one job: they are all set free in one decision."""

model = ReadModel()


@model.fold
def priority_changed(event: JobPriorityChanged, _: Envelope, state: State) -> None:
    """It lines up behind the others that its requester has at that priority."""
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED and job.priority != event.priority:
        turn = take_turn(state, job.queue, event.priority, job.requester)
        keep(state, job.changed(priority=event.priority, turn=turn))


@model.ahead
def to_be_added(_: EnqueueJob, cause: Envelope) -> Iterator[Key]:
    """Whether there is such a job is asked for all that are added together."""
    yield Job, _id_of(cause)


@model.decide
def enqueue(command: EnqueueJob, cause: Envelope, state: Known) -> Iterator[Decision]:
    require_room(state, cause.actor)
    for id in command.after:
        _require_usable(existing(state, id))
    if command.deadline and command.deadline <= cause.time:
        raise Conflict("deadline_passed", "The deadline is over already.")
    yield JobAdded(
        job_id=_id_of(cause),
        spec=command.spec,
        for_subject=command.for_subject,
        priority=command.priority,
        site=site_of(command.spec),
        after=command.after,
        deadline=command.deadline,
        run_limit=command.run_limit,
    )


@model.decide
def set_priority(command: SetJobPriority, _: Envelope, state: Known) -> Iterator[Decision]:
    job = existing(state, command.job_id)
    if job.state not in ("waiting", "paused"):
        raise Conflict("job_does_not_wait", f"Only what waits can be moved, not a {job.state} job.")
    if job.priority != command.priority:
        yield JobPriorityChanged(job_id=command.job_id, priority=command.priority)


@model.decide
def begin(event: JobAdded, _: Envelope, state: Known) -> Iterator[Decision]:
    """A job before it may have failed since it was asked for."""
    job = state.get(Job, event.job_id)
    before = [state.get(Job, id) for id in (job.waits_for if job else ())]
    if any(each and each.state in ENDED for each in before):
        yield _in_vain(event.job_id)
    elif event.deadline:
        yield Later(event.deadline, JobOverdue(job_id=event.job_id))


@model.decide
def after_failure(event: JobGivenUp, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _give_up_what_waits(event.job_id, state)


@model.decide
def after_cancellation(event: JobCancelled, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from _give_up_what_waits(event.job_id, state)


@model.decide
def overdue(event: JobOverdue, _: Envelope, state: Known) -> Iterator[Decision]:
    """What moves files is left to its end, which comes soon."""
    job = state.get(Job, event.job_id)
    if job is None or job.state in ENDED or (job.kind in UNSTOPPABLE and job.state == "running"):
        return
    yield JobGivenUp(
        job_id=event.job_id,
        code="deadline_passed",
        message="It had not ended when its deadline came.",
    )
    yield StopJob(job_id=event.job_id, attempt=job.attempt)


def _id_of(cause: Envelope) -> JobId:
    return JobId(derive(cause.id, "job"))


def _give_up_what_waits(id: JobId, state: Known) -> Iterator[Decision]:
    job = state.get(Job, id)
    for waiting in job.before if job and job.state in ENDED else ():
        dependent = state.get(Job, waiting)
        if dependent and dependent.state not in ENDED and id in dependent.waits_for:
            yield _in_vain(waiting)


def _in_vain(id: JobId) -> JobGivenUp:
    return JobGivenUp(
        job_id=id,
        code="dependency_failed",
        message="A job that it waited for failed or was cancelled.",
    )


def _require_usable(job: Job) -> None:
    if job.state in ("failed", "cancelled"):
        raise Conflict("dependency_failed", f"The job {job.id} before it is {job.state}.")
    if len(job.before) >= MOST_BEFORE:
        raise Conflict("too_many_wait", f"{MOST_BEFORE} jobs wait for {job.id} already.")
