"""Another log's records, put into an empty system: folded as they were, decided by nobody."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime

from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict
from mvidarr_common.messages.archive import BeginImport, EndImport, ImportBegun, ImportEnded
from mvidarr_common.messages.jobs import JobAdded
from mvidarr_common.messages.library import ArtistAdded, VideoAdded

from .brain.model import Decision, ReadModel
from .brain.rows import Row
from .brain.state import Known, State
from .brain.turn import Turn

THE_ONE = "import"


class Import(Row, table="imports"):
    """One row, once the system holds something or something is put into it."""

    until: datetime | None
    filled: bool


model = ReadModel(rows=(Import,), version=1)


@model.fold
def artist_added(_: ArtistAdded, __: Envelope, state: State) -> None:
    _fill(state)


@model.fold
def video_added(_: VideoAdded, __: Envelope, state: State) -> None:
    _fill(state)


@model.fold
def job_added(_: JobAdded, __: Envelope, state: State) -> None:
    _fill(state)


@model.fold
def begun(event: ImportBegun, cause: Envelope, state: State) -> None:
    if not imported(cause, state):
        state.put(Import(id=THE_ONE, until=event.until, filled=False))


@model.fold
def ended(_: ImportEnded, cause: Envelope, state: State) -> None:
    if not imported(cause, state):
        state.put(Import(id=THE_ONE, until=None, filled=True))


@model.decide
def begin(_: BeginImport, cause: Envelope, state: Known) -> Iterator[Decision]:
    row = state.get(Import, THE_ONE)
    if row is None:
        yield ImportBegun(until=cause.time)
    elif row.until is None:
        raise Conflict(
            "not_empty", "This system holds records of its own; only an empty one can take others."
        )


@model.decide
def end(command: EndImport, _: Envelope, state: Known) -> Iterator[Decision]:
    row = state.get(Import, THE_ONE)
    if row is None or row.until is None:
        raise Conflict("no_import", "No import has begun.")
    yield ImportEnded(records=command.records)


@model.past
def imported(envelope: Envelope, state: Known) -> bool:
    """Whether this was decided elsewhere, long ago."""
    row = state.get(Import, THE_ONE)
    return row is not None and row.until is not None and envelope.time < row.until


Chore = Callable[[Turn, datetime], Awaitable[None]]


def not_while_importing(*chores: Chore) -> tuple[Chore, ...]:
    """Chores that look at a past half told would act on it."""
    return tuple(map(_patient, chores))


def _patient(chore: Chore) -> Chore:
    async def waiting(turn: Turn, now: datetime) -> None:
        row = await turn.row(Import, THE_ONE)
        if row is None or row.until is None:
            await chore(turn, now)

    return waiting


def _fill(state: State) -> None:
    if state.get(Import, THE_ONE) is None:
        state.put(Import(id=THE_ONE, until=None, filled=True))
