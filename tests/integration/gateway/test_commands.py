"""From a request to change something to its answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.app import application
from mvidarr_api_gateway.deps import Deps, open_deps
from mvidarr_api_gateway.settings import GatewaySettings
from mvidarr_common.bus import FromFirst, Record
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Unconfirmed
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.queries import ListApiKeys
from mvidarr_common.messages.sites import SiteProfile
from mvidarr_common.service import Runtime
from mvidarr_common.site_secrets import unsealed
from mvidarr_common.testing.conditions import eventually

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
URL = "http://127.0.0.1/video.html"
VIDEOS = "/api/v1/videos"
KEY = {"Idempotency-Key": "k-1"}
NO_WAIT = {"Prefer": "wait=0"}


async def test_a_video_is_added_and_shown(as_: As) -> None:
    client = await as_("user")
    body = {"url": URL, "known": {"title": "Song"}}
    answer = await client.post(VIDEOS, json=body)
    assert answer.status_code == 201, answer.text
    video = answer.json()
    assert (video["title"], video["url"]) == ("Song", URL)
    assert answer.headers["location"] == f"{VIDEOS}/{video['id']}"
    assert _lasting((await client.get(answer.headers["location"])).json()) == _lasting(video)
    page = (await client.get(VIDEOS)).json()
    assert [item["id"] for item in page["items"]] == [video["id"]]


def _lasting(video: dict[str, Any]) -> dict[str, Any]:
    """What does not change by itself while the video is being acquired."""
    return {name: video[name] for name in ("id", "url", "title", "about", "profileId", "added")}


async def test_who_asked_is_in_the_log(as_: As, catalog: Catalog) -> None:
    client = await as_("user")
    await client.post(VIDEOS, json={"url": URL})
    me = (await client.get("/api/v1/auth/me")).json()
    assert [r.actor for r in await catalog.records("command.video.add")] == [f"user/{me['id']}"]


async def test_a_refusal_names_what_is_in_the_way(as_: As) -> None:
    client = await as_("user")
    first = (await client.post(VIDEOS, json={"url": URL})).json()
    answer = await client.post(VIDEOS, json={"url": URL})
    assert (answer.status_code, answer.json()["code"]) == (409, "video_known")
    assert answer.json()["existing"] == first["id"]


async def test_the_new_state_is_the_answer(as_: As) -> None:
    user, manager = await as_("user"), await as_("manager")
    place = (await user.post(VIDEOS, json={"url": URL})).headers["location"]
    edited = await user.patch(place, json={"title": "Other"})
    assert (edited.status_code, edited.json()["title"]) == (200, "Other")
    again = await user.patch(place, json={"title": "Other"})
    assert (again.status_code, again.json()["title"]) == (200, "Other")
    ignored = await user.post(f"{place}/ignore")
    assert ignored.json()["state"] == "ignored"
    deleted = await manager.delete(place)
    assert (deleted.status_code, deleted.json()["state"]) == (200, "deleted")


async def test_the_new_state_is_asked_for_once_and_shown_when_it_is_there(
    as_: As, catalog: Catalog
) -> None:
    user = await as_("user")
    catalog.line.quiet = True  # no news of a commit is needed for it
    made = await user.post(VIDEOS, json={"url": URL})
    assert (made.status_code, made.json()["url"]) == (201, URL)
    assert (catalog.asked("show.after"), catalog.asked("video.get")) == (1, 0)


async def test_an_older_catalog_is_asked_when_it_has_committed(as_: As, catalog: Catalog) -> None:
    user = await as_("user")
    catalog.line.older = True
    place = (await user.post(VIDEOS, json={"url": URL})).headers["location"]

    async def asked_in_vain() -> bool:  # which nobody is who has heard of the commit already
        edited = await user.patch(place, json={"title": "Other"})
        assert (edited.status_code, edited.json()["title"]) == (200, "Other")
        return catalog.asked("show.after") > 0

    await eventually(asked_in_vain)


async def test_what_is_gone_answers_nothing(as_: As) -> None:
    manager = await as_("manager")
    made = await manager.post("/api/v1/profiles", json={"name": "Small", "cutoff": "480p"})
    place = made.headers["location"]
    assert (await manager.get(place)).json()["profile"]["cutoff"] == "480p"
    assert (await manager.delete(place)).status_code == 204
    assert (await manager.get(place)).status_code == 404


async def test_a_repeated_request_is_one_command(as_: As, catalog: Catalog) -> None:
    client = await as_("user")
    first = await client.post(VIDEOS, json={"url": URL}, headers=KEY)
    second = await client.post(VIDEOS, json={"url": URL}, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert _lasting(first.json()) == _lasting(second.json())
    assert first.headers["location"] == second.headers["location"]
    assert len(await catalog.records("event.video.added")) == 1


async def test_a_repeated_request_is_known_to_a_gateway_that_never_saw_it(
    as_: As, runtime: Runtime[GatewaySettings], catalog: Catalog
) -> None:
    client = await as_("user")
    first = await client.post(VIDEOS, json={"url": URL}, headers=KEY)
    async with open_deps(runtime) as restarted:
        transport = httpx.ASGITransport(app=application(restarted))
        headers = {**client.headers, **KEY}
        async with httpx.AsyncClient(transport=transport, base_url="http://other") as other:
            second = await other.post(VIDEOS, json={"url": URL}, headers=headers)
    assert (second.status_code, _lasting(second.json())) == (201, _lasting(first.json()))
    assert len(await catalog.records("command.video.add")) == 1


async def test_repeated_requests_at_the_same_time_get_the_same_answer(as_: As) -> None:
    client = await as_("user")
    ask = [client.post(VIDEOS, json={"url": URL}, headers=KEY) for _ in range(8)]
    answers = await asyncio.gather(*ask)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_refusal_is_repeated_too(as_: As) -> None:
    client = await as_("user")
    await client.post(VIDEOS, json={"url": URL})
    for _ in range(2):
        answer = await client.post(VIDEOS, json={"url": URL}, headers=KEY)
        assert (answer.status_code, answer.json()["code"]) == (409, "video_known")


async def test_a_key_belongs_to_one_request(as_: As) -> None:
    client = await as_("user")
    await client.post(VIDEOS, json={"url": URL}, headers=KEY)
    answer = await client.post(VIDEOS, json={"url": f"{URL}?2"}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_key_belongs_to_one_caller_and_one_address(as_: As) -> None:
    user, manager = await as_("user"), await as_("manager")
    first = await user.post(VIDEOS, json={"url": URL}, headers=KEY)
    other = await manager.post(VIDEOS, json={"url": f"{URL}?2"}, headers=KEY)
    artist = await user.post("/api/v1/artists", json={"name": "A"}, headers=KEY)
    assert (first.status_code, other.status_code, artist.status_code) == (201, 201, 201)


async def test_a_repeated_api_key_is_the_same_key(as_: As, catalog: Catalog) -> None:
    client = await as_("user")
    body = {"name": "k", "role": "user"}
    first = await client.post("/api/v1/api-keys", json=body, headers=KEY)
    second = await client.post("/api/v1/api-keys", json=body, headers=KEY)
    assert first.json() == second.json()
    assert len((await catalog.show(ListApiKeys())).items) == 1


async def test_while_the_brain_is_away_the_request_is_taken(as_: As, catalog: Catalog) -> None:
    client, other = await as_("user"), await as_("manager")
    catalog.cut()
    answer = await client.post(VIDEOS, json={"url": URL}, headers={"Prefer": "wait=0.2"})
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["state"] == "pending"
    assert answer.headers["location"] == told["location"] == f"/api/v1/commands/{told['commandId']}"
    pending = await client.get(told["location"])
    assert (pending.status_code, pending.json()["state"]) == (200, "pending")
    catalog.mend()

    async def done() -> bool:
        return bool((await client.get(told["location"])).json()["state"] == "done")

    await eventually(done)
    records = (await client.get(told["location"])).json()["records"]
    assert [r["type"] for r in records] == ["command.video.add", "event.video.added"]
    assert (await other.get(told["location"])).status_code == 404


async def test_who_does_not_want_to_wait_does_not(as_: As) -> None:
    client = await as_("user")
    answer = await client.post(VIDEOS, json={"url": URL}, headers=NO_WAIT)
    assert answer.status_code in (201, 202)


async def test_a_refused_command_says_why(as_: As, catalog: Catalog) -> None:
    client = await as_("user")
    await client.post(VIDEOS, json={"url": URL})
    catalog.cut()
    told = (await client.post(VIDEOS, json={"url": URL}, headers=NO_WAIT)).json()
    catalog.mend()

    async def refused() -> bool:
        view = (await client.get(told["location"])).json()
        return (view["state"], view.get("code")) == ("rejected", "video_known")

    await eventually(refused)


async def test_an_unknown_command_is_not_found(as_: As) -> None:
    answer = await (await as_("admin")).get("/api/v1/commands/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "command_not_found")


async def test_an_unconfirmed_publish_is_told_with_the_key_to_say_it_again(
    as_: As, deps: Deps, catalog: Catalog
) -> None:
    client = await as_("user")
    deaf = _Deaf(deps.bus)
    answer = await client.post(VIDEOS, json={"url": URL})
    assert (answer.status_code, answer.json()["code"]) == (503, "unconfirmed")
    assert int(answer.headers["retry-after"]) >= 1
    key = {"Idempotency-Key": answer.headers["idempotency-key"]}
    deaf.hear()
    again = await client.post(VIDEOS, json={"url": URL}, headers=key)
    assert again.status_code == 201
    asked = [decode(record.body) async for record in _log(deps)]
    assert len({e.id for e in asked if e.type == "command.video.add"}) == 1


async def test_lost_news_of_a_commit_costs_half_a_second_and_no_answer(
    as_: As, catalog: Catalog
) -> None:
    client = await as_("user")
    catalog.line.quiet = True
    assert (await client.post(VIDEOS, json={"url": URL})).status_code == 201


class _Deaf:
    """A bus whose confirms do not come, though the message arrives."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus
        self._publish = bus.publish
        self._bus.publish = self._lost

    async def _lost(self, *envelopes: Envelope) -> None:
        if envelopes[0].message.kind != "command":
            await self._publish(*envelopes)
            return
        raise Unconfirmed("unconfirmed", "no confirm", after=1)

    def hear(self) -> None:
        self._bus.publish = self._publish


async def _log(deps: Deps) -> AsyncIterator[Record]:
    async with deps.bus.read_log(FromFirst()) as reader:
        while records := await reader.batch(wait=0.2):
            for record in records:
                yield record


@pytest.mark.parametrize("header", ["x" * 201])
async def test_a_key_that_is_too_long_is_refused(as_: As, header: str) -> None:
    client = await as_("user")
    answer = await client.post(VIDEOS, json={"url": URL}, headers={"Idempotency-Key": header})
    assert answer.status_code == 422


async def test_what_is_set_for_a_site_is_sealed_and_never_shown(
    as_: As, catalog: Catalog, deps: Deps
) -> None:
    client, place = await as_("manager"), "/api/v1/sites/videos.example"
    body = {"userAgent": "MVidarr", "username": "me", "password": "secret word", "country": "IS"}
    for _ in range(2):  # the same key, sealed with fresh salt, is the same request
        answer = await client.put(place, json=body, headers=KEY)
        assert answer.status_code == 200, answer.text
    shown = answer.json()["profile"]
    assert (shown["userAgent"], shown["holds"]) == ("MVidarr", ["login"])
    assert shown["secret"] is None
    [record] = await catalog.records("event.site.configured")
    assert "secret word" not in str(record.data)
    profile = SiteProfile.model_validate(record.data["profile"])
    assert unsealed(profile, deps.key).password == "secret word"
    assert (await client.get("/api/v1/sites")).json()["items"] == [answer.json()]
    assert (await client.delete(place)).status_code == 204
    assert (await client.get(place)).status_code == 404
