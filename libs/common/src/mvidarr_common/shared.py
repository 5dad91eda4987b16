"""One question for everybody who wants to know the same."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Who comes before the question goes out gets its answer. Who comes while so many are under
    way gets that of the next: the answer to those may be older than who asks. It goes out `gather`
    seconds after the first has come, for more to come where nobody is in a hurry."""

    def __init__(
        self, put: Callable[[], Awaitable[T]], at_once: int = 1, gather: float = 0.0
    ) -> None:
        self._put = put
        self._at_once = at_once
        self._gather = gather
        self._asking: set[asyncio.Task[T]] = set()
        self._next: asyncio.Task[T] | None = None

    @property
    def joined(self) -> bool:
        """Whether a question waits to go out already."""
        return self._next is not None

    @property
    def idle(self) -> bool:
        """Whether nobody waits."""
        return self._next is None and not self._asking

    async def answer(self) -> T:
        """As things are at this moment or later; raises what the question raises."""
        return await asyncio.shield(self.begin())

    def begin(self) -> asyncio.Task[T]:
        """Have the question go out, if it does not wait to already."""
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
            self._next.add_done_callback(self._asking.discard)
            self._next.add_done_callback(_seen)
        return self._next

    async def _ask(self) -> T:
        if self._gather:
            await asyncio.sleep(self._gather)
        while len(self._asking) >= self._at_once:
            await asyncio.wait(self._asking, return_when=asyncio.FIRST_COMPLETED)
        assert self._next is not None
        self._asking.add(self._next)
        self._next = None
        return await self._put()


def _seen(asked: asyncio.Task[T]) -> None:
    """Who wanted to know may have gone: the error is nobody's then."""
    if not asked.cancelled():
        asked.exception()
