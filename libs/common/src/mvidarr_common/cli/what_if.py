"""`mvidarr what-if`: try a quality profile or a naming template on the library; nothing changes."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.messages.queries import ProfileView, Supposition, Suppositions

from .client import Client
from .output import console, say, table, with_client


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("what-if")(what_if)


def what_if(
    template: Annotated[str | None, typer.Option(help="of names: {Artist Name}/…")] = None,
    profile: Annotated[str | None, typer.Option(help="an id, or a file with its JSON")] = None,
    only: Annotated[str | None, typer.Option("--filter", help="of which videos")] = None,
    kept: Annotated[bool, typer.Option("--kept", help="show also what stays as it is")] = False,
) -> None:
    """What would be upgraded, transcoded, renamed or refused, and why."""
    with_client(lambda client: _what_if(client, template, profile, only, kept))


async def _what_if(
    client: Client, template: str | None, profile: str | None, only: str | None, kept: bool
) -> None:
    wish = await _profile(client, profile) if profile else None
    body: dict[str, Any] = {"template": template, "filter": only, "kept": kept, "limit": 500}
    body["profile"] = wish.model_dump(mode="json") if wish else None
    found: list[Supposition] = []
    looked_at, cursor, more = 0, None, True
    while more:
        told = await client.tell("/what-if", Suppositions, {**body, "cursor": cursor})
        assert told.state is not None
        found += told.state.items
        looked_at, cursor = looked_at + told.state.looked_at, told.state.next
        more = cursor is not None
    rows = ((s.outcome, s.artist, s.title, s.reason, s.new_path or "") for s in found)
    console.print(table("What", "Artist", "Title", "Why", "New name", rows=rows))
    say(f"{len(found)} findings on {looked_at} videos; nothing was changed.", "dim")


async def _profile(client: Client, named: str) -> QualityProfile:
    if saved := await asyncio.to_thread(_saved, Path(named)):
        return QualityProfile.model_validate_json(saved)
    return (await client.get(f"/profiles/{named}", ProfileView)).profile


def _saved(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
