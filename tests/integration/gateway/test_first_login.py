"""The first administrator."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.app import application
from mvidarr_api_gateway.deps import Deps, open_deps
from mvidarr_api_gateway.first_login import note_path
from mvidarr_api_gateway.settings import GatewaySettings
from mvidarr_common.messages.queries import ListUsers
from mvidarr_common.service import Runtime
from mvidarr_common.testing.conditions import eventually


async def _login(deps: Deps, username: str, password: str) -> int:
    transport = httpx.ASGITransport(app=application(deps))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        body = {"username": username, "password": password}
        return (await client.post("/api/v1/auth/login", json=body)).status_code


async def _names(catalog: Catalog) -> list[str]:
    return [user.username for user in (await catalog.show(ListUsers())).items]


def _note(settings: GatewaySettings) -> dict[str, str]:
    lines = note_path(settings).read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


async def test_an_administrator_is_made_and_told_once(
    empty: Catalog,
    runtime: Runtime[GatewaySettings],
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = runtime.settings
    async with open_deps(runtime) as deps:
        await eventually(note_path(settings).exists)
        note = _note(settings)
        assert note_path(settings).stat().st_mode & 0o777 == 0o600
        assert await _login(deps, note["user"], note["password"]) == 200
        assert await _login(deps, "admin", "admin") == 401
    assert capsys.readouterr().out.count(note["password"]) == 1
    assert len(note["password"]) == 20
    note_path(settings).unlink()
    before = empty.asked("user.list")
    async with open_deps(runtime):
        await eventually(lambda: empty.asked("user.list") > before)
    assert not note_path(settings).exists()
    assert capsys.readouterr().out == ""


async def test_two_gateways_make_one_administrator(
    empty: Catalog,
    runtime: Runtime[GatewaySettings],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = runtime.settings.model_copy(update={"state_dir": tmp_path / "other"})
    second = replace(runtime, settings=settings, checks={})
    empty.cut()
    async with AsyncExitStack() as stack:
        for each in (runtime, second):
            await stack.enter_async_context(open_deps(each))
        empty.mend()
        await eventually(note_path(runtime.settings).exists, within=20)
        await asyncio.sleep(0)
    assert await _names(empty) == ["admin"]
    assert capsys.readouterr().out.count("First login") <= 1
    assert len(await empty.records("event.user.created")) == 1


async def test_a_configured_password_is_used_and_told_nowhere(
    empty: Catalog,
    runtime: Runtime[GatewaySettings],
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = GatewaySettings.model_validate(
        {**runtime.settings.model_dump(), "admin_password": "chosen one", "admin_username": "boss"}
    )
    async with open_deps(replace(runtime, settings=settings)) as deps:
        await eventually(lambda: _names(empty))
        assert await _login(deps, "boss", "chosen one") == 200
    assert not note_path(settings).exists()
    assert capsys.readouterr().out == ""


async def test_a_gateway_starts_before_the_catalog_answers(
    empty: Catalog, runtime: Runtime[GatewaySettings]
) -> None:
    empty.cut()
    async with open_deps(runtime):
        assert not await _names(empty)
        empty.mend()
        await eventually(lambda: _names(empty), within=20)
