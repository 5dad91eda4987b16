"""Keys: when those for the API were used, and another instance key in place of the one in use."""

from dataclasses import replace
from typing import Any

import httpx
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.app import application
from mvidarr_api_gateway.deps import Deps, open_deps
from mvidarr_api_gateway.settings import GatewaySettings
from mvidarr_common.messages.queries import ListApiKeys, SubscriptionsTo
from mvidarr_common.messages.sealing import ListSealed
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.service import Runtime
from mvidarr_common.testing.conditions import eventually

AUTH = "/api/v1/auth"
ADMIN = {"username": "admin", "password": "correct horse battery", "cookies": True}
OLD, NEW = b"k" * 32, b"n" * 32
SEALED = {
    "/api/v1/subscriptions": {
        "name": "chat", "channel": "webhook", "address": "http://hooks.example/1", "secret": "s3",
    },
    "/api/v1/sites/youtube.com": {"username": "me", "password": "secret word"},
}  # fmt: skip


async def test_the_use_of_a_key_is_noted_once_an_hour(
    as_: Any, anyone: httpx.AsyncClient, catalog: Catalog
) -> None:
    made = await (await as_("user")).post("/api/v1/api-keys", json={"name": "k", "role": "user"})
    assert made.json()["used"] is None
    for _ in range(3):
        assert (
            await anyone.get(f"{AUTH}/me", headers={"X-Api-Key": made.json()["key"]})
        ).is_success

    async def noted() -> bool:
        return (await catalog.show(ListApiKeys())).items[0].used is not None

    await eventually(noted)
    assert len(await catalog.records("event.api_key.used")) == 1


async def test_another_instance_key_takes_over_without_a_break(
    as_: Any, anyone: httpx.AsyncClient, deps: Deps, runtime: Runtime[GatewaySettings],
    catalog: Catalog,
) -> None:  # fmt: skip
    admin = await as_("admin")
    for place, body in SEALED.items():
        method = "PUT" if "sites" in place else "POST"
        assert (await admin.request(method, place, json=body)).is_success
    csrf = (await anyone.post(f"{AUTH}/login", json=ADMIN)).json()["csrfToken"]
    rotated = replace(runtime, key=InstanceKey(NEW, (OLD,)))
    async with open_deps(rotated) as after:
        transport = httpx.ASGITransport(app=application(after))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://gateway", headers=admin.headers
        ) as client:
            assert (await client.get(f"{AUTH}/me")).is_success
            assert len((await client.get("/.well-known/jwks.json")).json()["keys"]) == 2
            told = [(await client.post("/api/v1/system/reseal")).json() for _ in range(2)]
            assert told == [{"resealed": 3}, {"resealed": 0}]
        async with httpx.AsyncClient(
            transport=transport, base_url="http://gateway", cookies=anyone.cookies
        ) as browser:
            renewed = await browser.post(f"{AUTH}/refresh", headers={"X-CSRF-Token": csrf})
            assert renewed.is_success
    texts = (await catalog.show(ListSealed())).items
    assert len(texts) == 3
    assert all(InstanceKey(NEW).sealed_by_first(each.secret) for each in texts)
    [known] = (await catalog.show(SubscriptionsTo(event_type="video.added"))).items
    assert InstanceKey(NEW).unseal(known.address) == "http://hooks.example/1"


async def test_a_key_is_given_back_by_a_logout(as_: Any, anyone: httpx.AsyncClient) -> None:
    made = await (await as_("user")).post("/api/v1/api-keys", json={"name": "k", "role": "user"})
    key = {"X-Api-Key": made.json()["key"]}
    assert (await anyone.post(f"{AUTH}/logout", headers=key)).status_code == 204
    assert (await anyone.get(f"{AUTH}/me", headers=key)).status_code == 401
