"""Sessions over HTTP: renewed, listed, ended, on every gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
from tests.integration.catalogs import Catalog
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from mvidarr_api_gateway.app import application
from mvidarr_api_gateway.deps import Deps, open_deps
from mvidarr_api_gateway.settings import GatewaySettings
from mvidarr_common.service import Runtime
from mvidarr_common.testing.conditions import eventually

AUTH = "/api/v1/auth"
SESSIONS = "/api/v1/sessions"
ADMIN = {"username": "admin", "password": "correct horse battery"}


async def _login(client: httpx.AsyncClient, agent: str = "tests") -> dict[str, Any]:
    answer = await client.post(f"{AUTH}/login", json=ADMIN, headers={"User-Agent": agent})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def _refresh(client: httpx.AsyncClient, token: str, key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(f"{AUTH}/refresh", json={"refreshToken": token}, headers=headers)


def _bearer(told: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {told['accessToken']}"}


async def _code(client: httpx.AsyncClient, told: dict[str, Any]) -> str:
    answer = await client.get(f"{AUTH}/me", headers=_bearer(told))
    return "" if answer.is_success else str(answer.json()["code"])


@asynccontextmanager
async def _another_gateway(runtime: Runtime[GatewaySettings]) -> AsyncIterator[httpx.AsyncClient]:
    async with open_deps(replace(runtime, worker_id=runtime.worker_id)) as deps:
        transport = httpx.ASGITransport(app=application(deps))
        async with httpx.AsyncClient(transport=transport, base_url="http://other") as client:
            yield client


async def test_two_windows_that_renew_at_once_stay_logged_in(anyone: httpx.AsyncClient) -> None:
    token = (await _login(anyone))["refreshToken"]
    one, two = await asyncio.gather(_refresh(anyone, token), _refresh(anyone, token))
    assert (one.status_code, two.status_code) == (200, 200), one.text + two.text
    assert one.json()["refreshToken"] == two.json()["refreshToken"] != token
    assert (await _refresh(anyone, one.json()["refreshToken"])).status_code == 200


async def test_a_login_is_renewed_and_its_old_token_ends_it(
    anyone: httpx.AsyncClient, catalog: Catalog
) -> None:
    first = await _login(anyone)
    between = (await _refresh(anyone, first["refreshToken"])).json()
    assert between["refreshToken"] != first["refreshToken"]
    second = (await _refresh(anyone, between["refreshToken"])).json()
    assert second["sessionId"] == first["sessionId"]
    assert await _code(anyone, second) == ""
    for token in (first["refreshToken"], second["refreshToken"]):
        answer = await _refresh(anyone, token)
        assert answer.status_code == 401
    assert await _code(anyone, second) == "session_ended"
    written = "".join(record.model_dump_json() for record in await catalog.records())
    assert first["refreshToken"].rpartition(".")[2] not in written


async def test_a_renewal_whose_answer_was_lost_is_asked_for_again(
    anyone: httpx.AsyncClient,
) -> None:
    token = (await _login(anyone))["refreshToken"]
    one, two = [(await _refresh(anyone, token, key="k")).json() for _ in range(2)]
    assert one["refreshToken"] == two["refreshToken"]
    assert (await _refresh(anyone, two["refreshToken"])).status_code == 200


async def test_forged_refresh_tokens_are_refused_and_harm_nobody(
    anyone: httpx.AsyncClient,
) -> None:
    told = await _login(anyone)
    whole = told["refreshToken"]
    for forged in ("", "mvr_x.y.z", whole[:-1], whole.replace("mvr_", "mva_"), "é"):
        answer = await _refresh(anyone, forged)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert await _code(anyone, told) == ""


async def test_sessions_are_listed_and_ended_one_by_one_and_together(
    anyone: httpx.AsyncClient,
) -> None:
    here, phone, tablet = [await _login(anyone, agent) for agent in ("here", "phone", "tablet")]
    listed = (await anyone.get(SESSIONS, headers=_bearer(here))).json()["items"]
    assert [each["device"]["userAgent"] for each in listed] == ["tablet", "phone", "here"]
    assert [each["current"] for each in listed] == [False, False, True]
    assert "tokenHash" not in str(listed)
    place = f"{SESSIONS}/{phone['sessionId']}"
    assert (await anyone.delete(place, headers=_bearer(here))).status_code == 204
    assert await _code(anyone, phone) == "session_ended"
    assert (await anyone.delete(SESSIONS, headers=_bearer(here))).status_code == 204
    assert [await _code(anyone, each) for each in (tablet, here)] == ["session_ended", ""]
    assert (await anyone.post(f"{AUTH}/logout", headers=_bearer(here))).status_code == 204
    assert await _code(anyone, here) == "session_ended"


async def test_nobody_ends_the_sessions_of_others(anyone: httpx.AsyncClient, as_: Any) -> None:
    told, user = await _login(anyone), await as_("user")
    answer = await user.delete(f"{SESSIONS}/{told['sessionId']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")
    assert (await user.get(SESSIONS)).json()["items"] == []
    assert await _code(anyone, told) == ""


async def test_the_end_of_a_session_reaches_every_gateway_and_its_websockets(
    anyone: httpx.AsyncClient, deps: Deps, runtime: Runtime[GatewaySettings], port: int
) -> None:
    here, there = await _login(anyone), await _login(anyone)
    async with (
        _another_gateway(runtime) as other,
        connect(f"ws://127.0.0.1:{port}/api/v1/events") as socket,
    ):
        await socket.send(f'{{"token": "{there["accessToken"]}", "topics": ["jobs"]}}')
        await socket.recv()
        assert await _code(other, there) == ""
        await anyone.delete(f"{SESSIONS}/{there['sessionId']}", headers=_bearer(here))

        async def refused() -> bool:
            return await _code(other, there) == "session_ended"

        await eventually(refused)
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            assert socket.close_code == 4401
    assert await _code(anyone, here) == ""
