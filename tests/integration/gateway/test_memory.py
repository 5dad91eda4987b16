"""Answers given again: fast, for the same request alone, and never after they have become false."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway import memory, standing
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.edge import Edge
from mvidarr_api_gateway.memory import Memory
from mvidarr_common.messages.identity import Role
from mvidarr_common.testing.conditions import eventually

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
VIDEOS = "/api/v1/videos"


@pytest.fixture
def remembered(app: Edge) -> Memory:
    assert isinstance(app.app, Memory)
    return app.app


@pytest.fixture
def handled(remembered: Memory, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that went the whole way."""
    paths: list[str] = []
    inside = remembered._app

    async def counted(scope, receive, send) -> None:  # type: ignore[no-untyped-def]  # ASGI
        paths.append(scope["path"])
        await inside(scope, receive, send)

    monkeypatch.setattr(remembered, "_app", counted)
    return paths


async def _quiet(deps: Deps, catalog: Catalog) -> None:
    await catalog.at_rest()
    offset = (await catalog.system()).offset
    await eventually(lambda: deps.feed.committed == offset and deps.feed.last in (None, offset))


async def test_the_same_request_is_answered_again_until_something_changes(
    as_: As, handled: list[str], deps: Deps, catalog: Catalog
) -> None:
    user = await as_("user")
    await user.post(VIDEOS, json={"url": "http://127.0.0.1/1"})
    await _quiet(deps, catalog)
    first = await user.get(VIDEOS)
    handled.clear()
    again = await user.get(VIDEOS)
    assert handled == []
    assert again.content == first.content
    own = {"x-request-id", "ratelimit"}
    known = {name: value for name, value in again.headers.items() if name not in own}
    assert known.items() <= first.headers.items()
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    unchanged = await user.get(VIDEOS, headers={"If-None-Match": again.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == again.headers["etag"]
    assert handled == []
    await user.post(VIDEOS, json={"url": "http://127.0.0.1/2"})
    assert len((await user.get(VIDEOS)).json()["items"]) == 2


async def test_many_who_read_do_not_even_ask_how_far_the_catalog_is(
    as_: As, deps: Deps, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "MANY", 0)
    user = await as_("user")
    await _quiet(deps, catalog)

    async def asks_nobody() -> bool:
        await user.get(VIDEOS)
        before = catalog.asked("position.get")
        await user.get(VIDEOS)
        return catalog.asked("position.get") == before

    await eventually(asks_nobody)
    for n in range(5):
        await eventually(asks_nobody)
        await user.post(VIDEOS, json={"url": f"http://127.0.0.1/{n}"})
        assert len((await user.get(VIDEOS)).json()["items"]) == n + 1


async def test_another_address_or_other_credentials_are_another_request(
    as_: As, anyone: httpx.AsyncClient, handled: list[str], deps: Deps, catalog: Catalog
) -> None:
    user, other = await as_("user"), await as_("readonly")
    await _quiet(deps, catalog)
    await user.get(VIDEOS)
    handled.clear()
    await other.get(VIDEOS)
    await user.get(VIDEOS, params={"limit": 7})
    plain = await user.get(VIDEOS, headers={"Accept-Encoding": "identity"})
    assert (await anyone.get(VIDEOS)).status_code == 401
    assert "content-encoding" not in plain.headers
    assert len(handled) == 4


async def test_who_has_lost_the_right_is_told_nothing_more(
    as_: As, anyone: httpx.AsyncClient, deps: Deps, catalog: Catalog
) -> None:
    user = await as_("user")
    made = (await user.post("/api/v1/api-keys", json={"name": "k", "role": "user"})).json()
    await _quiet(deps, catalog)
    key = {"X-Api-Key": made["key"]}
    for _ in range(2):
        assert (await anyone.get(VIDEOS, headers=key)).status_code == 200
    await user.delete(f"/api/v1/api-keys/{made['id']}")
    assert (await anyone.get(VIDEOS, headers=key)).status_code == 401


async def test_after_a_while_a_request_goes_the_whole_way_again(
    as_: As, handled: list[str], deps: Deps, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "LONGEST", -1.0)
    user = await as_("user")
    await _quiet(deps, catalog)
    await user.get(VIDEOS)
    handled.clear()
    await user.get(VIDEOS)
    assert handled == [VIDEOS]


async def test_what_is_not_the_catalogs_bytes_is_not_remembered(
    as_: As, handled: list[str], deps: Deps, catalog: Catalog
) -> None:
    admin = await as_("admin")
    await _quiet(deps, catalog)
    for path in ("/api/v1/system/status", "/api/v1/auth/me", "/ping"):
        await admin.get(path)
        handled.clear()
        await admin.get(path)
        assert handled == [path]
