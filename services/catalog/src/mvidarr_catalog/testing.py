"""Tests of the brain as sentences: given these events, when this message, then these events.

    story = Story().given(VideoAdded(...))
    assert story.when(IgnoreVideo(...)) == [VideoIgnored(...)]

No database and no bus: the mind itself, with every table in memory.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from mvidarr_common.envelope import Envelope
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import derive

from .brain.mind import Decided, Mind, Timer
from .brain.rows import R
from .brain.state import Known
from .models import whole_brain

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class Story:
    """What a mind has lived through. Ids and times are the same in every run."""

    def __init__(self) -> None:
        self._mind = Mind(whole_brain())
        self._mind.state.learn({}, complete=self._mind.brain.rows)
        self._told = 0
        self.heard: list[Envelope] = []
        """Everything that was folded, in that order."""
        self._actor = "user/story"
        self.timers: list[Timer] = []

    def by(self, actor: str) -> Self:
        """From now on somebody else speaks."""
        self._actor = actor
        return self

    def given(self, *messages: Message) -> Self:
        """These stand in the log: they are folded, and nothing is decided about them."""
        for message in messages:
            self._fold(self.envelope(message))
        return self

    def when(self, message: Message) -> list[Message]:
        """Fold and decide one message: what follows from it at once, signals last."""
        decided = self._think(self.envelope(message))
        return [each.message for each in (*decided.events, *decided.signals)]

    def hear(self, envelope: Envelope) -> list[Message]:
        """Fold and decide a record as it is."""
        return [each.message for each in self._think(envelope).events]

    def live(self, *messages: Message) -> list[Message]:
        """Let messages and all that follows from them come by the log, until it is quiet. Gives
        everything that was decided, in order."""
        return self.pass_on(*(self.envelope(message) for message in messages))

    def pass_on(self, *envelopes: Envelope) -> list[Message]:
        """The same, for messages whose ids somebody wants to know."""
        waiting = list(envelopes)
        said: list[Message] = []
        while waiting:
            decided = self._think(waiting.pop(0))
            for event in decided.events:
                self._mind.expect(event)
            waiting += decided.events
            said += [each.message for each in (*decided.events, *decided.signals)]
        return said

    @property
    def known(self) -> Known:
        """What deciders see."""
        return self._mind.state

    def row(self, kind: type[R], id: str) -> R:
        """A row of the read model that must be there."""
        found = self._mind.state.get(kind, id)
        assert found is not None, f"there is no {kind.__name__} {id}"
        return found

    def rows(self, kind: type[R]) -> Sequence[R]:
        """Every row of a kind."""
        return [row for (each, _), row in self._mind.state.everything() if isinstance(row, kind)]

    def envelope(self, message: Message) -> Envelope:
        """The next message of the story, a second after the one before."""
        self._told += 1
        time = BEGINNING + timedelta(seconds=self._told)
        id = derive("story", message.wire, self._told)
        return Envelope(message, id, "story", time, correlation_id=id, actor=self._actor)

    def _think(self, envelope: Envelope) -> Decided:
        self._fold(envelope)
        decided = self._mind.decide(envelope)
        self.timers += decided.timers
        return decided

    def _fold(self, envelope: Envelope) -> None:
        self._mind.fold(envelope)
        self.heard.append(envelope)
