"""`mvidarr parked`: messages that could not be folded or decided, and what becomes of them."""

from typing import Annotated

import typer

from mvidarr_common.errors import Problem
from mvidarr_common.messages import Value
from mvidarr_common.messages.queries import ParkedMessages

from .client import Client, CommandView
from .output import console, say, table, with_client
from .words import stamp


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="Messages that nobody could handle.")
    group.command("list")(list_parked)
    group.command()(retry)
    group.command()(discard)
    app.add_typer(group, name="parked")


def list_parked() -> None:
    """What is parked, and how much waits behind it."""
    with_client(_list)


def retry(event_id: Annotated[str | None, typer.Argument(help="none: all of them")] = None) -> None:
    """Try parked messages again."""
    with_client(lambda client: _retry(client, event_id))


def discard(event_id: str, reason: Annotated[str, typer.Option(prompt=True)]) -> None:
    """Give a parked message up; the log keeps the reason."""
    with_client(lambda client: _discard(client, event_id, reason))


async def _list(client: Client) -> None:
    page = await client.get("/parked", ParkedMessages, limit=500)
    rows = (
        (stamp(m.parked), m.type, m.subject, m.waiting, m.error, m.event_id) for m in page.items
    )
    console.print(table("Parked", "Type", "Subject", "Behind", "Error", "Event", rows=rows))


async def _retry(client: Client, event_id: str | None) -> None:
    told = await client.tell("/parked/retry", Value, {"eventId": event_id} if event_id else {})
    await require_done(client, told.pending)
    say("Tried again." if event_id else "All of them were tried again.")


async def _discard(client: Client, event_id: str, reason: str) -> None:
    told = await client.tell(f"/parked/{event_id}", Value, {"reason": reason}, method="DELETE")
    await require_done(client, told.pending)
    say("Discarded.")


async def require_done(client: Client, pending: str | None, deadline: float = 60) -> CommandView:
    """Wait for a command that was not decided at once; raises what it was refused for."""
    if pending is None:
        return CommandView(id="", state="done")
    view = await client.outcome(pending, deadline)
    if view.state == "rejected":
        raise Problem(view.code or "rejected", view.message or "It was refused.")
    if view.state == "pending":
        raise Problem("pending", f"The command {pending} is not decided yet; it stays asked.")
    return view
