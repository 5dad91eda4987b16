"""Nobody overwrites what they have not seen."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_common.messages.identity import Role

As = Callable[[Role], Awaitable[httpx.AsyncClient]]


async def _added(client: httpx.AsyncClient, catalog: Catalog) -> tuple[str, str]:
    answer = await client.post("/api/v1/videos", json={"url": "http://127.0.0.1/1"})
    await catalog.at_rest()
    place = answer.headers["location"]
    return place, (await client.get(place)).headers["etag"]


async def test_a_change_is_made_to_what_its_maker_has_seen_alone(as_: As, catalog: Catalog) -> None:
    client = await as_("manager")
    place, tag = await _added(client, catalog)
    first = await client.patch(place, json={"title": "One"}, headers={"If-Match": tag})
    assert first.status_code == 200, first.text
    late = await client.patch(place, json={"title": "Two"}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    shown = await client.get(place)
    assert shown.json()["title"] == "One"
    gone = await client.delete(place, headers={"If-Match": f'"x", {shown.headers["etag"]}'})
    assert gone.status_code == 200


async def test_of_two_at_the_same_moment_one_is_refused(as_: As, catalog: Catalog) -> None:
    client = await as_("user")
    place, tag = await _added(client, catalog)
    asked = [
        client.patch(place, json={"title": title}, headers={"If-Match": tag})
        for title in ("One", "Two", "Three")
    ]
    statuses = [answer.status_code for answer in await asyncio.gather(*asked)]
    assert sorted(statuses) == [200, 412, 412]


async def test_a_repeated_request_is_answered_though_it_has_changed_the_thing_itself(
    as_: As, catalog: Catalog
) -> None:
    client = await as_("user")
    place, tag = await _added(client, catalog)
    headers = {"If-Match": tag, "Idempotency-Key": "k"}
    for _ in range(2):
        answer = await client.patch(place, json={"title": "One"}, headers=headers)
        assert answer.status_code == 200


@pytest.mark.parametrize("condition", ["If-Match", "If-None-Match"])
async def test_a_thing_is_made_only_where_there_is_none_or_only_where_there_is_one(
    condition: str, as_: As
) -> None:
    client = await as_("manager")
    plan = {"title": "P", "steps": [{"name": "fetch", "does": "download"}]}
    statuses = [
        (await client.put("/api/v1/pipelines/own", json=plan, headers=headers)).status_code
        for headers in ({condition: "*"}, {}, {condition: "*"})
    ]
    assert statuses == ([412, 200, 200] if condition == "If-Match" else [200, 200, 412])
