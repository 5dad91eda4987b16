"""Playing films with what players can do: addresses without headers."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.app import application
from mvidarr_api_gateway.deps import Deps, open_deps
from mvidarr_api_gateway.settings import GatewaySettings
from mvidarr_common.messages.identity import DeleteUser, Role
from mvidarr_common.messages.ids import FileId, VideoId
from mvidarr_common.messages.library import (
    Description,
    FileAdded,
    Rendition,
    VideoAdded,
    VideoReady,
)
from mvidarr_common.messages.media import MediaFacts, VideoStream
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.messages.queries import FindCredentials
from mvidarr_common.service import Runtime
from mvidarr_common.testing.conditions import eventually

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
CONTENT = bytes(range(256)) * 30
PLACE = "/api/v1/files/f1"
BESIDE = {
    ".renditions/Song.hls/master.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv0/index.m3u8\n",
    ".renditions/Song.hls/v0/index.m3u8": '#EXTM3U\n#EXT-X-MAP:URI="film.m4s"\nfilm.m4s\n',
    ".renditions/Song.hls/v0/film.m4s": "segments",
    "Song.trickplay/320 - 10x10/0.jpg": "jpeg",
}


@pytest.fixture
async def film(deps: Deps, catalog: Catalog) -> Rendition:
    """One of which the catalog knows, and that lies in the library."""
    deps.root.library.mkdir(parents=True)
    (deps.root.library / "Song.mp4").write_bytes(CONTENT)
    (deps.root.library / "Song.en.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    for name, content in BESIDE.items():
        path = deps.root.library / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    rendition = Rendition(
        path="library/Song.mp4",
        role="original",
        sha256="0" * 64,
        facts=MediaFacts(
            container="mp4",
            duration=61.6,
            size=len(CONTENT),
            video=(VideoStream(codec="h264", width=640, height=360),),
        ),
        sidecars=tuple(f"library/{name}" for name in BESIDE),
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


@pytest.mark.parametrize("made_with", ["a session", "a key"])
async def test_a_link_ends_with_the_session_or_the_key_that_made_it(
    film: Rendition,
    as_: As,
    anyone: httpx.AsyncClient,
    runtime: Runtime[GatewaySettings],
    made_with: str,
) -> None:
    if made_with == "a session":
        admin = {"username": "admin", "password": "correct horse battery"}
        told = (await anyone.post("/api/v1/auth/login", json=admin)).json()
        known = {"Authorization": f"Bearer {told['accessToken']}"}
        end = f"/api/v1/sessions/{told['sessionId']}"
    else:
        owner = await as_("user")
        told = (await owner.post("/api/v1/api-keys", json={"name": "k", "role": "user"})).json()
        known, end = {"X-Api-Key": told["key"]}, f"/api/v1/api-keys/{told['id']}"
    async with open_deps(replace(runtime, worker_id=runtime.worker_id)) as deps:
        other = httpx.ASGITransport(app=application(deps))
        async with httpx.AsyncClient(transport=other, base_url="http://other") as elsewhere:
            ways = (await anyone.get(f"{PLACE}/playback", headers=known)).json()["ways"]
            links = (await anyone.get("/api/v1/lists", headers=known)).json()
            for address in (ways[0]["url"], links["videos"]):
                assert (await elsewhere.get(address)).status_code == 200
            clients = anyone if made_with == "a session" else owner
            assert (await clients.delete(end, headers=known)).status_code == 204
            for client in (anyone, elsewhere):
                for address in (ways[0]["url"], links["videos"]):
                    answer = await eventually(partial(_refused, client, address))
                    assert answer.json()["code"] in ("session_ended", "unauthenticated")


async def _refused(client: httpx.AsyncClient, address: str) -> httpx.Response:
    answer = await client.get(address)
    assert answer.status_code == 401
    return answer


async def _playback(player: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await player.get(f"{PLACE}/playback")).json()
    return found


async def test_a_stream_is_opened_by_its_first_address_alone(
    film: Rendition, as_: As, anyone: httpx.AsyncClient
) -> None:
    ways = (await _playback(await as_("readonly")))["ways"]
    assert [way["kind"] for way in ways] == ["direct", "hls"]
    at = urljoin("http://gateway", ways[1]["url"])
    for expected in ("v0/index.m3u8?ticket=", "film.m4s?ticket="):
        answer = await anyone.get(at)
        assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
        last = answer.text.splitlines()[-1]
        assert last.startswith(expected)
        at = urljoin(at, last)
    part = await anyone.get(at, headers={"Range": "bytes=0-2"})
    assert (part.status_code, part.text) == (206, "seg")


async def test_a_stream_holds_nothing_but_its_own(film: Rendition, as_: As) -> None:
    client = await as_("admin")
    outside = ("../Song.mp4", "%2e%2e/%2e%2e/Song.mp4", "Song.mp4", "v0", "v1/index.m3u8", "")
    for name in outside:
        assert (await client.get(f"{PLACE}/hls/{name}")).status_code == 404, name


async def test_subtitles_and_small_frames_belong_to_a_film(
    film: Rendition, as_: As, anyone: httpx.AsyncClient
) -> None:
    told = await _playback(await as_("readonly"))
    [text] = told["subtitles"]
    assert text["name"] == "en"
    assert (await anyone.get(text["url"])).text.endswith("00:00:01.000 --> 00:00:02.000\nHello\n")
    index = await anyone.get(told["trickplay"])
    sheet = index.text.splitlines()[-1].partition("#")[0]
    assert (await anyone.get(urljoin(f"http://gateway{PLACE}/", sheet))).text == "jpeg"
    for name in ("subtitles/de.vtt", "trickplay/1.jpg"):
        assert (await (await as_("readonly")).get(f"{PLACE}/{name}")).status_code == 404


async def test_a_list_for_players_is_made_of_what_matches(
    film: Rendition, as_: As, anyone: httpx.AsyncClient, catalog: Catalog, deps: Deps
) -> None:
    await _ready(catalog, deps)
    links = (await (await as_("readonly")).get("/api/v1/lists")).json()
    found = (await anyone.get(links["videos"] + '&filter=title = "Song"')).text.splitlines()
    assert found[:-1] == ["#EXTM3U", "#PLAYLIST:MVidarr", "#EXTINF:62,Band – Song"]
    assert (await anyone.get(found[-1])).content == CONTENT
    assert "#EXTINF" not in (await anyone.get(links["videos"] + '&filter=title = "x"')).text
    assert (
        await anyone.get(f"{PLACE}/content?{urlsplit(links['videos']).query}")
    ).status_code == 401


async def _ready(catalog: Catalog, deps: Deps) -> None:
    told = {"title": "Song", "artist": "Band", "path": "library/Song.mp4", "quality": "1080p"}
    await catalog.has_committed(await catalog.say(VideoReady(video_id=VideoId("v1"), **told)))
    await deps.feed.committed_to((await catalog.system()).offset, deps.bus, 10)


async def test_everybody_goes_on_where_they_were(film: Rendition, as_: As) -> None:
    place = "/api/v1/videos/v1/position"
    one, other = await as_("readonly"), await as_("admin")
    assert (await one.get(place)).json()["code"] == "position_not_found"
    assert (await one.put(place, json={"position": 12.5})).status_code == 204
    assert (await one.get(place)).json()["position"] == 12.5
    [item] = (await one.get("/api/v1/watching")).json()["items"]
    assert (item["videoId"], item["title"], item["duration"]) == ("v1", "Song", 61.6)
    assert (await other.get("/api/v1/watching")).json()["items"] == []
    assert (await one.delete(place)).status_code == 204
    assert (await one.get(place)).status_code == 404
    assert (await one.put(place, json={"position": -1})).status_code == 422


async def test_a_stream_is_made_when_somebody_asks(
    film: Rendition, as_: As, catalog: Catalog, deps: Deps
) -> None:
    client, manager = await as_("user"), await as_("manager")
    busy = await client.post(f"{PLACE}/hls")
    assert (busy.status_code, busy.json()["code"]) == (409, "video_busy")
    [going] = (await manager.get("/api/v1/runs")).json()["items"]
    await manager.post(f"/api/v1/runs/{going['id']}/cancel")
    await _ready(catalog, deps)
    answer = await client.post(f"{PLACE}/hls")
    assert answer.status_code == 201
    run = answer.json()
    assert answer.headers["location"] == f"/api/v1/runs/{run['id']}"
    assert [step["name"] for step in run["steps"]] == ["hls", "sidecars"]
