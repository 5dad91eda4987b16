"""The history of a subject, with secret fields hidden."""

from starlette.responses import Response

from mvidarr_common.messages.queries import GetHistory, Listing

from .deps import Deps
from .responses import json_bytes


async def history_of(deps: Deps, subject: str, page: Listing) -> Response:
    """A page of the records about a subject such as "video/…", and what they caused."""
    asked = GetHistory(of=subject, limit=page.limit, cursor=page.cursor)
    return json_bytes(await deps.reads.get(asked))
