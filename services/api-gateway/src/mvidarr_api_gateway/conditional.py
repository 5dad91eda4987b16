"""What a client has already is not sent again, and what is long is compressed.

A tag stands for what the answer says; packed, the same answer has the same tag with an ending, so
that both are strong and either can be given back (RFC 9110, sections 8.8 and 13).
"""

import gzip
import hashlib
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

WORTH_PACKING: Final = 1024
LEVEL: Final = 3
PACKED: Final = "-gzip"
VARY: Final = {"Vary": "Accept-Encoding, Authorization, X-Api-Key"}


def conditional(request: Request, response: Response) -> Response:
    """The answer to a read as this client needs it."""
    if not _is_read(request, response):
        return response
    tag = tag_of(bytes(response.body))
    headers = VARY | {"ETag": tag, "Cache-Control": "private, no-cache"}
    if named(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    _pack(request, response, tag)
    return response


def tag_of(body: bytes) -> str:
    """The entity tag of these bytes."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def named(header: str, tag: str) -> bool:
    """Whether a list of tags names this one, weak or strong, packed or not."""
    given = [_plain(each) for each in header.split(",")]
    return _plain(tag) in given or given == ["*"]


def _plain(tag: str) -> str:
    return tag.strip().removeprefix("W/").replace(f'{PACKED}"', '"')


def _is_read(request: Request, response: Response) -> bool:
    whole = not isinstance(response, StreamingResponse) and bool(response.body)
    return request.method == "GET" and response.status_code == 200 and whole


def _pack(request: Request, response: Response, tag: str) -> None:
    accepted = request.headers.get("accept-encoding", "")
    if "gzip" in accepted and len(response.body) >= WORTH_PACKING:
        response.body = gzip.compress(response.body, LEVEL, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
        response.headers["ETag"] = f'{tag[:-1]}{PACKED}"'
