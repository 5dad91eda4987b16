"""One transaction of the leader: records in; rows, archive, outbox, timers and checkpoint out."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Literal, TypeVar

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from mvidarr_common import logs
from mvidarr_common.bus import Record
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Undecodable
from mvidarr_common.messages import Message
from mvidarr_common.messages.system import LogStarted

from . import parking, spans, store
from .ahead import keys_ahead, subjects_named
from .columns import LONGEST
from .defects import DEFECTS, trace_of
from .expecting import CHANGED, changed
from .mind import Decided, Mind, Timer, refused
from .rows import R
from .state import Key, NotLoaded
from .store import Archived, Checkpoint, ParkedRecord
from .transactions import Work
from .writes import Writes

log = logging.getLogger(__name__)
T = TypeVar("T")
Outcome = Literal["duplicate", "unknown", "parked"]
Phase = Literal["load", "fold", "decide"]


@dataclass
class Said:
    """What a turn gathered to be said once it is committed."""

    events: list[Envelope] = field(default_factory=list)
    signals: list[Envelope] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    subjects: set[str] = field(default_factory=set)
    folded: list[Message] = field(default_factory=list)
    passed: list[tuple[str, Outcome]] = field(default_factory=list)
    """The types of records that were not folded, and why."""
    newest: datetime | None = None
    """When the last record of the batch was said."""
    spent: dict[Phase, float] = field(default_factory=dict)
    """Seconds, over all its records."""

    def spend(self, phase: Phase, since: float) -> float:
        """Count what has passed since then; gives the time that it is now."""
        now = perf_counter()
        self.spent[phase] = self.spent.get(phase, 0.0) + now - since
        return now


class Turn:
    """Takes records in order. Nothing counts before `commit`."""

    def __init__(self, mind: Mind, work: Work, checkpoint: Checkpoint, held: set[str]) -> None:
        self.mind = mind
        self.work = work
        self.connection = work.connection
        self.said = Said()
        self.held = held
        self.checkpoint = self._began = checkpoint
        self._archive: list[Archived] = []
        self._parked: list[ParkedRecord] = []
        self._returned: list[str] = []

    async def take(self, records: Sequence[Record]) -> None:
        """Fold and decide a batch, each record once, however often it was delivered."""
        read = [(record, _decoded(record.body)) for record in records]
        envelopes = [envelope for _, envelope in read if isinstance(envelope, Envelope)]
        spans.linked(envelopes)
        began = perf_counter()
        ours = self.mind.in_flight.keys()  # what has not come back yet was never archived
        others = [each.id for each in envelopes if each.id not in ours]
        known = await store.known_ids(self.connection, others)
        await self.load_ahead([each for each in envelopes if each.id not in known])
        self.said.spend("load", began)
        for record, envelope in read:
            if isinstance(envelope, Undecodable):
                self._set_aside_unread(record, envelope)
            elif envelope.id in known:
                self._returned.append(envelope.id)
                self.said.passed.append((envelope.message.wire, "duplicate"))
            else:
                known.add(envelope.id)
                await self._take(record, envelope)
            self._reach(record.offset, envelope)

    async def think(self, envelope: Envelope) -> None:
        """Fold one message and decide what follows; on an error nothing of it stays."""
        began = perf_counter()
        with spans.thinking("fold", envelope):
            before = await self.with_rows(self.mind.fold, envelope)
        folded = self.said.spend("fold", began)
        decided = Decided()
        try:
            with spans.thinking("decide", envelope) as cause:
                decided = await self._decide(cause)
            for event in decided.events:
                await self.with_rows(self.mind.expect, event)
        except Exception:
            self.mind.undo(before, decided.events)
            raise
        self.said.spend("decide", folded)
        self.said.events += decided.events
        self.said.signals += decided.signals
        self.said.timers += decided.timers
        self.said.subjects.add(envelope.subject)
        self.said.folded.append(envelope.message)

    async def say(self, event: Envelope) -> None:
        """Put an event into the outbox and count on it."""
        if event.id not in self.mind.in_flight:
            await self.with_rows(self.mind.expect, event)
            self.said.events.append(event)

    async def with_rows(self, function: Callable[[Envelope], T], envelope: Envelope) -> T:
        """Call, load what it misses, and call again until nothing is missing."""
        while True:
            try:
                return function(envelope)
            except NotLoaded as missing:
                await self._load(missing.keys)

    async def load_ahead(self, envelopes: Sequence[Envelope]) -> None:
        """Load in one go what these will probably ask for."""
        brain = self.mind.brain
        keys = keys_ahead((each.message for each in envelopes), brain.rows_by_subject)
        for each in envelopes:
            if ahead := brain.aheads.get(type(each.message)):
                keys.update(ahead(each.message, each))
        await self._load(keys)

    async def row(self, kind: type[R], id: str) -> R | None:
        """One row as this turn has left it."""
        await self._load([(kind, id)])
        return self.mind.state.get(kind, id)

    def next_seq(self) -> int:
        """The number of the record that is folded now."""
        self.checkpoint = replace(self.checkpoint, seq=self.checkpoint.seq + 1)
        return self.checkpoint.seq

    async def tables(self) -> AsyncConnection:
        """For statements: the tables as this turn has left them so far."""
        if self.mind.state.changed:
            await self.work.begin()
            async with Writes(self.connection) as writes:
                self._save_rows(writes)
        return self.connection

    async def commit(self) -> None:
        """Write everything that this turn has gathered, with one statement: it counts when that is
        done, or when the transaction ends that was begun before."""
        async with Writes(self.connection) as writes:
            self._save_rows(writes)
            if self.checkpoint == self._began and not self.said.events:
                return  # an idle tick writes nothing
            store.archive(writes, self.checkpoint.log_id, self._archive)
            store.park(writes, self._parked)
            store.clear_outbox(writes, self._returned)
            store.add_to_outbox(writes, self.said.events)
            store.add_timers(writes, self.said.timers)
            await store.move_checkpoint(writes, self._began, self.checkpoint)

    def _save_rows(self, writes: Writes) -> None:
        changes = self.mind.state.take_changes()
        store.save_rows(writes, changes, self.checkpoint.generation)

    async def _load(self, keys: Iterable[Key]) -> None:
        if missing := self.mind.state.missing(keys):
            rows, complete = await store.load_rows(
                self.connection, missing, self.checkpoint.generation
            )
            self.mind.state.learn(rows, complete)

    async def _decide(self, envelope: Envelope) -> Decided:
        if isinstance(envelope.message, parking.ABOUT_PARKED):
            if await self.with_rows(self.mind.is_past, envelope):
                return Decided()
            return Decided(events=(await parking.decide(self.connection, envelope),))
        on_the_way = self.mind.in_flight.values()
        if await changed(self.connection, envelope, on_the_way, self._archive):
            return refused(envelope, CHANGED)
        return await self.with_rows(self.mind.decide, envelope)

    async def _take(self, record: Record, envelope: Envelope) -> None:
        if envelope.id in self.mind.in_flight:
            self._returned.append(envelope.id)
        if envelope.subject in self.held:
            self._set_aside(record, envelope, parking.WAITS)
            return
        try:
            await self.think(envelope)
        except DEFECTS as error:
            log.exception("parked", extra=logs.of(envelope) | {"offset": record.offset})
            self._hold(envelope.subject)
            self._set_aside(record, envelope, f"{type(error).__name__}: {error}", trace_of(error))
            return
        self._archive.append(_archived(record, envelope, self.next_seq()))
        if isinstance(envelope.message, parking.Attended):
            await parking.attend(self, envelope.message)

    def _hold(self, subject: str) -> None:
        """Later messages about the same thing wait; what is about nothing named holds nobody."""
        if "/" in subject:
            self.held.add(subject)

    def _set_aside(
        self, record: Record, envelope: Envelope, error: str, trace: str | None = None
    ) -> None:
        self.mind.set_aside(envelope)
        archived = _archived(record, envelope, None)
        self._archive.append(archived)
        self._parked.append(_parked(archived, error, trace))
        self.said.passed.append((envelope.message.wire, "parked"))

    def _set_aside_unread(self, record: Record, error: Undecodable) -> None:
        """Nothing can wait behind it: nobody knows what it is about."""
        archived = _unreadable(record)
        self._archive.append(archived)
        self._parked.append(_parked(archived, error.message, None))
        self.said.passed.append(("unreadable", "unknown"))

    def _reach(self, offset: int, envelope: Envelope | Undecodable) -> None:
        id = envelope.id if isinstance(envelope, Envelope) else None
        self.said.newest = envelope.time if isinstance(envelope, Envelope) else self.said.newest
        log_id = self.checkpoint.log_id
        if isinstance(envelope, Envelope) and isinstance(envelope.message, LogStarted):
            log_id = log_id or envelope.message.log_id
        self.checkpoint = replace(self.checkpoint, offset=offset, event_id=id, log_id=log_id)


def _decoded(body: bytes) -> Envelope | Undecodable:
    try:
        envelope = decode(body)
    except Undecodable as error:
        return error
    if any(len(name) > LONGEST for name in subjects_named(envelope.message)):
        return Undecodable(f"what it is about has a name of more than {LONGEST} characters")
    return envelope


def _archived(record: Record, envelope: Envelope, seq: int | None) -> Archived:
    return Archived(
        id=envelope.id,
        seq=seq,
        offset=record.offset,
        type=envelope.type,
        subject=envelope.subject,
        time=envelope.time,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        body=record.body,
    )


def _unreadable(record: Record) -> Archived:
    """A record that nobody can read, under the names that it gives itself where it does."""
    try:
        raw = orjson.loads(record.body)
        said = raw if isinstance(raw, dict) else {}
    except ValueError:
        said = {}
    id = str(said.get("id") or f"offset-{record.offset}")[:64]
    return Archived(
        id=id,
        seq=None,
        offset=record.offset,
        type=str(said.get("type", "unreadable"))[:100],
        subject=str(said.get("subject", "unreadable"))[:255],
        time=datetime.now(UTC),
        correlation_id=str(said.get("correlationid", id))[:64],
        causation_id=None,
        body=record.body,
    )


def _parked(record: Archived, error: str, trace: str | None) -> ParkedRecord:
    return ParkedRecord(
        id=record.id,
        offset=record.offset,
        type=record.type,
        subject=record.subject,
        error=error,
        trace=trace,
        body=record.body,
    )
