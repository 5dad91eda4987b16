"""Pipelines: the standard ones, people's own, a dry run, and how a run begins."""

from fastapi import Request, Response

from mvidarr_api_gateway.bodies import Over, PlanBody, Trial
from mvidarr_api_gateway.commanding import NOTHING, Reply, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_api_gateway.results import with_result
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import JobAdded, PipelineStarted
from mvidarr_common.messages.pipelines import (
    BulkStarted,
    DeletePipeline,
    PipelineName,
    RunPipeline,
    RunPipelineOver,
    SavePipeline,
    TryPipeline,
)
from mvidarr_common.messages.queries import (
    BulkView,
    GetBulk,
    GetJob,
    GetPipeline,
    GetRun,
    JobView,
    ListPipelines,
    Pipelines,
    PipelineView,
    RunView,
)

router = guarded_router("/api/v1/pipelines", "pipelines")


@router.get("", openapi_extra=needs("readonly"), response_model=Pipelines)
async def pipelines(deps: Given) -> Response:
    """All of them, with their steps."""
    return json_bytes(await deps.reads.get(ListPipelines()))


@router.post("/try", openapi_extra=needs("manager"), response_model=JobView, status_code=201)
async def try_out(body: Trial, request: Request) -> Response:
    """Show what a run would do to a video: a job whose result holds each step's commands, with
    `Prefer: wait=` at once. Nothing is read or written."""
    command = TryPipeline(video_id=body.video_id, name=body.name, plan=body.plan)
    answer = await perform(request, command, Reply(JobAdded, _shown_by, "/api/v1/jobs"))
    return await with_result(request, answer)


@router.get("/{name}", openapi_extra=needs("readonly"), response_model=PipelineView)
async def pipeline(name: PipelineName, deps: Given) -> Response:
    """One pipeline as it is now."""
    return json_bytes(await deps.reads.get(GetPipeline(id=name)))


@router.put("/{name}", openapi_extra=needs("manager"), response_model=PipelineView)
async def save(name: PipelineName, body: PlanBody, request: Request) -> Response:
    """Make a pipeline, or give it another plan. Runs that have begun keep theirs."""
    reply = Reply(show=lambda _: GetPipeline(id=name))
    return await perform(request, SavePipeline(name=name, plan=body), reply)


@router.delete("/{name}", openapi_extra=needs("manager"), status_code=204)
async def delete(name: PipelineName, request: Request) -> Response:
    """Forget a pipeline; runs that have begun go on."""
    return await perform(request, DeletePipeline(name=name), NOTHING)


@router.post(
    "/{name}/run/{video_id}", openapi_extra=needs("manager"), response_model=RunView,
    status_code=201,
)  # fmt: skip
async def run(name: PipelineName, video_id: VideoId, request: Request) -> Response:
    """Begin a run for a video."""
    command = RunPipeline(name=name, video_id=video_id)
    return await perform(request, command, Reply(PipelineStarted, begun, "/api/v1/runs"))


@router.post(
    "/{name}/run", openapi_extra=needs("manager"), response_model=BulkView, status_code=201
)
async def run_over(name: PipelineName, body: Over, request: Request) -> Response:
    """Begin a run for every video that a filter matches."""
    command = RunPipelineOver(name=name, filter=body.filter)
    return await perform(request, command, Reply(BulkStarted, _bulk, "/api/v1/bulks"))


def begun(fact: Message) -> GetRun | None:
    """Asks for the run that has begun."""
    return GetRun(id=fact.pipeline_id) if isinstance(fact, PipelineStarted) else None


def _shown_by(fact: Message) -> GetJob | None:
    return GetJob(id=fact.job_id) if isinstance(fact, JobAdded) else None


def _bulk(fact: Message) -> GetBulk | None:
    return GetBulk(id=fact.bulk_id) if isinstance(fact, BulkStarted) else None
