"""Many things in one request: each is carried out or refused for itself."""

from typing import Any

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.bulk_bodies import MOST_ITEMS
from mvidarr_common.messages.queries import ListJobs
from mvidarr_common.testing.conditions import eventually

VIDEOS, ARTISTS, JOBS = "/api/v1/videos/bulk", "/api/v1/artists/bulk", "/api/v1/jobs/bulk"


@pytest.fixture
async def client(as_: Any) -> httpx.AsyncClient:
    found: httpx.AsyncClient = await as_("manager")
    return found


async def _results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def _said(results: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(each[name] for name in names) for each in results]


async def test_a_bad_item_refuses_itself_and_no_other(
    client: httpx.AsyncClient, catalog: Catalog
) -> None:
    items = [
        {"url": "http://x/1", "key": "one", "known": {"title": "One"}},
        {"url": "http://x/1", "key": "again"},
        {"url": "", "key": "nothing"},
        {"url": "http://x/2", "key": "one"},
        {"url": "file:///etc/passwd"},
        {"url": "http://x/\0"},
        "rubbish",
        {"url": "http://x/3", "colour": "red"},
        {"url": "http://x/4"},
    ]
    results = await _results(await client.post(VIDEOS, json={"items": items}))
    assert _said(results, "index", "key", "status", "code") == [
        (0, "one", 201, None),
        (1, "again", 409, "video_known"),
        (2, None, 422, "invalid_body"),
        (3, "one", 422, "invalid_body"),
        (4, None, 422, "invalid_url"),
        (5, None, 422, "invalid_url"),
        (6, None, 422, "invalid_body"),
        (7, None, 422, "invalid_body"),
        (8, None, 201, None),
    ]
    assert results[1]["existing"] == results[0]["id"]
    assert "url" in results[2]["detail"]
    listed = (await client.get("/api/v1/videos")).json()["items"]
    assert {each["id"] for each in listed} == {results[0]["id"], results[8]["id"]}


async def test_the_same_request_again_does_nothing_again(
    client: httpx.AsyncClient, catalog: Catalog
) -> None:
    key = {"Idempotency-Key": "import of today"}
    names = {"items": [{"name": "Björk"}, {"name": " "}, {"name": "ABBA"}]}
    first = await _results(await client.post(ARTISTS, json=names, headers=key))
    assert _said(first, "status", "code") == [(201, None), (422, "invalid_name"), (201, None)]
    assert await _results(await client.post(ARTISTS, json=names, headers=key)) == first
    assert len(await catalog.records("command.artist.follow")) == 3
    other = {"items": [{"name": "Björk"}, {"name": "Madonna"}, {"name": "ABBA"}]}
    mixed = await _results(await client.post(ARTISTS, json=other, headers=key))
    assert _said(mixed, "code") == [(None,), ("idempotency_key_reused",), (None,)]
    afresh = await _results(await client.post(ARTISTS, json=names))
    assert _said(afresh, "status", "id") == [
        (200, first[0]["id"]), (422, afresh[1]["id"]), (200, first[2]["id"]),
    ]  # fmt: skip


async def test_each_is_edited_ignored_deleted_and_restored_for_itself(
    client: httpx.AsyncClient,
) -> None:
    added = await client.post(VIDEOS, json={"items": [{"url": f"http://x/{n}"} for n in "ab"]})
    one, other = (each["id"] for each in await _results(added))
    edits = [{"id": one, "title": "A"}, {"id": "gone", "title": "G"}, {"id": other, "title": "B"}]
    edited = await _results(await client.patch(VIDEOS, json={"items": edits}))
    assert _said(edited, "id", "status", "code") == [
        (one, 200, None), ("gone", 404, "video_not_found"), (other, 200, None),
    ]  # fmt: skip
    three = {"items": [{"id": one}, {"id": "gone"}, {"id": other}]}
    for deed, state in (("ignore", "ignored"), ("delete", "deleted"), ("restore", "wanted")):
        done = await _results(await client.post(f"{VIDEOS}/{deed}", json=three))
        assert _said(done, "status") == [(200,), (404,), (200,)]
        shown = [(await client.get(f"/api/v1/videos/{id}")).json() for id in (one, other)]
        assert [(each["title"], each["state"]) for each in shown] == [("A", state), ("B", state)]


async def test_jobs_are_paused_and_cancelled_and_artists_left(
    client: httpx.AsyncClient, catalog: Catalog
) -> None:
    await client.post(VIDEOS, json={"items": [{"url": f"http://x/{n}"} for n in "ab"]})
    await catalog.at_rest()
    jobs = {"items": [{"id": job.id} for job in (await catalog.show(ListJobs())).items]}
    assert jobs["items"]
    for deed, status in (("pause", 200), ("resume", 200), ("cancel", 200), ("pause", 409)):
        done = await _results(await client.post(f"{JOBS}/{deed}", json=jobs))
        assert {each["status"] for each in done} == {status}
    followed = await _results(await client.post(ARTISTS, json={"items": [{"name": "Björk"}]}))
    left = {"items": [{"id": followed[0]["id"]}, {"id": "nobody"}]}
    done = await _results(await client.post(f"{ARTISTS}/unfollow", json=left))
    assert _said(done, "status") == [(200,), (404,)]


async def test_too_many_are_refused_and_none_of_them_is_done(client: httpx.AsyncClient) -> None:
    items = [{"name": str(number)} for number in range(MOST_ITEMS + 1)]
    answer = await client.post(ARTISTS, json={"items": items})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many")
    assert (await client.post(ARTISTS, json={"items": []})).status_code == 422
    assert (await client.get("/api/v1/artists")).json()["items"] == []


async def test_what_is_not_decided_in_time_is_told_so(
    client: httpx.AsyncClient, catalog: Catalog
) -> None:
    catalog.cut()
    early = await client.post(
        ARTISTS, json={"items": [{"name": "Björk"}]}, headers={"Prefer": "wait=0"}
    )
    [result] = await _results(early)
    assert result["status"] == 202
    catalog.mend()
    await catalog.at_rest()

    async def done() -> bool:
        place = f"/api/v1/commands/{result['commandId']}"
        return str((await client.get(place)).json().get("state")) == "done"

    await eventually(done, within=20)
