"""Logging in by somebody else's word: a provider (OpenID Connect), or a proxy in front of us."""

import re
from typing import Annotated

from fastapi import Query, Request, Response
from starlette.responses import RedirectResponse

from mvidarr_api_gateway.answers import DECIDED
from mvidarr_api_gateway.browsers import secure, with_cookies
from mvidarr_api_gateway.cookies import JOURNEY, JOURNEY_PATH, cookie
from mvidarr_api_gateway.csrf import token_of
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Given, Tolerant, guarded_router, needs
from mvidarr_api_gateway.oidc import LIFETIME, local
from mvidarr_api_gateway.remote import PEER, trusted
from mvidarr_api_gateway.responses import json_value
from mvidarr_api_gateway.sessions import LoginView
from mvidarr_api_gateway.strangers import believe, welcome
from mvidarr_common.errors import NotFound, Unauthorized

router = guarded_router("/api/v1/auth", "auth", Tolerant)
NAME = re.compile(r"[^\s/:\x00]{1,100}")
CALLBACK = "/api/v1/auth/oidc/callback"
OPEN = needs("anyone") | {"x-may-be-absent": True}
"""Where nothing is configured there is nothing."""


@router.get("/oidc", openapi_extra=OPEN, status_code=302, response_class=Response)
async def depart(
    request: Request, deps: Given, to: Annotated[str, Query(max_length=2000)] = "/"
) -> Response:
    """Go to the provider; `to` is where to come back to on our own pages."""
    address, journey = await deps.oidc.departure(_callback(request, deps), local(to))
    answer = RedirectResponse(address, 302, {"Cache-Control": "no-store"})
    # Lax, not Strict: the way back begins on the provider's page.
    answer.set_cookie(
        JOURNEY, journey, max_age=LIFETIME, path=JOURNEY_PATH, secure=secure(request, deps),
        httponly=True, samesite="lax",
    )  # fmt: skip
    return answer


@router.get("/oidc/callback", openapi_extra=OPEN, status_code=303, response_class=Response)
async def arrive(
    request: Request,
    deps: Given,
    code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Come back from the provider, with a session in cookies."""
    if not deps.oidc.configured:
        raise NotFound("not_found", "No provider of logins is configured.")
    journey = deps.oidc.journey(cookie(request.headers, JOURNEY), state)
    stranger = await deps.oidc.arrival(journey, code, _callback(request, deps))
    opened = await welcome(request, deps, stranger)
    answer = RedirectResponse(journey.to, 303, {"Cache-Control": "no-store"})
    answer.delete_cookie(JOURNEY, path=JOURNEY_PATH, httponly=True, samesite="lax")
    return with_cookies(answer, request, deps, opened)


@router.post("/proxy", openapi_extra=needs("anyone") | DECIDED, response_model=LoginView)
async def by_proxy(request: Request, deps: Given) -> Response:
    """A session in cookies for whom the proxy in front of us names."""
    header = deps.settings.trusted_header
    if header is None or not trusted(request.scope.get(PEER), deps.settings.trusted_proxies):
        raise NotFound("not_found", "Nobody logs in this way here.")
    named = request.headers.getlist(header)
    if len(named) != 1 or not NAME.fullmatch(named[0].strip()):
        raise Unauthorized("unauthenticated", "The proxy names nobody.")
    opened = await believe(request, deps, named[0].strip())
    told = opened.plain | {"csrfToken": token_of(deps.key, opened.session_id)}
    answer = json_value(told, headers={"Cache-Control": "no-store"})
    return with_cookies(answer, request, deps, opened)


def _callback(request: Request, deps: Deps) -> str:
    return (deps.settings.public_url or str(request.base_url)).rstrip("/") + CALLBACK
