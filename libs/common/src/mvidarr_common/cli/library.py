"""`mvidarr add`, `follow`, `unfollow`, `library`, `show`: videos and artists."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated

import typer

from mvidarr_common.errors import Invalid, Problem
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import artist_id
from mvidarr_common.messages.library import VideoFailed, VideoReady
from mvidarr_common.messages.queries import Artists, ArtistView, Videos, VideoView

from .client import Client, Frame
from .live import Board
from .output import Matching, cell, complain, console, run, say, state, table, with_client
from .words import length, size, stamp

Title = Annotated[str | None, typer.Option(help="what the page says is overruled by this")]
Artist = Annotated[str | None, typer.Option(help="what the page says is overruled by this")]
Profile = Annotated[str, typer.Option(help="the quality profile's id")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (add, follow, unfollow, library, show):
        app.command()(command)


def add(
    urls: Annotated[list[str], typer.Argument(metavar="URL…")],
    artist: Artist = None,
    title: Title = None,
    profile: Profile = "default",
    wait: Annotated[bool, typer.Option("--wait", help="until they are ready, with bars")] = False,
) -> None:
    """Fetch the videos on these pages into the library."""
    known = {name: value for name, value in (("artist", artist), ("title", title)) if value}
    if title and len(urls) > 1:
        run(_refuse_one_title)
    if not with_client(lambda client: _add(client, urls, known, profile, wait)):
        raise typer.Exit(1)


def follow(name: str) -> None:
    """Follow an artist: their videos are looked for."""
    with_client(lambda client: _follow(client, name))


def unfollow(name: str) -> None:
    """Follow an artist no longer; what is in the library stays."""
    with_client(lambda client: _unfollow(client, name))


def library(
    search: Annotated[str | None, typer.Option(help="part of a title or artist")] = None,
    only: Annotated[str | None, typer.Option("--state", help="ready, failed, wanted …")] = None,
    matching: Matching = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
) -> None:
    """The videos that are known, with their state."""
    with_client(lambda client: _library(client, limit, search=search, state=only, filter=matching))


def show(
    video_id: str,
    at: Annotated[str | None, typer.Option(help="as it was then: 2026-01-31T12:00:00Z")] = None,
) -> None:
    """Everything that is known of one video."""
    with_client(lambda client: _show(client, video_id, at))


async def _refuse_one_title() -> None:
    raise Invalid("one_title", "--title is for a single URL.")


async def _add(
    client: Client, urls: Sequence[str], known: dict[str, str], profile: str, wait: bool
) -> bool:
    """Whether all were taken and, if waited for, are ready."""
    events = client.events("jobs", "library")
    async with aclosing(events):
        if wait:
            await anext(events)  # "ready": nothing that follows from what we say is missed
        ids, well = [], True
        for url in urls:
            try:
                ids.append(await _add_one(client, url, known, profile))
            except Problem as problem:
                complain(problem)
                well = False
        return await follow_videos(client, events, ids) and well if wait else well


async def _add_one(client: Client, url: str, known: dict[str, str], profile: str) -> str | None:
    body = {"url": url, "known": known, "profileId": profile}
    told = await client.tell("/videos", VideoView, body)
    if told.state is None:
        say(f"Asked for {url}; it will be decided later (command {told.pending}).")
        return None
    say(f"Added {url} as {told.state.id}.")
    return told.state.id


async def follow_videos(
    client: Client, events: AsyncIterator[Frame], ids: Sequence[str | None]
) -> bool:
    """Show bars until these videos are ready or failed; whether all are ready."""
    open_ids = {id for id in ids if id is not None}
    well = len(open_ids) == len(ids)
    with Board(console) as board:
        for id in tuple(open_ids):
            video = await client.get(f"/videos/{id}", VideoView)
            board.know(video)
            if video.state in ("ready", "failed"):
                open_ids.discard(id)
                well = well and video.state == "ready"
        while open_ids:
            message = (await anext(events)).message
            if message is None:
                continue
            board.hear(message)
            if isinstance(message, VideoReady | VideoFailed):
                well = well and not (
                    isinstance(message, VideoFailed) and message.video_id in open_ids
                )
                open_ids.discard(message.video_id)
    return well


async def _follow(client: Client, name: str) -> None:
    told = await client.tell("/artists", ArtistView, {"name": name})
    say(f"Following {told.state.name} ({told.state.id})." if told.state else _PENDING)


async def _unfollow(client: Client, name: str) -> None:
    await client.tell(f"/artists/{artist_id(name)}", Value, method="DELETE")
    say(f"No longer following {name}.")


async def _library(client: Client, limit: int, **asked: str | None) -> None:
    videos = await client.get("/videos", Videos, limit=limit, **asked)
    artists = await client.get("/artists", Artists, followed=True, limit=500)
    console.print(library_table(videos.items))
    total = videos.total if videos.total is not None else len(videos.items)
    say(f"{len(videos.items)} of {total} videos, {len(artists.items)} artists followed.", "dim")


def library_table(videos: Sequence[VideoView]) -> object:
    """The library as people see it."""
    return table(
        "State", "Artist", "Title", "Quality", "Length", "Size", "Id",
        rows=((state(v.state), v.artist, v.title or v.url, v.quality, *_measures(v), v.id)
              for v in videos),
    )  # fmt: skip


def _measures(video: VideoView) -> tuple[str, str]:
    """Length and size of the file that is shown first."""
    if not video.files:
        return "", ""
    facts = video.files[0].rendition.facts
    return length(facts.duration), size(facts.size)


async def _show(client: Client, video_id: str, at: str | None) -> None:
    video = await client.get(f"/videos/{video_id}", VideoView, at=at)
    about = video.about.model_dump(exclude_none=True, mode="json")
    rows: list[tuple[str, object]] = [
        ("state", state(video.state)),
        ("page", video.url),
        ("quality profile", video.profile_id),
        ("added", stamp(video.added)),
        *about.items(),
    ]
    if video.failure:
        rows.append(("failure", cell(f"{video.failure.message} ({video.failure.code})", "red")))
    for file in video.files:
        facts = file.rendition.facts
        rows.append((f"{file.rendition.role}, {file.state}", file.rendition.path))
        rows.append(("", f"{facts.container}, {length(facts.duration)}, {size(facts.size)}"))
        rows.append(("", f"sha256 {file.rendition.sha256}"))
    console.print(table("", "", rows=rows, title=f"{video.artist} – {video.title}"))


_PENDING = "Asked; it will be decided later."
