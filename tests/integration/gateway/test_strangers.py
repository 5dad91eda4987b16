"""Logins by the word of a provider, or of a proxy."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from tests.integration.catalogs import Catalog
from tests.integration.gateway.provider import CLIENT, SECRET, Provider, providing

from mvidarr_api_gateway.deps import Deps
from mvidarr_common.messages.queries import ListUsers

AUTH = "/api/v1/auth"
BJORK = {"sub": "42", "preferred_username": "bjork", "groups": ["fans", "crew"]}


@pytest.fixture
async def provider(deps: Deps) -> AsyncIterator[Provider]:
    async with providing() as made:
        made.claims = dict(BJORK)
        deps.settings.oidc_issuer = made.issuer
        deps.settings.oidc_client_id = CLIENT
        deps.settings.oidc_client_secret = SecretStr(SECRET)
        deps.settings.oidc_roles = {"crew": "manager", "fans": "readonly"}
        yield made


async def _come_back(
    client: httpx.AsyncClient, provider: Provider, to: str = "/", **changed: str
) -> httpx.Response:
    gone = await client.get(f"{AUTH}/oidc", params={"to": to})
    assert gone.status_code == 302, gone.text
    brought = provider.agree(gone.headers["location"]) | changed
    return await client.get(f"{AUTH}/oidc/callback", params=brought)


async def test_who_the_provider_knows_comes_in_with_the_role_that_it_gives(
    anyone: httpx.AsyncClient, provider: Provider, catalog: Catalog
) -> None:
    answer = await _come_back(anyone, provider, "/videos?a=b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/videos?a=b")
    me = (await anyone.get(f"{AUTH}/me")).json()
    assert (me["username"], me["role"]) == ("bjork", "manager")
    provider.claims |= {"groups": "fans", "preferred_username": "björk"}
    await _come_back(anyone, provider)
    again = (await anyone.get(f"{AUTH}/me")).json()
    assert (again["id"], again["username"], again["role"]) == (me["id"], "bjork", "readonly")
    assert len((await catalog.show(ListUsers())).items) == 2
    assert provider.asked_for_keys == 1


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil", "x", ""])
async def test_nobody_is_led_away_from_our_pages(
    anyone: httpx.AsyncClient, provider: Provider, to: str
) -> None:
    assert (await _come_back(anyone, provider, to)).headers["location"] == "/"


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"aud": "other"}, {}), ({"iss": "https://evil.example"}, {}), ({"nonce": "old"}, {}),
        ({"exp": 1}, {}), ({"azp": "other"}, {}), ({}, {"kid": "unknown"}),
        ({"aud": [CLIENT, "other"], "azp": "other"}, {}),
    ],
)  # fmt: skip
async def test_a_word_that_does_not_hold_opens_nothing(
    anyone: httpx.AsyncClient, provider: Provider, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    provider.claims |= claims
    provider.header |= header
    answer = await _come_back(anyone, provider)
    assert (answer.status_code, answer.json()["code"]) == (401, "oidc_refused")
    assert (await anyone.get(f"{AUTH}/me")).status_code == 401


async def test_a_journey_belongs_to_its_browser_and_is_made_once(
    anyone: httpx.AsyncClient, provider: Provider
) -> None:
    assert (await _come_back(anyone, provider, state="other")).status_code == 401
    assert (await _come_back(anyone, provider, code="other")).status_code == 401
    brought = provider.agree((await anyone.get(f"{AUTH}/oidc")).headers["location"])
    anyone.cookies.clear()
    assert (await anyone.get(f"{AUTH}/oidc/callback", params=brought)).status_code == 401


async def test_a_name_that_is_taken_here_and_a_role_that_nobody_gave_are_refused(
    anyone: httpx.AsyncClient, provider: Provider, as_: Any
) -> None:
    for claims, why in (
        ({"preferred_username": "admin"}, "name_taken"),
        ({"groups": []}, "no_role"),
    ):
        provider.claims = BJORK | claims
        answer = await _come_back(anyone, provider)
        assert (answer.status_code, answer.json()["code"]) == (403, why)
    told = (await (await as_("admin")).get("/api/v1/system/logins")).json()["items"]
    assert [each["data"]["reason"] for each in told] == ["no_role", "name_taken"]


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://169.254.169.254/token"},
        {"jwks_uri": 3},
    ],
)
async def test_a_provider_sends_us_nowhere_else(
    anyone: httpx.AsyncClient, provider: Provider, described: dict[str, Any]
) -> None:
    provider.described = described
    answer = await anyone.get(f"{AUTH}/oidc")
    assert (answer.status_code, answer.json()["code"]) == (503, "oidc_unavailable")


async def test_without_settings_nobody_comes_this_way(anyone: httpx.AsyncClient) -> None:
    for method, place in (("GET", "oidc"), ("GET", "oidc/callback"), ("POST", "proxy")):
        headers = {"Remote-User": "admin"}
        assert (await anyone.request(method, f"{AUTH}/{place}", headers=headers)).status_code == 404


async def test_our_proxy_is_believed_and_nobody_else(
    anyone: httpx.AsyncClient, deps: Deps, app: Any, as_: Any
) -> None:
    deps.settings.trusted_header = "Remote-User"
    app._proxies = deps.settings.trusted_proxies = ("127.0.0.0/8", "10.0.0.0/8")
    for names, status in ((["admin"], 200), ([], 401), (["admin", "x"], 401), (["new"], 403)):
        told = [("Remote-User", name) for name in names] + [("X-Forwarded-For", "192.0.2.7")]
        assert (await anyone.post(f"{AUTH}/proxy", headers=told)).status_code == status, names
    other = httpx.ASGITransport(app=app, client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=other, base_url="http://gateway") as stranger:
        answer = await stranger.post(f"{AUTH}/proxy", headers={"Remote-User": "admin"})
        assert answer.status_code == 404
    deps.settings.trusted_role = "user"
    await anyone.post(f"{AUTH}/proxy", headers={"Remote-User": "new"})
    assert (await anyone.get(f"{AUTH}/me")).json()["role"] == "user"
    told = (await (await as_("admin")).get("/api/v1/system/logins")).json()["items"]
    assert {each["data"]["device"]["remote"] for each in told} >= {"192.0.2.7"}
