"""Waiting for a condition instead of sleeping."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    check: Callable[[], T] | Callable[[], Awaitable[T]],
    within: float = 10.0,
    *,
    every: float = 0.02,
) -> T:
    """Ask until the answer is true or asserts nothing wrong, and give it; else AssertionError."""
    deadline = time.monotonic() + within
    while True:
        try:
            answer = check()
            found: T = await answer if inspect.isawaitable(answer) else answer
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        else:
            if found or time.monotonic() > deadline:
                assert found, f"not within {within} s: {inspect.getsource(check).strip()}"
                return found
        await asyncio.sleep(every)
