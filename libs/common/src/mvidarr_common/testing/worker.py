"""Runs one handler as a worker would, on real files and in real child processes, without a bus."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from mvidarr_common.attempt import Attempt
from mvidarr_common.files import DataRoot
from mvidarr_common.jobs import Handler
from mvidarr_common.messages.ids import JobId, new_id
from mvidarr_common.messages.jobs import AnySpec, JobProgressed, JobQueued, Result
from mvidarr_common.outcome import as_problem
from mvidarr_common.processes import Children, open_children
from mvidarr_common.progress import coalesced
from mvidarr_common.staging import Staging


async def run_job(
    handler: Handler,
    spec: AnySpec,
    deps: Any,
    root: DataRoot,
    *,
    job_id: str = "job",
    attempt: int = 1,
    preload: tuple[str, ...] = (),
    children: Children | None = None,
    told: Callable[[JobProgressed], None] = lambda _: None,
) -> Result:
    """What the handler gives. Its errors are raised as they are; staging is then kept or removed
    as a worker does, so running the same `job_id` again resumes. `told` hears the progress;
    `children` that stay open save starting some."""
    queued = JobQueued(job_id=JobId(job_id), attempt=attempt, spec=spec)
    staging = Staging(root, queued.job_id, new_id())

    async def hear(word: JobProgressed) -> None:
        told(word)

    given = open_children(preload) if children is None else nullcontext(children)
    async with given as opened, coalesced(hear) as words:
        job = Attempt(queued, deps, root, opened, staging, words)
        try:
            result = await handler(spec, job)
        except (Exception, asyncio.CancelledError) as error:
            _settle(staging, error)
            raise
    staging.succeed(new_id(), result.model_dump_json().encode())
    return result


def _settle(staging: Staging, error: BaseException) -> None:
    if isinstance(error, Exception) and as_problem(error).retry:
        staging.keep()
    else:
        staging.remove()
