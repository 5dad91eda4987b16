"""Links that are used once: invitations, and forgotten passwords."""

from typing import Any

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.deps import Deps
from mvidarr_common.messages.jobs import EnqueueJob, Notify
from mvidarr_common.testing.conditions import eventually

AUTH = "/api/v1/auth"
PASSWORD = {"password": "a quite long one"}


async def _login(client: httpx.AsyncClient, username: str, password: str) -> int:
    body = {"username": username, "password": password}
    return (await client.post(f"{AUTH}/login", json=body)).status_code


async def test_an_invitation_makes_one_user(
    anyone: httpx.AsyncClient, as_: Any, catalog: Catalog
) -> None:
    admin = await as_("admin")
    asked, once = {"role": "manager"}, {"Idempotency-Key": "once"}
    links = [
        (await admin.post("/api/v1/invitations", json=asked, headers=once)).json() for _ in range(2)
    ]
    link = links[0]
    assert links[1] == link
    assert link["url"] == f"http://gateway/#/invitation/{link['token']}"
    body = {"token": link["token"], "username": "bjork", **PASSWORD}
    assert (await anyone.post(f"{AUTH}/invitation", json=body | {"username": "admin"})).json()[
        "code"
    ] == "username_taken"
    made = await anyone.post(f"{AUTH}/invitation", json=body)
    assert (made.status_code, made.json()["role"]) == (201, "manager")
    assert await _login(anyone, "bjork", PASSWORD["password"]) == 200
    again = await anyone.post(f"{AUTH}/invitation", json=body | {"username": "second"})
    assert (again.status_code, again.json()["code"]) == (404, "link_not_found")
    assert link["token"] not in "".join(r.model_dump_json() for r in await catalog.records())


async def test_an_invitation_is_listed_and_withdrawn(anyone: httpx.AsyncClient, as_: Any) -> None:
    admin = await as_("admin")
    link = (await admin.post("/api/v1/invitations", json={"role": "user"})).json()
    listed = (await admin.get("/api/v1/invitations")).json()["items"]
    assert [each["id"] for each in listed] == [link["id"]]
    assert (await admin.delete(f"/api/v1/invitations/{link['id']}")).status_code == 204
    body = {"token": link["token"], "username": "bjork", **PASSWORD}
    assert (await anyone.post(f"{AUTH}/invitation", json=body)).status_code == 404


@pytest.mark.parametrize("name", ["admin", "nobody"])
async def test_a_forgotten_password_is_answered_alike_for_all(
    anyone: httpx.AsyncClient, name: str
) -> None:
    answer = await anyone.post(f"{AUTH}/forgotten", json={"username": name})
    assert (answer.status_code, answer.json()) == (202, {"state": "accepted"})


async def test_a_forgotten_password_is_set_by_the_link_that_was_sent(
    anyone: httpx.AsyncClient, as_: Any, deps: Deps, catalog: Catalog
) -> None:
    object.__setattr__(deps.settings, "public_url", "https://videos.example/")
    user = await as_("user")
    me = (await user.get(f"{AUTH}/me")).json()["id"]
    place = {"channel": "webhook", "address": "http://hooks.example/me"}
    assert (await user.put(f"/api/v1/users/{me}/contact", json=place)).status_code == 204
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    for _ in range(2):
        await anyone.post(f"{AUTH}/forgotten", json={"username": "a-user"}, headers=evil)
    await eventually(lambda: _letters(catalog))
    [letter] = await _letters(catalog)
    assert deps.key.unseal(letter.address) == place["address"]
    assert letter.sealed is not None
    url = deps.key.unseal(letter.sealed)
    assert url.startswith("https://videos.example/#/password/mvl_")
    body = {"token": url.rpartition("/")[2], **PASSWORD}
    assert (await anyone.post(f"{AUTH}/password", json=body)).status_code == 204
    assert await _login(anyone, "a-user", PASSWORD["password"]) == 200
    assert (await user.get(f"{AUTH}/me")).status_code == 401
    assert (await anyone.post(f"{AUTH}/password", json=body)).status_code == 404


async def test_an_administrator_gives_a_link_by_hand(anyone: httpx.AsyncClient, as_: Any) -> None:
    admin, user = await as_("admin"), await as_("user")
    me = (await user.get(f"{AUTH}/me")).json()["id"]
    link = (await admin.post(f"/api/v1/users/{me}/password-link")).json()
    for body, status in (
        ({"token": link["token"], "password": "short"}, 422),
        ({"token": link["token"][:-1] + "~", **PASSWORD}, 404),
        ({"token": link["token"], **PASSWORD}, 204),
    ):
        assert (await anyone.post(f"{AUTH}/password", json=body)).status_code == status
    assert await _login(anyone, "a-user", PASSWORD["password"]) == 200


async def _letters(catalog: Catalog) -> list[Notify]:
    asked = [r.data for r in await catalog.records("command.job.enqueue")]
    specs = [EnqueueJob.model_validate(data).spec for data in asked]
    return [spec for spec in specs if isinstance(spec, Notify)]
