"""Playing films with what players can do: addresses without headers."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.deps import Deps
from mvidarr_common.messages.identity import DeleteUser, Role
from mvidarr_common.messages.ids import FileId, VideoId
from mvidarr_common.messages.library import Description, FileAdded, Rendition, VideoAdded
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.messages.queries import FindCredentials

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
CONTENT = bytes(range(256)) * 30
PLACE = "/api/v1/files/f1"


@pytest.fixture
async def film(deps: Deps, catalog: Catalog) -> Rendition:
    """One of which the catalog knows, and that lies in the library."""
    deps.root.library.mkdir(parents=True)
    (deps.root.library / "Song.mp4").write_bytes(CONTENT)
    rendition = Rendition(
        path="library/Song.mp4",
        role="original",
        sha256="0" * 64,
        facts=MediaFacts(container="mp4", duration=1.0, size=len(CONTENT)),
    )
    id, known = VideoId("v1"), Description(title="Song", artist="Band")
    video = VideoAdded(video_id=id, url="http://x/1", known=known, profile_id=DEFAULT_PROFILE)
    file = FileAdded(file_id=FileId("f1"), video_id=id, rendition=rendition)
    await catalog.has_committed(await catalog.say(video), await catalog.say(file))
    return rendition


async def _link(player: httpx.AsyncClient) -> str:
    ways = (await player.get(f"{PLACE}/playback")).json()["ways"]
    return next(str(way["url"]) for way in ways if way["kind"] == "direct")


async def test_a_link_opens_the_film_without_headers(
    film: Rendition, as_: As, anyone: httpx.AsyncClient
) -> None:
    link = await _link(await as_("readonly"))
    answer = await anyone.get(link, headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.content) == (206, CONTENT[:10])
    assert (await anyone.head(link)).headers["content-length"] == str(len(CONTENT))


async def test_a_link_opens_nothing_else(
    film: Rendition, as_: As, anyone: httpx.AsyncClient
) -> None:
    ticket = (await _link(await as_("admin"))).partition("?")[2]
    for place in ("/api/v1/files/f2/content", PLACE, f"{PLACE}/playback", "/api/v1/users"):
        answer = await anyone.get(f"{place}?{ticket}")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), place
    answer = await anyone.delete(f"/api/v1/videos/v1?{ticket}")
    assert answer.status_code == 401


async def test_a_link_ends_with_its_user(
    film: Rendition, as_: As, anyone: httpx.AsyncClient, catalog: Catalog, deps: Deps
) -> None:
    link = await _link(await as_("user"))
    assert (await anyone.get(link)).status_code == 200
    user = (await catalog.show(FindCredentials(username="a-user"))).user
    assert user is not None
    await catalog.has_committed(await catalog.say(DeleteUser(user_id=user.id)))
    await deps.feed.committed_to((await catalog.system()).offset, deps.bus, 10)
    assert (await anyone.get(link)).status_code == 401
