"""The leader's loop: read a batch, take it in one transaction, then say what was decided."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mvidarr_common.bus import After, Bus, FromFirst, Record, Start
from mvidarr_common.envelope import Envelope, decode, following, fresh
from mvidarr_common.errors import LogError, LogReplaced, LogTruncated
from mvidarr_common.messages import Event, Message
from mvidarr_common.messages.system import CatalogAdvanced, LogRestored, RebuildProgressed

from . import archive, metrics, spans, store
from .mending import mend
from .mind import SOURCE, Mind, by_the_clock
from .model import Brain
from .outbox import Outbox
from .rebuild import Rebuilt, Refill
from .state import ROWS_IN_MEMORY
from .stillness import Stillness
from .store import Checkpoint
from .transactions import Begin, kept, transaction, work
from .turn import Turn
from .writes import Writes

log = logging.getLogger(__name__)

BATCH = 300
TICK = 0.25
"""Seconds without a record after which the clock gets a turn of its own."""

Chore = Callable[[Turn, datetime], Awaitable[None]]
"""What the leader does at the end of every turn, in its transaction, such as dispatching jobs."""


class Leader:
    """One reign: from taking over the checkpoint to being fenced, cancelled or cut off."""

    def __init__(
        self,
        engine: AsyncEngine,
        bus: Bus,
        brain: Brain,
        chores: Sequence[Chore] = (),
        reached: Callable[[Checkpoint], None] = lambda _: None,
        stillness: Stillness | None = None,
    ) -> None:
        self._engine = engine
        self._bus = bus
        self._mind = Mind(brain)
        self._chores = chores
        self._reached = reached
        self._stillness = stillness or Stillness()
        self._outbox = Outbox(bus)
        self._number = 0
        self._held: set[str] = set()
        self._turns = asyncio.Lock()
        self._begin: Begin = lambda: work(engine)
        self.checkpoint: Checkpoint

    async def lead(self) -> None:
        """Go on until cancelled, after `take_over`. Raises Fenced, LogError for a log that is not
        ours, or what the database or the broker raise when they are away."""
        async with kept(self._engine) as self._begin, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outbox.run(), name="outbox")
            while True:
                try:
                    await self._follow()
                except LogTruncated:
                    raise
                except LogError as error:
                    log.warning("the log has lost something: %s", error)
                    await self._mend()

    async def _follow(self) -> None:
        async with self._bus.read_log(self._start()) as reader:
            ours = self.checkpoint.log_id
            if ours is not None and reader.log_id not in (None, ours):
                raise LogReplaced(f"this is the log {reader.log_id}, not {ours}")
            while not _told_to_go():
                records = await reader.batch(BATCH, TICK)
                async with self._turns:
                    await self.take(records)
            raise asyncio.CancelledError

    async def _mend(self) -> None:
        """Give the log back what it has lost, and go on from where it has ended."""
        async with self._turns, self._turn() as turn:
            waiting = self._outbox.waiting()
            said = [each for each in self._mind.in_flight.values() if each.id not in waiting]
            lost = turn.checkpoint
            await turn.work.begin()
            mended = await mend(turn.connection, self._bus, lost, said)
            turn.checkpoint = mended.checkpoint
            restored = LogRestored(
                log_id=mended.checkpoint.log_id or "",
                from_log_id=lost.log_id or "",
                records=mended.records,
            )
            await turn.say(by_the_clock(restored, key=f"{lost.log_id}/{lost.epoch}/{lost.seq}"))

    async def take_over(self) -> None:
        """Begin an epoch and load what was in flight; fill the tables anew if their shape or
        their folds have changed."""
        async with transaction(self._engine) as connection:
            await store.ensure_schema(connection)
            self.checkpoint = await store.take_over(connection)
            self._held = {each.subject for each in await store.parked_records(connection)}
            in_flight = await _in_flight(connection)
        self._stillness.begin(self.checkpoint)
        self._mind.remember(in_flight)
        self._outbox.add(in_flight.values())
        if self.checkpoint.signature != self._mind.brain.signature:
            await self.rebuild()
        log.info("leading", extra={"epoch": self.checkpoint.epoch, "in_flight": len(in_flight)})

    async def take(self, records: Sequence[Record]) -> None:
        """One turn: everything of it is committed, or nothing."""
        with spans.processing(self._bus, records):
            async with self._turn() as turn:
                await self._work(turn, records)

    async def _work(self, turn: Turn, records: Sequence[Record]) -> None:
        await turn.take(records)
        with metrics.phase("chores"):
            for chore in self._chores:
                await chore(turn, datetime.now(UTC))

    async def say(self, event: Event, cause: Envelope) -> None:
        """Decide something outside of the log's turns, such as that a rebuild is done."""
        async with self._turns, self._turn() as turn:
            await turn.say(following(cause, event, source=SOURCE))

    async def last_said(self, event: type[Event]) -> Message | None:
        """The newest event of a type that was folded."""
        async with self._engine.connect() as connection:
            body = await archive.newest(connection, f"event.{event.wire}")
        return decode(body).message if body else None

    async def rebuild(self) -> Rebuilt:
        """Fill a new generation while work goes on, then switch to it between two turns."""
        refill = Refill(self._engine, self._mind.brain, self.checkpoint.generation + 1)
        await refill.prepare()
        rebuilt = await self._switch(refill)
        async with transaction(self._engine) as connection:
            # Two generations stay: the one before can be gone back to.
            await store.drop_tables(connection, self._mind.brain.rows, rebuilt.generation - 2)
        return rebuilt

    async def switch_back(self, generation: int, seq: int) -> Rebuilt:
        """Make tables live again that were live until `seq` records were folded."""
        return await self._switch(Refill(self._engine, self._mind.brain, generation, seq))

    async def _switch(self, refill: Refill) -> Rebuilt:
        await refill.catch_up(self._tell_progress)
        checksums = await refill.compare()
        await refill.catch_up(self._tell_progress)
        async with self._turns:
            async with transaction(self._engine) as connection:
                rebuilt = await refill.finish(connection, self.checkpoint, checksums)
                switched = replace(
                    self.checkpoint,
                    generation=rebuilt.generation,
                    signature=self._mind.brain.signature,
                )
                await store.move_checkpoint(Writes(connection), self.checkpoint, switched)
            self._mind.remember(self._mind.in_flight)
            self.checkpoint = switched
            self._stillness.moved(switched)
        return rebuilt

    async def _tell_progress(self, records: int, seconds: float) -> None:
        progressed = RebuildProgressed(
            records=records, total=self.checkpoint.seq, seconds=round(seconds, 3)
        )
        await self._bus.signal(fresh(progressed, source=SOURCE))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[Turn]:
        """Commit what the block gathers, all or nothing, then say it. A failed turn ends the
        reign: memory and tables may differ after it."""
        before = self.checkpoint
        with self._stillness.broken():
            async with self._begin() as work:
                turn = Turn(self._mind, work, before, self._held)
                yield turn
                with metrics.phase("commit"), spans.committing():
                    if turn.checkpoint != before:
                        await self._stillness.over()
                    await turn.commit()
            self.checkpoint = turn.checkpoint
            self._stillness.moved(turn.checkpoint)
        self._reached(turn.checkpoint)
        self._outbox.add(turn.said.events)
        self._mind.state.forget_beyond(ROWS_IN_MEMORY)
        for signal in turn.said.signals:
            await self._bus.signal(signal)
        if turn.checkpoint.offset != before.offset:
            await self._tell_advance(turn.said.subjects)
        now = turn.checkpoint
        metrics.turned(turn.said, now.offset, self._mind.in_flight, len(self._held))

    async def _tell_advance(self, subjects: set[str]) -> None:
        self._number += 1
        now = self.checkpoint
        advanced = CatalogAdvanced(
            log_id=now.log_id or "",
            number=self._number,
            offset=now.offset,
            epoch=now.epoch,
            subjects=tuple(sorted(subjects)),
        )
        await self._bus.signal(fresh(advanced, source=SOURCE))

    def _start(self) -> Start:
        if self.checkpoint.log_id is None:
            return FromFirst()
        return After(self.checkpoint.offset, self.checkpoint.event_id)


async def _in_flight(connection: AsyncConnection) -> dict[str, Envelope]:
    """Decisions that have not come back by the log, in their order."""
    waiting = [decode(body) for body in await store.read_outbox(connection)]
    known = await store.known_ids(connection, [each.id for each in waiting])
    async with Writes(connection) as writes:
        store.clear_outbox(writes, list(known))
    return {each.id: each for each in waiting if each.id not in known}


def _told_to_go() -> bool:
    """Whether this task was cancelled and a library below has swallowed it, as drivers of brokers
    and databases do when it comes in the middle of a write."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
