"""The thinking, without any I/O: fold a message, decide what follows, remember what is in flight.

Rules: fold first, then decide. What was decided counts for the next decision (the overlay) but not
for the read model, until it has come back by the log.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from mvidarr_common.envelope import Envelope, following
from mvidarr_common.errors import Problem
from mvidarr_common.messages import Command, Event, Message, Signal
from mvidarr_common.messages.ids import derive
from mvidarr_common.messages.system import CommandRejected, CommandUnchanged

from .model import Brain, Decision, Deferred, Later
from .state import Known, Overlay, Rows, State

SOURCE = "catalog"


@dataclass(frozen=True, slots=True)
class Timer:
    """An envelope that the clock shall publish."""

    due: datetime
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Decided:
    """What follows from one message."""

    events: tuple[Envelope, ...] = ()
    signals: tuple[Envelope, ...] = ()
    timers: tuple[Timer, ...] = ()


class Mind:
    """The state, the decisions in flight, and the overlay that shows both as one."""

    def __init__(self, brain: Brain) -> None:
        self.brain = brain
        self.state = State()
        self.in_flight: dict[str, Envelope] = {}
        self._overlay = Overlay(self.state)
        self._stale = False

    def fold(self, envelope: Envelope) -> Rows:
        """Change the read model by one message; gives the rows as they were. Raises NotLoaded."""
        before: Rows = {}
        with self.state.change() as written:
            self._apply(envelope, self.state)
            before = self.state.before(written)
        self._came_back(envelope, before, written)
        return before

    def replay(self, envelope: Envelope) -> None:
        """Change the read model by a message of the past; nothing is in flight. Raises
        NotLoaded."""
        self.state.begin()
        try:
            self._apply(envelope, self.state)
        except BaseException:
            self.state.end(keep=False)
            raise
        self.state.end(keep=True)

    def undo(self, before: Rows, expected: Iterable[Envelope] = ()) -> None:
        """Take a fold back, and what was expected of it: the message cannot be decided."""
        with self.state.change() as written:
            written.update(before)
        for envelope in expected:
            self.in_flight.pop(envelope.id, None)
        self._stale = True

    def set_aside(self, envelope: Envelope) -> None:
        """Count no more on a decision that came back and could not be folded."""
        self._stale = self.in_flight.pop(envelope.id, None) is not None or self._stale

    def decide(self, envelope: Envelope) -> Decided:
        """What follows from a message that is folded. Raises NotLoaded, or what a decider raises
        on an event; a Problem on a command is its refusal."""
        self.foresight()
        if self.is_past(envelope):
            return Decided()
        try:
            decisions = tuple(self._decisions(envelope))
        except Problem as problem:
            if not isinstance(envelope.message, Command):
                raise
            decisions = (_refusal(envelope, problem),)
        return _enveloped(envelope, decisions)

    def foresight(self) -> Known:
        """What deciders see. Raises NotLoaded."""
        self._refresh()
        return self._overlay

    def is_past(self, envelope: Envelope) -> bool:
        """Whether it was decided elsewhere. Raises NotLoaded."""
        return any(past(envelope, self._overlay) for past in self.brain.pasts)

    def expect(self, envelope: Envelope) -> None:
        """Count on a decision that is in flight. Raises NotLoaded."""
        self._foresee(envelope)
        self.in_flight[envelope.id] = envelope

    def remember(self, in_flight: dict[str, Envelope]) -> None:
        """Begin anew from the tables, with these decisions in flight."""
        self.state.forget()
        self.in_flight = dict(in_flight)
        self._stale = True

    def _decisions(self, envelope: Envelope) -> Iterator[Decision]:
        answered = not isinstance(envelope.message, Command)
        for function in self.brain.decides.get(type(envelope.message), ()):
            for decision in function(envelope.message, envelope, self._overlay):
                answered = answered or isinstance(decision, Event | Deferred)
                yield decision
        if not answered:
            yield CommandUnchanged(command_id=envelope.id, command=envelope.message.wire)

    def _apply(self, envelope: Envelope, state: State | Overlay) -> None:
        for function in self.brain.folds.get(type(envelope.message), ()):
            function(envelope.message, envelope, state)

    def _foresee(self, envelope: Envelope) -> None:
        with self._overlay.change() as written:
            self._apply(envelope, self._overlay)
        self._overlay.expected(envelope.id, written)

    def _came_back(self, envelope: Envelope, before: Rows, written: Rows) -> None:
        """Keep the overlay true: it is, when the oldest decision in flight has come back."""
        if envelope.id in self.in_flight:
            oldest = next(iter(self.in_flight))
            del self.in_flight[envelope.id]
            self._overlay.came_back(envelope.id)
            self._stale = self._stale or oldest != envelope.id
        elif self._overlay.touched(before, written):
            self._stale = True
        if not self.in_flight:
            self._overlay.clear()
            self._stale = False

    def _refresh(self) -> None:
        if not self._stale:
            return
        self._overlay.clear()
        for envelope in self.in_flight.values():
            self._foresee(envelope)
        self._stale = False


def refused(envelope: Envelope, problem: Problem) -> Decided:
    """A command that is not even looked at."""
    return _enveloped(envelope, (_refusal(envelope, problem),))


def _refusal(envelope: Envelope, problem: Problem) -> CommandRejected:
    return CommandRejected(
        command_id=envelope.id,
        command=envelope.message.wire,
        code=problem.code,
        message=problem.message,
        existing=problem.existing,
    )


def _enveloped(cause: Envelope, decisions: tuple[Decision, ...]) -> Decided:
    """Ids are derived from the cause and the ordinal: decided twice, the same is said twice."""
    events, signals, timers = [], [], []
    for ordinal, decision in enumerate(decisions):
        if isinstance(decision, Later):
            due = _following(cause, decision.message, ordinal)
            timers.append(Timer(decision.due, due))
        elif isinstance(decision, Signal):
            signals.append(_following(cause, decision, ordinal))
        elif isinstance(decision, Event):
            events.append(_following(cause, decision, ordinal))
    return Decided(tuple(events), tuple(signals), tuple(timers))


def _following(cause: Envelope, message: Message, ordinal: int) -> Envelope:
    return following(cause, message, source=SOURCE, ordinal=ordinal)


def by_the_clock(message: Event, *, key: str, source: str = SOURCE) -> Envelope:
    """An envelope for what the leader decides by looking at the clock; `key` makes it unique."""
    id = derive(key, message.wire)
    return Envelope(message, id, source, datetime.now(UTC), correlation_id=id, actor="system")
