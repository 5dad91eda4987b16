"""One live client, whatever carries its frames: what it follows, and all that it is told until it
goes, its rights end, or it is too slow."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from mvidarr_common.errors import Conflict, Invalid, LogError
from mvidarr_common.messages import Value

from .callers import Caller
from .closing import Closing, log_replaced
from .deps import Deps
from .facts import require_known
from .frames import Frame, of_position, spelled
from .mailbox import Mailbox
from .metrics import LIVE_FRAMES
from .rights import belongings
from .snapshots import snapshot_of
from .topics import checked

STALLED = 30.0
"""Seconds in which a client must take something."""


class Wish(Value):
    """What a client wants to be told, and after which position. With `snapshot` it is first shown
    how things are, unless it goes on after a position that is still known."""

    topics: tuple[str, ...] = ("jobs", "library")
    after: str | None = None
    snapshot: bool = False


class Line(Protocol):
    """What carries frames to a client."""

    async def say(self, frame: Frame) -> None:
        """Returns when the client can take more."""

    async def gone(self) -> None:
        """Returns when the client has gone."""

    def say_now(self, frame: Frame) -> bool:
        """Without waiting, or not at all; whether it was said."""


@dataclass
class Conversation:
    """With a client that has said who it is."""

    deps: Deps
    caller: Caller
    box: Mailbox
    shows_first: bool = False

    async def hold(self, line: Line) -> None:
        """Until it ends; raises an exception group with why, if the client has not just gone."""
        hub, user = self.deps.hub, self.caller.user_id
        self.box.write = line.say_now
        with hub.place(user, self.deps.settings.live_connections), hub.delivering(self.box):
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(self._tell(line))
                await line.gone()
                telling.cancel()

    async def _tell(self, line: Line) -> None:
        beat = asyncio.get_running_loop().time() + self.deps.settings.heartbeat
        if self.shows_first:
            await self._say(line, await self._snapshot())
        await self._say(line, of_position("ready", self._position()))
        while True:
            await self._catch_up(line)
            while not self.box.behind:
                beat = await self._next(line, beat)

    async def _snapshot(self) -> Frame:
        """The box is filled already: what follows the snapshot is in it."""
        return await snapshot_of(self.box.topics, self.deps.reads, self.deps.progress)

    async def _catch_up(self, line: Line) -> None:
        hub, box = self.deps.hub, self.box
        try:
            while not hub.joins(box):
                async for offset, frame in hub.missed_by(box):
                    box.require_open()
                    if frame is not None:
                        await self._say(line, frame)
                    box.position = offset
        except LogError:
            raise log_replaced() from None

    async def _next(self, line: Line, beat: float) -> float:
        """What waits, or a heartbeat when it is time for one; gives when the next is due."""
        clock = asyncio.get_running_loop().time
        frames = await self._taken(beat)
        for frame in frames:
            await self._say(line, frame)
        if frames and clock() < beat:
            return beat
        self.caller.require_valid()
        await self._say(line, of_position("heartbeat", self._position()))
        return clock() + self.deps.settings.heartbeat

    async def _taken(self, until: float) -> list[Frame]:
        try:
            async with asyncio.timeout_at(until):
                return await self.box.take()
        except TimeoutError:
            return []

    def _position(self) -> str | None:
        """Up to where the client knows everything."""
        hub, box = self.deps.hub, self.box
        if box.idle:
            box.position = hub.reached(box.position)
        known = hub.feed.committed if box.position is None else box.position
        return spelled(hub.feed.log_id, known)

    async def _say(self, line: Line, frame: Frame) -> None:
        """Who takes nothing for too long is cut, and can resume from its last position."""
        try:
            async with asyncio.timeout(STALLED):
                await line.say(frame)
        except TimeoutError:
            raise Closing(1013, "too_slow", "Too slow; resume from your last position.") from None
        LIVE_FRAMES.inc()
        if frame.offset is not None:
            self.box.position = frame.offset


async def opened(wish: Wish, caller: Caller, deps: Deps) -> Conversation:
    """A conversation about what the caller may know; raises Problem or Closing."""
    caller.require_enrolled()
    caller.require_scope("events:read")
    most = deps.settings.live_topics
    if len(wish.topics) > most:
        raise Invalid("too_many_topics", f"A client follows {most} topics or less.")
    deps.hub.require_place(caller.user_id, deps.settings.live_connections)
    topics, feed = checked(wish.topics, caller), deps.feed
    rights_as_of = max(feed.last or 0, feed.committed or 0)
    position, shows_first = await _beginning(wish, deps)
    box = Mailbox(topics, belongings(caller), rights_as_of, position)
    return Conversation(deps, caller, box, shows_first)


async def _beginning(wish: Wish, deps: Deps) -> tuple[int | None, bool]:
    """From where it goes on, and whether with a snapshot."""
    if wish.after is None:
        return deps.hub.reached(None), wish.snapshot
    try:
        return await _known(wish.after, deps), False
    except Conflict:
        if not wish.snapshot:
            raise
        return deps.hub.reached(None), True


async def _known(after: str, deps: Deps) -> int:
    log_id, _, offset = after.rpartition(":")
    if not offset.isdecimal() or not offset.isascii() or len(offset) > 18:
        raise Invalid("invalid_position", "A position is <logId>:<offset>.")
    if deps.feed.log_id is not None and log_id != deps.feed.log_id:
        raise log_replaced()
    try:
        await require_known(int(offset), deps.feed, deps.bus)
    except LogError:
        raise log_replaced() from None
    return int(offset)
