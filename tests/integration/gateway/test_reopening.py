"""Films opened again: fast, for the same address and credentials, and never once one is gone."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway import reopening
from mvidarr_api_gateway.callers import Holder
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.edge import Edge
from mvidarr_api_gateway.links import Links
from mvidarr_api_gateway.memory import Memory
from mvidarr_api_gateway.reopening import Reopening
from mvidarr_common.messages import Message
from mvidarr_common.messages.identity import DeleteUser, Role
from mvidarr_common.messages.ids import FileId, VideoId
from mvidarr_common.messages.library import (
    Description,
    FileAdded,
    FileRemoved,
    Rendition,
    VideoAdded,
)
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.messages.queries import FindCredentials
from mvidarr_common.testing.conditions import eventually

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
CONTENT = bytes(range(256)) * 30
PLACE = "/api/v1/files/f1/content"


@pytest.fixture
def handled(app: Edge, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that went the whole way."""
    assert isinstance(app.app, Memory)
    stands = app.app._app
    assert isinstance(stands, Reopening)
    paths: list[str] = []
    inside = stands._app

    async def counted(scope, receive, send) -> None:  # type: ignore[no-untyped-def]  # ASGI
        paths.append(scope["path"])
        await inside(scope, receive, send)

    monkeypatch.setattr(stands, "_app", counted)
    return paths


@pytest.fixture
async def film(deps: Deps, catalog: Catalog) -> FileId:
    """One of which the catalog knows, and that lies in the library."""
    deps.root.library.mkdir(parents=True)
    (deps.root.library / "Song.mp4").write_bytes(CONTENT)
    video, file = VideoId("v1"), FileId("f1")
    facts = MediaFacts(container="mp4", duration=1.0, size=len(CONTENT))
    rendition = Rendition(path="library/Song.mp4", role="original", sha256="ab", facts=facts)
    added = VideoAdded(
        video_id=video, url="http://x/1", known=Description(), profile_id=DEFAULT_PROFILE
    )
    await _say(deps, catalog, added)
    await _say(deps, catalog, FileAdded(file_id=file, video_id=video, rendition=rendition))
    return file


async def _say(deps: Deps, catalog: Catalog, message: Message) -> None:
    await catalog.has_committed(await catalog.say(message))
    assert await deps.feed.committed_to((await catalog.system()).offset, deps.bus, 10)


async def _part(client: httpx.AsyncClient, start: int, end: int, path: str = PLACE) -> bytes:
    answer = await client.get(path, headers={"Range": f"bytes={start}-{end - 1}"})
    assert (answer.status_code, answer.headers["content-length"]) == (206, str(end - start))
    return answer.content


async def test_the_parts_of_a_film_are_fetched_without_asking_again(
    film: FileId, as_: As, handled: list[str]
) -> None:
    player = await as_("readonly")
    found = [await _part(player, start, start + 1000) for start in range(0, 5000, 1000)]
    assert b"".join(found) == CONTENT[:5000]
    assert handled == [PLACE]
    whole = await player.get(PLACE)
    assert whole.content == CONTENT
    for headers, status in (
        ({"If-None-Match": whole.headers["etag"]}, 304),
        ({"If-Match": '"x"'}, 412),
        ({"Range": "bytes=9000000-"}, 416),
        ({"Range": "bytes=0-9", "If-Range": '"x"'}, 200),
    ):
        answer = await player.get(PLACE, headers=headers)
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert handled == [PLACE]


async def test_others_go_the_whole_way(
    film: FileId, as_: As, anyone: httpx.AsyncClient, handled: list[str]
) -> None:
    await _part(await as_("user"), 0, 10)
    await _part(await as_("readonly"), 0, 10)
    assert (await anyone.get(PLACE)).status_code == 401
    assert len(handled) == 3


async def test_who_is_gone_is_shown_nothing_more(
    film: FileId, as_: As, handled: list[str], deps: Deps, catalog: Catalog
) -> None:
    player = await as_("user")
    await _part(player, 0, 10)
    user = (await catalog.show(FindCredentials(username="a-user"))).user
    assert user is not None
    await _say(deps, catalog, DeleteUser(user_id=user.id))
    assert (await player.get(PLACE)).status_code == 401


async def test_what_is_no_file_any_more_is_not_sent(
    film: FileId, as_: As, deps: Deps, catalog: Catalog
) -> None:
    player = await as_("user")
    await _part(player, 0, 10)
    (deps.root.library / "Song.mp4").rename(deps.root.library / "Other.mp4")
    gone = await player.get(PLACE)
    assert (gone.status_code, gone.json()["code"]) == (404, "file_missing")
    (deps.root.library / "Other.mp4").rename(deps.root.library / "Song.mp4")
    await _part(player, 0, 10)
    await _say(deps, catalog, FileRemoved(file_id=film, video_id=VideoId("v1")))
    assert (await player.get(PLACE)).status_code == 404


async def test_a_ticket_is_looked_at_each_time(
    film: FileId, as_: As, anyone: httpx.AsyncClient, handled: list[str], deps: Deps
) -> None:
    me = (await (await as_("user")).get("/api/v1/auth/me")).json()
    short = Links(deps.key, 2.5).ticket(f"files/{film}", Holder(me["id"]))
    path = f"{PLACE}?ticket={short}"
    handled.clear()
    await _part(anyone, 0, 10, path)
    assert await _part(anyone, 10, 20, path) == CONTENT[10:20]
    assert handled == [PLACE]

    async def expired() -> bool:
        answer = await anyone.get(path)
        return answer.status_code == 401 and answer.json()["code"] == "ticket_expired"

    await eventually(expired)


async def test_a_library_that_hangs_keeps_nobody_else_waiting(
    film: FileId, as_: As, anyone: httpx.AsyncClient, handled: list[str], deps: Deps
) -> None:
    player = await as_("user")
    known = {"If-None-Match": (await player.get(PLACE)).headers["etag"]}
    song = deps.root.library / "Song.mp4"
    song.unlink()
    os.mkfifo(song)  # to open it takes until somebody writes
    waiting = asyncio.create_task(player.get(PLACE, headers=known))
    for _ in range(20):
        assert (await anyone.get("/ping")).status_code == 200
    assert not waiting.done()
    os.close(await asyncio.to_thread(os.open, song, os.O_WRONLY))
    assert (await waiting).status_code == 304
    assert handled.count(PLACE) == 1


async def test_after_a_while_everything_is_asked_again(
    film: FileId, as_: As, handled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reopening, "LONGEST", -1.0)
    player = await as_("user")
    await _part(player, 0, 10)
    await _part(player, 0, 10)
    assert len(handled) == 2
