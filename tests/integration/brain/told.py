"""A catalog at which nobody works: what is told is put into its archive and its tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_catalog.brain import store
from mvidarr_catalog.brain.mind import Mind
from mvidarr_catalog.brain.reading import Answers
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.schema import checkpoint
from mvidarr_catalog.brain.state import Rows
from mvidarr_catalog.brain.writes import Writes
from mvidarr_catalog.models import whole_brain
from mvidarr_common.envelope import Envelope

LIVE = 1
"""The generation of the tables that hold what a prefix of the log gives."""


async def keep(engine: AsyncEngine, told: Sequence[Envelope]) -> None:
    """These stand in the archive, folded in this order."""
    records = [_archived(envelope, seq) for seq, envelope in enumerate(told, 1)]
    async with engine.begin() as connection:
        async with Writes(connection) as writes:
            store.archive(writes, "log", records)
        await connection.execute(
            sa.update(checkpoint).values(log_id="log", seq=len(told), generation=LIVE)
        )


def _archived(envelope: Envelope, seq: int) -> store.Archived:
    return store.Archived(
        id=envelope.id,
        seq=seq,
        offset=seq,
        type=envelope.type,
        subject=envelope.subject,
        time=envelope.time,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        body=envelope.encode(),
    )


async def shown(engine: AsyncEngine, told: Sequence[Envelope]) -> tuple[Rows, Answers]:
    """The live tables as they are when just these were folded."""
    mind, brain = Mind(whole_brain()), whole_brain()
    mind.state.learn({}, complete=brain.rows)
    for envelope in told:
        mind.fold(envelope)
    async with engine.begin() as connection:
        for row in brain.rows:
            await connection.execute(sa.delete(table_of(row, LIVE)))
        async with Writes(connection) as writes:
            store.save_rows(writes, mind.state.take_changes(), LIVE)
    return dict(mind.state.everything()), Answers(engine, brain)
