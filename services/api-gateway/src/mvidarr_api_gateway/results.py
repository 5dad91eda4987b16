"""Jobs whose result is the answer: a client that prefers to wait gets it at once."""

import asyncio
from contextlib import suppress

import orjson
from starlette.requests import Request
from starlette.responses import Response

from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.queries import GetJob

from .commanding import wait_of
from .guard import deps_of
from .responses import json_bytes

_ENDED = ("completed", "failed", "cancelled")


async def with_result(request: Request, answer: Response) -> Response:
    """The same answer, with the job as it is at its end or when the client's time is over."""
    seconds = wait_of(request, 0.0)
    if answer.status_code not in (200, 201) or not seconds:
        return answer
    deps, id = deps_of(request), JobId(orjson.loads(answer.body)["id"])
    with deps.endings.of(id) as end:
        job = await deps.reads.get(GetJob(id=id))
        if orjson.loads(job)["state"] not in _ENDED:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await deps.feed.committed_to(await end, deps.bus, seconds)
            job = await deps.reads.get(GetJob(id=id))
    kept = {name: answer.headers[name] for name in ("location", "command-id")
            if name in answer.headers}  # fmt: skip
    return json_bytes(job, answer.status_code, kept)
