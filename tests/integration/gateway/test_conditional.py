"""Answers are tagged, packed, narrowed to some fields, and safe for browsers."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from mvidarr_api_gateway.app import application
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.settings import GatewaySettings
from mvidarr_common.messages.identity import Role
from mvidarr_common.service import Runtime

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
PAGE = "https://videos.example"


async def test_what_a_client_has_is_not_sent_again_until_it_changes(as_: As) -> None:
    client = await as_("user")
    first = await client.get("/api/v1/videos")
    tag = {"If-None-Match": f'"other", {first.headers["etag"]}'}
    again = await client.get("/api/v1/videos", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    await client.post("/api/v1/videos", json={"url": "http://127.0.0.1/1"})
    changed = await client.get("/api/v1/videos", headers=tag)
    assert changed.status_code == 200
    assert len(changed.json()["items"]) == 1


async def test_long_answers_are_compressed_for_those_who_can_read_that(as_: As) -> None:
    client = await as_("readonly")
    packed = await client.get("/api/openapi.json", headers={"Accept-Encoding": "gzip"})
    plain = await client.get("/api/openapi.json", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < len(plain.content) / 4
    assert packed.json() == plain.json()
    tag = packed.headers["etag"]
    assert tag == plain.headers["etag"][:-1] + '-gzip"'
    again = await client.get("/api/openapi.json", headers={"If-None-Match": tag})
    assert again.status_code == 304


async def test_a_list_shows_the_fields_that_are_wanted(as_: As) -> None:
    client = await as_("user")
    for n in range(3):
        await client.post("/api/v1/videos", json={"url": f"http://127.0.0.1/{n}"})
    asked = {"fields": "title, state", "sort": "title", "total": "true", "limit": "2"}
    page = (await client.get("/api/v1/videos", params=asked)).json()
    assert [each["title"] for each in page["items"]] == ["http://127.0.0.1/0", "http://127.0.0.1/1"]
    assert all(each.keys() == {"title", "state"} for each in page["items"])
    assert page["total"] == 3
    refused = await client.get("/api/v1/videos", params={"fields": "title,nothing"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_fields")


async def test_no_page_can_hold_an_answer(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/ping")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("origin", [PAGE, "https://other.example"])
async def test_pages_of_named_origins_may_use_the_api(
    origin: str, deps: Deps, runtime: Runtime[GatewaySettings]
) -> None:
    runtime.settings.cors_origins = (PAGE,)
    transport = httpx.ASGITransport(app=application(deps))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
        asked |= {"Access-Control-Request-Headers": "authorization, if-match"}
        before = await client.options("/api/v1/videos/x", headers=asked)
        answer = await client.get("/ping", headers={"Origin": origin})
    allowed = PAGE if origin == PAGE else None
    assert before.headers.get("access-control-allow-origin") == allowed
    assert answer.headers.get("access-control-allow-origin") == allowed
    assert before.status_code == (200 if allowed else 400)
