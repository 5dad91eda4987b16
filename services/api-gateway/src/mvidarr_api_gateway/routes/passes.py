"""Links that are used once: invitations, and new passwords for those who have forgotten theirs."""

from datetime import datetime

from fastapi import Request, Response
from starlette.background import BackgroundTask

from mvidarr_api_gateway.addresses import require_reachable
from mvidarr_api_gateway.bodies import Accepted, ContactBody, Forgotten, Invited, Redeemed
from mvidarr_api_gateway.commanding import NOTHING, Reply, command_id, perform
from mvidarr_api_gateway.deciding import decided
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.identity import key_hash
from mvidarr_api_gateway.passes import Link, new_link, pass_of, send_reset
from mvidarr_api_gateway.responses import json_bytes, json_value
from mvidarr_api_gateway.strength import require_good
from mvidarr_common.envelope import fresh
from mvidarr_common.messages import Command, Message, Value
from mvidarr_common.messages.ids import PassId, UserId
from mvidarr_common.messages.passes import (
    AcceptInvitation,
    ForgetContact,
    ListPasses,
    Passes,
    PassIssued,
    PassUsed,
    ResetPassword,
    SetContact,
    WithdrawPass,
)
from mvidarr_common.messages.queries import GetUser, UserView, View

router = guarded_router("/api/v1", "auth")
UNSEEN = {"Cache-Control": "no-store"}


class NewLink(View):
    """A link that was just made; it is never shown again."""

    id: PassId
    token: str
    url: str
    expires: datetime


class Received(Value):
    """It says "accepted", whoever was meant."""

    state: str


@router.post(
    "/auth/forgotten", openapi_extra=needs("anyone"), response_model=Received, status_code=202
)
async def forgotten(body: Forgotten, request: Request, deps: Given) -> Response:
    """Send a link for a new password to whoever this is. The answer never says whether anybody
    was found."""
    answer = json_value({"state": "accepted"}, 202)
    answer.background = BackgroundTask(send_reset, request, deps, body.username)
    return answer


@router.post("/auth/password", openapi_extra=needs("anyone"), status_code=204)
async def set_password(body: Redeemed, deps: Given) -> Response:
    """Set a password by a link; all sessions of before end."""
    token, hashed = await _taken(body, "", deps)
    wish = ResetPassword(pass_id=pass_of(token), token_hash=key_hash(token), password_hash=hashed)
    await _said(wish, deps)
    return Response(status_code=204, headers=UNSEEN)


@router.post(
    "/auth/invitation", openapi_extra=needs("anyone"), response_model=UserView, status_code=201
)
async def accept(body: Accepted, deps: Given) -> Response:
    """Become a user by a link."""
    token, hashed = await _taken(body, body.username, deps)
    wish = AcceptInvitation(
        pass_id=pass_of(token),
        token_hash=key_hash(token),
        username=body.username,
        password_hash=hashed,
    )
    used = await _said(wish, deps)
    assert isinstance(used, PassUsed)
    return json_bytes(await deps.reads.get(GetUser(id=used.user_id)), 201)


@router.get("/invitations", openapi_extra=needs("admin"), response_model=Passes)
async def links(deps: Given) -> Response:
    """Links that nobody has used yet."""
    return json_bytes(await deps.reads.get(ListPasses()))


@router.post("/invitations", openapi_extra=needs("admin"), response_model=NewLink, status_code=201)
async def invite(body: Invited, request: Request, deps: Given) -> Response:
    """A link by which somebody becomes a user, once, within a week."""
    return await _issue(request, new_link(request, deps, command_id(request), body.role, None))


@router.delete("/invitations/{id}", openapi_extra=needs("admin"), status_code=204)
async def withdraw(id: PassId, request: Request) -> Response:
    """Let a link open nothing any more."""
    return await perform(request, WithdrawPass(pass_id=id), NOTHING)


@router.post(
    "/users/{id}/password-link",
    openapi_extra=needs("admin"),
    response_model=NewLink,
    status_code=201,
)
async def password_link(id: UserId, request: Request, deps: Given) -> Response:
    """A link by which a user sets a new password, to be given to them by hand."""
    return await _issue(request, new_link(request, deps, command_id(request), None, id))


@router.put("/users/{id}/contact", openapi_extra=needs("admin", or_owner="id"), status_code=204)
async def set_contact(id: UserId, body: ContactBody, request: Request, deps: Given) -> Response:
    """Where a link for a new password is sent. It is kept sealed, and never shown."""
    address = body.address.get_secret_value()
    await require_reachable(body.channel, address, deps.settings)
    wish = SetContact(user_id=id, channel=body.channel, address=deps.key.seal(address))
    return await perform(request, wish, NOTHING)


@router.delete("/users/{id}/contact", openapi_extra=needs("admin", or_owner="id"), status_code=204)
async def forget_contact(id: UserId, request: Request) -> Response:
    """Send nothing there any more."""
    return await perform(request, ForgetContact(user_id=id), NOTHING)


async def _taken(body: Redeemed, username: str, deps: Deps) -> tuple[str, str]:
    """The token, and the hash of the password."""
    given = body.password.get_secret_value()
    require_good(given, username)
    return body.token.get_secret_value(), await deps.passwords.hash(given)


async def _said(command: Command, deps: Deps) -> Message:
    return await decided(deps, fresh(command, source="api-gateway", actor="system"), PassUsed)


async def _issue(request: Request, link: Link) -> Response:
    def shown(_: Message) -> None:
        return None

    answer = await perform(request, link.command, Reply(PassIssued, shown))
    if answer.status_code != 200:
        return answer
    told = NewLink(id=link.id, token=link.token, url=link.url, expires=link.command.expires)
    return json_value(told.model_dump(mode="json"), 201, UNSEEN)
