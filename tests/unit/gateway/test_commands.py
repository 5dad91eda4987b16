"""From a request to change something to its answer."""

from collections.abc import Awaitable, Callable

import httpx

from mvidarr_common.messages.identity import Role
from mvidarr_common.testing.catalog import SmallCatalog

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
URL = "http://127.0.0.1/video.html"


async def test_a_video_is_added_and_shown(as_: As) -> None:
    client = await as_("user")
    body = {"url": URL, "known": {"title": "Song"}}
    answer = await client.post("/api/v1/videos", json=body)
    assert answer.status_code == 201, answer.text
    video = answer.json()
    assert video["title"] == "Song"
    assert answer.headers["location"] == f"/api/v1/videos/{video['id']}"
    assert (await client.get(answer.headers["location"])).json() == video
    page = (await client.get("/api/v1/videos")).json()
    assert [item["id"] for item in page["items"]] == [video["id"]]


async def test_who_asked_is_in_the_log(as_: As, catalog: SmallCatalog) -> None:
    client = await as_("user")
    await client.post("/api/v1/videos", json={"url": URL})
    asked = next(record for record in catalog.records if record.type == "command.video.add")
    me = (await client.get("/api/v1/auth/me")).json()
    assert asked.actor == f"user/{me['id']}"
