"""Running something beside a body of code, without wrapping the body's own exceptions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

log = logging.getLogger(__name__)
Running = asyncio.Task[None]
AGAIN = 5.0


@asynccontextmanager
async def beside(name: str, *work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` until the body ends. A TaskGroup would put the body's exceptions in a group."""
    tasks = [asyncio.create_task(each, name=name) for each in work]
    for task in tasks:
        task.add_done_callback(_tell_defect)
    try:
        yield
    finally:
        await ended(tasks)


async def ended(tasks: Iterable[Running]) -> None:
    """Cancel these tasks and wait until they are gone; a library may swallow a cancellation."""
    going = set(tasks)
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=AGAIN)


def _tell_defect(task: Running) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s ended by a defect", task.get_name(), exc_info=error)
