"""`If-Match` and `If-None-Match` of requests that change something (RFC 9110, section 13).

The tag is compared with what a GET of the thing would answer now. The command then carries the
offset up to which the catalog was at least when that was read: the catalog refuses it if anything
has happened to the thing behind it. So nobody overwrites what they have not seen.
"""

from typing import Final

from starlette.requests import Request
from starlette.types import Message, Scope

from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Outdated
from mvidarr_common.messages.queries import GetPosition, PositionView

from .conditional import named
from .guard import deps_of

LEFT_OUT: Final = (b"if-match", b"if-none-match", b"accept-encoding", b"content-length")
DEPTH: Final = 4
"""Parts of the path of a thing: api, v1, things, id."""


async def expected(request: Request) -> int | None:
    """The offset up to which the client knows the thing; raises Outdated where it does not."""
    wanted, absent = (request.headers.get(name) for name in ("if-match", "if-none-match"))
    if wanted is None and absent is None:
        return None
    asked = fresh(GetPosition(), source="api-gateway")
    position = PositionView.model_validate_json(await deps_of(request).bus.ask(asked))
    tag = await _tag(request)
    if wanted is not None and (tag is None or not named(wanted, tag)):
        raise Outdated("changed_meanwhile", "It is not, or not any more, as If-Match says.")
    if absent is not None and tag is not None and named(absent, tag):
        raise Outdated("exists", "It is there already, and If-None-Match says that it is not.")
    return position.offset


async def _tag(request: Request) -> str | None:
    """The tag of the thing that the request is about: what its path names, or names above that."""
    parts = request.scope["path"].strip("/").split("/")
    for length in range(len(parts), DEPTH - 1, -1):
        if tag := await _tag_at(request, "/" + "/".join(parts[:length])):
            return tag
    return None


async def _tag_at(request: Request, path: str) -> str | None:
    """What a GET there would say, asked of the application itself by the same caller."""
    said: dict[bytes, bytes] = {}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            said.update(message["headers"])

    await request.app(_reading(request.scope, path), _nothing, send)
    return said[b"etag"].decode() if b"etag" in said else None


def _reading(scope: Scope, path: str) -> Scope:
    kept = ("type", "asgi", "http_version", "scheme", "server", "client", "root_path")
    headers = [(name, value) for name, value in scope["headers"] if name not in LEFT_OUT]
    own = {"method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    return {name: scope[name] for name in kept if name in scope} | own | {"headers": headers}


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
