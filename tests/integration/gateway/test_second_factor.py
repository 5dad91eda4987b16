"""Second factors over HTTP: set up, asked for, used once, and lost."""

import time
from typing import Any

import httpx
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.totp import STEP, code_at

LOGIN = "/api/v1/auth/login"
PLACE = "/api/v1/auth/second-factor"
ADMIN = {"username": "admin", "password": "correct horse battery"}


def _code(secret: str, steps: int = 0) -> dict[str, str]:
    return {"code": code_at(secret, int(time.time() // STEP) + steps).decode()}


async def _enter(client: httpx.AsyncClient) -> None:
    told = (await client.post(LOGIN, json=ADMIN)).json()
    client.headers["Authorization"] = f"Bearer {told['accessToken']}"


async def _enrolled(client: httpx.AsyncClient) -> tuple[str, list[str]]:
    secret = str((await client.post(PLACE)).json()["secret"])
    answer = await client.post(f"{PLACE}/confirm", json=_code(secret, -1))
    assert answer.status_code == 200, answer.text
    return secret, answer.json()["recoveryCodes"]


async def _login(client: httpx.AsyncClient, **more: str) -> tuple[int, str]:
    answer = await client.post(LOGIN, json=ADMIN | more)
    return answer.status_code, str(answer.json().get("code", ""))


async def test_a_login_needs_a_code_of_the_app_that_was_not_used(
    anyone: httpx.AsyncClient, catalog: Catalog
) -> None:
    await _enter(anyone)
    made = (await anyone.post(PLACE)).json()
    assert made["uri"].startswith(f"otpauth://totp/MVidarr:admin?secret={made['secret']}&")
    assert await _login(anyone) == (200, "")
    secret, _ = await _enrolled(anyone)
    assert await _login(anyone) == (401, "second_factor_required")
    assert await _login(anyone, code="000000") == (401, "wrong_code")
    assert await _login(anyone, **_code(secret, -1)) == (401, "wrong_code")
    assert await _login(anyone, **_code(secret)) == (200, "")
    assert await _login(anyone, **_code(secret)) == (401, "wrong_code")
    records = "".join(record.model_dump_json() for record in await catalog.records())
    assert secret not in records


async def test_a_recovery_code_opens_once_and_can_be_made_anew(anyone: httpx.AsyncClient) -> None:
    await _enter(anyone)
    secret, codes = await _enrolled(anyone)
    assert len(codes) == 10
    assert await _login(anyone, code=codes[0].upper()) == (200, "")
    assert await _login(anyone, code=codes[0]) == (401, "wrong_code")
    assert (await anyone.get(PLACE)).json() == {"confirmed": True, "recoveryCodesLeft": 9}
    renewed = await anyone.post(f"{PLACE}/recovery-codes", json=_code(secret))
    assert await _login(anyone, code=codes[1]) == (401, "wrong_code")
    assert await _login(anyone, code=renewed.json()["recoveryCodes"][1]) == (200, "")


async def test_a_second_factor_is_removed_by_its_owner_or_an_administrator(
    anyone: httpx.AsyncClient, as_: Any
) -> None:
    await _enter(anyone)
    secret, _ = await _enrolled(anyone)
    assert (await anyone.post(PLACE)).json()["code"] == "second_factor_present"
    wrong = await anyone.post(f"{PLACE}/remove", json={"code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_code")
    assert (await anyone.post(f"{PLACE}/remove", json=_code(secret))).status_code == 204
    assert await _login(anyone) == (200, "")
    await _enrolled(anyone)
    admin = await as_("admin")
    me = (await admin.get("/api/v1/auth/me")).json()["id"]
    assert (await admin.delete(f"/api/v1/users/{me}/second-factor")).status_code == 204
    assert await _login(anyone) == (200, "")


async def test_roles_that_need_one_do_nothing_before_they_have_it(
    anyone: httpx.AsyncClient, deps: Any, port: int
) -> None:
    deps.identity._enrolling = ("admin",)
    await _enter(anyone)
    assert (await anyone.get("/api/v1/auth/me")).json()["mustEnrol"] is True
    refused = await anyone.get("/api/v1/videos")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_needed")
    await _enrolled(anyone)
    assert (await anyone.get("/api/v1/videos")).status_code == 200
