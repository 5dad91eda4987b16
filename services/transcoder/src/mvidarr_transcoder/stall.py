"""Ending what makes no progress: a limit that every sign of life pushes away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from mvidarr_common.errors import JobError


@asynccontextmanager
async def ending_when_stalled(seconds: float) -> AsyncIterator[Callable[[], None]]:
    """Yields the function to call at every sign of life; without one the block is cancelled."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds) as limit:
            yield lambda: limit.reschedule(loop.time() + seconds)
    except TimeoutError:
        if not limit.expired():
            raise
        raise JobError("stalled", f"No progress for {seconds:g} seconds.", retry=True) from None
