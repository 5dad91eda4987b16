"""What holds for every request that changes something, whatever it is about."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from tests.integration.catalogs import Catalog
from tests.integration.gateway.made import make_things, real_path

from mvidarr_api_gateway.app import api
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.description import operations
from mvidarr_catalog.brain.schema import event_log
from mvidarr_common.messages.identity import Role

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
Json = dict[str, Any]
REFUSED_BEFORE = (
    "/api/v1/files/{id}/hls",
    "/api/v1/auth/", "/api/v1/sessions", "/api/v1/parked/", "/api/v1/commands/{id}/undo",
)  # fmt: skip
"""What is looked up before there is a command, and is not there in this test; what gives none."""


async def test_every_command_has_a_key_a_wait_and_a_condition(
    as_: As, catalog: Catalog, deps: Deps, subtests: pytest.Subtests
) -> None:
    client, document = await as_("admin"), api(deps).openapi()
    things = await make_things(client, document)
    for operation in sorted(operations(document), key=lambda each: each.method == "delete"):
        if operation.changes and not operation.path.startswith(REFUSED_BEFORE):
            with subtests.test(operation=f"{operation.method} {operation.path}"):
                send = _sender(client, operation, real_path(operation, things))
                refused = await send({"If-Match": '"another"'})
                assert (refused.status_code, refused.json()["code"]) == (412, "changed_meanwhile")
                before = await _commands(catalog)
                key = {"Idempotency-Key": f"{operation.method} {operation.path}"}
                early = await send(key | {"Prefer": "wait=0"})
                answer = await send(key)
                assert answer.status_code < 500, answer.text
                assert "pending" in early.text or early.status_code == answer.status_code
                again = await send(key)
                assert again.status_code == answer.status_code
                assert await _commands(catalog) == before + 1


def _sender(
    client: httpx.AsyncClient, operation: Any, path: str
) -> Callable[[Json], Awaitable[httpx.Response]]:
    content = operation.said.get("requestBody", {}).get("content", {})
    kind, told = next(iter(content.items()), ("application/json", {"example": None}))
    body: Json = (
        {"json": told["example"]} if kind == "application/json" else {"content": told["example"]}
    )

    async def send(headers: Json) -> httpx.Response:
        return await client.request(operation.method, path, headers=headers, **body)

    return send


async def _commands(catalog: Catalog) -> int:
    count = sa.select(sa.func.count()).where(event_log.c.type.startswith("command."))
    async with catalog.engine.connect() as connection:
        return int((await connection.execute(count)).scalar_one())
