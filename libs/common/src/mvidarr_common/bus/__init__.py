"""The bus: one protocol, two engines, and `open_bus` that picks one by its URL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .protocol import (
    After,
    Bus,
    DeadLetter,
    Delivery,
    FromFirst,
    FromNow,
    Gap,
    Health,
    Live,
    LogReader,
    Position,
    Record,
    Start,
    Work,
    WorkQueue,
)  # fmt: skip


@asynccontextmanager
async def open_bus(url: str, client: str) -> AsyncIterator[Bus]:
    """Open `amqp://…` or `embedded:<path>` (`embedded::memory:`); `client` names the connection."""
    if url.startswith("embedded:"):
        from .embedded import open_embedded

        async with open_embedded(url.removeprefix("embedded:")) as embedded:
            yield embedded
        return
    from .rabbit import open_rabbit

    async with open_rabbit(url, client) as rabbit:
        yield rabbit


__all__ = [
    "After", "Bus", "DeadLetter", "Delivery", "FromFirst", "FromNow", "Gap", "Health", "Live",
    "LogReader", "Position", "Record", "Start", "Work", "WorkQueue", "open_bus",
]  # fmt: skip
