"""Runs of pipelines: look, cancel, go on from the step that failed."""

from typing import Annotated

from fastapi import Query, Request, Response

from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.going import live_run, live_runs
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.history import history_of
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages.ids import PipelineId
from mvidarr_common.messages.pipelines import CancelPipeline, RetryPipeline
from mvidarr_common.messages.queries import GetRun, Listing, ListRuns, Records, Runs, RunView

router = guarded_router("/api/v1/runs", "pipelines")


@router.get("", openapi_extra=needs("readonly"), response_model=Runs)
async def runs(asked: Annotated[ListRuns, Query()], deps: Given) -> Response:
    """A page of runs, each with its steps."""
    return json_bytes(live_runs(await deps.reads.get(asked), deps.progress))


@router.get("/{id}", openapi_extra=needs("readonly"), response_model=RunView)
async def run(id: PipelineId, deps: Given) -> Response:
    """One run: what has become of every step, and how far the whole is."""
    return json_bytes(live_run(await deps.reads.get(GetRun(id=id)), deps.progress))


@router.post("/{id}/cancel", openapi_extra=needs("manager"), response_model=RunView)
async def cancel(id: PipelineId, request: Request) -> Response:
    """End it with all its jobs."""
    reply = Reply(show=lambda _: GetRun(id=id))
    return await perform(request, CancelPipeline(pipeline_id=id), reply)


@router.post("/{id}/retry", openapi_extra=needs("manager"), response_model=RunView)
async def retry(id: PipelineId, request: Request) -> Response:
    """Let a failed run go on from the step that failed."""
    reply = Reply(show=lambda _: GetRun(id=id))
    return await perform(request, RetryPipeline(pipeline_id=id), reply)


@router.get("/{id}/history", openapi_extra=needs("readonly"), response_model=Records)
async def history(id: PipelineId, page: Annotated[Listing, Query()], deps: Given) -> Response:
    """Everything that happened to a run."""
    return await history_of(deps, f"pipeline/{id}", page)
