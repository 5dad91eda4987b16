"""Rebuilds that were asked for: remembered, so that a leader who dies in one hands it on."""

import asyncio
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.messages.system import CommandRejected, ReadModelRebuilt, RebuildReadModel

from .brain.leader import Leader
from .brain.model import Decision, Deferred, ReadModel
from .brain.rebuild import CannotFold, Rebuilt
from .brain.rows import Row, table_of
from .brain.state import Known, State
from .brain.turn import Turn


class Rebuild(Row, table="rebuilds", indexes=(("done",),)):
    """One request; its id is the command's, its body the command as it was said."""

    body: str
    done: bool


model = ReadModel(rows=(Rebuild,), version=1)


@model.fold
def asked(_: RebuildReadModel, cause: Envelope, state: State) -> None:
    state.put(Rebuild(id=cause.id, body=cause.encode().decode(), done=False))


@model.fold
def rebuilt(_: ReadModelRebuilt, cause: Envelope, state: State) -> None:
    _done(state, cause.causation_id)


@model.fold
def refused(event: CommandRejected, _: Envelope, state: State) -> None:
    if event.command == RebuildReadModel.wire:
        _done(state, event.command_id)


@model.decide
def rebuild(_: RebuildReadModel, __: Envelope, ___: Known) -> Iterator[Decision]:
    yield Deferred()


class Rebuilder:
    """A chore that notices what was asked for, and an errand that carries it out."""

    def __init__(self) -> None:
        self._wanted: asyncio.Queue[Envelope] = asyncio.Queue()
        self._looked = False

    async def __call__(self, turn: Turn, _: datetime) -> None:
        """Look once for what an earlier leader has left, then only when somebody asks."""
        if self._looked and not any(isinstance(m, RebuildReadModel) for m in turn.said.folded):
            return
        self._looked = True
        table = table_of(Rebuild, turn.checkpoint.generation)
        query = sa.select(table.c.body).where(sa.not_(table.c.done)).order_by(table.c.id)
        for body in (await (await turn.tables()).execute(query)).scalars():
            self._wanted.put_nowait(decode(body.encode()))

    async def run(self, leader: Leader) -> None:
        """Rebuild for each who asked, one after the other, for ever."""
        done: set[str] = set()
        while True:
            command = await self._wanted.get()
            if command.id in done:
                continue
            done.add(command.id)
            try:
                result = await _carry_out(leader, command)
            except CannotFold as error:
                await leader.say(_refusal(command, error), command)
            else:
                await leader.say(_told(result, leader.checkpoint.offset), command)


async def _previous(leader: Leader) -> tuple[int, int]:
    """The generation that was live before this one, and how far it had come."""
    last = await leader.last_said(ReadModelRebuilt)
    if (
        not isinstance(last, ReadModelRebuilt)
        or last.generation != leader.checkpoint.generation
        or last.from_generation is None
    ):
        raise CannotFold("there are no tables to go back to.")
    return last.from_generation, last.seq


async def _carry_out(leader: Leader, command: Envelope) -> Rebuilt:
    asked = command.message
    if isinstance(asked, RebuildReadModel) and asked.back:
        return await leader.switch_back(*await _previous(leader))
    return await leader.rebuild()


def _told(result: Rebuilt, offset: int) -> ReadModelRebuilt:
    return ReadModelRebuilt(
        generation=result.generation,
        from_generation=result.from_generation,
        seq=result.seq,
        offset=offset,
        records=result.records,
        seconds=round(result.seconds, 3),
        old_checksum=result.old_checksum,
        new_checksum=result.new_checksum,
    )


def _refusal(command: Envelope, error: CannotFold) -> CommandRejected:
    return CommandRejected(
        command_id=command.id,
        command=command.message.wire,
        code="rebuild_failed",
        message=f"The live tables stay: {error}",
    )


def _done(state: State, id: str | None) -> None:
    row = state.get(Rebuild, id) if id else None
    if row:
        state.put(row.changed(done=True))
