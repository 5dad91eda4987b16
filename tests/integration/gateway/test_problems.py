"""Whatever goes wrong is told as problem+json: a stable code and a sentence."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.edge import Edge
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.profiles import Profile
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.profiles import DEFAULT_PROFILE

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
V1 = "/api/v1"
DEEP = b'{"url": ' + b"[" * 100_000


def _told(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["detail"].endswith((".", "…")) or problem["errors"]
    assert problem["requestId"] == answer.headers["x-request-id"]
    assert problem["instance"] == answer.request.url.path
    return problem


BAD: list[tuple[str, str, bytes | None, int, str]] = [
    ("GET", "/nowhere", None, 404, "not_found"),
    ("GET", f"{V1}/nowhere", None, 404, "not_found"),
    ("GET", f"{V1}/videos/", None, 404, "not_found"),
    ("PUT", f"{V1}/videos", None, 405, "method_not_allowed"),
    ("GET", f"{V1}/videos/no", None, 404, "video_not_found"),
    ("DELETE", f"{V1}/videos/no", None, 404, "video_not_found"),
    ("POST", f"{V1}/videos/no/dance", None, 404, "not_found"),
    ("GET", f"{V1}/history/planet/1", None, 404, "not_found"),
    ("GET", f"{V1}/videos?state=flying", None, 422, "invalid_query"),
    ("POST", f"{V1}/videos/import", b'{"path": "a\\\\b.mp4"}', 422, "invalid_body"),
    ("POST", f"{V1}/videos/import", b'{"path": "/a.mp4"}', 422, "invalid_body"),
    ("GET", f"{V1}/videos?sate=ready", None, 422, "invalid_query"),
    ("GET", f"{V1}/videos?limit=0", None, 422, "invalid_query"),
    ("GET", f"{V1}/videos?limit=501", None, 422, "invalid_query"),
    ("GET", f"{V1}/videos?limit=many", None, 422, "invalid_query"),
    ("GET", f"{V1}/videos?search=%00", None, 422, "invalid_query"),
    ("DELETE", f"{V1}/videos/{'x' * 400}", None, 422, "invalid_query"),
    *(
        ("GET", f"{V1}/{each}?filter={bad}", None, 422, "bad_filter")
        for each in ("videos", "artists", "files", "jobs")
        for bad in ("colour=red", "id", "added=red")
    ),
    ("GET", f"{V1}/log?after=-5", None, 422, "invalid_query"),
    ("POST", f"{V1}/videos", b"{", 400, "invalid_json"),
    ("POST", f"{V1}/videos", b"\xff\xfe", 400, "invalid_json"),
    ("POST", f"{V1}/videos", DEEP, 400, "invalid_json"),
    ("POST", f"{V1}/videos", b"", 422, "invalid_body"),
    ("POST", f"{V1}/videos", b"[]", 422, "invalid_body"),
    ("POST", f"{V1}/videos", b"null", 422, "invalid_body"),
    ("POST", f"{V1}/videos", b"{}", 422, "invalid_body"),
    ("POST", f"{V1}/videos", b'{"url": 5}', 422, "invalid_body"),
    ("POST", f"{V1}/videos", b'{"url": "http://x.org", "x": 1}', 422, "invalid_body"),
    ("POST", f"{V1}/videos", b'{"url": "no url"}', 422, "invalid_url"),
    ("POST", f"{V1}/videos", b'{"url": "ftp://x.org/a"}', 422, "invalid_url"),
    ("POST", f"{V1}/videos", b'{"url": "http://u:p@x.org/"}', 422, "invalid_url"),
    ("POST", f"{V1}/videos", b'{"url": "ytsearch5:x"}', 422, "invalid_search"),
    (
        "POST",
        f"{V1}/videos",
        b'{"url": "http://127.0.0.1/", "known": {"title": "a\\u0000b"}}',
        422,
        "invalid_body",
    ),
    (
        "POST",
        f"{V1}/videos",
        b'{"url": "http://127.0.0.1/", "known": {"title": "a\\ud800b"}}',
        422,
        "invalid_body",
    ),
    ("POST", f"{V1}/artists", b'{"name": ""}', 422, "invalid_body"),
    ("POST", f"{V1}/profiles", b'{"name": "p", "cutoff": "9p"}', 422, "invalid_body"),
    ("POST", f"{V1}/jobs", b'{"spec": {"kind": "dig"}}', 422, "invalid_body"),
    (
        "POST",
        f"{V1}/subscriptions",
        b'{"name": "s", "channel": "webhook", "address": "file:///etc"}',
        422,
        "invalid_url",
    ),
    (
        "POST",
        f"{V1}/subscriptions",
        b'{"name": "s", "channel": "apprise", "address": "discord"}',
        422,
        "invalid_url",
    ),
    (
        "POST",
        f"{V1}/subscriptions",
        b'{"name":"s","channel":"apprise","address":"discord://x","events":["no.such"]}',
        422,
        "invalid_event",
    ),
]


async def test_bad_input_is_told(as_: As, subtests: pytest.Subtests) -> None:
    client = await as_("admin")
    for method, path, body, status, code in BAD:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        with subtests.test(method=method, path=path, body=body and body[:80]):
            answer = await client.request(method, path, content=body, headers=headers)
            _told(answer, status, code)


async def test_a_form_is_no_json(as_: As) -> None:
    client = await as_("admin")
    _told(await client.post(f"{V1}/videos", data={"url": "http://x.org"}), 400, "invalid_json")


async def test_what_was_sent_is_not_echoed(as_: As) -> None:
    client = await as_("admin")
    body = {"username": "a b", "password": "hunter2", "role": "king"}
    answer = await client.post(f"{V1}/users", json=body)
    problem = _told(answer, 422, "invalid_body")
    assert {error["field"] for error in problem["errors"]} == {"username", "password", "role"}
    assert "hunter2" not in answer.text


async def test_a_body_that_is_too_large_is_refused(as_: As) -> None:
    client = await as_("admin")
    answer = await client.post(f"{V1}/videos", content=b"x" * (1024 * 1024 + 1))
    _told(answer, 413, "too_large")


async def test_a_request_keeps_its_id(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/nowhere", headers={"X-Request-Id": "mine-1"})
    assert answer.headers["x-request-id"] == answer.json()["requestId"] == "mine-1"
    other = await anyone.get("/nowhere", headers={"X-Request-Id": "no good id!"})
    assert other.headers["x-request-id"] != "no good id!"


async def test_a_private_address_is_refused_where_settings_say_so(
    app: Edge, as_: As, settings: Any
) -> None:
    client = await as_("user")
    settings.allow_private_addresses = False
    for host in ("127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "0x7f.1"):
        answer = await client.post(f"{V1}/videos", json={"url": f"http://{host}/a"})
        _told(answer, 422, "private_address")


async def test_a_defect_tells_nothing_of_itself(
    as_: As, catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    client = await as_("admin")
    profiles = table_of(Profile, (await catalog.system()).generation)
    async with catalog.engine.begin() as connection:
        await connection.execute(sa.update(profiles).values(profile={"name": ["s3cret"]}))
    answer = await client.get(f"{V1}/profiles/{DEFAULT_PROFILE}")
    _told(answer, 500, "internal")
    assert "s3cret" not in answer.text
    assert "could not be answered" in caplog.text
