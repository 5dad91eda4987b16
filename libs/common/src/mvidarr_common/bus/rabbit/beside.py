"""Running something beside a body of code, without wrapping the body's own exceptions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

log = logging.getLogger(__name__)


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[asyncio.Task[None]]:
    """Run `work` until the body ends. A TaskGroup would put the body's exceptions in a group."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell_defect)
    try:
        yield task
    finally:
        await ended([task])


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel these tasks and wait until they are gone."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _tell_defect(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s ended by a defect", task.get_name(), exc_info=error)
