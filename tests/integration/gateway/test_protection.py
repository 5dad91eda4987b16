"""The gateway takes no more than it can carry, and says so."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest
from tests.integration.catalogs import Catalog
from websockets.asyncio.client import connect

from mvidarr_api_gateway.app import application
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.rates import Rates
from mvidarr_common.bus.protocol import Health
from mvidarr_common.impatient import HEAD_BYTES, Impatient
from mvidarr_common.messages.identity import Role
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.web import serving

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
Login = Callable[[Role], Awaitable[str]]
ME = "/api/v1/auth/me"


def _limited(deps: Deps, **limits: int) -> Deps:
    return replace(deps, rates=Rates(deps.settings.model_copy(update=limits)))


@pytest.mark.parametrize("kind", ["user", "key", "address"])
async def test_who_asks_too_much_has_to_wait(kind: str, deps: Deps, token: Login, as_: As) -> None:
    client = await as_("user")
    made = await client.post("/api/v1/api-keys", json={"name": "k", "role": "user"})
    limited = _limited(deps, **{f"requests_per_{kind}": 3})
    who = {"Authorization": f"Bearer {await token('user')}"}
    headers = {"X-Api-Key": made.json()["key"]} if kind == "key" else who
    transport = httpx.ASGITransport(app=application(limited))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gateway", headers=headers
    ) as asking:
        answers = [await asking.get(ME) for _ in range(4)]
        assert (await asking.get("/ping")).status_code == 200
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert f'"{kind}";q=3;w=60' in answers[0].headers["ratelimit-policy"]
    assert f'"{kind}";r=2' in answers[0].headers["ratelimit"]
    refused = answers[3]
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 20


@pytest.mark.parametrize("kind", ["user", "address"])
async def test_a_request_about_many_counts_as_many(kind: str, deps: Deps, token: Login) -> None:
    limited = _limited(deps, **{f"requests_per_{kind}": 40})
    who = {"Authorization": f"Bearer {await token('manager')}"}
    transport = httpx.ASGITransport(app=application(limited))
    body = {"items": [{"id": f"v{n}"} for n in range(15)]}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gateway", headers=who
    ) as asking:
        answers = [await asking.post("/api/v1/videos/bulk/delete", json=body) for _ in range(3)]
        one = await asking.get(ME)
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert f'"{kind}";r=25' in answers[0].headers["ratelimit"]
    assert answers[2].json()["code"] == "rate_limited"
    assert one.status_code == 200


async def test_nothing_is_accepted_while_the_catalog_is_too_far_behind(
    as_: As, deps: Deps, catalog: Catalog
) -> None:
    deps.settings.backlog_limit = 3
    client = await as_("user")
    now = {"Prefer": "wait=0"}
    catalog.cut()
    accepted = 0
    for number in range(20):
        answer = await client.post("/api/v1/artists", json={"name": f"A{number}"}, headers=now)
        if answer.status_code == 503:
            break
        accepted += 1
        await eventually(lambda: _seen(deps) >= accepted)  # noqa: B023  # awaited at once
    assert (answer.status_code, answer.json()["code"]) == (503, "backlog_full")
    assert int(answer.headers["retry-after"]) >= 1
    said = len([each for each in deps.feed.after(None) if "follow" in each.envelope.type])
    assert said == accepted
    catalog.mend()
    await eventually(lambda: _is_accepted(client), within=20)


async def _is_accepted(client: httpx.AsyncClient) -> bool:
    return (await client.post("/api/v1/artists", json={"name": "B"})).is_success


def _seen(deps: Deps) -> int:
    return len(
        [each for each in deps.feed.after(None) if each.envelope.message.wire == "artist.follow"]
    )


async def test_nothing_is_accepted_while_the_broker_is_full(
    as_: As, deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await as_("user")
    monkeypatch.setattr(type(deps.bus), "health", Health(False, "no room", full=True))
    answer = await client.post("/api/v1/artists", json={"name": "A"})
    assert (answer.status_code, answer.json()["code"]) == (503, "log_full")
    assert answer.headers["retry-after"] == "10"


@pytest.mark.parametrize("head", [b"", b"GET /ping HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_who_does_not_say_what_they_want_is_left(
    head: bytes, deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Impatient, "head_seconds", 0.2)
    async with serving(application(deps), "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        async with asyncio.timeout(10):
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
        writer.close()
        await writer.wait_closed()


async def test_a_websocket_has_a_patience_of_its_own(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Impatient, "head_seconds", 0.2)
    async with (
        serving(application(deps), "127.0.0.1", 0) as port,
        connect(f"ws://127.0.0.1:{port}/api/v1/events") as listener,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(10):
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
            await (await listener.ping())
        writer.close()
        await writer.wait_closed()


async def test_a_body_that_does_not_come_is_not_waited_for(deps: Deps, token: Login) -> None:
    deps.settings.body_seconds = 0.2
    head = (
        "POST /api/v1/artists HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {await token('user')}\r\nContent-Length: 15\r\n\r\n"
    )
    async with serving(application(deps), "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + b'{"name"')
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"too_slow"' in answer


async def test_an_address_that_is_too_long_is_refused_with_a_problem(port: int) -> None:
    async with httpx.AsyncClient() as client:
        ids = {"ids": ["é" * 100] * 80}
        answer = await client.get(f"http://127.0.0.1:{port}/api/v1/videos", params=ids)
    assert (answer.status_code, answer.json()["code"]) == (431, "head_too_long")


async def _said(port: int, *pieces: bytes) -> bytes:
    """All that a client is told who sends this, piece by piece, and goes on until it is left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        answer = await reader.read()
    writer.close()
    return answer


HEAD = b"GET /ping HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /ping HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD + b"X-Long: ", *[b"x" * 4096] * 20],
        [HEAD, *[b"X-Many: " + b"x" * 200 + b"\r\n"] * 200],
        [b"GET /" + b"x" * 2 * HEAD_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n"],
    ],
    ids=["a line that does not end", "too many lines", "a long address"],
)
async def test_a_head_that_is_too_long_is_refused(port: int, pieces: list[bytes]) -> None:
    answer = await _said(port, *pieces)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"head_too_long"' in answer
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "pieces",
    [
        [b"GET /ping HTTP/1.1\r\n\r\n"],
        [HEAD + b"Host: y\r\n\r\n"],
        [POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
        [POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
        [POST + b"Content-Length: +5\r\n\r\nhello"],
        [POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
        [POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"],
        [HEAD + b"X-One: a\x00b\r\n\r\n"],
        [HEAD + b"X-One: a\rX-Two: b\r\n\r\n"],
        [HEAD + b"X One: a\r\n\r\n"],
        [b"GET /ping HTTP/1.1\nHost: x\n\n"],
    ],
    ids=[
        "no host", "two hosts", "two kinds of length", "two lengths", "a length with a sign",
        "an unknown coding", "a space before the colon", "NUL", "a bare CR", "a space in a name",
        "bare line feeds",
    ],
)  # fmt: skip
async def test_what_two_servers_could_read_in_two_ways_is_refused(
    port: int, pieces: list[bytes]
) -> None:
    answer = await _said(port, *pieces)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


async def test_lines_behind_a_body_have_the_limits_of_a_head(port: int) -> None:
    line = b"X-Behind: " + b"x" * 200 + b"\r\n"
    begun = POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    answer = await _said(port, begun, *[line] * 200)
    assert b'"code":"head_too_long"' in answer


async def test_requests_that_come_at_once_are_answered_in_their_order(port: int) -> None:
    many = (HEAD + b"\r\n") * 300 + HEAD + b"Connection: close\r\n\r\n"
    answer = await _said(port, many)
    assert answer.count(b"HTTP/1.1 200 ") == 301
