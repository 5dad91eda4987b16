"""Takes the log out as compressed lines, and puts such lines into a log."""

import zlib
from collections.abc import AsyncIterator

import orjson

from mvidarr_common.envelope import decode
from mvidarr_common.errors import Conflict, Invalid, Undecodable
from mvidarr_common.messages.archive import ExportRecords
from mvidarr_common.messages.system import LogStarted

from .deps import Deps

GZIP = 31
"""What zlib calls a window of 32 kB with a gzip header."""


async def exported(deps: Deps) -> AsyncIterator[bytes]:
    """One record on a line, as it stands in the log."""
    packer = zlib.compressobj(wbits=GZIP)
    cursor: str | None = None
    while True:
        page = await deps.reads.read(ExportRecords(cursor=cursor), timeout=30.0)
        lines = "".join(f"{body}\n" for body in page.items)
        if packed := packer.compress(lines.encode()):
            yield packed
        cursor = page.next
        if cursor is None:
            break
    yield packer.flush()


async def append_records(deps: Deps, lines: bytes) -> None:
    """Write records to the log alone. Every log keeps its own beginning."""
    if deps.feed.log_id is None:
        raise Conflict("no_log", "The log is not there yet.")
    entries = [_entry(line) for line in lines.splitlines() if line.strip()]
    await deps.bus.append([entry for entry in entries if entry[0] != f"event.{LogStarted.wire}"])


def _entry(line: bytes) -> tuple[str, bytes]:
    try:
        return decode(line).routing_key, line
    except Undecodable as unknown:
        try:
            return str(orjson.loads(line)["type"]), line
        except (ValueError, KeyError, TypeError):
            raise Invalid("invalid_record", f"This is no record: {unknown.message}") from None
