"""`mvidarr job`: steer one job, or all that match a filter."""

import asyncio
from typing import Annotated

import typer

from mvidarr_common.errors import Invalid
from mvidarr_common.messages.batches import BatchView, Deed
from mvidarr_common.messages.queries import JobView

from .client import Client, Told
from .output import say, with_client

Where = Annotated[
    str | None, typer.Option("--filter", help='all that match, such as "queue = download"')
]
Id = Annotated[str, typer.Argument(help="of one job")]
_LOOK = 0.3
"""Seconds between two looks at a batch."""


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="Steer jobs.")
    for command in (pause, resume, cancel, retry, priority, batch):
        group.command()(command)
    app.add_typer(group, name="job")


def pause(id: Id = "", matching: Where = None) -> None:
    """Let it not run until it is resumed; what a worker has done of it is kept."""
    with_client(lambda client: _do(client, "pause", id, matching))


def resume(id: Id = "", matching: Where = None) -> None:
    """Let it wait for its turn again."""
    with_client(lambda client: _do(client, "resume", id, matching))


def cancel(id: Id = "", matching: Where = None) -> None:
    """End it, wherever it is."""
    with_client(lambda client: _do(client, "cancel", id, matching))


def retry(id: Id = "", matching: Where = None) -> None:
    """Let it try again after it failed for good."""
    with_client(lambda client: _do(client, "retry", id, matching))


def priority(
    id: Id, priority: Annotated[int, typer.Argument(min=0, max=9, help="9 is the most urgent")]
) -> None:
    """Move a job that waits forward, or back."""
    with_client(lambda client: _prioritise(client, id, priority))


def batch(id: Annotated[str, typer.Argument(help="of the command that began it")]) -> None:
    """How far many jobs in one request are."""
    with_client(lambda client: _show(client, id))


async def _do(client: Client, deed: Deed, id: str, matching: str | None) -> None:
    if bool(id) == (matching is not None):
        raise Invalid("invalid_arguments", "Give the id of one job, or --filter.")
    if matching is None:
        _tell(await client.tell(f"/jobs/{id}/{deed}", JobView))
        return
    told = await client.tell(f"/jobs/{deed}", BatchView, {"filter": matching})
    if told.state is None:
        say(f"Asked; it will be decided later (command {told.pending}).")
    else:
        await _follow(client, told.state)


async def _prioritise(client: Client, id: str, priority: int) -> None:
    _tell(await client.tell(f"/jobs/{id}", JobView, {"priority": priority}, method="PATCH"))


async def _show(client: Client, id: str) -> None:
    say(_spelled(await client.get(f"/jobs/batches/{id}", BatchView)))


async def _follow(client: Client, batch: BatchView) -> None:
    while not batch.ended:
        await asyncio.sleep(_LOOK)
        batch = await client.get(f"/jobs/batches/{batch.id}", BatchView)
    say(_spelled(batch))


def _tell(told: Told[JobView]) -> None:
    if told.state is None:
        say(f"Asked; it will be decided later (command {told.pending}).")
    else:
        say(f"It is {told.state.state}, with priority {told.state.priority}.")


def _spelled(batch: BatchView) -> str:
    refused = f", {batch.refused} could not" if batch.refused else ""
    return f"{batch.deed}: {batch.done} jobs{refused}; {'ended' if batch.ended else 'goes on'}."
