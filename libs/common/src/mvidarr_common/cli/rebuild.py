"""`mvidarr rebuild`: make the read model again from the archive, and compare."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from mvidarr_common.errors import Problem
from mvidarr_common.messages.system import ReadModelRebuilt, RebuildProgressed

from .client import Client, Frame
from .output import console, say, with_client
from .parked import require_done

_LIMIT = 3600.0


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(rebuild)


def rebuild(
    back: Annotated[
        bool, typer.Option("--back", help="to the tables that were live before")
    ] = False,
) -> None:
    """Fill new tables from the archive beside the live ones, compare them, and switch."""
    with_client(lambda client: _rebuild(client, back))


async def _rebuild(client: Client, back: bool) -> None:
    async with aclosing(client.events("system")) as events:
        await anext(events)  # "ready": whatever is told from now on is heard
        watching = asyncio.create_task(_watch(events))
        try:
            told = await client.tell("/system/rebuild", ReadModelRebuilt, {"back": back}, wait=50)
            fact = told.state or await _later(client, told.pending)
        finally:
            watching.cancel()
            await asyncio.wait([watching])
    same = fact.old_checksum == fact.new_checksum
    verdict = "identical to the tables before" if same else "DIFFERENT from the tables before"
    rate = fact.records / max(fact.seconds, 0.001)
    say(
        f"{fact.records} records in {fact.seconds:.2f} s ({rate:.0f}/s), "
        f"generation {fact.generation}: {verdict}."
    )
    if not same:
        raise Problem("rebuild_differs", f"{fact.old_checksum} became {fact.new_checksum}.")


async def _watch(events: AsyncIterator[Frame]) -> None:
    """A bar, as long as there is progress to tell."""
    bar = Progress(
        TextColumn("Folding"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        console=console, transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("fold", total=None, rate="")
        async for frame in events:
            if isinstance(now := frame.message, RebuildProgressed):
                rate = f"{now.records / max(now.seconds, 0.001):.0f}/s"
                bar.update(task, completed=now.records, total=now.total, rate=rate)


async def _later(client: Client, pending: str | None) -> ReadModelRebuilt:
    records = (await require_done(client, pending, _LIMIT)).records
    done = next((r for r in records if r.type.endswith(ReadModelRebuilt.wire)), None)
    if done is None:
        raise Problem("no_result", "The rebuild ended without telling how.")
    return ReadModelRebuilt.model_validate(done.data)
