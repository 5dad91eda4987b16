"""`mvidarr parked`: messages that could not be folded or decided, and what becomes of them."""

from typing import Annotated

import orjson
import typer

from mvidarr_common.errors import Invalid, Problem
from mvidarr_common.messages import Value
from mvidarr_common.messages.archive import ParkedDetail
from mvidarr_common.messages.queries import ParkedMessages

from .client import Client, CommandView
from .output import console, plain, say, table, with_client
from .words import stamp


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="Messages that nobody could handle.")
    group.command("list")(list_parked)
    group.command()(show)
    group.command()(retry)
    group.command()(edit)
    group.command()(discard)
    app.add_typer(group, name="parked")


def list_parked() -> None:
    """What is parked, and how much waits behind it."""
    with_client(_list)


def show(event_id: str) -> None:
    """What a parked message says, and the traceback of what went wrong."""
    with_client(lambda client: _show(client, event_id))


def edit(
    event_id: str,
    values: Annotated[
        list[str], typer.Option("--set", metavar="FIELD=JSON", help="a field of its data")
    ],
    reason: Annotated[str, typer.Option(prompt=True)],
) -> None:
    """Change fields of a parked message and try it again; the log keeps the reason."""
    with_client(lambda client: _edit(client, event_id, values, reason))


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


async def _show(client: Client, event_id: str) -> None:
    found = await client.get(f"/parked/{event_id}", ParkedDetail)
    say(
        f"{found.type} {found.event_id} about {found.subject}, parked {stamp(found.parked)}", "bold"
    )
    say(f"{found.waiting} wait behind it. {found.error}", "red")
    told = found.record.model_dump_json(indent=2) if found.record else found.body
    console.print(plain(told), markup=False, soft_wrap=True)
    if found.trace:
        console.print(plain(found.trace), markup=False, soft_wrap=True)


async def _edit(client: Client, event_id: str, values: list[str], reason: str) -> None:
    body = {"changes": dict(map(_change, values)), "reason": reason}
    told = await client.tell(f"/parked/{event_id}/edit", Value, body)
    await require_done(client, told.pending)
    say("Changed, and tried again.")


def _change(value: str) -> tuple[str, object]:
    """A field and its JSON; what is no JSON is a text."""
    field, equals, text = value.partition("=")
    if not equals:
        raise Invalid("invalid_change", f"{value!r} is not FIELD=JSON.")
    try:
        return field, orjson.loads(text)
    except ValueError:
        return field, text


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
