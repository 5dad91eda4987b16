"""What happens to those who cannot prove who they are."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.integration.catalogs import Catalog

LOGIN = "/api/v1/auth/login"
RIGHT = {"username": "admin", "password": "correct horse battery"}
WRONG = RIGHT | {"password": "wrong horse battery"}


@pytest.fixture
def afar(app: Any) -> Callable[[str], httpx.AsyncClient]:
    """Clients who come from elsewhere."""

    def client(address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, client=(address, 4000))
        return httpx.AsyncClient(transport=transport, base_url="http://gateway")

    return client


async def _tries(client: httpx.AsyncClient, body: dict[str, Any], times: int) -> list[int]:
    return [(await client.post(LOGIN, json=body)).status_code for _ in range(times)]


@pytest.mark.parametrize("name", ["admin", "nobody"])
async def test_failures_are_followed_by_a_pause_whether_there_is_such_a_user_or_not(
    afar: Any, name: str
) -> None:
    async with afar("192.0.2.1") as thief, afar("192.0.2.2") as owner:
        assert await _tries(thief, WRONG | {"username": name}, 4) == [401] * 4
        paused = await thief.post(LOGIN, json=RIGHT | {"username": name})
        assert (paused.status_code, paused.json()["code"]) == (429, "login_paused")
        assert 1 <= int(paused.headers["retry-after"]) <= 5
        assert await _tries(owner, RIGHT, 1) == [200]


async def test_a_pause_from_everywhere_does_not_hold_where_the_owner_has_been(
    afar: Any, catalog: Catalog
) -> None:
    async with afar("192.0.2.99") as home, afar("192.0.2.98") as away:
        assert await _tries(home, RIGHT, 1) == [200]
        for number in range(7):
            async with afar(f"198.51.100.{number}") as thief:
                assert await _tries(thief, WRONG, 3) == [401] * 3
        assert await _tries(away, RIGHT, 1) == [429]
        assert await _tries(home, RIGHT, 1) == [200]


async def test_every_login_is_written_down_for_administrators(
    anyone: httpx.AsyncClient, as_: Any, catalog: Catalog
) -> None:
    agent = {"User-Agent": "a browser"}
    for body in (RIGHT, WRONG, {"username": "oops my password", "password": "x"}):
        await anyone.post(LOGIN, json=body, headers=agent)
    answer = await (await as_("admin")).get("/api/v1/system/logins")
    told = [record["data"] for record in answer.json()["items"]]
    assert [each.get("reason") for each in told] == ["unknown_user", "wrong_password", None]
    assert [each.get("username") for each in told] == [None, "admin", "admin"]
    assert {each["method"] for each in told} == {"password"}
    assert {each["device"]["userAgent"] for each in told} == {"a browser"}
    assert {each["device"]["remote"] for each in told} == {"127.0.0.1"}
    assert "oops" not in "".join(record.model_dump_json() for record in await catalog.records())
    assert (await (await as_("manager")).get("/api/v1/system/logins")).status_code == 403


@pytest.mark.parametrize(
    "password",
    ["short", "a" * 20, "carol-carol-1", "password1234!", "qwerty123456", "mvidarr12345"],
)
async def test_passwords_that_are_guessed_soon_are_refused(as_: Any, password: str) -> None:
    body = {"username": "carol", "password": password, "role": "user"}
    answer = await (await as_("admin")).post("/api/v1/users", json=body)
    assert (answer.status_code, answer.json()["code"]) in (
        (422, "invalid_password"), (422, "invalid_body"),
    )  # fmt: skip


async def test_a_browser_that_was_let_in_before_is_not_locked_out_by_its_neighbours(
    afar: Any,
) -> None:
    """Such as behind one proxy that nobody has told us of."""
    async with afar("192.0.2.1") as owner, afar("192.0.2.1") as thief:
        assert await _tries(owner, RIGHT | {"cookies": True}, 1) == [200]
        assert await _tries(thief, WRONG, 4) == [401] * 4
        assert await _tries(thief, RIGHT, 1) == [429]
        assert await _tries(owner, RIGHT, 1) == [200]
        thief.cookies.set("mvidarr_device", "gAAAA", domain="gateway", path="/api/v1/auth")
        assert await _tries(thief, RIGHT, 1) == [429]
        assert await _tries(owner, WRONG, 4) == [401] * 4
        assert await _tries(owner, RIGHT, 1) == [429]
