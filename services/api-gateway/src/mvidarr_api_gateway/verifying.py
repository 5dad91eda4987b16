"""Walks a stretch of the log and has the catalog compare it with its archive."""

import hashlib
from collections.abc import Sequence

import orjson

from mvidarr_common.bus import After, Record
from mvidarr_common.errors import Invalid
from mvidarr_common.messages.archive import CompareRecords, LogDifference, LogPlace, LogVerified
from mvidarr_common.messages.queries import GetSystem

from .deps import Deps

BATCH = 500
QUIET = 2.0


async def verified(deps: Deps, after: int, limit: int) -> LogVerified:
    """Up to `limit` records behind an offset, or those until where the catalog is."""
    end = (await deps.reads.read(GetSystem())).offset
    records, offset = 0, after
    differences: list[LogDifference] = []
    if after > end:
        raise Invalid("invalid_query", f"The log is known up to {end}, and not to {after}.")
    async with deps.bus.read_log(After(after)) as reader:
        while records < limit and offset < end:
            batch = await reader.batch(BATCH, QUIET)
            known = [record for record in batch if record.offset <= end]
            if not known:
                break
            # Behind a place that retention has removed the log begins later: that is no difference.
            behind = offset if records or after >= 0 else known[0].offset - 1
            compared = CompareRecords(after=behind, places=_places(known))
            differences += (await deps.reads.read(compared, timeout=30.0)).differences
            records, offset = records + len(known), known[-1].offset
    reached = offset if records >= limit else max(offset, end)
    return LogVerified(records=records, offset=reached, end=end, differences=tuple(differences))


def _places(records: Sequence[Record]) -> tuple[LogPlace, ...]:
    return tuple(
        LogPlace(
            offset=record.offset,
            id=_id_of(record),
            digest=hashlib.sha256(record.body).hexdigest(),
        )
        for record in records
    )


def _id_of(record: Record) -> str:
    try:
        return str(orjson.loads(record.body)["id"])
    except (ValueError, TypeError, KeyError):
        return f"offset-{record.offset}"
