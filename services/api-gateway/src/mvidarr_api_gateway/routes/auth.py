"""Logging in, and who one is."""

from fastapi import Response

from mvidarr_api_gateway.bodies import Login
from mvidarr_api_gateway.guard import Asker, Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_value
from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Unauthorized
from mvidarr_common.messages.queries import Credentials, FindCredentials

router = guarded_router("/api/v1/auth", "auth")


@router.post("/login", openapi_extra=needs("anyone"))
async def login(body: Login, deps: Given) -> Response:
    """A bearer token for a user name and a password."""
    question = fresh(FindCredentials(username=body.username), source="api-gateway")
    found = Credentials.model_validate_json(await deps.bus.ask(question))
    right = await deps.passwords.matches(found.password_hash, body.password.get_secret_value())
    if not right or found.user is None or found.password_hash is None:
        raise Unauthorized("wrong_credentials", "User name or password is wrong.")
    token, lifetime = deps.tokens.issue(found.user, found.password_hash)
    user = found.user.model_dump(mode="json")
    answer = {"accessToken": token, "tokenType": "Bearer", "expiresIn": lifetime, "user": user}
    return json_value(answer, headers={"Cache-Control": "no-store"})


@router.get("/me", openapi_extra=needs("readonly"))
async def me(caller: Asker) -> Response:
    """Who is asking, with the role that counts."""
    return json_value({"id": caller.user_id, "username": caller.username, "role": caller.role})
