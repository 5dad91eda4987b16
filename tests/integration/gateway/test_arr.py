"""What *arr clients, calendars and feed readers get, from the real catalog."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from xml.etree import ElementTree

import httpx
import icalendar
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.deps import Deps
from mvidarr_common.envelope import fresh
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.ids import JobId, VideoId
from mvidarr_common.messages.jobs import JobProgressed
from mvidarr_common.messages.library import VideoReady
from mvidarr_common.testing.conditions import eventually

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
TODAY = datetime.now(UTC).date()


@pytest.fixture
async def client(as_: As) -> httpx.AsyncClient:
    """A user."""
    return await as_("user")


async def add(client: httpx.AsyncClient, title: str) -> str:
    """The id of a video that came out today."""
    known = {"title": title, "artist": "Ärzte & Co", "released": TODAY.isoformat()}
    answer = await client.post(
        "/api/v1/videos", json={"url": f"http://127.0.0.1/{title}", "known": known}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def get(client: httpx.AsyncClient, path: str, **asked: object) -> httpx.Response:
    """An answer that is none of our errors; with a parameter that we do not know."""
    answer = await client.get(path, params={"includeMovie": "true"} | asked)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer


async def test_what_is_worked_on_is_the_queue(client: httpx.AsyncClient, deps: Deps) -> None:
    ids = [await add(client, title) for title in "abc"]

    async def all_three() -> bool:
        page = (await get(client, "/api/v1/queue", pageSize=2, sortKey="added")).json()
        return bool(page["totalRecords"] == 3)

    await eventually(all_three)
    page = (await get(client, "/api/v1/queue", pageSize=2, sortKey="added", page=2)).json()
    assert (page["page"], page["pageSize"], page["sortKey"]) == (2, 2, "added")
    [record] = page["records"]
    assert record["videoId"] == ids[0]
    assert record["title"] == "Ärzte & Co - a"
    assert record["status"] in ("delay", "queued")
    word = JobProgressed(
        job_id=JobId(record["id"]),
        attempt=1,
        stage="video",
        done=30,
        total=100,
        unit="bytes",
        eta=65,
    )
    await deps.bus.signal(fresh(word, source="test"))
    await eventually(lambda: deps.progress.of(JobId(record["id"])))
    [record] = (await get(client, "/api/v1/queue", pageSize=2, sortKey="added", page=2)).json()[
        "records"
    ]
    assert (record["size"], record["sizeleft"], record["timeleft"]) == (100, 70, "0:01:05")
    assert (await get(client, "/api/v1/queue/status")).json()["totalCount"] == 3


async def test_what_was_ignored_is_neither_queued_nor_missing(client: httpx.AsyncClient) -> None:
    id = await add(client, "a")
    await client.post(f"/api/v1/videos/{id}/ignore")
    assert (await get(client, "/api/v1/wanted/missing")).json()["records"] == []
    [event] = (await get(client, "/api/v1/history", pageSize=1)).json()["records"]
    assert (event["eventType"], event["videoId"]) == ("downloadIgnored", id)
    assert event["sourceTitle"] == "Ärzte & Co - a"


async def test_releases_are_in_the_calendar(client: httpx.AsyncClient) -> None:
    id = await add(client, "a")
    [item] = (await get(client, "/api/v1/calendar")).json()
    assert (item["id"], item["year"], item["hasFile"]) == (id, TODAY.year, False)
    gone = (await get(client, "/api/v1/calendar", start="2001-01-01", end="2001-12-31")).json()
    assert gone == []
    document = await get(client, "/feed/v1/calendar/mvidarr.ics")
    assert document.headers["content-type"].startswith("text/calendar")
    [event] = icalendar.Calendar.from_ical(document.content).walk("VEVENT")
    assert str(event["summary"]) == "Ärzte & Co - a"
    assert event.decoded("dtstart") == TODAY


async def test_the_newest_videos_are_a_feed(client: httpx.AsyncClient) -> None:
    feed = await get(client, "/feed/v1/videos.rss")
    channel = ElementTree.fromstring(feed.content).find("channel")
    assert channel is not None
    assert channel.findtext("title") == "MVidarr"
    assert channel.findall("item") == []


async def test_followed_artists_go_out_and_come_in_as_opml(client: httpx.AsyncClient) -> None:
    names = ["Björk", 'Simon & "Garfunkel"', "x" * 300]
    outlines = "".join(
        f'<outline type="artist" text="{name.replace("&", "&amp;").replace(chr(34), "&quot;")}"/>'
        for name in names
    )
    document = f"<opml version='2.0'><body><outline text='all'>{outlines}</outline></body></opml>"
    answer = await client.post("/feed/v1/artists.opml", content=document.encode())
    assert [each["status"] for each in answer.json()["results"]] == [201] * 3
    again = await client.post("/feed/v1/artists.opml", content=document.encode())
    assert [each["status"] for each in again.json()["results"]] == [200] * 3
    out = await get(client, "/feed/v1/artists.opml")
    found = [each.get("text") for each in ElementTree.fromstring(out.content).iter("outline")]
    assert found == sorted(names, key=str.lower)


@pytest.mark.parametrize(
    "document", [b"", b"<opml/>", b"nothing", b"<!DOCTYPE x [<!ENTITY a 'b'>]><opml>&a;</opml>"]
)
async def test_what_is_no_opml_is_refused(client: httpx.AsyncClient, document: bytes) -> None:
    answer = await client.post("/feed/v1/artists.opml", content=document)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_opml")


async def test_disks_and_health_are_told(client: httpx.AsyncClient, catalog: Catalog) -> None:
    [folder] = (await get(client, "/api/v1/rootfolder")).json()
    [disk] = (await get(client, "/api/v1/diskspace")).json()
    assert folder["path"].endswith("/library")
    assert 0 < folder["freeSpace"] <= disk["totalSpace"]
    assert (await get(client, "/api/v1/health")).json() == []
    status = (await get(client, "/api/v1/system/status")).json()
    assert (status["appName"], status["databaseType"]) == ("MVidarr", "postgresql")
    catalog.cut()
    [ill] = (await get(client, "/api/v1/health")).json()
    assert (ill["source"], ill["type"]) == ("CatalogCheck", "error")
    catalog.mend()


async def test_a_better_file_is_wanted_below_the_cutoff(
    client: httpx.AsyncClient, catalog: Catalog
) -> None:
    poor, good = [VideoId(await add(client, title)) for title in ("poor", "good")]
    for id, quality in ((poor, "480p"), (good, "1080p")):
        ready = VideoReady(video_id=id, title="x", artist="y", path="p", quality=quality)
        await catalog.has_committed(await catalog.say(ready))
    page = (await get(client, "/api/v1/wanted/cutoff", sortKey="unknown")).json()
    assert [each["id"] for each in page["records"]] == [poor]
    assert (page["totalRecords"], page["sortDirection"]) == (1, "descending")


@pytest.mark.parametrize("path", ["queue", "history", "wanted/missing", "wanted/cutoff"])
async def test_a_page_that_is_too_far_is_refused(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/api/v1/{path}", params={"page": 9512, "pageSize": 217})
    assert (answer.status_code, answer.json()["code"]) == (422, "page_too_far")


async def test_folders_are_scanned_by_a_command(as_: As) -> None:
    manager = await as_("manager")
    given = await manager.post("/api/v1/command", json={"name": "RescanFolders"})
    assert given.status_code == 201, given.text
    told = {"name": "RescanFolders", "commandName": "find imports", "trigger": "manual"}
    assert told.items() <= given.json().items()
    assert given.json()["status"] == "queued"
    shown = await manager.get(given.headers["location"])
    assert shown.json()["id"] == given.json()["id"]
    listed = (await manager.get("/api/v1/command")).json()
    assert [each["id"] for each in listed] == [given.json()["id"]]
    assert (await manager.get("/api/v1/tag")).json() == []
