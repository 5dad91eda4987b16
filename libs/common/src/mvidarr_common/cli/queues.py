"""`mvidarr queues`: what waits for whom."""

import typer

from mvidarr_common.messages.queries import SystemView

from .client import Client
from .output import console, say, table, with_client

STATES = ("waiting", "queued", "running")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(queues)


def queues() -> None:
    """The jobs that have not ended, by queue: waiting here, with the broker, being run."""
    with_client(_show)


async def _show(client: Client) -> None:
    view = await client.get("/system/status", SystemView)
    rows = (
        (name, *(states.get(each, 0) for each in STATES))
        for name, states in sorted(view.queues.items())
    )
    console.print(table("Queue", "Waiting", "Queued", "Running", rows=rows))
    if not view.queues:
        say("Nothing waits.", "dim")
