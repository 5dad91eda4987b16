"""The jobs: their row, how facts move it, and what the brain decides about them."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from mvidarr_catalog.brain.filters import fields_of, inside
from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, NotFound
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import JobId, PipelineId, WorkerId, derive
from mvidarr_common.messages.jobs import (
    AnyResult,
    AnySpec,
    CancelJob,
    Download,
    EnqueueJob,
    Inspect,
    JobAdded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobHandedBack,
    JobQueued,
    JobRescheduled,
    JobStarted,
    RetryJob,
    StopJob,
)
from mvidarr_common.messages.queries import Failure, GetJob, Jobs, JobState, JobView, ListJobs

from .retries import MOST_STARTS, next_due

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
        ("state", "queue", "-priority", "due", "id"),
        ("for_subject",),
        ("added",),
        ("pipeline_id",),
    ),
):
    """One job. It waits for `due`; without it, for a decision about its failure. `spent` attempts
    before the present one count. With `split` that run does it, on many workers."""

    kind: str
    queue: str
    state: JobState
    attempt: int
    spent: int
    starts: int
    priority: int
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
    started: datetime | None
    ended: datetime | None
    spec: AnySpec
    result: AnyResult | None
    origin: Origin


model = ReadModel(rows=(Job,), version=4)

FIELDS = fields_of(
    Job, "id", "kind", "queue", "state", "attempt", "priority", "for_subject", "pipeline_id",
    "step", "site", "worker_id", "added", "due", "started", "ended",
) | {"failure.code": inside("text", "failure.code")}  # fmt: skip
"""What jobs are filtered by."""


@model.fold
def added(event: JobAdded, cause: Envelope, state: State) -> None:
    state.put(
        Job(
            id=event.job_id,
            kind=event.spec.kind,
            queue=event.spec.queue,
            state="waiting",
            attempt=1,
            spent=0,
            starts=0,
            priority=event.priority,
            for_subject=event.for_subject,
            pipeline_id=event.pipeline_id,
            step=event.step,
            site=event.site,
            split=None,
            worker_id=None,
            delivery=None,
            failure=None,
            added=cause.time,
            due=cause.time,
            started=None,
            ended=None,
            spec=event.spec,
            result=None,
            origin=_origin(cause),
        )
    )


@model.fold
def queued(event: JobQueued, _: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state == "waiting" and job.attempt == event.attempt:
        state.put(job.changed(state="queued"))


@model.fold
def started(event: JobStarted, cause: Envelope, state: State) -> None:
    """It may come before its `JobQueued`, and more than once when a lease was lost."""
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED and job.attempt == event.attempt:
        state.put(
            job.changed(
                state=job.state if job.state == "paused" else "running",
                starts=job.starts + 1,
                worker_id=event.worker_id,
                delivery=event.delivery,
                started=job.started or cause.time,
            )
        )


@model.fold
def completed(event: JobCompleted, cause: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED:
        state.put(
            job.changed(state="completed", result=event.result, ended=cause.time, failure=None)
        )


@model.fold
def failed(event: JobFailed, _: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED and job.attempt == event.attempt:
        failure = Failure(code=event.code, message=event.message)
        then: JobState = "paused" if job.state == "paused" else "waiting"
        state.put(job.changed(state=then, due=None, failure=failure, worker_id=None))


@model.fold
def handed_back(event: JobHandedBack, _: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state == "running" and job.delivery == event.delivery:
        state.put(job.changed(state="queued", starts=job.starts - 1, worker_id=None))


@model.fold
def rescheduled(event: JobRescheduled, cause: Envelope, state: State) -> None:
    """A success of the attempt before it, or a cancellation, may have come in between: that
    counts. A job that failed for good waits again, when somebody asks for it."""
    job = state.get(Job, event.job_id)
    if job and job.state not in ("completed", "cancelled") and event.attempt > job.attempt:
        state.put(
            job.changed(
                state="waiting",
                attempt=event.attempt,
                spent=job.spent + 1 if event.spent is None else event.spent,
                starts=0,
                due=event.due,
                ended=None,
                worker_id=None,
                origin=_origin(cause),
            )
        )


@model.fold
def given_up(event: JobGivenUp, cause: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED:
        failure = Failure(code=event.code, message=event.message)
        state.put(job.changed(state="failed", failure=failure, ended=cause.time, due=None))


@model.fold
def cancelled(event: JobCancelled, cause: Envelope, state: State) -> None:
    job = state.get(Job, event.job_id)
    if job and job.state not in ENDED:
        state.put(job.changed(state="cancelled", ended=cause.time, due=None))


@model.decide
def enqueue(command: EnqueueJob, cause: Envelope, _: Known) -> Iterator[Decision]:
    yield JobAdded(
        job_id=JobId(derive(cause.id, "job")),
        spec=command.spec,
        for_subject=command.for_subject,
        priority=command.priority,
        site=site_of(command.spec),
    )


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
    due = next_due(job.kind, event, job.spent + 1, cause.time)
    if due is None:
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
    if job.pipeline_id:
        raise Conflict("job_of_pipeline", "Its pipeline has ended; acquire the video again.")
    yield JobRescheduled(
        job_id=command.job_id, attempt=job.attempt + 1, due=cause.time, reason="asked for", spent=0
    )


@model.query
async def get(query: GetJob, read: Read) -> JobView:
    return view(await read.one(Job, query.id, "job"))


@model.query
async def list_jobs(query: ListJobs, read: Read) -> Jobs:
    jobs = read.table(Job)
    wanted = {"state": query.state, "kind": query.kind_is, "for_subject": query.for_subject}
    where = [jobs.c[name] == value for name, value in wanted.items() if value is not None]
    found = await read.page(Job, query, FIELDS, *where)
    return Jobs(items=tuple(view(job) for job in found.rows), next=found.next, total=found.total)


def cancelling(job: Job) -> Iterator[Decision]:
    """End a job that has not ended: for the read model, and for the worker that may run it."""
    yield JobCancelled(job_id=JobId(job.id))
    yield StopJob(job_id=JobId(job.id), attempt=job.attempt)


def site_of(spec: AnySpec) -> str | None:
    """The site whose budget a job spends."""
    return urlsplit(spec.url).hostname if isinstance(spec, Download | Inspect) else None


def view(job: Job) -> JobView:
    """A job as people see it."""
    fields = {name: getattr(job, name) for name in JobView.model_fields}
    fields["spec"] = job.spec.model_dump(mode="json")
    fields["result"] = job.result and job.result.model_dump(mode="json")
    return JobView(**fields)


def existing(state: Known, id: JobId) -> Job:
    """The job of this id; raises NotFound."""
    job = state.get(Job, id)
    if job is None:
        raise NotFound("job_not_found", f"There is no job {id}.")
    return job


def _origin(cause: Envelope) -> Origin:
    return Origin(
        id=cause.id,
        correlation_id=cause.correlation_id,
        actor=cause.actor,
        traceparent=cause.traceparent,
    )
