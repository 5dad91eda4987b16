"""API keys that may do some things only: what, is a table of routes and scopes."""

from typing import Any

import httpx
from tests.integration.gateway.test_guard import PLACES, path_of
from websockets.asyncio.client import connect

from mvidarr_api_gateway.guard import DECLARED, NO_COMMAND
from mvidarr_api_gateway.routes import ROUTERS
from mvidarr_api_gateway.scopes import RESOURCES, SCOPES, covers

KEYS, ME = "/api/v1/api-keys", "/api/v1/auth/me"
GIVES_BACK = "/api/v1/auth/logout"


async def _key(client: httpx.AsyncClient, *scopes: str, **more: Any) -> dict[str, str]:
    body = {"name": "k", "role": "admin", "scopes": scopes, **more}
    answer = await client.post(KEYS, json=body)
    assert answer.status_code == 201, answer.text
    return {"X-Api-Key": answer.json()["key"]}


def _code(answer: httpx.Response) -> str:
    problem = "problem+json" in answer.headers.get("content-type", "")
    return str(answer.json()["code"]) if problem else ""


def test_every_resource_has_its_scopes() -> None:
    tags = {str(router.tags[0]) for router in ROUTERS}
    assert tags - {"health", "docs"} == set(RESOURCES)


async def test_a_key_opens_what_its_scopes_say_and_nothing_else(
    as_: Any, anyone: httpx.AsyncClient
) -> None:
    """Three keys, which may read, write, or do nothing with each resource in turn. Each route is
    tried with what is just enough for it, and with what is just too little."""
    admin = await as_("admin")
    places = sorted(PLACES, key=lambda place: place[1].path == GIVES_BACK)
    for turn in range(3):
        levels = [("read",), ("write",), ()]
        held = [
            f"{resource}:{what}"
            for at, resource in enumerate(RESOURCES)
            for what in levels[(at + turn) % 3]
        ]
        headers = await _key(admin, *held) | {"Prefer": "wait=0"}
        for method, route in places:
            declared = route.openapi_extra or {}
            reads = method in ("GET", "HEAD") or NO_COMMAND in declared
            wanted = f"{route.tags[0]}:{'read' if reads else 'write'}"
            level = next((each for each in held if each.startswith(f"{route.tags[0]}:")), None)
            if level == (f"{route.tags[0]}:write" if reads else None):
                continue  # the other two keys say as much
            may = declared[DECLARED] == "anyone" or covers(held, wanted)
            answer = await anyone.request(method, path_of(route), content=b"{", headers=headers)
            missing = answer.status_code == 403 and (
                method == "HEAD" or _code(answer) == "scope_missing"
            )
            assert missing is not may, f"{method} {route.path}: {answer.status_code} {answer.text}"


async def test_what_is_included_and_told_live_needs_its_scopes_too(
    as_: Any, anyone: httpx.AsyncClient, port: int
) -> None:
    key = await _key(await as_("admin"), "videos:read", "events:read")
    assert (await anyone.get("/api/v1/videos", headers=key)).status_code == 200
    refused = await anyone.get("/api/v1/videos?include=artist", headers=key)
    assert _code(refused) == "scope_missing"
    for topic, said in (("library", "ready"), ("jobs", "scope_missing")):
        async with connect(f"ws://127.0.0.1:{port}/api/v1/events") as socket:
            hello = f'{{"apiKey": "{key["X-Api-Key"]}", "topics": ["{topic}"]}}'
            await socket.send(hello)
            assert said in str(await socket.recv())


async def test_a_key_gives_away_no_more_than_it_has(as_: Any, anyone: httpx.AsyncClient) -> None:
    far, near = "2100-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    admin = await as_("admin")
    key = await _key(admin, "api-keys:write", "videos:read", "auth:read", expires=near)
    mine: dict[str, Any] = {"name": "k", "role": "user", "scopes": ["videos:read"], "expires": near}
    assert (await anyone.post(KEYS, json=mine, headers=key)).status_code == 201
    for more in (
        {"scopes": ["videos:write"]},
        {"scopes": None},
        {"expires": far},
        {"expires": None},
    ):
        answer = await anyone.post(KEYS, json=mine | more, headers=key)
        assert answer.status_code == 403, answer.text
    shown = (await admin.get(KEYS)).json()["items"]
    assert {tuple(each["scopes"]) for each in shown} == {
        ("api-keys:write", "videos:read", "auth:read"), ("videos:read",),
    }  # fmt: skip
    me = (await anyone.get(ME, headers=key)).json()
    assert me["scopes"] == ["api-keys:write", "videos:read", "auth:read"]
    wrong = await admin.post(KEYS, json=mine | {"scopes": ["videos:delete"]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_body")
    assert SCOPES[0] in wrong.text
