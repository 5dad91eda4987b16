"""The hold that a worker has on a job's message, through however many deliveries."""

from collections import OrderedDict

from .bus import Delivery


class Lease:
    """The newest delivery of a message; a redelivery takes the place of a lost one."""

    def __init__(self, delivery: Delivery) -> None:
        self._newest = delivery

    def adopt(self, delivery: Delivery) -> None:
        """Go on under this delivery."""
        self._newest = delivery

    @property
    def tag(self) -> int:
        """The number of the newest delivery."""
        return self._newest.tag

    @property
    def lost(self) -> bool:
        """Whether the message goes, or went, to somebody else as well."""
        return self._newest.lost.is_set()

    async def ack(self) -> None:
        """Done. If the lease is lost somebody gets the message again, and finds it done."""
        await self._newest.ack()

    async def hand_back(self) -> None:
        """Let another have it."""
        await self._newest.hand_back()

    async def reject(self) -> None:
        """Nobody can take it."""
        await self._newest.reject()


class Recent:
    """The ids of messages that were finished here lately, the oldest forgotten."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._ids: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, id: str) -> bool:
        return id in self._ids

    def add(self, *ids: str) -> None:
        """The newest."""
        for id in ids:
            self._ids[id] = None
        while len(self._ids) > self._limit:
            self._ids.popitem(last=False)
