"""Files of the library: what there is, and their content for players."""

from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import Query, Request, Response

from mvidarr_api_gateway.answers import ABSENT
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.history import history_of
from mvidarr_api_gateway.presence import present
from mvidarr_api_gateway.reopening import Film, reopenable
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_api_gateway.streaming import send_file
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.ids import FileId
from mvidarr_common.messages.queries import (
    FileAt,
    FilesWithMore,
    FileView,
    FileWithMore,
    GetFile,
    ListFiles,
    Listing,
    Records,
    WithFile,
)

router = guarded_router("/api/v1/files", "files")
IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
SHOWN = needs("readonly", or_ticket="files/{id}")
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/*": {}}},
    206: {},
    304: {},
    416: {},
}

PICTURE: dict[int | str, dict[str, Any]] = CONTENT | {200: {"content": {"image/*": {}}}}


@router.get("", openapi_extra=needs("readonly"), response_model=FilesWithMore)
async def files(asked: Annotated[ListFiles, Query()], deps: Given) -> Response:
    """A page of files."""
    return json_bytes(await deps.reads.get(asked))


@router.get("/at", openapi_extra=needs("readonly") | ABSENT, response_model=FileView)
async def at(asked: Annotated[FileAt, Query()], deps: Given) -> Response:
    """The file with this path on disk, or the one to which a picture or an .nfo belongs."""
    return json_bytes(await deps.reads.get(asked))


@router.get("/{id}", openapi_extra=needs("readonly"), response_model=FileWithMore)
async def file(id: FileId, deps: Given, asked: Annotated[WithFile, Query()]) -> Response:
    """One file with its facts."""
    return json_bytes(await deps.reads.get(GetFile(id=id, **dict(asked))))


@router.get("/{id}/content", openapi_extra=SHOWN, responses=CONTENT, response_class=Response)
@router.head("/{id}/content", openapi_extra=SHOWN, include_in_schema=False)
async def content(id: FileId, request: Request, deps: Given) -> Response:
    """The file itself, or the part that a Range header asks for."""
    found = await present(id, deps)
    path = deps.root.at(found.rendition.path)
    answer = await send_file(request, path, found.rendition.sha256)
    reopenable(request, Film(path, found.rendition.sha256, f"files/{id}"))
    return answer


@router.get("/{id}/artwork/{role}", openapi_extra=SHOWN, responses=PICTURE, response_class=Response)
@router.head("/{id}/artwork/{role}", openapi_extra=SHOWN, include_in_schema=False)
async def artwork(id: FileId, role: str, request: Request, deps: Given) -> Response:
    """A picture beside the file, by its role: poster, thumb …"""
    found = await present(id, deps)
    for sidecar in map(PurePosixPath, found.rendition.sidecars):
        if sidecar.suffix.lower() in IMAGES and sidecar.stem.endswith(f"-{role}"):
            return await send_file(request, deps.root.at(str(sidecar)), None)
    raise NotFound("artwork_not_found", f"The file has no picture {role!r}.")


@router.get("/{id}/history", openapi_extra=needs("readonly"), response_model=Records)
async def history(id: FileId, page: Annotated[Listing, Query()], deps: Given) -> Response:
    """Why it is there, and what became of it."""
    return await history_of(deps, f"file/{id}", page)
