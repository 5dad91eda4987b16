"""The embedded engine of the bus: log, queues and acknowledgements in one SQLite file.

For one process. Durable like the other engine: what is confirmed survives kill -9 and a power cut.
With `:memory:` it is the twin that makes tests fast.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .engine import EmbeddedBus
from .store import Store


@asynccontextmanager
async def open_embedded(path: str) -> AsyncIterator[EmbeddedBus]:
    """Open or make the file; raises Conflict when another process has it."""
    store = Store(path)
    try:
        await store.open()
        yield await EmbeddedBus.on(store)
    finally:
        await store.close()


__all__ = ["EmbeddedBus", "open_embedded"]
