"""Sessions of browsers: both tokens lie in cookies that no script can read."""

from starlette.requests import Request
from starlette.responses import Response

from .cookies import ACCESS, CSRF, PATHS, REFRESH
from .csrf import token_of
from .deps import Deps
from .sessions import Opened


def with_cookies(answer: Response, request: Request, deps: Deps, opened: Opened) -> Response:
    """The answer, putting the session into the browser."""
    csrf = token_of(deps.key, opened.session_id)
    values = {
        ACCESS: (opened.access, opened.access_seconds),
        REFRESH: (opened.refresh, opened.refresh_seconds),
        CSRF: (csrf, opened.refresh_seconds),
    }
    for name, (value, seconds) in values.items():
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            path=PATHS[name],
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


def secure(request: Request, deps: Deps) -> bool:
    """Whether the browser shall send them over HTTPS alone: where it came by that."""
    if deps.settings.cookie_secure is not None:
        return deps.settings.cookie_secure
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
