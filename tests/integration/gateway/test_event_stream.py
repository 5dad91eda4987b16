"""Server-sent events: the frames of the websocket over plain HTTP, resumed by the browser."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from tests.integration.catalogs import Catalog
from websockets.asyncio.client import connect

from mvidarr_api_gateway.deps import Deps
from mvidarr_common.envelope import fresh
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.ids import JobId, VideoId, WorkerId
from mvidarr_common.messages.jobs import JobProgressed, JobStarted
from mvidarr_common.messages.library import VideoWanted
from mvidarr_common.testing.conditions import eventually

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
Token = Callable[[Role], Awaitable[str]]
PATH = "/api/v1/events"


class Stream:
    """What a browser's EventSource makes of it."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.last_id = ""
        self.retry = ""

    async def line(self) -> str:
        """The next line, as it is."""
        return await anext(self._lines)

    async def next(self) -> dict[str, Any]:
        """The next message."""
        data = ""
        while line := await self.line() or not data:
            if line is True:
                continue
            name, _, value = str(line).partition(": ")
            data = value if name == "data" else data
            self.last_id = value if name == "id" else self.last_id
            self.retry = value if name == "retry" else self.retry
        frame: dict[str, Any] = json.loads(data)
        return frame

    async def until(self, type: str) -> dict[str, Any]:
        """The next message of this type."""
        while (frame := await self.next())["type"] != type:
            pass
        return frame


@asynccontextmanager
async def streaming(port: int, token: str, last: str = "", **asked: str) -> AsyncIterator[Stream]:
    """As a browser with a header."""
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last} if last else {})
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
        client.stream("GET", PATH, params=asked, headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Stream(response)


async def test_facts_and_signals_come_as_on_the_websocket(
    port: int, token: Token, deps: Deps
) -> None:
    async with streaming(port, await token("user"), topics="videos/v2,jobs/j1") as stream:
        ready = await stream.next()
        assert (ready["type"], ready["position"]) == ("ready", stream.last_id)
        assert int(stream.retry) > 0
        await deps.bus.publish(_wanted("v1"), _wanted("v2"))
        fact = await stream.next()
        assert (fact["type"], fact["subject"]) == ("event.video.wanted", "video/v2")
        assert fact["position"] == stream.last_id
        await deps.bus.signal(_progress("j1"))
        assert (await stream.next())["data"]["jobId"] == "j1"
        assert stream.last_id == fact["position"]


async def test_who_comes_again_misses_nothing_and_hears_nothing_twice(
    port: int, token: Token, deps: Deps, catalog: Catalog
) -> None:
    signed, last, seen = await token("readonly"), await catalog.position(), list[str]()
    for _ in range(3):
        await deps.bus.publish(*(_wanted(f"w{len(seen) + n}") for n in range(40)))
        async with streaming(port, signed, last, topics="library") as stream:
            await stream.next()
            seen += [(await stream.next())["subject"] for _ in range(40)]
            last = stream.last_id
    assert seen == [f"video/w{n}" for n in range(120)]


async def test_a_heartbeat_is_a_comment_that_moves_the_position(
    port: int, token: Token, deps: Deps, settings: Any
) -> None:
    settings.heartbeat = 0.05
    async with streaming(port, await token("user"), topics="jobs") as stream:
        before = (await stream.next())["position"]
        await deps.bus.publish(_wanted("v"))
        position = before
        while position == before:
            if await stream.line() == ": heartbeat":
                position = (await stream.line()).removeprefix("id: ")
        assert position.rpartition(":")[0] == before.rpartition(":")[0]


async def test_after_a_snapshot_come_exactly_the_facts_that_it_does_not_show(
    port: int, token: Token, as_: As, deps: Deps, catalog: Catalog
) -> None:
    client, signed = await as_("user"), await token("user")
    adding = asyncio.create_task(_add_videos(client, 30))
    await eventually(lambda: catalog.asked("show.after") + catalog.asked("video.get") > 5)
    async with streaming(port, signed, topics="library", snapshot="true") as stream:
        snapshot = await stream.next()
        assert snapshot["type"] == "snapshot"
        shown = [video["url"] for video in snapshot["data"]["library"]["items"]]
        ready = await stream.next()
        assert ready["type"] == "ready"
        assert _offset(ready) >= _offset(snapshot)
        told: list[str] = []
        while len(shown) + len(told) < 30:
            fact = await stream.until("event.video.added")
            assert _offset(fact) > _offset(snapshot)
            told.append(fact["data"]["url"])
    await adding
    assert sorted(shown + told) == sorted(f"http://127.0.0.1/{n}" for n in range(30))


async def test_a_snapshot_shows_what_is_followed_and_how_far_it_is(
    port: int, token: Token, as_: As, deps: Deps, catalog: Catalog
) -> None:
    manager, signed = await as_("manager"), await token("user")
    video = (await manager.post("/api/v1/videos", json={"url": "http://127.0.0.1/v"})).json()
    await catalog.at_rest()
    (job, *_) = (await manager.get("/api/v1/jobs")).json()["items"]
    started = JobStarted(job_id=job["id"], attempt=1, worker_id=WorkerId("w"), delivery="d")
    await catalog.has_committed(await catalog.say(started))
    await deps.bus.signal(_progress(job["id"]))
    await eventually(lambda: deps.progress.of(job["id"]))
    topics = f"jobs,jobs/{job['id']},videos/{video['id']},videos/none"
    async with streaming(port, signed, topics=topics, snapshot="true") as stream:
        shown = (await stream.next())["data"]
    assert shown["videos/none"] is None
    assert shown[f"videos/{video['id']}"]["url"] == video["url"]
    assert shown[f"jobs/{job['id']}"]["progress"]["fraction"] == 0.5
    assert [each["id"] for each in shown["jobs"]["items"]] == [job["id"]]


async def test_a_position_that_is_gone_gives_a_snapshot_where_one_is_wanted(
    port: int, token: Token
) -> None:
    asked = {"topics": "jobs", "snapshot": "true"}
    async with streaming(port, await token("user"), "nowhere:5", **asked) as stream:
        assert (await stream.next())["type"] == "snapshot"
        last = stream.last_id
    async with streaming(port, await token("user"), last, **asked) as stream:
        assert (await stream.next())["type"] == "ready"


def _offset(frame: dict[str, Any]) -> int:
    return int(frame["position"].rpartition(":")[2])


async def _add_videos(client: httpx.AsyncClient, count: int) -> None:
    for n in range(count):
        answer = await client.post("/api/v1/videos", json={"url": f"http://127.0.0.1/{n}"})
        assert answer.status_code == 201


@pytest.mark.parametrize(
    ("role", "asked", "status", "code"),
    [
        (None, "", 401, "unauthenticated"),
        ("manager", "?topics=system", 403, "forbidden"),
        ("user", "?topics=everything", 422, "invalid_topic"),
        ("user", "?after=x", 422, "invalid_position"),
        ("user", "?after=nowhere:1", 409, "log_replaced"),
        ("user", "?topics=jobs/1,jobs/2,jobs/3,jobs/4", 422, "too_many_topics"),
    ],
)
async def test_what_cannot_be_followed_is_a_problem_and_no_stream(
    as_: As, anyone: httpx.AsyncClient, settings: Any, role: Role | None, asked: str,
    status: int, code: str,
) -> None:  # fmt: skip
    settings.live_topics = 3
    answer = await (anyone if role is None else await as_(role)).get(PATH + asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_revoked_key_ends_its_stream(port: int, as_: As) -> None:
    user = await as_("user")
    made = (await user.post("/api/v1/api-keys", json={"name": "k", "role": "user"})).json()
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
        client.stream("GET", PATH, params={"apikey": made["key"]}) as response,
    ):
        stream = Stream(response)
        await stream.next()
        await user.delete(f"/api/v1/api-keys/{made['id']}")
        assert (await stream.until("error"))["code"] == "unauthenticated"
        assert [line async for line in stream._lines] == []


async def test_a_user_has_so_many_connections_and_no_more(
    port: int, token: Token, as_: As, settings: Any
) -> None:
    settings.live_connections = 1
    signed, user = await token("user"), await as_("user")
    async with streaming(port, signed) as stream:
        await stream.next()
        refused = await user.get(PATH)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_connections")
        assert int(refused.headers["retry-after"]) > 0
        async with connect(f"ws://127.0.0.1:{port}{PATH}", proxy=None) as socket:
            await socket.send(json.dumps({"token": signed}))
            assert json.loads(await socket.recv())["code"] == "too_many_connections"
            await socket.wait_closed()
            assert socket.close_code == 4429
        async with streaming(port, await token("admin")) as other:
            await other.next()


async def test_headers_of_the_handshake_are_credentials_too(port: int, token: Token) -> None:
    headers = {"Authorization": f"Bearer {await token('user')}"}
    url = f"ws://127.0.0.1:{port}{PATH}"
    async with connect(url, proxy=None, additional_headers=headers) as socket:
        await socket.send('{"topics": ["jobs"]}')
        assert json.loads(await socket.recv())["type"] == "ready"


async def test_a_page_of_another_origin_cannot_use_the_cookies_of_a_browser(port: int) -> None:
    url, origin = f"ws://127.0.0.1:{port}{PATH}", "https://evil.example"
    async with connect(url, proxy=None, origin=origin) as socket:  # type: ignore[arg-type]
        await socket.send("{}")
        assert json.loads(await socket.recv())["code"] == "foreign_origin"


def _wanted(name: str) -> Any:
    return fresh(VideoWanted(video_id=VideoId(name)), source="test")


def _progress(job: str) -> Any:
    told = JobProgressed(job_id=JobId(job), attempt=1, stage="x", fraction=0.5)
    return fresh(told, source="test")
