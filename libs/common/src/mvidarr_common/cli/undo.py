"""`mvidarr undo ID`: take back what a command has changed."""

import typer

from mvidarr_common.messages.curating import CommandUndone

from .client import Client
from .output import say, with_client


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(undo)


def undo(command_id: str) -> None:
    """Take back all that a command has changed; undo the undo to have it again."""
    with_client(lambda client: _undo(client, command_id))


async def _undo(client: Client, command_id: str) -> None:
    told = await client.tell(f"/commands/{command_id}/undo", CommandUndone)
    if told.state is None:
        say(f"Asked; it will be decided later (command {told.pending}).")
    else:
        say(f"Undone: {told.state.changes} changes were taken back (by command {told.command}).")
