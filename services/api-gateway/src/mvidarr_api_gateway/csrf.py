"""Whether a request with cookies comes from a page of ours: a browser sends them along from any.

Two things are asked of what changes something. The browser's own word on where it comes from
(Fetch Metadata, or the Origin); and a header that repeats a value which only our own pages can
read, and which belongs to the session, so that nobody can plant one of their own.
"""

import base64
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from mvidarr_common.errors import Forbidden
from mvidarr_common.messages.ids import SessionId
from mvidarr_common.secrets import InstanceKey

HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OWN = frozenset({"same-origin", "none"})


def token_of(key: InstanceKey, session: SessionId) -> str:
    """What our pages repeat in the header, the same as long as the session lasts."""
    return base64.urlsafe_b64encode(key.derive(f"csrf/{session}", 18)).decode()


def require_own_page(
    headers: Mapping[str, str], method: str, key: InstanceKey, session: SessionId
) -> None:
    """Raise Forbidden for what another site's page makes the browser do. A websocket has no
    header of its own, so its Origin is asked for."""
    if headers.get("upgrade", "").lower() == "websocket":
        _require(headers.get("origin") is not None and _comes_from_us(headers))
    elif method not in SAFE:
        repeated = headers.get(HEADER, "")
        right = [hmac.compare_digest(repeated.encode(), token_of(each, session).encode())
                 for each in key.every]  # fmt: skip
        _require(_comes_from_us(headers) and any(right))


def _comes_from_us(headers: Mapping[str, str]) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in OWN
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _require(holds: bool) -> None:
    if not holds:
        raise Forbidden(
            "foreign_origin",
            "With cookies, a change needs our own page: repeat the cookie mvidarr_csrf "
            "in the header X-CSRF-Token.",
        )
