"""Logging in, staying so, and who one is."""

from fastapi import Request, Response

from mvidarr_api_gateway.answers import DECIDED
from mvidarr_api_gateway.bodies import Login, Renewal
from mvidarr_api_gateway.browsers import with_cookies, without_cookies
from mvidarr_api_gateway.commanding import NOTHING, perform
from mvidarr_api_gateway.cookies import REFRESH, cookie
from mvidarr_api_gateway.csrf import require_own_page, token_of
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Asker, Given, guarded_router, needs
from mvidarr_api_gateway.logins import log_in
from mvidarr_api_gateway.responses import json_value
from mvidarr_api_gateway.sessions import LoginView, Opened, owner_of, renew
from mvidarr_common.errors import Conflict, Unauthorized
from mvidarr_common.messages import Value
from mvidarr_common.messages.identity import RevokeApiKey, Role
from mvidarr_common.messages.ids import SessionId, UserId
from mvidarr_common.messages.sessions import RevokeSession

router = guarded_router("/api/v1/auth", "auth")


@router.post("/login", openapi_extra=needs("anyone") | DECIDED, response_model=LoginView)
async def login(body: Login, request: Request, deps: Given) -> Response:
    """A session for a user name, a password, and a code where one is needed."""
    return _told(request, deps, await log_in(request, deps, body), body.cookies)


@router.post("/refresh", openapi_extra=needs("anyone") | DECIDED, response_model=LoginView)
async def refresh(request: Request, deps: Given, body: Renewal | None = None) -> Response:
    """Both tokens anew. A refresh token is taken once: if it comes again, the session ends."""
    given = body.refresh_token if body else None
    token = given.get_secret_value() if given else _from_cookie(request, deps)
    return _told(request, deps, await renew(request, deps, token), given is None)


@router.post("/logout", openapi_extra=needs("readonly", enrolling=True), status_code=204)
async def logout(request: Request, caller: Asker) -> Response:
    """End the session of this token, or this API key, everywhere and at once."""
    if caller.api_key_id is not None:
        return await perform(request, RevokeApiKey(api_key_id=caller.api_key_id), NOTHING)
    if caller.session_id is None:
        raise Conflict("no_session", "These credentials belong to no session.")
    wish = RevokeSession(session_id=caller.session_id, reason="logout")
    return without_cookies(await perform(request, wish, NOTHING))


class Me(Value):
    """Who is asking, with the role that counts; `scopes` are those of an API key, None for all."""

    id: UserId
    username: str
    role: Role
    scopes: tuple[str, ...] | None
    session_id: SessionId | None
    must_enrol: bool


@router.get("/me", openapi_extra=needs("readonly", enrolling=True), response_model=Me)
async def me(caller: Asker) -> Response:
    """Who is asking."""
    known = Me(
        id=caller.user_id,
        username=caller.username,
        role=caller.role,
        scopes=caller.scopes,
        session_id=caller.session_id,
        must_enrol=caller.must_enrol,
    )
    return json_value(known.model_dump(mode="json"))


def _from_cookie(request: Request, deps: Deps) -> str:
    token = cookie(request.headers, REFRESH)
    if token is None:
        raise Unauthorized("unauthenticated", "There is no refresh token, nor a cookie with one.")
    require_own_page(request.headers, request.method, deps.key, owner_of(token)[1])
    return token


def _told(request: Request, deps: Deps, opened: Opened, cookies: bool) -> Response:
    unseen = {"Cache-Control": "no-store"}
    if not cookies:
        return json_value(opened.body, headers=unseen)
    csrf = {"csrfToken": token_of(deps.key, opened.session_id)}
    return with_cookies(json_value(opened.plain | csrf, headers=unseen), request, deps, opened)
