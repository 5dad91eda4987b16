"""The server as the chassis runs it: a guest that comes and goes with its task."""

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.server import serve
from mvidarr_api_gateway.settings import GatewaySettings
from mvidarr_common.service import Runtime
from mvidarr_common.testing.conditions import eventually


async def test_it_serves_until_cancelled_and_says_goodbye(
    deps: Deps,
    runtime: Runtime[GatewaySettings],
    token: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    runtime.settings.port = 0
    serving = asyncio.create_task(serve(runtime, deps))
    await eventually(lambda: _address(caplog))
    address = _address(caplog)
    async with (
        httpx.AsyncClient(base_url=f"http://{address}") as client,
        connect(f"ws://{address}/api/v1/events", proxy=None) as socket,
    ):
        assert (await client.get("/ping")).status_code == 200
        await socket.send(json.dumps({"token": await token("user")}))
        assert json.loads(await socket.recv())["type"] == "ready"
        serving.cancel()
        async with asyncio.timeout(10):
            await socket.wait_closed()
            with pytest.raises(asyncio.CancelledError):
                await serving
    assert socket.close_code == 1012
    assert not deps.hub.clients


def _address(caplog: pytest.LogCaptureFixture) -> str:
    said = [r.getMessage() for r in caplog.records if "listens on" in r.getMessage()]
    return said[0].rpartition("http://")[2] if said else ""
