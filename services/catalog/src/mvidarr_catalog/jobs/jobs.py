"""The jobs: their row, how facts move it, and what the brain decides about them."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common import sites
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, NotFound
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import JobId, PipelineId, WorkerId, derive
from mvidarr_common.messages.jobs import (
    AnyResult,
    AnySpec,
    CancelJob,
    Download,
    Inspect,
    JobAdded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobHandedBack,
    JobQueued,
    JobRescheduled,
    JobsFellDue,
    JobStarted,
    RetryJob,
    StopJob,
)
from mvidarr_common.messages.queries import Failure, JobState

from .lanes import NOBODY, count, reach, step, take_turn
from .retries import MOST_STARTS, next_due, policy_of

ENDED: frozenset[JobState] = frozenset({"completed", "failed", "cancelled"})
UNSTOPPABLE = frozenset({"place", "trash", "restore", "purge", "tidy", "rename"})
"""They take a moment and move files: stopped half-way they would leave what nobody knows of."""


class Origin(Value):
    """Whom a job's later messages name as their cause."""

    id: str
    correlation_id: str
    actor: str | None = None
    traceparent: str | None = None


class Job(
    Row,
    table="jobs",
    subject="job",
    indexes=(
        ("state", "queue"),
        ("line", "-priority", "turn", "added", "id"),
        ("wakes",),
        ("for_subject",),
        ("added",),
        ("pipeline_id",),
    ),
):
    """One job. It waits for `due`; without it, for the jobs of `waits_for` or for a decision about
    its failure. `spent` attempts before the present one count; `turn` is its place among the jobs
    of its priority; those of `before` wait for it. With `split` that run does it, on many workers.

    What may go at once stands in a `line` with those that need the same room: a place in the queue,
    at the site and of the requester. What is due later stands in none; it `wakes` then.
    """

    kind: str
    queue: str
    state: JobState
    attempt: int
    spent: int
    starts: int
    priority: int
    turn: int
    requester: str
    for_subject: str | None
    pipeline_id: PipelineId | None
    step: str | None
    site: str | None
    split: PipelineId | None
    worker_id: WorkerId | None
    delivery: str | None
    failure: Failure | None
    added: datetime
    due: datetime | None
    line: str | None
    wakes: datetime | None
    deadline: datetime | None
    run_limit: float | None
    started: datetime | None
    ended: datetime | None
    waits_for: tuple[JobId, ...]
    before: tuple[JobId, ...]
    spec: AnySpec
    result: AnyResult | None
    origin: Origin

    def changed(self, **fields: Any) -> "Job":
        """The same job with other values; what does not wait for its turn stands in no line."""
        waits = fields.get("state", self.state) == "waiting" and fields.get("due", self.due)
        return super().changed(**fields if waits else fields | {"line": None, "wakes": None})

    def lined_up(self, now: datetime) -> "Job":
        """Where it stands from now on, if it waits for a moment."""
        if self.due and self.due > now:
            return self.changed(line=None, wakes=self.due)
        return self.changed(line=_line(self.queue, self.site, self.requester), wakes=None)


model = ReadModel(rows=(Job,), version=8)


@model.fold
def added(event: JobAdded, cause: Envelope, state: State) -> None:
    requester = cause.actor or NOBODY
    waits_for = _not_completed(event, state)
    job = Job(
        id=event.job_id,
        kind=event.spec.kind,
        queue=event.spec.queue,
        state="waiting",
        attempt=1,
        spent=0,
        starts=0,
        priority=event.priority,
        turn=take_turn(state, event.spec.queue, event.priority, requester),
        requester=requester,
        for_subject=event.for_subject,
        pipeline_id=event.pipeline_id,
        step=event.step,
        site=sites.site_named(event.site) if event.site else None,
        split=None,
        worker_id=None,
        delivery=None,
        failure=None,
        added=cause.time,
        due=None if waits_for else cause.time,
        line=None,
        wakes=None,
        deadline=event.deadline,
        run_limit=event.run_limit,
        started=None,
        ended=None,
        waits_for=waits_for,
        before=(),
        spec=event.spec,
        result=None,
        origin=origin_of(cause),
    )
    keep(state, job.lined_up(cause.time))


@model.fold
def queued(event: JobQueued, _: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state == "waiting" and job.attempt == event.attempt:
        keep(state, job.changed(state="queued"))
        reach(state, job.queue, job.priority, job.turn)


@model.fold
def started(event: JobStarted, cause: Envelope, state: State) -> None:
    """It may come before its `JobQueued`, and more than once when a lease was lost."""
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED and job.attempt == event.attempt:
        keep(
            state,
            job.changed(
                state=job.state if job.state == "paused" else "running",
                starts=job.starts + 1,
                worker_id=event.worker_id,
                delivery=event.delivery,
                started=job.started or cause.time,
            ),
        )


@model.fold
def completed(event: JobCompleted, cause: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED:
        done = job.changed(state="completed", result=event.result, ended=cause.time, failure=None)
        keep(state, done)
        for id in job.before:
            _free(state, id, job.id, cause)


@model.fold
def failed(event: JobFailed, _: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED and job.attempt == event.attempt:
        failure = Failure(code=event.code, message=event.message)
        then: JobState = "paused" if job.state == "paused" else "waiting"
        keep(state, job.changed(state=then, due=None, failure=failure, worker_id=None))


@model.fold
def handed_back(event: JobHandedBack, _: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state == "running" and job.delivery == event.delivery:
        keep(state, job.changed(state="queued", starts=job.starts - 1, worker_id=None))


@model.fold
def rescheduled(event: JobRescheduled, cause: Envelope, state: State) -> None:
    """A success of the attempt before it, or a cancellation, may have come in between: that
    counts. A job that failed for good waits again, when somebody asks for it."""
    job = state.get(Job, event.job_id)
    if job and job.state not in ("completed", "cancelled") and event.attempt > job.attempt:
        again = job.changed(
            state="waiting",
            attempt=event.attempt,
            spent=job.spent + 1 if event.spent is None else event.spent,
            starts=0,
            due=None if job.waits_for else event.due,
            ended=None,
            worker_id=None,
            origin=origin_of(cause),
        )
        keep(state, again.lined_up(cause.time))


@model.fold
def fell_due(event: JobsFellDue, cause: Envelope, state: State) -> None:
    """It may have been changed since: it may be due later."""
    state.need(Job, event.job_ids)
    for id in event.job_ids:
        if (job := state.get(Job, id)) and job.wakes:
            keep(state, job.lined_up(cause.time))


@model.fold
def given_up(event: JobGivenUp, cause: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED:
        failure = Failure(code=event.code, message=event.message)
        keep(state, job.changed(state="failed", failure=failure, ended=cause.time, due=None))


@model.fold
def cancelled(event: JobCancelled, cause: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED:
        keep(state, job.changed(state="cancelled", ended=cause.time, due=None))


@model.decide
def stop_what_is_not_wanted(event: JobStarted, _: Envelope, state: Known) -> Iterator[Decision]:
    """A start of a job that has ended, or of an older attempt; or one start too many."""
    job = state.get(Job, event.job_id)
    if job is None or job.state in ENDED or event.attempt < job.attempt:
        yield StopJob(job_id=event.job_id, attempt=event.attempt)
    elif job.starts >= MOST_STARTS:
        yield JobFailed(
            job_id=event.job_id,
            attempt=event.attempt,
            code="worker_crashed",
            message=f"Its worker ended {job.starts - 1} times in the middle of it.",
            retryable=False,
        )
        yield StopJob(job_id=event.job_id, attempt=event.attempt)


@model.decide
def stop_others(event: JobCompleted, _: Envelope, state: Known) -> Iterator[Decision]:
    """An older attempt has come through after all: the newer one works in vain."""
    job = state.get(Job, event.job_id)
    if job and job.attempt > event.attempt:
        yield StopJob(job_id=event.job_id, attempt=job.attempt)


@model.decide
def try_again_or_give_up(event: JobFailed, cause: Envelope, state: Known) -> Iterator[Decision]:
    job = state.get(Job, event.job_id)
    if job is None or job.state != "waiting" or job.due or job.attempt != event.attempt:
        return  # ended otherwise, or decided already
    policy = policy_of(state, job.kind)
    due = next_due(policy, event, job.spent + 1, cause.time, cause.id)
    if due is None or (job.deadline and due >= job.deadline):
        yield JobGivenUp(job_id=event.job_id, code=event.code, message=event.message)
    else:
        yield JobRescheduled(
            job_id=event.job_id, attempt=event.attempt + 1, due=due, reason=event.message
        )


@model.decide
def cancel(command: CancelJob, _: Envelope, state: Known) -> Iterator[Decision]:
    job = existing(state, command.job_id)
    if job.state in ENDED:
        raise Conflict("job_has_ended", f"The job has ended already: {job.state}.")
    if job.kind in UNSTOPPABLE:
        raise Conflict("not_cancellable", f"A {job.kind} job moves files and is not stopped.")
    yield from cancelling(job)


@model.decide
def retry(command: RetryJob, cause: Envelope, state: Known) -> Iterator[Decision]:
    job = existing(state, command.job_id)
    if job.state != "failed":
        raise Conflict(
            "job_has_not_failed", f"Only a failed job is tried again, not a {job.state}."
        )
    if job.waits_for:
        raise Conflict("dependency_failed", "A job that it waits for has not been completed.")
    if job.pipeline_id:
        raise Conflict("job_of_pipeline", "Its pipeline has ended; acquire the video again.")
    yield JobRescheduled(
        job_id=command.job_id, attempt=job.attempt + 1, due=cause.time, reason="asked for", spent=0
    )


def cancelling(job: Job) -> Iterator[Decision]:
    """End a job that has not ended: for the read model, and for the worker that may run it."""
    yield JobCancelled(job_id=JobId(job.id))
    yield StopJob(job_id=JobId(job.id), attempt=job.attempt)


def site_of(spec: AnySpec) -> str | None:
    """The site whose budget a job spends."""
    return sites.site_of(spec.url) if isinstance(spec, Download | Inspect) else None


def existing(state: Known, id: JobId) -> Job:
    """The job of this id; raises NotFound."""
    job = state.get(Job, id)
    if job is None:
        raise NotFound("job_not_found", f"There is no job {id}.")
    return job


def origin_of(cause: Envelope) -> Origin:
    """What later messages name as their cause."""
    return Origin(
        id=cause.id,
        correlation_id=cause.correlation_id,
        actor=cause.actor,
        traceparent=cause.traceparent,
    )


def keep(state: State, job: Job) -> None:
    """Write it; count it in its line, and for whoever asked for it while it has not ended."""
    before = state.get(Job, job.id)
    state.put(job)
    step(state, before.line if before else None, job.line)
    was_open = before is not None and before.state not in ENDED
    count(state, job.requester, (job.state not in ENDED) - was_open)


def _not_completed(event: JobAdded, state: State) -> tuple[JobId, ...]:
    """Those of the jobs before it that are still to be done; they remember who waits for them."""
    found = [job for id in event.after if (job := state.get(Job, id))]
    wanted = [job for job in found if job.state != "completed"]
    for job in wanted:
        keep(state, job.changed(before=(*job.before, event.job_id)))
    return tuple(JobId(job.id) for job in wanted)


def _free(state: State, id: JobId, done: str, cause: Envelope) -> None:
    """One job less to wait for; after the last it may run."""
    job = state.get(Job, id)
    if job is None:
        return
    left = tuple(each for each in job.waits_for if each != done)
    may_run = not left and job.state == "waiting" and job.waits_for
    freed = job.changed(waits_for=left, due=cause.time if may_run else job.due)
    keep(state, freed.lined_up(cause.time) if may_run else freed)


@lru_cache(10_000)
def _line(queue: str, site: str | None, requester: str) -> str:
    """Short, however long the names are."""
    return derive(queue, site or "", requester)
