"""Waiting for a condition instead of sleeping."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(
    check: Callable[[], Awaitable[T]], within: float = 10.0, *, every: float = 0.02
) -> T: ...
@overload
async def eventually(check: Callable[[], T], within: float = 10.0, *, every: float = 0.02) -> T: ...
async def eventually(check: Callable[[], Any], within: float = 10.0, *, every: float = 0.02) -> Any:
    """Ask until the answer is true, and give it; AssertionError when time is up. An assertion
    that fails inside of `check` only means: not yet."""
    deadline = time.monotonic() + within
    while True:
        try:
            answer = check()
            found = await answer if inspect.isawaitable(answer) else answer
            assert found, f"not within {within} s: {found!r}"
            return found
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(every)
