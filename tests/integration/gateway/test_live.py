"""Websocket clients: what they are told, from where, and when they are cut."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from jose import jwt
from tests.integration.catalogs import Catalog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from mvidarr_api_gateway import conversation, live
from mvidarr_api_gateway.deps import Deps
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.ids import JobId, VideoId
from mvidarr_common.messages.jobs import JobProgressed
from mvidarr_common.messages.library import Description, VideoDescribed, VideoWanted
from mvidarr_common.testing.conditions import eventually

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
Token = Callable[[Role], Awaitable[str]]
URL = "http://127.0.0.1/video.html"
DEADLINE = 20


class Listener:
    """A client of the websocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def next(self) -> dict[str, Any]:
        """The next frame."""
        async with asyncio.timeout(DEADLINE):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        self.frames.append(frame)
        return frame

    async def until(self, type: str, **data: Any) -> dict[str, Any]:
        """The next frame of this type with these data."""
        while True:
            frame = await self.next()
            if frame["type"] == type and data.items() <= frame.get("data", {}).items():
                return frame

    async def closed(self) -> tuple[int | None, str]:
        """The code with which the server ends it."""
        async with asyncio.timeout(DEADLINE):
            with suppress(ConnectionClosed):
                while True:
                    self.frames.append(json.loads(await self.socket.recv()))
        return self.socket.close_code, str(self.frames[-1].get("code"))


@asynccontextmanager
async def listening(port: int, hello: Any) -> AsyncIterator[Listener]:
    """Connect and say hello."""
    url = f"ws://127.0.0.1:{port}/api/v1/events"
    async with connect(url, proxy=None, max_size=None, max_queue=None) as socket:
        if hello is not None:
            await socket.send(hello if isinstance(hello, (str, bytes)) else json.dumps(hello))
        yield Listener(socket)


async def test_facts_arrive_in_order_with_their_positions(
    port: int, token: Token, as_: As, catalog: Catalog
) -> None:
    hello = {"token": await token("readonly"), "topics": ["library", "jobs"]}
    client = await as_("user")
    await catalog.at_rest()
    position = await catalog.position()
    async with listening(port, hello) as listener:
        ready = await listener.next()
        assert ready["type"] == "ready"
        assert ready["position"] == position
        video = (await client.post("/api/v1/videos", json={"url": URL})).json()
        fact = await listener.until("event.video.added")
        assert fact["subject"] == f"video/{video['id']}"
        assert fact["data"]["url"] == URL
        assert fact["position"].rpartition(":")[0] == position.rpartition(":")[0]
        assert fact["id"] and fact["time"] and fact["correlationId"]  # noqa: PT018  # one fact
        await client.post(f"/api/v1/videos/{video['id']}/ignore")
        later = await listener.until("event.video.ignored")
        offsets = [int(f["position"].rpartition(":")[2]) for f in (fact, later)]
        assert offsets == sorted(offsets)
        assert not [f for f in listener.frames if f["type"].startswith("command.")]


async def test_a_client_follows_what_it_asked_for_and_nothing_else(
    port: int, token: Token, deps: Deps
) -> None:
    hello = {"token": await token("user"), "topics": ["videos/v2", "jobs/j1"]}
    async with listening(port, hello) as listener:
        await listener.next()
        await deps.bus.publish(_wanted("v1"), _wanted("v2"))
        frame = await listener.next()
        assert frame["subject"] == "video/v2"
        for job in ("j2", "j1"):
            await deps.bus.signal(_progress(job, 0.5))
        assert (await listener.next())["subject"] == "job/j1"


def _wanted(name: str) -> Envelope:
    return fresh(VideoWanted(video_id=VideoId(name)), source="test")


def _progress(job: str, fraction: float) -> Envelope:
    told = JobProgressed(job_id=JobId(job), attempt=1, stage="x", fraction=fraction)
    return fresh(told, source="test")


async def test_a_client_resumes_without_gap_or_repeat(
    port: int, token: Token, deps: Deps, catalog: Catalog
) -> None:
    signed = await token("readonly")
    hello = {"token": signed, "topics": ["library"]}
    seen: list[str] = []
    position = await catalog.position()
    writing = asyncio.create_task(_write(deps, 300))
    while len(seen) < 300:
        async with listening(port, {**hello, "after": position}) as listener:
            for _ in range(45):
                if len(seen) == 300:
                    break
                frame = await listener.next()
                if frame["type"].startswith("event."):
                    seen.append(frame["subject"])
                    position = frame["position"]
    await writing
    assert seen == [f"video/w{n}" for n in range(300)]


async def _write(deps: Deps, count: int) -> None:
    for n in range(count):
        await deps.bus.publish(_wanted(f"w{n}"))


@pytest.mark.parametrize("after", ["nowhere:1", "x", ":", "{id}:-1", "{id}:1e3", "{id}:99999999"])
async def test_a_position_that_cannot_be_is_refused(
    port: int, token: Token, catalog: Catalog, after: str
) -> None:
    spelled = after.replace("{id}", (await catalog.system()).log_id)
    hello = {"token": await token("user"), "topics": ["library"], "after": spelled}
    async with listening(port, hello) as listener:
        code, reason = await listener.closed()
        assert (code, reason) in [(4409, "log_replaced"), (4400, "invalid_position")]


@pytest.mark.parametrize(
    ("hello", "code", "reason"),
    [
        ("no json", 4400, "invalid_body"),
        (b"\x00\x01", 4400, "invalid_body"),
        ("[]", 4400, "invalid_body"),
        ({"topics": "jobs"}, 4400, "invalid_body"),
        ({"topics": ["jobs"]}, 4401, "unauthenticated"),
        ({"token": "rubbish"}, 4401, "unauthenticated"),
        ({"apiKey": "rubbish"}, 4401, "unauthenticated"),
    ],
)
async def test_who_does_not_say_who_they_are_hears_nothing(
    port: int, hello: Any, code: int, reason: str
) -> None:
    async with listening(port, hello) as listener:
        assert await listener.closed() == (code, reason)
        assert len(listener.frames) == 1


async def test_who_says_nothing_is_cut(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE", 0.05)
    async with listening(port, None) as listener:
        assert await listener.closed() == (4408, "no_first_message")


@pytest.mark.parametrize(
    ("role", "topic", "code"),
    [
        ("manager", "system", 4403),
        ("user", "everything", 4400),
        ("user", "jobs/../x", 4400),
        ("user", "users", 4400),
    ],
)
async def test_topics_have_their_roles(
    port: int, token: Token, role: Role, topic: str, code: int
) -> None:
    async with listening(port, {"token": await token(role), "topics": [topic]}) as listener:
        assert (await listener.closed())[0] == code


async def test_no_secret_is_ever_told(port: int, token: Token, as_: As, deps: Deps) -> None:
    admin = await as_("admin")
    topics = ["system", "jobs", "library"]
    async with listening(port, {"token": await token("admin"), "topics": topics}) as listener:
        await listener.next()
        await _say_secrets(admin)
        job = {"spec": _notify_spec(deps), "priority": 1}
        answer = await admin.post("/api/v1/jobs", json=job)
        assert answer.status_code == 201, answer.text
        added = await listener.until("event.job.added")
        assert added["data"]["spec"]["address"] == "[hidden]"
        told = json.dumps(listener.frames)
    shown = [await admin.get(p) for p in ("/api/v1/log?limit=500", "/api/v1/jobs", "/api/v1/users")]
    for text in (told, *(page.text for page in shown), answer.text):
        for secret in ("s3cret", "hooks.example", "$argon2", "gAAAA", deps.key.secret.decode()):
            assert secret not in text
    assert shown[0].text.count("[hidden]") >= 6


async def _say_secrets(admin: httpx.AsyncClient) -> None:
    body = {"username": "new", "password": "s3cret-and-long", "role": "user"}
    assert (await admin.post("/api/v1/users", json=body)).status_code == 201
    hook = {
        "name": "hook", "channel": "webhook", "address": "http://127.0.0.1/hooks.example",
        "secret": "s3cret", "events": ["video.ready"],
    }  # fmt: skip
    answer = await admin.post("/api/v1/subscriptions", json=hook)
    assert answer.status_code == 201, answer.text
    key = {"name": "k", "role": "user"}
    assert (await admin.post("/api/v1/api-keys", json=key)).status_code == 201


def _notify_spec(deps: Deps) -> dict[str, Any]:
    announcement = {
        "eventId": "e", "eventType": "video.ready", "time": "now", "title": "t", "body": "b",
        "subject": "video/v",
    }  # fmt: skip
    return {
        "kind": "notify", "subscriptionId": "s", "channel": "webhook",
        "address": deps.key.seal("http://hooks.example"), "secret": deps.key.seal("s3cret"),
        "announcement": announcement,
    }  # fmt: skip


async def test_a_deleted_user_is_cut(port: int, token: Token, as_: As) -> None:
    user = await as_("user")
    me = (await user.get("/api/v1/auth/me")).json()["id"]
    async with listening(port, {"token": await token("user"), "topics": ["jobs"]}) as listener:
        await listener.next()
        await (await as_("admin")).delete(f"/api/v1/users/{me}")
        assert await listener.closed() == (4401, "token_expired")


async def test_a_revoked_key_is_cut(port: int, as_: As) -> None:
    user = await as_("user")
    made = (await user.post("/api/v1/api-keys", json={"name": "k", "role": "user"})).json()
    async with listening(port, {"apiKey": made["key"], "topics": ["jobs"]}) as listener:
        await listener.next()
        await user.delete(f"/api/v1/api-keys/{made['id']}")
        assert await listener.closed() == (4401, "unauthenticated")


async def test_what_was_changed_before_the_login_does_not_cut_who_resumes(
    port: int, token: Token, as_: As, catalog: Catalog
) -> None:
    user = await as_("user")
    me = (await user.get("/api/v1/auth/me")).json()["id"]
    changed = await user.put(f"/api/v1/users/{me}/password", json={"password": "a long enough one"})
    assert changed.status_code == 200
    after = f"{(await catalog.system()).log_id}:1"
    hello = {"token": await token("user"), "topics": ["library"], "after": after}
    async with listening(port, hello) as listener:
        await listener.next()
        await (await as_("manager")).post("/api/v1/videos", json={"url": URL})
        await listener.until("event.video.added")


async def test_an_expired_token_is_cut_at_a_heartbeat(
    port: int, token: Token, deps: Deps, settings: Any
) -> None:
    settings.heartbeat = 0.05
    claims = jwt.get_unverified_claims(await token("user"))
    soon = jwt.encode(claims | {"exp": int(time.time()) + 4}, deps.tokens._private, "ES256")
    async with listening(port, {"token": soon, "topics": ["jobs"]}) as listener:
        assert (await listener.until("heartbeat"))["position"]
        assert await listener.closed() == (4401, "token_expired")


async def test_a_client_that_does_not_read_is_cut_and_can_resume(
    port: int, token: Token, deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "STALLED", 0.5)
    hello = {"token": await token("user"), "topics": ["library"]}
    async with listening(port, hello) as listener:
        position = (await listener.next())["position"]
        listener.socket.transport.pause_reading()
        await _flood(deps, os.urandom(10_000).hex(), 600)
        await eventually(lambda: not deps.hub.clients, within=60)
        listener.socket.transport.resume_reading()
        await listener.closed()
        seen = [f for f in listener.frames if f["type"].startswith("event.")]
    assert 0 < len(seen) < 600
    async with listening(port, {**hello, "after": seen[-1]["position"] or position}) as listener:
        await listener.next()
        rest = [await listener.next() for _ in range(600 - len(seen))]
    assert [f["subject"] for f in seen + rest] == [f"video/l{n}" for n in range(600)]


async def test_a_burst_beyond_the_window_is_read_from_the_log(
    port: int, token: Token, deps: Deps
) -> None:
    deps.feed._window = 10
    async with listening(port, {"token": await token("user"), "topics": ["library"]}) as listener:
        await listener.next()
        await _flood(deps, "x", 1000)
        heard = [(await listener.next())["subject"] for _ in range(1000)]
    assert heard == [f"video/l{n}" for n in range(1000)]


async def _flood(deps: Deps, text: str, count: int) -> None:
    about = Description(description=text)
    for n in range(0, count, 50):
        facts = [
            fresh(VideoDescribed(video_id=VideoId(f"l{n + k}"), found=about), source="test")
            for k in range(50)
        ]
        await deps.bus.publish(*facts)


async def test_progress_may_be_dropped_but_the_newest_of_each_job_arrives(
    port: int, token: Token, deps: Deps
) -> None:
    async with listening(port, {"token": await token("user"), "topics": ["jobs"]}) as listener:
        await listener.next()
        for n in range(2000):
            await deps.bus.signal(_progress("j1", n / 1999))
        await listener.until("signal.job.progressed", fraction=1.0)
