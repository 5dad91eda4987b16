"""API keys: shown once, when made; known by their hash ever after."""

import base64
from typing import Any

import orjson
from fastapi import Request, Response

from mvidarr_api_gateway.bodies import NewApiKey
from mvidarr_api_gateway.callers import Caller, includes
from mvidarr_api_gateway.commanding import NOTHING, Reply, command_id, perform
from mvidarr_api_gateway.guard import Asker, Given, allow, guarded_router, needs
from mvidarr_api_gateway.identity import key_hash
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_api_gateway.scopes import SCOPES
from mvidarr_common.errors import Forbidden, NotFound
from mvidarr_common.messages import Message
from mvidarr_common.messages.identity import ApiKeyCreated, CreateApiKey, RevokeApiKey
from mvidarr_common.messages.ids import ApiKeyId
from mvidarr_common.messages.queries import ApiKeys, ApiKeyView, ListApiKeys
from mvidarr_common.secrets import InstanceKey

router = guarded_router("/api/v1/api-keys", "api-keys")


class NewKey(ApiKeyView):
    """A key that was just made; `key` is never shown again."""

    key: str


@router.get("", openapi_extra=needs("readonly"), response_model=ApiKeys)
async def api_keys(caller: Asker, deps: Given) -> Response:
    """One's own keys; all of them for administrators."""
    return json_bytes(await deps.reads.get(_visible(caller)))


@router.post("", openapi_extra=needs("readonly"), response_model=NewKey, status_code=201)
async def create(body: NewApiKey, request: Request, caller: Asker, deps: Given) -> Response:
    """Make a key with rights up to one's own."""
    _require_own(caller, body)
    key = derived_key(deps.key, command_id(request))
    command = CreateApiKey(
        user_id=caller.user_id,
        name=body.name,
        key_hash=key_hash(key),
        role=body.role,
        expires=body.expires,
        scopes=body.scopes and tuple(dict.fromkeys(body.scopes)),
    )
    reply = Reply(
        wanted=ApiKeyCreated,
        show=lambda _: ListApiKeys(user_id=caller.user_id),
        place="/api/v1/api-keys",
        finish=lambda page, fact: _with_key(page, fact, key),
    )
    return await perform(request, command, reply)


@router.delete("/{id}", openapi_extra=needs("readonly"), status_code=204)
async def revoke(id: ApiKeyId, request: Request, caller: Asker, deps: Given) -> Response:
    """End a key: one's own, or any for administrators."""

    async def seen() -> None:
        page = await deps.reads.read(_visible(caller))
        if all(key.id != id for key in page.items):
            raise NotFound("api_key_not_found", "There is no such key of yours.")

    return await perform(request, RevokeApiKey(api_key_id=id), NOTHING, seen)


def _require_own(caller: Caller, body: NewApiKey) -> None:
    """Nobody gives away more than they have: neither a higher role, nor what a key may not that
    makes another, nor for longer."""
    allow(caller, body.role, "A key of this role")
    for scope in body.scopes or (SCOPES if caller.scopes is not None else ()):
        caller.require_scope(scope)
    end = caller.expires if caller.api_key_id is not None else None
    if end is not None and (body.expires is None or body.expires.timestamp() > end):
        raise Forbidden("forbidden", "A key that is made by another expires with it or before.")


def derived_key(secret: InstanceKey, command: str) -> str:
    """The key of a command: a repeated request gives the same key, and nobody can guess it."""
    return "mva_" + base64.urlsafe_b64encode(secret.derive(f"api-key/{command}")).decode().rstrip(
        "="
    )


def _visible(caller: Caller) -> ListApiKeys:
    return ListApiKeys(user_id=None if includes(caller.role, "admin") else caller.user_id)


def _with_key(page: bytes, fact: Message, key: str) -> dict[str, Any]:
    assert isinstance(fact, ApiKeyCreated)
    made = next(item for item in orjson.loads(page)["items"] if item["id"] == fact.api_key_id)
    return {**made, "key": key}
