"""Things are shown with what belongs to them, and the catalog is asked once."""

from typing import Any

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.deps import Deps
from mvidarr_common.messages.library import AddVideo, Description, FollowArtist
from mvidarr_common.testing.conditions import eventually

BJORK, ABBA = Description(artist="Björk"), Description(artist="ABBA")


@pytest.fixture
async def client(as_: Any, catalog: Catalog, deps: Deps) -> httpx.AsyncClient:
    """Of somebody in whose library are twelve videos of Björk, one of ABBA and one of nobody."""
    asked = [await catalog.say(AddVideo(url=f"http://x/{n}", known=BJORK)) for n in range(12)]
    asked += [
        await catalog.say(AddVideo(url="http://x/abba", known=ABBA)),
        await catalog.say(AddVideo(url="http://x/nobody")),
        await catalog.say(FollowArtist(name="Nobody's")),
    ]
    await catalog.has_committed(*asked)
    await catalog.at_rest()
    offset = (await catalog.system()).offset
    await eventually(lambda: (deps.feed.committed or 0) >= offset)
    user: httpx.AsyncClient = await as_("user")
    return user


async def _items(client: httpx.AsyncClient, address: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/api/v1/{address}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_videos_artists_and_jobs_come_with_what_belongs_to_them(
    client: httpx.AsyncClient, catalog: Catalog
) -> None:
    before = len(catalog.line.asked)
    videos = await _items(client, "videos?include=artist,profile,run&sort=added")
    asked = set(catalog.line.asked[before:]) - {"position.get", "credentials.find"}
    assert (asked, catalog.asked("video.list")) == ({"video.list"}, 1)
    bjork, abba, nobody = videos[0], videos[12], videos[13]
    assert bjork["included"]["artist"] | {"added": ""} == {
        "id": bjork["artistId"], "name": "Björk", "followed": False, "videos": 12, "added": "",
        "mergedInto": None,
    }  # fmt: skip
    assert abba["included"]["artist"]["name"] == "ABBA"
    assert "artist" not in nobody["included"]
    assert {video["included"]["profile"]["profile"]["name"] for video in videos} == {"Any"}
    assert {video["included"]["run"]["name"] for video in videos} == {"acquire"}
    one = (await client.get(f"/api/v1/videos/{abba['id']}?include=artist&include=run")).json()
    assert one["included"].keys() == {"artist", "run"}
    assert "included" not in (await client.get(f"/api/v1/videos/{abba['id']}")).json()
    abba, bjork, nobodys = await _items(client, "artists?include=videos&sort=name")
    assert [video["url"] for video in abba["included"]["videos"]] == ["http://x/abba"]
    newest = [f"http://x/{n}" for n in range(11, 1, -1)]
    assert [video["url"] for video in bjork["included"]["videos"]] == newest
    assert nobodys["included"]["videos"] == []
    for job in await _items(client, "jobs?include=video,run&kindIs=download"):
        assert job["forSubject"] == f"video/{job['included']['video']['id']}"
        assert job["included"]["run"]["id"] == job["pipelineId"]


async def test_it_goes_with_fields_pages_and_tags(client: httpx.AsyncClient) -> None:
    address = "/api/v1/videos?fields=title&include=artist&limit=2&sort=added"
    answer = await client.get(address)
    assert [each.keys() for each in answer.json()["items"]] == [{"title", "included"}] * 2
    following = await client.get(f"{address}&cursor={answer.json()['next']}")
    assert following.json()["items"][0]["title"] == "http://x/2"
    tag = {"If-None-Match": answer.headers["etag"]}
    assert (await client.get(address, headers=tag)).status_code == 304
    await client.post("/api/v1/artists", json={"name": "Björk"})
    changed = await client.get(address, headers=tag)
    assert changed.json()["items"][0]["included"]["artist"]["followed"] is True


async def test_what_cannot_be_included_is_refused(as_: Any) -> None:
    client = await as_("readonly")
    for address in (
        "videos?include=files", "artists?include=artist", "jobs/x?include=spec",
        "files?include=videos",
    ):  # fmt: skip
        answer = await client.get(f"/api/v1/{address}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_query")
        assert "include" in answer.text
    for address in ("videos?include=artist&limit=101", "videos?include=artist&at=2026-01-01"):
        answer = await client.get(f"/api/v1/{address}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_query")
