"""A PostgreSQL connection that can be left at any time.

asyncpg forgets a cancellation that comes while it sends many rows, and then waits for an answer
that nobody was asked for: a catalog that is told to go, or has lost its lead, would stay for ever.
"""

import asyncio
from typing import Any

import asyncpg

PATIENCE = 5.0
"""Seconds that a write may go on for when nobody waits for it any more."""


class LeavableConnection(asyncpg.Connection):
    """Ends a write of many rows before its cancellation counts; cuts the line if that lasts."""

    async def executemany(self, *arguments: Any, **options: Any) -> None:
        """As the driver does it, in a task that nobody cancels."""
        writing = asyncio.ensure_future(super().executemany(*arguments, **options))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing], timeout=PATIENCE)
            if not writing.done():
                self.terminate()
            await asyncio.wait([writing], timeout=PATIENCE)
            raise
