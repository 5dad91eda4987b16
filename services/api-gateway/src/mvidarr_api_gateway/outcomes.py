"""What came of a command: the first fact that names it as its cause."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from mvidarr_common.envelope import Envelope
from mvidarr_common.messages import Event, Message
from mvidarr_common.messages.system import CommandRejected, CommandUnchanged

from .feed import Fact

V = TypeVar("V")
REMEMBERED = 10_000
ANSWERS = (CommandRejected, CommandUnchanged)


@dataclass(frozen=True)
class Outcome:
    """A fact that answers a command, and where it stands in the log."""

    offset: int
    message: Message


class Outcomes:
    """Remembers the newest commands of the log with their outcomes, for whoever waits or asks."""

    def __init__(self) -> None:
        self._commands: OrderedDict[str, Envelope] = OrderedDict()
        self._facts: OrderedDict[str, list[Outcome]] = OrderedDict()
        self._waiting: dict[str, list[asyncio.Event]] = {}

    def command(self, command_id: str) -> Envelope | None:
        """A command that was seen on the log."""
        return self._commands.get(command_id)

    def find(self, command_id: str, wanted: type[Message] = Event) -> Outcome | None:
        """The outcome, if it has passed: the wanted fact, or a refusal."""
        facts = self._facts.get(command_id, [])
        return next((fact for fact in facts if isinstance(fact.message, (wanted, *ANSWERS))), None)

    async def wait(
        self, command_id: str, seconds: float, wanted: type[Message] = Event
    ) -> Outcome | None:
        """The outcome, or None when the time is over; also one that has already passed."""
        news = asyncio.Event()
        self._waiting.setdefault(command_id, []).append(news)
        try:
            async with asyncio.timeout(seconds):
                while (outcome := self.find(command_id, wanted)) is None:
                    await news.wait()
                    news.clear()
                return outcome
        except TimeoutError:
            return None
        finally:
            self._forget(command_id, news)

    def saw(self, fact: Fact) -> None:
        """Watch the log go by."""
        envelope = fact.envelope
        if envelope.message.kind == "command":
            _put(self._commands, envelope.id, envelope)
        elif (cause := envelope.causation_id) and (
            cause in self._commands or cause in self._waiting
        ):
            self._answer(cause, Outcome(fact.offset, envelope.message))

    def advanced(self) -> None:
        """Nothing to do: outcomes are facts of the log."""

    def missed(self) -> None:
        """Nothing to do: waiters ask the catalog in the end."""

    def _answer(self, command_id: str, outcome: Outcome) -> None:
        facts = self._facts.get(command_id, [])
        if len(facts) < 20:
            _put(self._facts, command_id, [*facts, outcome])
        for news in self._waiting.get(command_id, []):
            news.set()

    def _forget(self, command_id: str, news: asyncio.Event) -> None:
        waiting = self._waiting[command_id]
        waiting.remove(news)
        if not waiting:
            del self._waiting[command_id]


def _put(kept: OrderedDict[str, V], key: str, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
