"""`/command` and `/tag`, as *arr clients know them; see `arr/`."""

from typing import Any

from fastapi import Request, Response

from mvidarr_api_gateway.arr.commanding import ArrCommand, CommandBody, command_of
from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.guard import Given, Tolerant, guarded_router, needs
from mvidarr_api_gateway.responses import json_value
from mvidarr_common.messages import Message, Value
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import EnqueueJob, FindImports, JobAdded
from mvidarr_common.messages.queries import GetJob, JobView, ListJobs

router = guarded_router("/api/v1", "arr", Tolerant)


class Tag(Value):
    """A label of videos."""

    id: int
    label: str


@router.get("/tag", openapi_extra=needs("readonly"), response_model=list[Tag])
async def tags() -> Response:
    """None: videos are told apart by genre, artist and filters."""
    return json_value([])


@router.get("/command", openapi_extra=needs("readonly"), response_model=list[ArrCommand])
async def commands(deps: Given) -> Response:
    """The newest ones."""
    asked = ListJobs(filter="pipelineId = null", sort="-added", limit=50)
    page = await deps.reads.read(asked)
    return json_value([command_of(each).model_dump(mode="json") for each in page.items])


@router.post("/command", openapi_extra=needs("manager"), response_model=ArrCommand, status_code=201)
async def give(body: CommandBody, request: Request) -> Response:
    """Look for files below import/."""
    reply = Reply(JobAdded, _added, "/api/v1/command", _told)
    return await perform(request, EnqueueJob(spec=FindImports()), reply)


@router.get("/command/{id}", openapi_extra=needs("readonly"), response_model=ArrCommand)
async def command(id: JobId, deps: Given) -> Response:
    """How far one is."""
    job = await deps.reads.read(GetJob(id=id))
    return json_value(command_of(job).model_dump(mode="json"))


def _added(fact: Message) -> GetJob | None:
    return GetJob(id=fact.job_id) if isinstance(fact, JobAdded) else None


def _told(view: bytes, _: Message) -> dict[str, Any]:
    return command_of(JobView.model_validate_json(view)).model_dump(mode="json")
