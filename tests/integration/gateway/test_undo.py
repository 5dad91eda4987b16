"""Many changed as one, artists merged, and all of it taken back, over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_common.messages.identity import Role

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
VIDEOS = "/api/v1/videos"


async def titled(client: httpx.AsyncClient, *artists: str) -> list[dict[str, Any]]:
    """Videos of these artists."""
    made = []
    for n, artist in enumerate(artists):
        known = {"title": f"Song {n}", "artist": artist}
        body = {"url": f"http://127.0.0.1/{n}", "known": known}
        made.append((await client.post(VIDEOS, json=body)).json())
    return made


async def test_a_bulk_edit_is_undone_by_the_id_that_its_answer_names(as_: As) -> None:
    client = await as_("user")
    made = await titled(client, "A", "A", "B")
    ids = [each["id"] for each in made]
    edited = await client.patch(VIDEOS, json={"ids": ids, "changes": {"album": "Live"}})
    assert (edited.status_code, edited.json()["edited"]) == (200, 3)
    shown = (await client.get(VIDEOS)).json()["items"]
    assert {each["about"]["album"] for each in shown} == {"Live"}

    command = edited.headers["command-id"]
    undone = await client.post(f"/api/v1/commands/{command}/undo")
    assert (undone.status_code, undone.json()["changes"]) == (200, 3)
    shown = (await client.get(VIDEOS)).json()["items"]
    assert {each["about"]["album"] for each in shown} == {None}
    again = await client.post(f"/api/v1/commands/{command}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "already_undone")
    assert again.json()["existing"] == undone.headers["command-id"]


async def test_a_filter_says_which_videos_are_meant(as_: As) -> None:
    client = await as_("user")
    await titled(client, "A", "A", "B")
    body = {"filter": "artist = A", "changes": {"album": "Live"}}
    assert (await client.patch(VIDEOS, json=body)).json()["edited"] == 2
    none = await client.patch(VIDEOS, json=body | {"filter": "artist = C"})
    assert (none.status_code, none.json()["code"]) == (404, "video_not_found")


@pytest.mark.parametrize("which", [{}, {"ids": ["a"], "filter": "artist = A"}, {"ids": []}])
async def test_videos_are_named_in_one_way(as_: As, which: dict[str, Any]) -> None:
    client = await as_("user")
    answer = await client.patch(VIDEOS, json={**which, "changes": {"album": "Live"}})
    assert answer.status_code == 422


async def test_merged_artists_are_one_until_that_is_undone(as_: As, catalog: Catalog) -> None:
    client = await as_("manager")
    one, other = await titled(client, "Band", "The Band")
    await catalog.at_rest()
    merged = await client.post(
        f"/api/v1/artists/{one['artistId']}/merge", json={"others": [other["artistId"]]}
    )
    assert merged.status_code == 200, merged.text
    await catalog.at_rest()
    assert [each["name"] for each in (await client.get("/api/v1/artists")).json()["items"]] == [
        "Band"
    ]
    assert (await client.get(f"{VIDEOS}/{other['id']}")).json()["artist"] == "Band"
    command = merged.headers["command-id"]
    assert (await client.post(f"/api/v1/commands/{command}/undo")).status_code == 200
    assert (await client.get(f"{VIDEOS}/{other['id']}")).json()["artist"] == "The Band"


async def test_what_takes_a_manager_takes_one_to_undo(as_: As) -> None:
    user, manager = await as_("user"), await as_("manager")
    (video,) = await titled(user, "A")
    deleted = await manager.delete(f"{VIDEOS}/{video['id']}")
    undo = f"/api/v1/commands/{deleted.headers['command-id']}/undo"
    assert (await user.post(undo)).status_code == 403
    assert (await manager.post(undo)).status_code == 200
    assert (await user.get(f"{VIDEOS}/{video['id']}")).json()["state"] != "deleted"
    assert (await user.post("/api/v1/commands/unknown/undo")).json()["code"] == "command_not_found"
