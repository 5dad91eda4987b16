"""The API describes itself, and counts itself."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client import REGISTRY

from mvidarr_api_gateway.deprecations import GOING, Deprecation
from mvidarr_api_gateway.edge import Edge
from mvidarr_api_gateway.guard import DECLARED
from mvidarr_common.messages.identity import Role

As = Callable[[Role], Awaitable[httpx.AsyncClient]]


async def test_the_description_is_open_and_complete(anyone: httpx.AsyncClient) -> None:
    described = (await anyone.get("/api/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    operations = [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 40
    for path, method, operation in operations:
        assert operation[DECLARED], f"{method} {path}"
        assert bool(operation.get("security")) is (operation[DECLARED] != "anyone")
    ids = [operation["operationId"] for _, _, operation in operations]
    assert len(set(ids)) == len(ids)
    text = json.dumps(described)
    assert "passwordHash" not in text


async def test_the_page_asks_nobody_else(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/api/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"(src|href)=\"?https?:|//cdn", answer.text)


async def test_what_will_go_says_so(
    anyone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    since, sunset = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 6, 30, tzinfo=UTC)
    successor = "/api/v2/videos"
    monkeypatch.setitem(GOING, "videos_videos", Deprecation(since, sunset, successor))
    answer = await anyone.get("/api/v1/videos")
    assert answer.headers["deprecation"] == "@1796083200"
    assert answer.headers["sunset"] == "Wed, 30 Jun 2027 00:00:00 GMT"
    assert answer.headers["link"] == '</api/v2/videos>; rel="successor-version"'
    paths = (await anyone.get("/api/openapi.json")).json()["paths"]
    assert paths["/api/v1/videos"]["get"]["deprecated"] is True
    assert "deprecated" not in paths["/api/v1/videos"]["post"]


async def test_a_key_in_the_address_is_seen_by_nobody(app: Edge) -> None:
    seen: dict[str, object] = {}
    inner = app.app

    async def watching(scope: dict[str, object], receive: object, send: object) -> None:
        seen.update(scope)
        await inner(scope, receive, send)  # type: ignore[arg-type]  # ASGI

    app.app = watching  # type: ignore[assignment]  # ASGI
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        await client.get("/api/v1/videos?limit=5&apikey=mva_secret&search=a%20b")
    assert seen["query_string"] == b"limit=5&search=a+b"
    headers = seen["headers"]
    assert isinstance(headers, list)
    assert (b"x-api-key", b"mva_secret") in headers


async def test_requests_are_counted_by_route_and_never_by_id(as_: As) -> None:
    client = await as_("readonly")
    labels = {"method": "GET", "route": "/api/v1/videos/{id}", "status": "404"}
    before = REGISTRY.get_sample_value("mvidarr_http_requests_total", labels) or 0
    for id in ("one", "two"):
        await client.get(f"/api/v1/videos/{id}")
    assert REGISTRY.get_sample_value("mvidarr_http_requests_total", labels) == before + 2
    await client.get("/no/such/thing-17")
    names = {s.labels.get("route") for m in REGISTRY.collect() for s in m.samples}
    assert "unmatched" in names
    assert not [name for name in names if name and "thing-17" in name]


async def test_whoever_orchestrates_is_told_how_it_is(anyone: httpx.AsyncClient) -> None:
    assert (await anyone.get("/ping")).json() == {"status": "OK"}
    assert (await anyone.head("/ping")).status_code == 200
    assert (await anyone.get("/health/live")).status_code == 200
    ready = await anyone.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "problems": {}})


async def test_a_lost_log_is_not_ready(
    anyone: httpx.AsyncClient, deps: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    deps.feed.stumbles("gone")  # type: ignore[attr-defined]  # deps of the gateway
    answer = await anyone.get("/health/ready")
    assert answer.status_code == 503
    assert "gone" in answer.json()["problems"]["log"]
