"""Jobs: look, move forward, pause, cancel, try again."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import Query, Request, Response

from mvidarr_api_gateway.answers import DECIDED
from mvidarr_api_gateway.bodies import JobChanges, Matching, NewJob, NewJobs
from mvidarr_api_gateway.bulk import BulkResults, perform_each
from mvidarr_api_gateway.bulk_bodies import ManyJobs, OneJob
from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.history import history_of
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages import Command, Message
from mvidarr_common.messages.batches import (
    BatchStarted,
    BatchView,
    ChangeJobs,
    Deed,
    EnqueueJobs,
    GetBatch,
)
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import CancelJob, EnqueueJob, JobAdded, RetryJob
from mvidarr_common.messages.queries import (
    GetJob,
    JobsWithMore,
    JobView,
    JobWithMore,
    Listing,
    ListJobs,
    Records,
    WithJob,
)
from mvidarr_common.messages.steering import PauseJob, ResumeJob, SetJobPriority

router = guarded_router("/api/v1/jobs", "jobs")


def _batch(fact: Message) -> GetBatch | None:
    return GetBatch(id=fact.batch_id) if isinstance(fact, BatchStarted) else None


DeedOfOne = Literal["cancel", "pause", "resume", "retry"]
DEEDS: dict[DeedOfOne, Callable[..., Command]] = {
    "cancel": CancelJob, "pause": PauseJob, "resume": ResumeJob, "retry": RetryJob,
}  # fmt: skip
BATCH = Reply(BatchStarted, _batch, "/api/v1/jobs/batches")


@router.get("", openapi_extra=needs("readonly"), response_model=JobsWithMore)
async def jobs(asked: Annotated[ListJobs, Query()], deps: Given) -> Response:
    """A page of jobs."""
    return json_bytes(await deps.reads.get(asked))


@router.post("", openapi_extra=needs("admin"), response_model=JobView, status_code=201)
async def enqueue(body: NewJob, request: Request) -> Response:
    """Add a job that belongs to no pipeline."""
    command = EnqueueJob(**dict(body))
    return await perform(request, command, Reply(JobAdded, _added, "/api/v1/jobs"))


@router.post("/bulk", openapi_extra=needs("admin"), response_model=BatchView, status_code=201)
async def enqueue_many(body: NewJobs, request: Request) -> Response:
    """Add up to 10,000 jobs; they come a few hundred at a time."""
    return await perform(request, EnqueueJobs(**dict(body)), BATCH)


@router.post("/bulk/{deed}", openapi_extra=needs("manager") | DECIDED, response_model=BulkResults)
async def each(deed: DeedOfOne, body: ManyJobs, request: Request) -> Response:
    """Do this to these jobs, to each for itself."""

    async def ask(item: OneJob) -> Command:
        return DEEDS[deed](job_id=item.id)

    return await perform_each(request, body.items, ask)


@router.post("/{deed}", openapi_extra=needs("manager"), response_model=BatchView, status_code=201)
async def change_many(deed: Deed, body: Matching, request: Request) -> Response:
    """Do this to every job that matches a filter."""
    return await perform(request, ChangeJobs(filter=body.filter, deed=deed), BATCH)


@router.get("/batches/{id}", openapi_extra=needs("readonly"), response_model=BatchView)
async def batch(id: str, deps: Given) -> Response:
    """How far a batch is."""
    return json_bytes(await deps.reads.get(GetBatch(id=id)))


@router.get("/{id}", openapi_extra=needs("readonly"), response_model=JobWithMore)
async def job(id: JobId, deps: Given, asked: Annotated[WithJob, Query()]) -> Response:
    """One job."""
    return json_bytes(await deps.reads.get(GetJob(id=id, **dict(asked))))


@router.patch("/{id}", openapi_extra=needs("manager"), response_model=JobView)
async def change(id: JobId, body: JobChanges, request: Request) -> Response:
    """Give it another priority while it waits: 9 is the most urgent."""
    command = SetJobPriority(job_id=id, priority=body.priority)
    return await perform(request, command, Reply(show=lambda _: GetJob(id=id)))


@router.post("/{id}/cancel", openapi_extra=needs("manager"), response_model=JobView)
async def cancel(id: JobId, request: Request) -> Response:
    """End it, wherever it is."""
    return await perform(request, CancelJob(job_id=id), Reply(show=lambda _: GetJob(id=id)))


@router.post("/{id}/pause", openapi_extra=needs("manager"), response_model=JobView)
async def pause(id: JobId, request: Request) -> Response:
    """Let it not run until it is resumed; what a worker has done of it is kept."""
    return await perform(request, PauseJob(job_id=id), Reply(show=lambda _: GetJob(id=id)))


@router.post("/{id}/resume", openapi_extra=needs("manager"), response_model=JobView)
async def resume(id: JobId, request: Request) -> Response:
    """Let it wait for its turn again."""
    return await perform(request, ResumeJob(job_id=id), Reply(show=lambda _: GetJob(id=id)))


@router.post("/{id}/retry", openapi_extra=needs("manager"), response_model=JobView)
async def retry(id: JobId, request: Request) -> Response:
    """Let it try again after it failed for good."""
    return await perform(request, RetryJob(job_id=id), Reply(show=lambda _: GetJob(id=id)))


@router.get("/{id}/history", openapi_extra=needs("readonly"), response_model=Records)
async def history(id: JobId, page: Annotated[Listing, Query()], deps: Given) -> Response:
    """Everything that happened to a job."""
    return await history_of(deps, f"job/{id}", page)


def _added(fact: Message) -> GetJob | None:
    return GetJob(id=fact.job_id) if isinstance(fact, JobAdded) else None
