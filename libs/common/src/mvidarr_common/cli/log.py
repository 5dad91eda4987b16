"""`mvidarr log …`: the log itself, as the archive keeps it; here its newest records, and one."""

import asyncio
from typing import Annotated

import typer

from mvidarr_common.errors import NotFound
from mvidarr_common.messages.queries import Records, RecordView, SystemView

from . import log_care, log_files
from .client import Client
from .history import records_table
from .output import console, plain, with_client

_PAGE = 500


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="The log: everything that was asked and happened.")
    group.command()(tail)
    group.command()(show)
    log_care.add_to(group)
    log_files.add_to(group)
    app.add_typer(group, name="log")


def tail(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="until Ctrl-C")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=_PAGE)] = 20,
) -> None:
    """The newest records."""
    with_client(lambda client: _tail(client, follow, limit))


def show(offset: int) -> None:
    """One record, whole."""
    with_client(lambda client: _show(client, offset))


async def _tail(client: Client, follow: bool, limit: int) -> None:
    newest = await newest_records(client, limit)
    console.print(records_table(newest))
    last = newest[-1].offset if newest else -1
    while follow:
        last = await _more(client, last)
        await asyncio.sleep(1)


async def newest_records(client: Client, limit: int) -> list[RecordView]:
    """The last records, oldest first. Offsets have gaps, so it may take more than one look."""
    end, reach = (await client.get("/system/status", SystemView)).offset, limit
    while True:
        records = await records_after(client, max(-1, end - reach))
        if len(records) >= limit or reach > end:
            return records[-limit:]
        reach *= 4


async def _more(client: Client, last: int) -> int:
    """Print what came after an offset; the offset of the newest."""
    records = (await client.get("/log", Records, after=last, limit=_PAGE)).items
    if not records:
        return last
    lines = records_table(list(records))
    lines.show_header = False
    console.print(lines)
    return records[-1].offset


async def _show(client: Client, offset: int) -> None:
    page = await client.get("/log", Records, after=offset - 1, limit=1)
    if not page.items or page.items[0].offset != offset:
        raise NotFound("not_found", f"The log has no record at offset {offset}.")
    console.print(plain(page.items[0].model_dump_json(indent=2)), markup=False, soft_wrap=True)


async def records_after(client: Client, after: int) -> list[RecordView]:
    """Every record behind an offset, oldest first; -1 gives the whole log."""
    records: list[RecordView] = []
    while page := (await client.get("/log", Records, after=after, limit=_PAGE)).items:
        records += page
        after = page[-1].offset
    return records
