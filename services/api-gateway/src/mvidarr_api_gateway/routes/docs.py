"""The description of this API: OpenAPI 3.1, and a page that reads it without outside help."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from fastapi import Request, Response
from starlette.responses import HTMLResponse

from mvidarr_api_gateway.guard import guarded_router, needs
from mvidarr_api_gateway.responses import json_value

router = guarded_router("/api", "docs")
PAGE = Path(__file__).parent.parent / "docs.html"
INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


@router.get("/openapi.json", openapi_extra=needs("anyone"), include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return json_value(request.app.openapi())


@router.get("/docs", openapi_extra=needs("anyone"), include_in_schema=False)
async def page() -> Response:
    """The document for people; the page asks nobody but this server."""
    return HTMLResponse(*_page())


@cache
def _page() -> tuple[str, int, dict[str, str]]:
    """With what it may do: its own script and style, by their hashes, and ask this server."""
    text = PAGE.read_text()
    own = [f"{kind}-src 'sha256-{_hash(content)}'" for kind, content in INLINE.findall(text)]
    policy = ["default-src 'none'", "connect-src 'self'", "base-uri 'none'", *own]
    policy += ["form-action 'none'", "frame-ancestors 'none'"]
    return text, 200, {"Content-Security-Policy": "; ".join(policy)}


def _hash(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
