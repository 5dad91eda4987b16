"""Sessions of browsers: both tokens lie in cookies that no script can read."""

import hashlib
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from mvidarr_common.errors import Invalid
from mvidarr_common.messages.ids import UserId, new_id

from .cookies import ACCESS, CSRF, DEVICE, PATHS, REFRESH, cookie
from .csrf import token_of
from .deps import Deps
from .sessions import Opened

AUTH = "/api/v1/auth"
YEAR = 365 * 86400


def with_cookies(answer: Response, request: Request, deps: Deps, opened: Opened) -> Response:
    """The answer, putting the session into the browser."""
    csrf = token_of(deps.key, opened.session_id)
    values = {
        ACCESS: (opened.access, opened.access_seconds),
        REFRESH: (opened.refresh, opened.refresh_seconds),
        CSRF: (csrf, opened.refresh_seconds),
    }
    if mark_of(request, deps, opened.user.id) is None:
        values[DEVICE] = (deps.key.seal(f"{opened.user.id} {new_id()}"), YEAR)
    for name, (value, seconds) in values.items():
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            path=PATHS.get(name, AUTH),
            secure=secure(request, deps),
            httponly=name != CSRF,
            samesite="strict",
        )
    return answer


def without_cookies(answer: Response) -> Response:
    """The answer, taking the session out of the browser."""
    for name, path in PATHS.items():
        answer.delete_cookie(name, path=path, httponly=name != CSRF, samesite="strict")
    return answer


def mark_of(request: Request, deps: Deps, user: UserId) -> str | None:
    """The mark of a browser in which this user has logged in before; nobody can forge one."""
    kept = cookie(request.headers, DEVICE)
    with suppress(Invalid):
        if kept is not None and deps.key.unseal(kept).partition(" ")[0] == user:
            return hashlib.sha256(kept.encode()).hexdigest()[:16]
    return None


def secure(request: Request, deps: Deps) -> bool:
    """Whether the browser shall send them over HTTPS alone: where it came by that."""
    if deps.settings.cookie_secure is not None:
        return deps.settings.cookie_secure
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
