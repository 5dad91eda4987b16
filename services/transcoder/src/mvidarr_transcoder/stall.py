"""Ending what makes no progress, and what takes too long in all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from mvidarr_common.errors import JobError

from .deps import Deps


@asynccontextmanager
async def ending_when_stalled(deps: Deps) -> AsyncIterator[Callable[[], None]]:
    """Yields the function to call at every sign of life; without one the block is cancelled, and
    in any case when its time is up."""
    loop = asyncio.get_running_loop()
    end, patience = loop.time() + deps.time_limit, deps.stall_timeout
    try:
        async with asyncio.timeout_at(min(end, loop.time() + patience)) as limit:
            yield lambda: limit.reschedule(min(end, loop.time() + patience))
    except TimeoutError:
        if not limit.expired():
            raise
        raise _late(loop.time() >= end, deps) from None


def _late(at_the_end: bool, deps: Deps) -> JobError:
    if at_the_end:
        return JobError("too_long", f"It took longer than {deps.time_limit:g} seconds.")
    return JobError("stalled", f"No progress for {deps.stall_timeout:g} seconds.", retry=True)
