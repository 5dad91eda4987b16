"""The catalog goes away in the middle of everything: what is known is shown as old, what is asked
for is accepted, health says why, and nothing old is left when it is back."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway import breaker, standing
from mvidarr_api_gateway.deps import Deps
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.queries import ListVideos, Videos
from mvidarr_common.testing.conditions import eventually

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
VIDEOS = "/api/v1/videos"
AT_ONCE = {"Prefer": "wait=0"}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody waits long for what does not come."""
    monkeypatch.setattr(breaker, "DOUBT", 0.2)
    monkeypatch.setattr(breaker, "PROBE", 0.2)
    monkeypatch.setattr(breaker, "PAUSE", 0.2)


class Load:
    """A reader and a writer who never pause, and what they are answered."""

    def __init__(self, user: httpx.AsyncClient) -> None:
        self._user = user
        self._stop = asyncio.Event()
        self.seen: list[httpx.Response] = []
        self.accepted: list[str] = []

    async def run(self) -> None:
        """Until it is stopped."""
        async with asyncio.TaskGroup() as group:
            for work in (self._read(), self._read(), self._write()):
                group.create_task(work)

    def stop(self) -> None:
        """Let it end."""
        self._stop.set()

    async def _read(self) -> None:
        while not self._stop.is_set():
            self.seen.append(await self._user.get(VIDEOS))
            await asyncio.sleep(0.01)

    async def _write(self) -> None:
        while not self._stop.is_set():
            url = f"http://127.0.0.1/{len(self.accepted)}"
            answer = await self._user.post(VIDEOS, json={"url": url}, headers=AT_ONCE)
            assert answer.status_code == 202, answer.text
            self.accepted.append(url)
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("hasty")
async def test_under_load_old_reads_are_marked_and_commands_accepted(
    as_: As, anyone: httpx.AsyncClient, deps: Deps, catalog: Catalog
) -> None:
    user, admin = await as_("user"), await as_("admin")
    load = Load(user)
    running = asyncio.create_task(load.run())
    await eventually(lambda: len(load.seen) > 10 and len(load.accepted) > 5)
    catalog.cut()
    await eventually(lambda: load.seen[-1].headers.get("warning"), within=20)
    before = len(load.accepted)
    await eventually(lambda: len(load.accepted) > before + 10)
    ready = (await anyone.get("/health/ready")).json()
    health = (await admin.get("/api/v1/health")).json()
    load.stop()
    await running
    assert {answer.status_code for answer in load.seen} == {200}
    assert re.fullmatch(r"\d+", load.seen[-1].headers["age"])
    assert ready["ready"]
    assert "has not answered" in ready["notes"]["catalog"]
    assert "CatalogCheck" in {item["source"] for item in health}
    catalog.mend()
    await eventually(lambda: deps.catalog.ailment() is None)
    await _all_are_there(user, load.accepted)


async def _all_are_there(user: httpx.AsyncClient, urls: list[str]) -> None:
    async def there() -> bool:
        answer = await user.get(VIDEOS, params={"limit": 500})
        assert "warning" not in answer.headers
        return set(urls) <= {video["url"] for video in answer.json()["items"]}

    await eventually(there, within=20)


@pytest.mark.usefixtures("hasty")
async def test_what_was_remembered_whole_is_marked_as_old_too(
    as_: As, deps: Deps, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "PATIENCE", 0.2)
    user = await as_("user")
    await catalog.at_rest()
    offset = (await catalog.system()).offset
    await eventually(lambda: deps.feed.committed == offset)
    fresh = await user.get(VIDEOS)
    assert (await user.get(VIDEOS)).content == fresh.content
    catalog.cut()
    old = await user.get(VIDEOS)
    assert (old.status_code, old.content) == (200, fresh.content)
    assert "warning" in old.headers
    assert (await user.get(VIDEOS, params={"limit": 3})).json()["code"] == "catalog_away"


@pytest.mark.usefixtures("hasty")
async def test_what_was_never_asked_is_unavailable_and_nobody_waits_for_it(
    as_: As, deps: Deps, catalog: Catalog
) -> None:
    user = await as_("user")
    await user.get("/api/v1/auth/me")
    catalog.cut()
    answer = await user.get(VIDEOS, params={"limit": 3})
    assert (answer.status_code, answer.json()["code"]) == (503, "catalog_away")
    assert int(answer.headers["retry-after"]) >= 1
    asked = catalog.asked("video.list")
    assert (await user.get(VIDEOS, params={"limit": 3})).status_code == 503
    assert catalog.asked("video.list") == asked
    catalog.mend()
    await eventually(lambda: deps.catalog.reachable)
    assert (await user.get(VIDEOS, params={"limit": 3})).status_code == 200


async def test_a_question_that_takes_long_is_waited_for_while_others_are_answered(
    deps: Deps, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "DOUBT", 0.01)
    held = catalog.line.slow["video.list"] = asyncio.Event()
    asking = asyncio.create_task(deps.reads.get(ListVideos()))
    await eventually(lambda: catalog.asked("position.get") > 0)
    assert deps.catalog.reachable
    held.set()
    assert Videos.model_validate_json(await asking)
