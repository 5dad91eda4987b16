"""Questions and commands that the gateway has of its own accord, such as those of a login."""

from typing import TypeVar

from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.errors import Unavailable
from mvidarr_common.messages import Event, Message, Query, Value
from mvidarr_common.messages.queries import ListRecords
from mvidarr_common.messages.system import CommandRejected

from .deps import Deps
from .outcomes import Outcome
from .problems import rejection
from .records import outcome_among

PATIENCE = 10.0
SOURCE = "api-gateway"
A = TypeVar("A", bound=Value)


async def asked_now(deps: Deps, query: Query[A]) -> A:
    """The catalog's answer at this moment, whatever is kept."""
    answer = await deps.catalog.ask(fresh(query, source=SOURCE), PATIENCE)
    return query.answer.model_validate_json(answer)  # type: ignore[return-value]  # as in `Reads`


async def decided(deps: Deps, asked: Envelope, wanted: type[Message] = Event) -> Message:
    """Have a command decided, and its fact shown by every question from now on. Raises its
    refusal; or Unavailable, when nobody knows yet what comes of it."""
    await deps.bus.publish(asked)
    outcome = await deps.outcomes.wait(asked.id, PATIENCE, wanted) or await _known(
        deps, asked, wanted
    )
    if outcome is None or not await deps.feed.committed_to(outcome.offset, deps.bus, PATIENCE):
        raise Unavailable("undecided", "The catalog does not decide now; try again.", after=5)
    if isinstance(outcome.message, CommandRejected):
        raise rejection(outcome.message)
    return outcome.message


async def _known(deps: Deps, asked: Envelope, wanted: type[Message]) -> Outcome | None:
    """What came of it when it was asked before."""
    records = (await deps.reads.read(ListRecords(command_id=asked.id))).items
    return outcome_among(records, asked.id, wanted)
