"""The log for administrators: figures, search, comparison with the archive, out and in again."""

from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from mvidarr_api_gateway.answers import NO_COMMAND
from mvidarr_api_gateway.bodies import Body
from mvidarr_api_gateway.commanding import Reply, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.moving import append_records, exported
from mvidarr_api_gateway.responses import json_bytes, json_value
from mvidarr_api_gateway.verifying import verified
from mvidarr_common.messages import Value
from mvidarr_common.messages.archive import (
    BeginImport,
    EndImport,
    FindRecords,
    GetLogStats,
    ImportBegun,
    ImportEnded,
    LogStats,
    LogVerified,
)
from mvidarr_common.messages.queries import GetSystem, Records
from mvidarr_common.messages.system import CommandUnchanged, RestoreLog

router = guarded_router("/api/v1/log", "log")
BYTES = {"schema": {"type": "string", "format": "binary"}}
GZIP: dict[int | str, dict[str, object]] = {200: {"content": {"application/gzip": BYTES}}}
LINES = {
    "requestBody": {"content": {"application/octet-stream": BYTES}, "required": True}
} | NO_COMMAND


class Stretch(Value):
    """Records behind an offset."""

    after: int = Field(default=-1, ge=-1)
    limit: int = Field(default=2000, ge=1, le=10_000)


class Handed(Body):
    """How many records were handed over."""

    records: int = Field(ge=0)


@router.get("/stats", openapi_extra=needs("admin"), response_model=LogStats)
async def stats(deps: Given) -> Response:
    """How much there is of what."""
    return json_bytes(await deps.reads.get(GetLogStats()))


@router.get("/search", openapi_extra=needs("admin"), response_model=Records)
async def search(asked: Annotated[FindRecords, Query()], deps: Given) -> Response:
    """Records that contain a text, are of a type, or about a subject; oldest first."""
    return json_bytes(await deps.reads.get(asked))


@router.get("/verify", openapi_extra=needs("admin"), response_model=LogVerified)
async def verify(asked: Annotated[Stretch, Query()], deps: Given) -> Response:
    """Compare a stretch of the log with the archive; go on behind `offset` until it is `end`."""
    found = await verified(deps, asked.after, asked.limit)
    return json_value(found.model_dump(mode="json"))


@router.get(
    "/export", openapi_extra=needs("admin"), responses=GZIP, response_class=StreamingResponse
)
async def export(deps: Given) -> Response:
    """Every record whole, secrets too, as JSON Lines; keep it like a password."""
    name = {"Content-Disposition": 'attachment; filename="mvidarr-log.jsonl.gz"'}
    return StreamingResponse(exported(deps), headers=name, media_type="application/gzip")


@router.post("/restore", openapi_extra=needs("admin"), response_model=CommandUnchanged)
async def restore(request: Request, deps: Given) -> Response:
    """Make the broker's log the one of this library, also if another one has used it."""
    system = await deps.reads.read(GetSystem())
    return await perform(request, RestoreLog(log_id=system.log_id), Reply(show=lambda _: None))


@router.post("/import", openapi_extra=needs("admin"), response_model=ImportBegun | CommandUnchanged)
async def begin(request: Request) -> Response:
    """Begin to take over another log; only an empty system can."""
    return await perform(request, BeginImport(), Reply(ImportBegun, show=lambda _: None))


@router.post("/import/records", openapi_extra=needs("admin") | LINES, status_code=204)
async def records(request: Request, deps: Given) -> Response:
    """Some lines of an export, in their order."""
    await append_records(deps, await request.body())
    return Response(status_code=204)


@router.post(
    "/import/end", openapi_extra=needs("admin"), response_model=ImportEnded | CommandUnchanged
)
async def end(body: Handed, request: Request) -> Response:
    """That was all: work begins."""
    command = EndImport(records=body.records)
    return await perform(request, command, Reply(ImportEnded, show=lambda _: None))
