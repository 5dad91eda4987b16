"""Browsers: a session in cookies, and pages of other sites that would like to use it."""

from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

AUTH = "/api/v1/auth"
KEYS = "/api/v1/api-keys"
ADMIN = {"username": "admin", "password": "correct horse battery", "cookies": True}
KEY = {"name": "k", "role": "user"}


async def _enter(client: httpx.AsyncClient) -> httpx.Response:
    answer = await client.post(f"{AUTH}/login", json=ADMIN)
    assert answer.status_code == 200, answer.text
    return answer


async def test_a_browser_holds_tokens_that_no_script_sees(anyone: httpx.AsyncClient) -> None:
    answer = await _enter(anyone)
    told, given = answer.json(), answer.headers.get_list("set-cookie")
    assert not {"accessToken", "refreshToken"} & told.keys()
    named = {each.partition("=")[0]: each.lower() for each in given}
    assert set(named) == {
        "mvidarr_access", "mvidarr_refresh", "mvidarr_csrf", "mvidarr_device",
    }  # fmt: skip
    assert all("samesite=strict" in each for each in named.values())
    assert {name for name, each in named.items() if "httponly" in each} == {
        "mvidarr_access", "mvidarr_refresh", "mvidarr_device",
    }  # fmt: skip
    assert "path=/api/v1/auth;" in f"{named['mvidarr_refresh']};"
    assert not any("secure" in each for each in named.values())
    assert (await anyone.get(f"{AUTH}/me")).json()["username"] == "admin"


async def test_what_came_by_https_stays_there(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.post(f"{AUTH}/login", json=ADMIN, headers={"X-Forwarded-Proto": "https"})
    assert all("; Secure" in each for each in answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRF-Token": "guessed"},
        {"X-CSRF-Token": "right", "Origin": "https://evil.example"},
        {"X-CSRF-Token": "right", "Origin": "null"},
        {"X-CSRF-Token": "right", "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF-Token": "right", "Sec-Fetch-Site": "same-site"},
        {"X-CSRF-Token": "rîght"},
    ],
)
async def test_pages_of_others_change_nothing(
    anyone: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    right = (await _enter(anyone)).json()["csrfToken"]
    sent: dict[str, str] = {
        name: right if value == "right" else value for name, value in headers.items()
    }
    encoded = {name.encode(): value.encode() for name, value in sent.items()}
    for method, place in (("POST", KEYS), ("POST", f"{AUTH}/refresh"), ("POST", f"{AUTH}/logout")):
        answer = await anyone.request(
            method, place, json=KEY if place == KEYS else None, headers=encoded
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert (await anyone.get(KEYS)).json()["items"] == []


async def test_our_own_pages_change_renew_and_leave(anyone: httpx.AsyncClient) -> None:
    own = {
        "X-CSRF-Token": (await _enter(anyone)).json()["csrfToken"],
        "Origin": "http://gateway", "Sec-Fetch-Site": "same-origin",
    }  # fmt: skip
    assert (await anyone.post(KEYS, json=KEY, headers=own)).status_code == 201
    before = anyone.cookies["mvidarr_refresh"]
    assert (await anyone.post(f"{AUTH}/refresh", headers=own)).json()["csrfToken"] == (
        own["X-CSRF-Token"]
    )
    assert anyone.cookies["mvidarr_refresh"] != before
    assert (await anyone.post(f"{AUTH}/logout", headers=own)).status_code == 204
    assert set(anyone.cookies) == {"mvidarr_device"}
    assert (await anyone.get(f"{AUTH}/me")).status_code == 401


async def test_the_value_of_another_session_opens_nothing(anyone: httpx.AsyncClient) -> None:
    """An attacker who plants a cookie of their own has the value of their own session."""
    other = (await _enter(anyone)).json()["csrfToken"]
    await _enter(anyone)
    anyone.cookies.set("mvidarr_csrf", other, domain="gateway", path="/")
    answer = await anyone.post(KEYS, json=KEY, headers={"X-CSRF-Token": other})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize("origin", ["own", "https://evil.example", None])
async def test_a_websocket_with_cookies_is_for_our_own_pages(
    anyone: httpx.AsyncClient, port: int, origin: Any
) -> None:
    await _enter(anyone)
    where: Any = f"http://127.0.0.1:{port}" if origin == "own" else origin
    cookies = {"Cookie": f"mvidarr_access={anyone.cookies['mvidarr_access']}"}
    url = f"ws://127.0.0.1:{port}/api/v1/events"
    async with connect(url, origin=where, additional_headers=cookies) as socket:
        await socket.send('{"topics": ["jobs"]}')
        first = await socket.recv()
        assert ("ready" in str(first)) is (origin == "own")
        if origin != "own":
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4403
