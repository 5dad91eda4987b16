"""The cache of reads: fast, and never stale."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.deps import Deps, open_deps
from mvidarr_api_gateway.settings import GatewaySettings
from mvidarr_api_gateway.shelf import OVERHEAD
from mvidarr_common.bus import Bus, Gap, Health
from mvidarr_common.envelope import fresh
from mvidarr_common.messages.identity import Role, RoleChanged
from mvidarr_common.messages.library import AddVideo, Description, FollowArtist, VideoAdded
from mvidarr_common.messages.queries import FindCredentials, ListUsers, ListVideos, Videos
from mvidarr_common.messages.system import CatalogAdvanced
from mvidarr_common.service import Runtime
from mvidarr_common.testing.conditions import eventually

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
LIST = ListVideos()


async def _titles(deps: Deps) -> list[str]:
    return [video.title for video in Videos.model_validate_json(await deps.reads.get(LIST)).items]


async def _asked(deps: Deps, catalog: Catalog) -> int:
    """How often the catalog was asked for one more read."""
    before = catalog.asked("video.list")
    await deps.reads.get(LIST)
    return catalog.asked("video.list") - before


async def _settled(deps: Deps, catalog: Catalog) -> None:
    """Until all has happened that follows from what was said, and the gateway has seen it."""

    async def settled() -> bool:
        offset = (await catalog.system()).offset
        return deps.feed.committed == offset == deps.feed.last

    await catalog.at_rest()
    await eventually(settled)


async def test_a_second_read_asks_nobody(deps: Deps, catalog: Catalog) -> None:
    await deps.reads.get(LIST)
    assert await _asked(deps, catalog) == 0


async def test_a_commit_is_seen_by_the_next_read(deps: Deps, catalog: Catalog) -> None:
    for n in range(20):
        await deps.reads.get(LIST)
        command = fresh(AddVideo(url=f"http://x/{n}"), source="test")
        await deps.bus.publish(command)
        done = await deps.outcomes.wait(command.id, 10, VideoAdded)
        assert done is not None
        assert await deps.feed.committed_to(done.offset, deps.bus, 10)
        assert f"http://x/{n}" in await _titles(deps)


async def test_readers_during_writes_never_see_less_than_what_was_answered(
    as_: As, deps: Deps
) -> None:
    client = await as_("user")
    known = 0
    stop = asyncio.Event()

    async def read() -> None:
        while not stop.is_set():
            least = known
            page = (await client.get("/api/v1/videos")).json()
            assert len(page["items"]) >= least
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(read())
        for n in range(20):
            answer = await client.post("/api/v1/videos", json={"url": f"http://127.0.0.1/{n}"})
            assert answer.status_code == 201
            known += 1
        stop.set()


async def test_nothing_is_kept_while_the_catalog_is_behind_the_log(
    deps: Deps, catalog: Catalog
) -> None:
    catalog.line.quiet = True
    await catalog.has_committed(await catalog.say(AddVideo(url="http://x/1")))
    offset = (await catalog.system()).offset
    await eventually(lambda: deps.feed.last == offset)
    assert await _asked(deps, catalog) == 1
    assert await _asked(deps, catalog) == 1
    catalog.line.quiet = False
    await catalog.has_committed(await catalog.say(FollowArtist(name="A")))
    await _settled(deps, catalog)
    await deps.reads.get(LIST)
    assert await _asked(deps, catalog) == 0


async def test_an_answer_that_was_overtaken_is_not_kept(deps: Deps, catalog: Catalog) -> None:
    await deps.reads.get(LIST)
    catalog.cut()
    before = catalog.asked("video.list")
    asking = asyncio.create_task(deps.reads.get(ListVideos(limit=7)))
    await eventually(lambda: catalog.asked("video.list") > before)
    deps.feed.hear(fresh(await _news(catalog, 99), source="test"))
    catalog.mend()
    await asking
    await deps.reads.get(ListVideos(limit=7))
    assert catalog.asked("video.list") == before + 2


async def _news(catalog: Catalog, number: int) -> CatalogAdvanced:
    now = await catalog.system()
    return CatalogAdvanced(
        log_id=now.log_id, number=number, offset=now.offset, epoch=1, subjects=()
    )


async def test_a_hole_in_the_news_flushes_everything(deps: Deps, catalog: Catalog) -> None:
    who = FindCredentials(username="admin")
    kept = deps.rights
    deps.feed.hear(fresh(await _news(catalog, 5), source="test"))
    for number, asked in ((6, 0), (8, 1), (9, 0)):
        await kept.read(who)
        before = catalog.asked("credentials.find")
        deps.feed.hear(fresh(await _news(catalog, number), source="test"))
        await kept.read(who)
        assert catalog.asked("credentials.find") - before == asked, number
        assert await _asked(deps, catalog) == 1


@pytest.mark.parametrize("change", [{"epoch": 2}, {"number": 1}])
async def test_another_leader_flushes_everything(
    deps: Deps, catalog: Catalog, change: dict[str, Any]
) -> None:
    who, kept = FindCredentials(username="admin"), deps.rights
    news = await _news(catalog, 5)
    deps.feed.hear(fresh(news, source="test"))
    await kept.read(who)
    before = catalog.asked("credentials.find")
    deps.feed.hear(fresh(news.model_copy(update={"number": 6, **change}), source="test"))
    await kept.read(who)
    assert catalog.asked("credentials.find") == before + 1


async def test_a_gap_flushes_everything(deps: Deps, catalog: Catalog) -> None:
    await deps.reads.get(LIST)
    deps.feed.hear(Gap())
    assert await _asked(deps, catalog) == 1


async def test_without_the_bus_nothing_is_answered_from_memory(
    deps: Deps, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deps.reads.get(LIST)
    monkeypatch.setattr(type(deps.bus), "health", Health(ready=False, reason="gone"))
    assert await _asked(deps, catalog) == 1


async def test_those_who_want_the_same_at_the_same_time_share_the_answer(
    deps: Deps, catalog: Catalog
) -> None:
    catalog.cut()
    before = catalog.asked("video.list")
    asking = [asyncio.create_task(deps.reads.get(ListVideos(limit=7))) for _ in range(50)]
    await eventually(lambda: catalog.asked("video.list") > before)
    later = [asyncio.create_task(deps.reads.get(ListVideos(limit=7))) for _ in range(50)]
    catalog.mend()
    assert len({await each for each in asking + later}) == 1
    assert catalog.asked("video.list") == before + 2


async def test_answers_in_memory_have_a_limit_of_bytes(deps: Deps, catalog: Catalog) -> None:
    shelf = deps.reads._shelf
    shelf._limit = 5 * OVERHEAD
    for limit in range(1, 20):
        await deps.reads.get(ListVideos(limit=limit))
        assert shelf.bytes <= shelf._limit
    before = catalog.asked("video.list")
    await deps.reads.get(ListVideos(limit=19))
    await deps.reads.get(ListVideos(limit=1))
    assert catalog.asked("video.list") == before + 1


async def test_what_one_gateway_has_answered_every_other_shows(
    as_: As, deps: Deps, runtime: Runtime[GatewaySettings]
) -> None:
    client = await as_("user")
    async with open_deps(runtime) as other:
        for n in range(20):
            await other.reads.get(LIST)
            answer = await client.post("/api/v1/videos", json={"url": f"http://127.0.0.1/{n}"})
            assert answer.status_code == 201
            assert f"http://127.0.0.1/{n}" in str(await other.reads.get(LIST))


async def test_who_is_asking_is_kept_until_people_change(deps: Deps, catalog: Catalog) -> None:
    who, kept = FindCredentials(username="admin"), deps.rights
    await kept.read(who)
    await catalog.has_committed(await catalog.say(AddVideo(url="http://x/1")))
    await _settled(deps, catalog)
    before = catalog.asked("credentials.find")
    await kept.read(who)
    assert catalog.asked("credentials.find") == before
    (admin,) = (await catalog.show(ListUsers())).items
    await catalog.has_committed(await catalog.say(RoleChanged(user_id=admin.id, role="user")))
    await _settled(deps, catalog)
    found = await kept.read(who)
    assert found.user is not None
    assert found.user.role == "user"


async def test_an_idle_catalog_that_came_later_is_found(
    bus: Bus, catalog: Catalog, runtime: Runtime[GatewaySettings]
) -> None:
    catalog.cut()
    async with open_deps(runtime) as early:
        assert early.feed.committed is None
        catalog.mend()
        offset = (await catalog.system()).offset
        await eventually(lambda: early.feed.committed == offset)
        await early.reads.get(LIST)
        assert await _asked(early, catalog) == 0


async def test_a_filter_narrows_a_list(as_: As, deps: Deps, catalog: Catalog) -> None:
    for artist, title in (("Sigur Rós", "Hoppípolla"), ("Björk", "Jóga")):
        known = Description(artist=artist, title=title)
        await catalog.say(AddVideo(url=f"http://x/{title}", known=known))
    await _settled(deps, catalog)
    client = await as_("readonly")
    wanted = 'artist ~ "sigur rós" and not state in (ready, failed) and about.album = null'
    found = await client.get("/api/v1/videos", params={"filter": wanted})
    assert [video["title"] for video in found.json()["items"]] == ["Hoppípolla"]
    refused = await client.get("/api/v1/videos", params={"filter": "title = x and colour = red"})
    problem = refused.json()
    assert (problem["code"], problem["position"]) == ("bad_filter", 14)
    assert {"title", "artist", "quality"} <= set(problem["fields"])
