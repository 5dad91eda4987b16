"""Users. Their passwords are hashed here and never said."""

from fastapi import Request, Response

from mvidarr_api_gateway.bodies import NewPassword, NewRole, NewUser
from mvidarr_api_gateway.commanding import NOTHING, Reply, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_api_gateway.strength import require_good
from mvidarr_common.messages import Message
from mvidarr_common.messages.identity import (
    ChangePassword,
    ChangeRole,
    CreateUser,
    DeleteUser,
    RemoveSecondFactor,
    UserCreated,
)
from mvidarr_common.messages.ids import UserId
from mvidarr_common.messages.queries import GetUser, ListUsers, Users, UserView

router = guarded_router("/api/v1/users", "users")


@router.get("", openapi_extra=needs("admin"), response_model=Users)
async def users(deps: Given) -> Response:
    """All of them."""
    return json_bytes(await deps.reads.get(ListUsers()))


@router.post("", openapi_extra=needs("admin"), response_model=UserView, status_code=201)
async def create(body: NewUser, request: Request, deps: Given) -> Response:
    """Make a user."""
    require_good(body.password.get_secret_value(), body.username)
    hashed = await deps.passwords.hash(body.password.get_secret_value())
    command = CreateUser(username=body.username, password_hash=hashed, role=body.role)
    return await perform(request, command, Reply(UserCreated, _created, "/api/v1/users"))


@router.get("/{id}", openapi_extra=needs("admin", or_owner="id"), response_model=UserView)
async def user(id: UserId, deps: Given) -> Response:
    """One user; everybody may see themselves."""
    return json_bytes(await deps.reads.get(GetUser(id=id)))


@router.delete("/{id}", openapi_extra=needs("admin"), status_code=204)
async def delete(id: UserId, request: Request) -> Response:
    """Remove a user with their API keys."""
    return await perform(request, DeleteUser(user_id=id), NOTHING)


@router.put("/{id}/password", openapi_extra=needs("admin", or_owner="id"), response_model=UserView)
async def change_password(id: UserId, body: NewPassword, request: Request, deps: Given) -> Response:
    """Set a password; tokens given before it end."""
    known = await deps.reads.read(GetUser(id=id))
    require_good(body.password.get_secret_value(), known.username)
    hashed = await deps.passwords.hash(body.password.get_secret_value())
    reply = Reply(show=lambda _: GetUser(id=id))
    return await perform(request, ChangePassword(user_id=id, password_hash=hashed), reply)


@router.put("/{id}/role", openapi_extra=needs("admin"), response_model=UserView)
async def change_role(id: UserId, body: NewRole, request: Request) -> Response:
    """Set a role; it counts at once."""
    reply = Reply(show=lambda _: GetUser(id=id))
    return await perform(request, ChangeRole(user_id=id, role=body.role), reply)


@router.delete("/{id}/second-factor", openapi_extra=needs("admin"), status_code=204)
async def remove_second_factor(id: UserId, request: Request) -> Response:
    """For somebody who has lost their phone and their recovery codes."""
    return await perform(request, RemoveSecondFactor(user_id=id), NOTHING)


def _created(fact: Message) -> GetUser | None:
    return GetUser(id=fact.user_id) if isinstance(fact, UserCreated) else None
