"""`mvidarr log stats|grep|verify|restore`: looking into the log as a whole, and mending it."""

from typing import Annotated

import typer

from mvidarr_common.errors import Problem
from mvidarr_common.messages import Value
from mvidarr_common.messages.archive import LogStats, LogVerified
from mvidarr_common.messages.queries import Records

from .client import Client
from .history import records_table
from .output import console, say, table, with_client
from .parked import require_done
from .words import size, stamp

_PAGE = 500


def add_to(group: typer.Typer) -> None:
    """Add these commands to the group."""
    group.command()(stats)
    group.command()(grep)
    group.command()(verify)
    group.command()(restore)


def stats() -> None:
    """How many records there are of which type, and how large they are."""
    with_client(_stats)


def grep(
    text: Annotated[str, typer.Argument(help="what the record's JSON contains")] = "",
    type_is: Annotated[str | None, typer.Option("--type", help="how its type begins")] = None,
    of: Annotated[str | None, typer.Option("--of", help='a subject, such as "video/<id>"')] = None,
) -> None:
    """Records that contain a text, oldest first."""
    with_client(lambda client: _grep(client, text, type_is, of))


def verify() -> None:
    """Compare the log with its archive, record by record."""
    with_client(_verify)


def restore() -> None:
    """Write this library's records into the broker's log, also into one that another has used."""
    with_client(_restore)


async def _stats(client: Client) -> None:
    found = await client.get("/log/stats", LogStats)
    rows = sorted(found.types.items(), key=lambda each: -each[1])
    console.print(table("Records", "Type", rows=((count, name) for name, count in rows)))
    span = f", {stamp(found.first)} to {stamp(found.last)}" if found.first and found.last else ""
    say(f"{found.records} records, {size(found.bytes)}{span}; log {found.log_id}.")


async def _grep(client: Client, text: str, type_is: str | None, of: str | None) -> None:
    cursor: str | None = None
    while True:
        page = await client.get(
            "/log/search", Records, contains=text or None, typeIs=type_is, of=of,
            limit=_PAGE, cursor=cursor,
        )  # fmt: skip
        if page.items:
            console.print(records_table(list(page.items)))
        cursor = page.next
        if cursor is None:
            return


async def _verify(client: Client) -> None:
    offset, records, found = -1, 0, 0
    while True:
        page = await client.get("/log/verify", LogVerified, after=offset)
        for each in page.differences:
            say(f"{each.offset}: {each.id} {each.what}.", "red")
        offset, records = page.offset, records + page.records
        found += len(page.differences)
        if offset >= page.end:
            break
    if found:
        raise Problem("log_differs", f"{found} differences in {records} records.")
    say(f"{records} records: the log and its archive agree.")


async def _restore(client: Client) -> None:
    told = await client.tell("/log/restore", Value, wait=50)
    await require_done(client, told.pending, 600)
    say("The broker's log is this library's; `mvidarr log verify` compares it.")
