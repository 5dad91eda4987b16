"""`mvidarr history ID`: everything that was asked about something and happened to it."""

from collections import defaultdict
from typing import Annotated

import typer
from rich.table import Table
from rich.tree import Tree

from mvidarr_common.errors import NotFound
from mvidarr_common.messages.queries import Records, RecordView

from .client import Client
from .output import cell, console, table, with_client
from .sentences import sentence
from .words import stamp, what, who

KINDS = ("video", "artist", "job", "file", "pipeline", "profile")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(history)


def history(
    id: str,
    tree: Annotated[bool, typer.Option("--tree", help="what followed from what")] = False,
) -> None:
    """The history of an id, or of a subject such as "video/<id>", from the log."""
    with_client(lambda client: _history(client, id, tree))


async def _history(client: Client, id: str, tree: bool) -> None:
    kinds: tuple[str, ...] = KINDS
    name = id
    if "/" in id:
        kind, _, name = id.partition("/")
        kinds = (kind,)
    for kind in kinds:
        records = await history_of(client, f"{kind}/{name}")
        if records:
            title = f"{kind}/{name}"
            console.print(records_tree(records) if tree else records_table(records, title=title))
            return
    raise NotFound("not_found", f"The log says nothing about {id}.")


async def history_of(client: Client, subject: str) -> list[RecordView]:
    """Every record about a subject, oldest first."""
    records: list[RecordView] = []
    cursor: str | None = None
    while True:
        try:
            page = await client.get(f"/history/{subject}", Records, limit=500, cursor=cursor)
        except NotFound:
            return records
        records += page.items
        cursor = page.next
        if cursor is None:
            return sorted(records, key=lambda record: record.offset)


def records_table(records: list[RecordView], title: str | None = None) -> Table:
    """Records of the log as people read them."""
    return table(
        "Offset", "Time", "Type", "Who", "What",
        rows=((r.offset, stamp(r.time), r.type, who(r), what(r)) for r in records), title=title,
    )  # fmt: skip


def records_tree(records: list[RecordView]) -> Tree:
    """Every record below the one that it followed from."""
    known = {record.id for record in records}
    effects: defaultdict[str | None, list[RecordView]] = defaultdict(list)
    for record in records:
        cause = record.causation_id
        effects[cause if cause in known and cause != record.id else None].append(record)
    root = Tree("", hide_root=True)
    todo = [(root, record) for record in reversed(effects[None])]
    while todo:
        branch, record = todo.pop()
        here = branch.add(cell(f"{stamp(record.time)}  {sentence(record)}"))
        todo += [(here, effect) for effect in reversed(effects.pop(record.id, []))]
    return root
