"""The cookies of a session, by name and path."""

from collections.abc import Mapping

from starlette.requests import cookie_parser

ACCESS = "mvidarr_access"
REFRESH = "mvidarr_refresh"
CSRF = "mvidarr_csrf"
"""The one that our pages read, to repeat it in a header."""

DEVICE = "mvidarr_device"
"""What a browser keeps of a login, also after its end: it shows who has been there."""
JOURNEY = "mvidarr_journey"
JOURNEY_PATH = "/api/v1/auth/oidc"
"""What a browser carries while it is at a provider of logins."""

PATHS = {ACCESS: "/", REFRESH: "/api/v1/auth", CSRF: "/"}


def cookie(headers: Mapping[str, str], name: str) -> str | None:
    """The value of a cookie that a request carries."""
    return cookie_parser(headers.get("cookie", "")).get(name) or None
